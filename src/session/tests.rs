//! Sessions survive being cut anywhere.

use super::*;
use crate::protocol::ToolCall;
use crate::session::{Held, Holds, find, fork, held as held_in, list};

fn start(id: &str) -> Start {
    Start {
        session: id.to_owned(),
        workspace: "/w".into(),
        model: "scripted/x".into(),
        profile: "full".into(),
        thinking: None,
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

#[test]
fn what_held_last_is_known_of_new_logs_and_of_old_ones() {
    let (_temp, dir) = world();
    let id = "s_0000000000000001";
    let answer = Item::Assistant { blocks: Vec::new(), model: "scripted/y".into() };
    let mut log = SessionLog::create(&dir, start(id)).unwrap();
    let held = log.held();
    assert_eq!((held.model.as_deref(), held.profile.as_deref()), (Some("scripted/x"), Some("full")));
    // As older logs are: another model is known by its answers alone.
    log.append(Payload::Item { item: answer.clone() }).unwrap();
    assert_eq!(log.held().model.as_deref(), Some("scripted/y"));
    let holds = Holds { model: "scripted/z".into(), profile: "plan".into(), thinking: "low".into() };
    log.append(Payload::Holds(holds)).unwrap();
    log.append(Payload::Item { item: answer }).unwrap();
    log.append(Payload::Name { name: "a name".into() }).unwrap();
    let wanted = Held {
        model: Some("scripted/z".into()),
        profile: Some("plan".into()),
        thinking: Some("low".into()),
        name: Some("a name".into()),
    };
    assert_eq!(log.held(), wanted);
    drop(log);
    assert_eq!(held_in(&dir, id).unwrap(), wanted);
    // Of a copy its maker says what holds.
    let copy = fork(&dir, id, None, start("s_0000000000000002")).unwrap();
    assert_eq!(copy.log.held().name, None);
    assert_eq!(copy.log.held().thinking, None);
}

#[test]
fn the_name_of_a_copy_says_so_once_and_fits() {
    assert_eq!(name_of_fork("house"), "house (fork)");
    assert_eq!(name_of_fork("house (fork)"), "house (fork)");
    let long = "é".repeat(80);
    assert_eq!(name_of_fork(&long).chars().count(), 80);
    assert!(valid_name(&name_of_fork(&long)).is_ok());
}
