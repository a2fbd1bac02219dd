//! What the tools are offered as, and writing, searching, noting.

use serde_json::{Value, json};

use super::testing::World;
use super::*;
use crate::base::estimate_tokens;
use crate::protocol::{EffectRule, ToolStatus};

/// What `bash`, which lives beside these, is expected to take.
const BASH_BYTES: usize = 450;

fn offered() -> String {
    let world = World::new();
    let offered: Vec<Value> = world
        .registry
        .specs()
        .map(|spec| json!({"name": spec.name, "description": spec.description, "parameters": spec.schema}))
        .collect();
    serde_json::to_string(&offered).unwrap()
}

#[test]
fn the_tools_are_cheap_to_offer() {
    let offered = offered();
    let size = format!("{} bytes, about {} tokens: {offered}", offered.len(), estimate_tokens(&offered));
    assert!(offered.len() + BASH_BYTES < 4_200, "{size}");
    for waste in ["$schema", "\"title\":\"", "null", "format", "minimum"] {
        assert!(!offered.contains(waste), "{waste}: {size}");
    }
    std::io::Write::write_all(&mut std::io::stdout(), format!("{size}\n").as_bytes()).unwrap();
}

#[test]
fn every_schema_is_closed_and_every_alias_and_rule_names_a_parameter() {
    let world = World::new();
    for spec in world.registry.specs() {
        let properties = spec.schema["properties"].as_object().unwrap();
        assert_eq!(spec.schema["additionalProperties"], false, "{}", spec.name);
        assert_eq!(spec.schema["type"], "object", "{}", spec.name);
        jsonschema::validator_for(&spec.schema).unwrap();
        for (alias, parameter) in spec.aliases {
            assert!(properties.contains_key(*parameter) && !properties.contains_key(*alias), "{alias}");
        }
        let (EffectRule::ReadPath { arg } | EffectRule::WritePath { arg } | EffectRule::ReadTree { arg }) =
            &spec.effects
        else {
            continue;
        };
        assert!(properties.contains_key(*arg), "{}", spec.name);
    }
    assert_eq!(world.registry.names(), ["read", "write", "edit", "search", "outline", "todo", "report"]);
    let read_only: Vec<_> = world.registry.specs().filter(|s| s.read_only).map(|s| s.name).collect();
    assert_eq!(read_only, ["read", "search", "outline"]);
}

#[test]
fn a_grant_of_another_kind_is_an_error_result() {
    let world = World::new();
    world.put("a", "a");
    let calls = [
        ("read", json!({"path": "a"})),
        ("write", json!({"path": "a", "content": "b"})),
        ("edit", json!({"path": "a", "edits": [{"old": "a", "new": "b"}]})),
        ("search", json!({"pattern": "a"})),
        ("outline", json!({"path": "a"})),
        ("todo", json!({"items": []})),
        ("report", json!({"findings": []})),
    ];
    for (tool, args) in calls {
        let other = if matches!(tool, "search" | "outline") { "todo" } else { "search" };
        let result = world.run(tool, world.grant(other, &json!({})), args);
        assert_eq!(result.status, ToolStatus::Error);
        assert!(testing::text(&result).contains("this call was granted"), "{tool}");
    }
    assert_eq!(world.bytes("a"), b"a");
    assert!(!world.context.notes.lock().unwrap().reported);
}

#[test]
fn write_creates_and_replaces_only_what_was_seen() {
    let world = World::new();
    let write = |content: &str| json!({"path": "d/a.txt", "content": content});
    assert_eq!(world.ok("write", write("one\n")), "created d/a.txt: 1 line, 4 bytes; made 1 folder");
    // What it wrote itself it has seen.
    assert_eq!(world.ok("write", write("one\ntwo")), "replaced d/a.txt: 2 lines, 7 bytes");
    world.put("d/a.txt", "theirs\n");
    let error = world.fails("write", write("mine"));
    assert!(error.contains("stale") && error.contains("read it again"), "{error}");
    assert_eq!(world.bytes("d/a.txt"), b"theirs\n");
    world.ok("read", json!({"path": "d/a.txt", "limit": 1}));
    world.ok("write", write("mine"));
    world.put("b", "never read");
    let error = world.fails("write", json!({"path": "b", "content": "x"}));
    assert!(error.contains("you have not read it"), "{error}");
    assert_eq!(world.bytes("b"), b"never read");
    world.put("empty", "");
    world.ok("write", json!({"path": "empty", "content": "x"}));
}

#[test]
fn write_keeps_line_ends_and_takes_any_text() {
    let world = World::new();
    world.put("dos", "a\r\nb\r\n");
    world.ok("read", json!({"path": "dos"}));
    let said = world.ok("write", json!({"path": "dos", "content": "c\nd"}));
    assert!(said.contains("CRLF line ends were kept"), "{said}");
    assert_eq!(world.bytes("dos"), b"c\r\nd");
    let odd = "nul \0, \u{1f600}, \u{feff}, no end";
    world.ok("write", json!({"path": "odd", "content": odd}));
    assert_eq!(world.bytes("odd"), odd.as_bytes());
    let huge = "x".repeat(3 << 20);
    world.ok("write", json!({"path": "huge", "content": huge}));
    assert!(world.bytes("huge") == huge.as_bytes());
}

#[test]
fn ledgers_of_two_agents_are_apart() {
    let world = World::new();
    world.put("a", "a");
    world.ok("read", json!({"path": "a"}));
    let mut other = World::new();
    other.root = world.root.clone();
    assert!(other.fails("write", json!({"path": "a", "content": "b"})).contains("not read it"));
    other.context = world.context.for_call("t2", std::sync::Arc::new(|_| {}));
    other.ok("write", json!({"path": "a", "content": "b"}));
}

#[test]
fn a_call_dropped_before_its_turn_writes_nothing() {
    let world = World::new();
    let args = json!({"path": "a", "content": "b"});
    let runtime = tokio::runtime::Builder::new_current_thread().max_blocking_threads(1).build().unwrap();
    let grant = world.grant("write", &args);
    let call = world.registry.get("write").unwrap().run(grant, args, world.context.clone());
    runtime.block_on(async move {
        // The only blocking thread is busy, so the write waits in the queue until it is dropped.
        let (release, held) = std::sync::mpsc::channel::<()>();
        let busy = tokio::task::spawn_blocking(move || held.recv());
        assert!(futures::FutureExt::now_or_never(call).is_none());
        drop(release);
        let _ = busy.await;
        // The thread takes the next in the queue before this one.
        let _ = tokio::task::spawn_blocking(|| ()).await;
    });
    assert!(!world.root.join("a").exists());
}

#[test]
fn search_shows_lines_files_and_what_was_left_out() {
    let world = World::new();
    world.put("src/a.rs", "fn one() {}\nlet x = 1;\nfn two() {}\n");
    world.put("src/b.rs", "fn three() {}\n");
    world.put("readme", "nothing\n");
    let said = world.ok("search", json!({"pattern": r"fn \w+"}));
    assert_eq!(said, "src/a.rs:1: fn one() {}\nsrc/a.rs:3: fn two() {}\nsrc/b.rs:1: fn three() {}");
    let said = world.ok("search", json!({"pattern": "x = 1", "path": "src/a.rs", "context": 1}));
    assert_eq!(said, "src/a.rs-1- fn one() {}\nsrc/a.rs:2: let x = 1;\nsrc/a.rs-3- fn two() {}");
    let said = world.ok("search", json!({"pattern": "fn", "path": "src", "limit": 1}));
    let due = "src/a.rs:1: fn one() {}\n[1 of 3 matching lines in 2 files shown, from 1 of these files; \
               narrow pattern, path or glob, or raise limit]";
    assert_eq!(said, due);
    assert_eq!(world.ok("search", json!({"glob": "*.rs"})), "src/a.rs\nsrc/b.rs");
    let said = world.ok("search", json!({"glob": "*.rs", "limit": 1}));
    assert_eq!(said, "src/a.rs\n[1 of 2 files listed; narrow the glob or raise limit]");
    assert_eq!(world.ok("search", json!({"pattern": "absent"})), "no match in 3 files");
    let said = world.ok("search", json!({"pattern": "fn", "glob": "*.md"}));
    assert_eq!(said, "no match in 0 files named *.md");
    assert_eq!(world.ok("search", json!({"glob": "*.md"})), "no file matches *.md (3 files looked at)");
    assert!(world.fails("search", json!({})).contains("give a pattern"));
    assert!(world.fails("search", json!({"pattern": "a("})).contains(r"escape it: a\("));
    assert!(world.fails("search", json!({"pattern": "a", "path": "gone"})).contains("does not exist"));
}

#[test]
fn a_long_result_of_search_is_bounded_and_counted() {
    let world = World::new();
    for n in 0..40 {
        world.put(&format!("f{n:02}"), format!("needle {}\n", "x".repeat(200)).repeat(50));
    }
    let said = world.ok("search", json!({"pattern": "needle", "limit": 2000}));
    assert!(said.len() < 20_300, "{}", said.len());
    let shown = said.lines().filter(|line| line.contains("needle ")).count();
    assert!(said.contains(&format!("[{shown} of 2,000 matching lines in 40 files shown, from ")), "{shown}");
}

#[test]
fn todo_replaces_the_list_and_echoes_it() {
    let world = World::new();
    let item = |text: &str, status: &str| json!({"text": text, "status": status});
    let items = json!({"items": [item("a", "done"), item("b\nc", "doing"), item("d", "pending")]});
    assert_eq!(world.ok("todo", items), "[x] a\n[>] b c\n[ ] d");
    assert_eq!(world.ok("todo", json!({"items": [item("z", "pending")]})), "[ ] z");
    assert_eq!(world.context.notes.lock().unwrap().todo.len(), 1);
    world.fails("todo", json!({"items": [item(" ", "done")]}));
    world.fails("todo", json!({"items": [item("a", "later")]}));
    assert_eq!(world.context.notes.lock().unwrap().todo[0].text, "z");
}

#[test]
fn report_gathers_findings_and_refuses_bad_ones_whole() {
    let world = World::new();
    let finding =
        |path: &str| json!({"path": path, "line": 3, "severity": "high", "title": "t", "detail": "d"});
    assert_eq!(world.ok("report", json!({"findings": []})), "reported: nothing found (0 in all)");
    assert!(world.context.notes.lock().unwrap().reported);
    world.ok("report", json!({"findings": [finding("src/a.rs"), finding("./b")]}));
    for bad in ["", "/etc/passwd", "../up", "a/../../b"] {
        let error = world.fails("report", json!({"findings": [finding("ok"), finding(bad)]}));
        assert!(error.contains("finding 2") && error.contains("nothing was reported"), "{error}");
    }
    let said = world.ok("report", json!({"findings": [finding("c")]}));
    assert_eq!(said, "reported: 1 finding (3 in all)");
    assert_eq!(world.context.notes.lock().unwrap().findings.len(), 3);
}
