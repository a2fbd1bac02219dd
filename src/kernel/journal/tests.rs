//! The chain continues, and every kind of tampering is found at the right row.

use std::path::PathBuf;

use super::*;

/// One key for all these journals.
fn keys() -> Keys {
    static KEYS: std::sync::OnceLock<Keys> = std::sync::OnceLock::new();
    KEYS.get_or_init(Keys::throwaway).clone()
}

struct Written {
    _root: tempfile::TempDir,
    dir: StateDir,
    path: PathBuf,
}

fn row(tool: &str) -> Row {
    Row { tool: Some(tool.to_owned()), ..Row::by(Actor::Agent) }
}

/// A journal of `sealed` sealed rows and `more` unsealed ones.
fn written(sealed: u64, more: u64) -> Written {
    let root = tempfile::tempdir().unwrap();
    let dir = StateDir::open(root.path().join("journal")).unwrap();
    let mut journal = Journal::open(dir.clone(), "s_1", &keys()).unwrap();
    for at in 0..sealed {
        journal.append(row(&format!("t{at}"))).unwrap();
    }
    journal.seal().unwrap();
    for at in 0..more {
        journal.append(row(&format!("u{at}"))).unwrap();
    }
    let path = journal.path().to_owned();
    let before = ["s_1.head.json", "index.jsonl"].map(|name| (name, dir.read(name).unwrap()));
    drop(journal);
    // Dropping seals; put back head and index as they were.
    for (name, bytes) in before {
        dir.replace(name, &bytes).unwrap();
    }
    Written { _root: root, dir, path }
}

fn lines(written: &Written) -> Vec<String> {
    std::fs::read_to_string(&written.path).unwrap().lines().map(str::to_owned).collect()
}

fn put(written: &Written, lines: &[String]) -> Result<Verified, Broken> {
    std::fs::write(&written.path, lines.iter().map(|line| format!("{line}\n")).collect::<String>()).unwrap();
    verify(&written.path, keys().trusted())
}

#[test]
fn a_journal_verifies_and_continues() {
    let written = written(5, 2);
    let verified = verify(&written.path, keys().trusted()).unwrap();
    assert_eq!((verified.rows, verified.sealed, verified.unsealed), (7, 5, 2));
    let mut journal = Journal::open(written.dir.clone(), "s_1", &keys()).unwrap();
    assert_eq!(journal.append(row("again")).unwrap(), 8);
    drop(journal);
    let verified = verify(&written.path, keys().trusted()).unwrap();
    assert_eq!((verified.rows, verified.sealed), (8, 8), "closing seals");
    let first = &lines(&written)[0];
    let fields: Vec<&str> = first.split('"').skip(1).step_by(2).collect();
    assert_eq!(fields[0], "seq");
    for field in [
        "ts",
        "run",
        "agent",
        "tool",
        "effects_digest",
        "args_digest",
        "verdict",
        "reason",
        "rung",
        "rule",
        "approver",
        "taint",
        "result_digest",
        "duration_us",
        "prev",
        "hash",
        "session",
        "call",
        "actor",
    ] {
        assert!(first.contains(&format!("\"{field}\":")), "{field} in {first}");
    }
}

#[test]
fn a_flip_a_cut_a_swap_and_a_forgery_are_found_where_they_are() {
    let written = written(6, 2);
    let good = lines(&written);

    let mut flipped = good.clone();
    flipped[2] = flipped[2].replace("\"t2\"", "\"tX\"");
    assert_eq!(put(&written, &flipped).unwrap_err().row, 3);

    let mut swapped = good.clone();
    swapped.swap(1, 2);
    assert_eq!(put(&written, &swapped).unwrap_err().row, 2);

    let mut removed = good.clone();
    removed.remove(3);
    assert_eq!(put(&written, &removed).unwrap_err().row, 4);

    // Cutting sealed rows is seen; cutting unsealed ones is what a crash does too.
    assert_eq!(put(&written, &good[..4]).unwrap_err().row, 5);
    assert_eq!(put(&written, &good[..6]).unwrap().unsealed, 0);

    // A whole chain made anew, hashes and all, differs from the head.
    let mut forged = Vec::new();
    let mut prev = row::NO_HASH.to_owned();
    for (at, line) in good.iter().enumerate() {
        let (mut row, _) = Row::unseal(line).unwrap();
        if at == 1 {
            row.tool = Some("innocent".to_owned());
        }
        row.prev = prev;
        let (line, hash) = row.seal().unwrap();
        forged.push(line);
        prev = hash;
    }
    let broken = put(&written, &forged).unwrap_err();
    assert_eq!((broken.row, broken.why.contains("sealed")), (6, true));

    assert!(put(&written, &good).is_ok());
    let error = Journal::open(written.dir.clone(), "s_1", &keys()).map(|_| ());
    assert!(error.is_ok());
    put(&written, &flipped).unwrap_err();
    assert!(matches!(
        Journal::open(written.dir.clone(), "s_1", &keys()),
        Err(KernelError::Damaged { row: 3, .. })
    ));
}

#[test]
fn a_torn_tail_is_cut_and_noted() {
    let written = written(2, 1);
    let mut bytes = std::fs::read(&written.path).unwrap();
    bytes.extend_from_slice(b"{\"seq\":4,\"ts\":\"20");
    std::fs::write(&written.path, bytes).unwrap();
    assert!(verify(&written.path, keys().trusted()).unwrap().torn);
    drop(Journal::open(written.dir.clone(), "s_1", &keys()).unwrap());
    let verified = verify(&written.path, keys().trusted()).unwrap();
    assert_eq!((verified.rows, verified.torn), (4, false));
    assert!(lines(&written)[3].contains("torn_tail"));
}

/// Waits for what happens beside the calls.
fn eventually(mut holds: impl FnMut() -> bool) -> bool {
    for _ in 0..500 {
        if holds() {
            return true;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    false
}

#[test]
fn the_head_is_written_every_sixty_four_rows_beside_the_calls() {
    let root = tempfile::tempdir().unwrap();
    let dir = StateDir::open(root.path().join("journal")).unwrap();
    let mut journal = Journal::open(dir, "s_1", &keys()).unwrap();
    for _ in 0..70 {
        journal.append(row("x")).unwrap();
    }
    assert!(eventually(|| verify(journal.path(), keys().trusted()).unwrap().sealed == 64));
    journal.seal().unwrap();
    assert_eq!(
        verify(journal.path(), keys().trusted()).unwrap().sealed,
        70,
        "and an older head never replaces it"
    );
}

#[test]
fn a_head_that_cannot_be_written_stops_the_calls() {
    let root = tempfile::tempdir().unwrap();
    let dir = StateDir::open(root.path().join("journal")).unwrap();
    let mut journal = Journal::open(dir.clone(), "s_1", &keys()).unwrap();
    // A folder in its place: no file can be renamed over it.
    drop(dir.sub("s_1.head.json").unwrap());
    for _ in 0..64 {
        journal.append(row("x")).unwrap();
    }
    assert!(eventually(|| matches!(journal.append(row("y")), Err(KernelError::Journal(_)))));
}

#[test]
fn one_session_has_one_writer() {
    let root = tempfile::tempdir().unwrap();
    let dir = StateDir::open(root.path().join("journal")).unwrap();
    let _first = Journal::open(dir.clone(), "s_1", &keys()).unwrap();
    let error = Journal::open(dir.clone(), "s_1", &keys()).unwrap_err();
    assert!(matches!(error, KernelError::Locked { .. }), "{error}");
    assert!(Journal::open(dir, "s_2", &keys()).is_ok());
}
