//! Killed at any moment, and many at once: what is left verifies, and goes on.

use std::path::Path;
use std::process::{Child, Command};
use std::time::Duration;

use iosm::base::StateDir;
use iosm::kernel::{Journal, Keys, Row, verify_all};
use iosm::protocol::Actor;

/// Set in children: where to write, and which session.
const WRITER: &str = "IOSM_TEST_WRITER";

/// Where a child writes without end, sealing all the time.
fn write_without_end(place: &str) -> ! {
    let (root, session) = place.split_once('|').unwrap();
    let keys = Keys::open(&StateDir::open(Path::new(root).join("keys")).unwrap(), None).unwrap();
    let dir = StateDir::open(Path::new(root).join("journal")).unwrap();
    let mut journal = Journal::open(dir, session, &keys).unwrap();
    for at in 0.. {
        journal.append(Row { tool: Some("x".into()), ..Row::by(Actor::Agent) }).unwrap();
        if at % 3 == 0 {
            journal.seal().unwrap();
        }
    }
    unreachable!()
}

fn writer(root: &Path, session: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "journal::crash::killed_while_sealing_nothing_is_lost_or_doubted", "--nocapture"])
        .env(WRITER, format!("{}|{session}", root.display()))
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap()
}

#[track_caller]
fn holds(root: &Path) -> u64 {
    let keys = Keys::open(&StateDir::open(root.join("keys")).unwrap(), None).unwrap();
    let checked = verify_all(&root.join("journal"), keys.trusted()).unwrap();
    let mut rows = 0;
    for (session, verified) in checked.journals {
        rows += verified.unwrap_or_else(|broken| panic!("{session}: {broken}")).rows;
    }
    checked.index.unwrap();
    rows
}

#[test]
fn killed_while_sealing_nothing_is_lost_or_doubted() {
    if let Ok(place) = std::env::var(WRITER) {
        write_without_end(&place);
    }
    let temp = tempfile::tempdir().unwrap();
    let mut before = 0;
    for round in 0..12u64 {
        // Two at once: they share the index and the key, which the first of them makes.
        let mut writers = [writer(temp.path(), "s_a"), writer(temp.path(), "s_b")];
        // Once both write, at another moment in each round.
        for session in ["s_a", "s_b"] {
            let path = temp.path().join(format!("journal/{session}.jsonl"));
            let size = || std::fs::metadata(&path).map_or(0, |meta| meta.len());
            let had = size();
            crate::world::wait_until("it writes", || size() > had);
        }
        std::thread::sleep(Duration::from_millis(3 * round));
        for writer in &mut writers {
            writer.kill().unwrap();
            writer.wait().unwrap();
        }
        let rows = holds(temp.path());
        assert!(rows >= before, "round {round}: {before} rows became {rows}");
        before = rows;
    }
    assert!(before > 24, "only {before} rows were written");
}
