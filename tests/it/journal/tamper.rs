//! Whatever is done to sealed rows, heads or the index is found, and where.

use std::path::PathBuf;

use iosm::base::StateDir;
use iosm::kernel::{Approver, Broken, Journal, Keys, Row, Verified, verify, verify_all};
use iosm::protocol::{Actor, Reason, VerdictKind};
use proptest::prelude::*;

/// Journals of two sessions, three rows each, sealed; `s_1` was sealed twice.
struct Written {
    _temp: tempfile::TempDir,
    keys: Keys,
    folder: PathBuf,
    /// The head of `s_1` as it was after two rows.
    old_head: Vec<u8>,
}

fn row(tool: &str) -> Row {
    let who =
        Approver { by: "ann".into(), user: Some("ann".into()), git: Some("Ann <a@b>".into()), face: None };
    Row {
        run: Some("r_1".into()),
        entry: Some(4),
        commit: Some("c0ffee".into()),
        agent: Some("main".into()),
        call: Some("t1".into()),
        tool: Some(tool.into()),
        effects_digest: Some("e0".into()),
        args_digest: Some("a0".into()),
        verdict: Some(VerdictKind::Deny),
        reason: Some(Reason::PolicyBlock),
        rung: Some("scope".into()),
        rule: Some("outside".into()),
        approver: Some(who),
        taint: Some("web".into()),
        result_digest: Some("d0".into()),
        duration_us: Some(12),
        ..Row::by(Actor::Agent)
    }
}

impl Written {
    fn new() -> Self {
        let temp = tempfile::tempdir().unwrap();
        let folder = temp.path().join("journal");
        let dir = StateDir::open(folder.clone()).unwrap();
        let keys = Keys::throwaway();
        let mut old_head = Vec::new();
        for session in ["s_1", "s_2"] {
            let mut journal = Journal::open(dir.clone(), session, &keys).unwrap();
            for at in 0..3 {
                journal.append(row(&format!("t{at}"))).unwrap();
                if at == 1 && session == "s_1" {
                    journal.seal().unwrap();
                    old_head = dir.read("s_1.head.json").unwrap();
                }
            }
        }
        Self { _temp: temp, keys, folder, old_head }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    fn lines(&self, name: &str) -> Vec<String> {
        self.text(name).lines().map(str::to_owned).collect()
    }

    fn put(&self, name: &str, lines: &[String]) {
        std::fs::write(self.path(name), lines.iter().map(|line| format!("{line}\n")).collect::<String>())
            .unwrap();
    }

    fn verify(&self) -> Result<Verified, Broken> {
        verify(&self.path("s_1.jsonl"), self.keys.trusted())
    }

    /// The first thing that is wrong with the project as a whole.
    fn fault(&self) -> Option<String> {
        let checked = match verify_all(&self.folder, self.keys.trusted()) {
            Ok(checked) => checked,
            Err(broken) => return Some(broken.to_string()),
        };
        let wrong = checked
            .journals
            .into_iter()
            .find_map(|(session, verified)| verified.err().map(|broken| format!("{session}: {broken}")));
        wrong.or(checked.index.err().map(|broken| broken.to_string()))
    }

    #[track_caller]
    fn found(&self, words: &str) {
        let fault = self.fault().unwrap_or_else(|| panic!("{words:?}: nothing was found"));
        assert!(fault.contains(words), "{words:?} in {fault:?}");
    }
}

#[test]
fn what_was_written_holds() {
    let written = Written::new();
    assert_eq!(written.fault(), None);
    let verified = written.verify().unwrap();
    assert_eq!((verified.rows, verified.sealed, verified.unsealed), (3, 3, 0));
    assert_eq!(verified.signed_by, Some(written.keys.signer().public().id()));
}

/// Every field of every row: another value, with the hash left as it was and with a hash that fits.
#[test]
fn a_changed_field_is_found_in_its_row() {
    let written = Written::new();
    let good = written.lines("s_1.jsonl");
    let fields: Vec<String> =
        serde_json::from_str::<serde_json::Map<_, _>>(&good[0]).unwrap().keys().cloned().collect();
    assert_eq!(fields.len(), 22, "{fields:?}");
    for at in 0..good.len() {
        for field in &fields {
            let mut row: serde_json::Map<String, serde_json::Value> =
                serde_json::from_str(&good[at]).unwrap();
            row[field] = match &row[field] {
                serde_json::Value::Number(number) => (number.as_u64().unwrap() + 1).into(),
                serde_json::Value::String(text) if field.ends_with("hash") || field == "prev" => {
                    text.chars().rev().collect::<String>().into()
                }
                serde_json::Value::Object(_) => serde_json::Value::Null,
                _ => "allow".into(),
            };
            if *field == "prev" && at == 0 {
                row[field] = "1".repeat(64).into();
            }
            let changed = serde_json::to_string(&row).unwrap();
            assert_ne!(changed, good[at], "{field}");
            let mut lines = good.clone();
            lines[at].clone_from(&changed);
            written.put("s_1.jsonl", &lines);
            let broken = written.verify().unwrap_err();
            assert_eq!(broken.row, at as u64 + 1, "{field} of row {}: {broken}", at + 1);

            if *field != "hash" {
                row.remove("hash");
                let body = serde_json::to_string(&row).unwrap();
                let hash = iosm::base::sha256_hex(body.as_bytes());
                lines[at] = format!("{},\"hash\":\"{hash}\"}}", body.strip_suffix('}').unwrap());
                written.put("s_1.jsonl", &lines);
                let broken = written.verify().unwrap_err();
                let due = at as u64 + 1..=at as u64 + 2;
                assert!(due.contains(&broken.row), "{field} of row {} with its hash: {broken}", at + 1);
            }
        }
    }
    written.put("s_1.jsonl", &good);
    assert_eq!(written.fault(), None);
}

#[test]
fn rows_cut_swapped_doubled_and_put_in_are_found() {
    type Change = fn(&mut Vec<String>);
    let table: &[(&str, Change, u64)] = &[
        ("cut at the end", |rows| drop(rows.pop()), 3),
        ("all of them cut", Vec::clear, 1),
        ("cut in the middle", |rows| drop(rows.remove(1)), 2),
        ("cut at the start", |rows| drop(rows.remove(0)), 1),
        ("swapped", |rows| rows.swap(0, 1), 1),
        ("doubled", |rows| rows.insert(1, rows[0].clone()), 2),
        ("an empty line", |rows| rows.insert(1, String::new()), 2),
        ("not text", |rows| rows[2] = "\u{0}".into(), 3),
    ];
    for (name, change, row) in table {
        let written = Written::new();
        let mut rows = written.lines("s_1.jsonl");
        change(&mut rows);
        written.put("s_1.jsonl", &rows);
        let broken = written.verify().expect_err(name);
        assert_eq!(broken.row, *row, "{name}: {broken}");
        let dir = StateDir::open(written.folder.clone()).unwrap();
        let opened = Journal::open(dir, "s_1", &written.keys);
        assert!(opened.is_err(), "{name}: nobody goes on with it");
    }
    // A row of another session is no row of this one, however well it is chained there.
    let written = Written::new();
    written.put("s_1.jsonl", &written.lines("s_2.jsonl"));
    assert!(written.verify().is_err());
}

#[test]
fn heads_are_signed_and_belong_to_their_session() {
    let written = Written::new();
    let head = written.text("s_1.head.json");

    // Any field of it, and its end.
    let changes = [
        head.replace("\"count\":3", "\"count\":2"),
        head.replace("\"session\":\"s_1\"", "\"session\":\"s_2\""),
        head.replace("\"version\":2", "\"version\":1"),
        head.replace("\"version\":2", "\"version\":3"),
        head.replacen("\"sealed_at\":\"2", "\"sealed_at\":\"3", 1),
        head.replacen("\"count\":1,\"last_hash\":\"", "\"count\":1,\"last_hash\":\"0", 1),
        head.replacen("\"signature\":\"", "\"signature\":\"A", 1),
        format!("{head} "),
        head[..head.len() / 2].to_owned(),
        String::new(),
    ];
    for changed in changes {
        assert_ne!(changed, head);
        std::fs::write(written.path("s_1.head.json"), &changed).unwrap();
        let fault = written.fault().unwrap_or_else(|| panic!("not found: {changed}"));
        assert!(fault.starts_with("s_1: ") && fault.contains("head"), "{fault}: {changed}");
    }

    // The other session's, the one before, none, and one that was never signed.
    std::fs::write(written.path("s_1.head.json"), written.text("s_2.head.json")).unwrap();
    written.found("s_1: row 1: it is of session s_1, its head of s_2");
    std::fs::write(written.path("s_1.head.json"), &written.old_head).unwrap();
    written.found("s_1: row 3: the head went back");
    std::fs::remove_file(written.path("s_1.head.json")).unwrap();
    written.found("s_1: row 1: 3 rows were sealed, and the head is gone");
    let hash = written.lines("s_1.jsonl")[2].rsplit("\"hash\":\"").next().unwrap()[..64].to_owned();
    let unsigned = format!(
        "{{\"version\":1,\"session\":\"s_1\",\"count\":3,\"last_hash\":\"{hash}\",\"sealed_at\":\"2026-01-01T00:00:00.000Z\"}}"
    );
    std::fs::write(written.path("s_1.head.json"), &unsigned).unwrap();
    written.found("the head has no signature");

    // Where no index knows better, that is what old journals had: it counts, and is called unsigned.
    std::fs::remove_file(written.path("index.jsonl")).unwrap();
    let verified = written.verify().unwrap();
    assert_eq!((verified.sealed, verified.signed_by), (3, None));
}

#[test]
fn an_old_head_with_its_rows_cut_is_found_by_the_index() {
    let written = Written::new();
    std::fs::write(written.path("s_1.head.json"), &written.old_head).unwrap();
    written.put("s_1.jsonl", &written.lines("s_1.jsonl")[..2]);
    written.found("s_1: row 3: the head went back");
}

#[test]
fn a_foreign_key_is_found_however_well_it_signs() {
    let written = Written::new();
    let dir = StateDir::open(written.folder.clone()).unwrap();
    for name in ["s_1.jsonl", "s_1.head.json"] {
        std::fs::remove_file(written.path(name)).unwrap();
    }
    // Their own journal, in a folder of their own so that the index does not stop them.
    let theirs = tempfile::tempdir().unwrap();
    let stranger = Keys::throwaway();
    let mut journal =
        Journal::open(StateDir::open(theirs.path().join("j")).unwrap(), "s_1", &stranger).unwrap();
    for at in 0..4 {
        journal.append(row(&format!("innocent{at}"))).unwrap();
    }
    drop(journal);
    for name in ["s_1.jsonl", "s_1.head.json"] {
        std::fs::copy(theirs.path().join("j").join(name), written.path(name)).unwrap();
    }
    written.found("sealed with another key");
    assert!(Journal::open(dir, "s_1", &written.keys).is_err());
    // With their index too, every seal of it is foreign.
    std::fs::copy(theirs.path().join("j/index.jsonl"), written.path("index.jsonl")).unwrap();
    assert!(written.fault().is_some());
}

#[test]
fn a_deleted_journal_is_missed() {
    let written = Written::new();
    for name in ["s_2.jsonl", "s_2.head.json"] {
        std::fs::remove_file(written.path(name)).unwrap();
    }
    written.found("s_2: it is gone");
}

#[test]
fn the_index_is_chained_signed_and_never_shorter_than_a_head_knew_it() {
    let good = Written::new().lines("index.jsonl").len();
    assert_eq!(good, 3);
    type Change = fn(&mut Vec<String>);
    let table: &[(&str, Change, &str)] = &[
        (
            "changed",
            |lines| lines[1] = lines[1].replace("\"count\":3", "\"count\":9"),
            "entry 2 of the index",
        ),
        ("cut in the middle", |lines| drop(lines.remove(1)), "entry 2 of the index"),
        ("swapped", |lines| lines.swap(0, 1), "entry 1 of the index"),
        ("cut at the end by two", |lines| lines.truncate(1), "the index was cut"),
        ("emptied", Vec::clear, "the index was cut"),
    ];
    for (name, change, words) in table {
        let written = Written::new();
        let mut lines = written.lines("index.jsonl");
        change(&mut lines);
        written.put("index.jsonl", &lines);
        let fault = written.fault().unwrap_or_else(|| panic!("{name}: not found"));
        assert!(fault.contains(words), "{name}: {fault}");
    }
}

#[test]
fn rows_after_the_head_are_called_unsealed() {
    let written = Written::new();
    let dir = StateDir::open(written.folder.clone()).unwrap();
    let before = ["s_1.head.json", "index.jsonl"].map(|name| (name, dir.read(name).unwrap()));
    let mut journal = Journal::open(dir.clone(), "s_1", &written.keys).unwrap();
    journal.append(row("later")).unwrap();
    // As after a kill: what dropping seals is taken back.
    drop(journal);
    for (name, bytes) in before {
        dir.replace(name, &bytes).unwrap();
    }
    let verified = written.verify().unwrap();
    assert_eq!((verified.rows, verified.sealed, verified.unsealed), (4, 3, 1));
    assert_eq!(written.fault(), None);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    /// Any byte of sealed rows, of a head or of the index, turned into any other.
    #[test]
    fn any_flipped_byte_is_found(file in 0usize..3, at in 0usize..4096, flip in 1u8..=255) {
        thread_local!(static WRITTEN: Written = Written::new());
        WRITTEN.with(|written| {
            let name = ["s_1.jsonl", "s_1.head.json", "index.jsonl"][file];
            let good = std::fs::read(written.path(name)).unwrap();
            let mut bad = good.clone();
            let place = at % bad.len();
            bad[place] ^= flip;
            std::fs::write(written.path(name), &bad).unwrap();
            let fault = written.fault();
            std::fs::write(written.path(name), &good).unwrap();
            // The very last line end of the index: half an entry, as a killed writer leaves it. The head
            // that knew it longer is the newest, so nothing is lost.
            let torn = name == "index.jsonl" && place == good.len() - 1;
            prop_assert!(fault.is_some() || torn, "{name}, byte {place} ^ {flip}");
            Ok(())
        })?;
    }
}
