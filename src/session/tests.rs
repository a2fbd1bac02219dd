//! Sessions survive being cut anywhere.

use super::*;
use crate::protocol::ToolCall;
use crate::session::{find, list};

fn start(id: &str) -> Start {
    Start {
        session: id.to_owned(),
        workspace: "/w".into(),
        model: "scripted/x".into(),
        profile: "full".into(),
        version: 1,
        origin: None,
    }
}

fn call(id: &str) -> Item {
    let call = ToolCall { id: id.into(), tool: "read".into(), args: serde_json::json!({"path": "a"}) };
    Item::Assistant { blocks: vec![Block::ToolCall(call)], model: "scripted/x".into() }
}

fn world() -> (tempfile::TempDir, StateDir) {
    let temp = tempfile::tempdir().unwrap();
    let dir = StateDir::open(temp.path().join("sessions")).unwrap();
    (temp, dir)
}

#[test]
fn a_session_cut_at_any_byte_resumes_with_every_call_answered() {
    let (_temp, dir) = world();
    let id = "s_0000000000000001";
    let mut log = SessionLog::create(&dir, start(id)).unwrap();
    log.append(Payload::Item { item: Item::user("hello") }).unwrap();
    log.append(Payload::Item { item: call("t1") }).unwrap();
    drop(log);
    let whole = dir.read("s_0000000000000001.jsonl").unwrap();
    let first_line = whole.iter().position(|b| *b == b'\n').unwrap() + 1;
    for cut in first_line..=whole.len() {
        dir.replace("s_0000000000000001.jsonl", &whole[..cut]).unwrap();
        let loaded = SessionLog::resume(&dir, id).unwrap();
        assert!(unanswered(&loaded.items).is_empty(), "cut at {cut}");
        assert_eq!(loaded.orphans, usize::from(cut == whole.len()));
    }
}

#[test]
fn a_second_process_is_kept_out() {
    let (_temp, dir) = world();
    let log = SessionLog::create(&dir, start("s_0000000000000001")).unwrap();
    let error = SessionLog::resume(&dir, "s_0000000000000001").unwrap_err();
    assert!(matches!(error, SessionError::InUse(_)));
    drop(log);
    assert!(SessionLog::resume(&dir, "s_0000000000000001").is_ok());
}

#[test]
fn damage_in_the_middle_is_told_with_its_line() {
    let (_temp, dir) = world();
    drop(SessionLog::create(&dir, start("s_0000000000000001")).unwrap());
    let mut bytes = dir.read("s_0000000000000001.jsonl").unwrap();
    bytes.extend_from_slice(b"{garbage\n{}\n");
    dir.replace("s_0000000000000001.jsonl", &bytes).unwrap();
    let error = SessionLog::resume(&dir, "s_0000000000000001").unwrap_err().to_string();
    assert!(error.contains("line 2"), "{error}");
}

#[test]
fn sessions_are_found_by_prefix_and_by_words() {
    let (_temp, dir) = world();
    for (id, words) in [("s_0000000000000001", "fix the parser"), ("s_0001000000000002", "write docs")] {
        let mut log = SessionLog::create(&dir, start(id)).unwrap();
        log.append(Payload::Item { item: Item::user(words) }).unwrap();
    }
    assert_eq!(list(&dir).unwrap()[0].title, "write docs");
    assert_eq!(find(&dir, "0001").unwrap(), "s_0001000000000002");
    assert_eq!(find(&dir, "Parser").unwrap(), "s_0000000000000001");
    assert!(matches!(find(&dir, "zzzz"), Err(SessionError::Unknown { .. })));
    assert!(matches!(find(&dir, "i"), Err(SessionError::Ambiguous { .. })));
}

#[test]
fn a_large_session_is_read_in_its_order() {
    let (_temp, dir) = world();
    let id = "s_0000000000000001";
    let mut log = SessionLog::create(&dir, start(id)).unwrap();
    let said: Vec<Item> = (0..9).map(|at| Item::user(at.to_string().repeat(1024 * 1024))).collect();
    for item in &said {
        log.append(Payload::Item { item: item.clone() }).unwrap();
    }
    drop(log);
    let loaded = SessionLog::resume(&dir, id).unwrap();
    assert!(loaded.items == said, "as it was said");
}
