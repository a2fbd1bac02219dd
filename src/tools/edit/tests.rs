//! Editing: exactly what was asked and nothing else, or nothing at all and why.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::plan::{Fault, plan};
use super::*;
use crate::tools::testing::{World, text};

fn edit(old: &str, new: &str) -> Edit {
    Edit { old: old.to_owned(), new: new.to_owned(), count: None }
}

fn one(path: &str, old: &str, new: &str) -> Value {
    json!({"path": path, "edits": [{"old": old, "new": new}]})
}

#[test]
fn an_edit_shows_what_it_changed() {
    let world = World::new();
    world.put("a.rs", "1\n2\n3\n4\n5\n6\n7\n8\n9\n");
    let said = world.ok("edit", one("a.rs", "5\n", "five\nand a half\n"));
    let due = "edited a.rs: 1 replacement\n\
               @@ -2,7 +2,8 @@\n 2\n 3\n 4\n-5\n+five\n+and a half\n 6\n 7\n 8";
    assert_eq!(said, due);
    assert_eq!(world.bytes("a.rs"), b"1\n2\n3\n4\nfive\nand a half\n6\n7\n8\n9\n");
}

#[test]
fn all_edits_apply_to_the_original_or_none_does() {
    let world = World::new();
    world.put("a", "alpha beta gamma\n");
    let edits = json!([{"old": "alpha", "new": "beta"}, {"old": "beta", "new": "alpha"}]);
    world.ok("edit", json!({"path": "a", "edits": edits}));
    assert_eq!(world.bytes("a"), b"beta alpha gamma\n");
    let edits = json!([{"old": "alpha", "new": "x"}, {"old": "delta", "new": "y"}]);
    let error = world.fails("edit", json!({"path": "a", "edits": edits}));
    assert!(error.contains("edit 2: old does not occur"), "{error}");
    assert_eq!(world.bytes("a"), b"beta alpha gamma\n");
}

#[test]
fn overlapping_edits_are_named() {
    let world = World::new();
    world.put("a", "x\none two three\n");
    let edits = json!([{"old": "two three", "new": "a"}, {"old": "one two", "new": "b"}]);
    let error = world.fails("edit", json!({"path": "a", "edits": edits}));
    assert!(error.contains("edit 1 and edit 2 overlap at line 2"), "{error}");
    let edits = json!([{"old": "one ", "new": "a"}, {"old": "two", "new": "b"}]);
    world.ok("edit", json!({"path": "a", "edits": edits}));
    assert_eq!(world.bytes("a"), b"x\nab three\n");
}

#[test]
fn counts_are_exact() {
    let world = World::new();
    world.put("a", "let a\nlet b\nlet c\n");
    let error = world.fails("edit", one("a", "let ", "var "));
    assert!(
        error.contains("occurs 3 times (line 1, 2, 3), not once") && error.contains("count=3"),
        "{error}"
    );
    let counted =
        |count: usize| json!({"path": "a", "edits": [{"old": "let ", "new": "var ", "count": count}]});
    assert!(world.fails("edit", counted(2)).contains("not 2 times"));
    assert!(world.fails("edit", counted(0)).contains("count is 0"));
    world.ok("edit", counted(3));
    assert_eq!(world.bytes("a"), b"var a\nvar b\nvar c\n");
    world.put("b", "aaa");
    assert!(world.fails("edit", one("b", "aa", "b")).contains("overlap one another at line 1"));
}

#[test]
fn nonsense_is_refused() {
    let world = World::new();
    world.put("a", "text");
    assert!(world.fails("edit", one("a", "", "x")).contains("old is empty"));
    assert!(world.fails("edit", one("a", "text", "text")).contains("are the same"));
    assert!(world.fails("edit", json!({"path": "a", "edits": []})).contains("edits is empty"));
    assert!(world.fails("edit", one("gone", "a", "b")).contains("create it with write"));
    assert_eq!(world.bytes("a"), b"text");
}

#[test]
fn a_crlf_file_stays_one() {
    let world = World::new();
    world.put("a", "one\r\ntwo\r\nthree\r\n");
    let said = world.ok("edit", one("a", "one\ntwo\n", "1\n2\n"));
    assert!(said.contains("taken for the file's CRLF"), "{said}");
    assert_eq!(world.bytes("a"), b"1\r\n2\r\nthree\r\n");
    world.ok("edit", one("a", "three", "3\n4"));
    assert_eq!(world.bytes("a"), b"1\r\n2\r\n3\r\n4\r\n");
    world.ok("edit", one("a", "\n4", "\nfour"));
    assert_eq!(world.bytes("a"), b"1\r\n2\r\n3\r\nfour\r\n");
    world.put("mixed", "a\nb\r\nc\r\n");
    world.ok("edit", one("mixed", "b\nc", "B\nC"));
    assert_eq!(world.bytes("mixed"), b"a\nB\r\nC\r\n");
    world.ok("edit", one("mixed", "a\nB", "a\nbb"));
    assert_eq!(world.bytes("mixed"), b"a\nbb\r\nC\r\n");
}

#[test]
fn a_miss_shows_the_nearest_place_and_names_the_whitespace() {
    let world = World::new();
    let miss = |file: &str, old: &str| {
        world.put("a", file);
        let error = world.fails("edit", one("a", old, "x"));
        assert_eq!(world.bytes("a"), file.as_bytes());
        error
    };
    let error = miss("fn a() {\n\tlet x = 1;\n}\n", "fn a() {\n    let x = 1;\n}");
    assert!(error.contains("nearest: lines 1–3, 100% alike"), "{error}");
    assert!(
        error.contains("only whitespace differs: the file is indented with tabs, old with spaces"),
        "{error}"
    );
    assert!(error.contains("- old| ····let x = 1;\n+ 2| →let x = 1;"), "{error}");
    let error = miss("let x = 1;  \nnext\n", "let x = 1;\nnext");
    assert!(error.contains("the file has trailing whitespace"), "{error}");
    let error = miss("let x = 1;\nnext\n", "let x = 1;\r\nnext");
    assert!(error.contains("old has CRLF line ends, the file has LF"), "{error}");
    let error = miss("one\nlet value = compute(1, 2);\n", "let value = compute(1, 3);");
    assert!(
        error.contains("nearest: line 2,") && error.contains("+ 2| let value = compute(1, 2);"),
        "{error}"
    );
    let error = miss("first\nlast", "last\n");
    assert!(error.contains("not with the line ends around them"), "{error}");
    let error = miss("first\n", "completely different");
    assert!(error.contains("nothing in the file is much like it"), "{error}");
    world.put("a", b"caf\xe9 au lait\n");
    let error = world.fails("edit", one("a", "caf\u{fffd} au lait", "x"));
    assert!(error.contains("not valid UTF-8"), "{error}");
}

#[test]
fn bytes_that_are_not_text_survive_an_edit() {
    let world = World::new();
    world.put("a", b"\xff\xfe\0 name = old \xe9\r\x80end");
    world.ok("edit", one("a", "name = old", "name = new"));
    assert_eq!(world.bytes("a"), b"\xff\xfe\0 name = new \xe9\r\x80end");
}

#[test]
fn a_changed_file_is_edited_when_it_still_matches_and_is_stale_otherwise() {
    let world = World::new();
    world.put("a", "one\ntwo\n");
    world.ok("read", json!({"path": "a"}));
    world.put("a", "zero\none\ntwo\n");
    let said = world.ok("edit", one("a", "two", "2"));
    assert!(said.contains("had changed on disk since you read it"), "{said}");
    assert_eq!(world.bytes("a"), b"zero\none\n2\n");
    // What changed was never read, so the whole may still not be replaced.
    assert!(world.fails("write", json!({"path": "a", "content": "x"})).contains("stale"));
    let error = world.fails("edit", one("a", "two", "2"));
    assert!(error.contains("it is stale, it changed on disk since you read it"), "{error}");
    world.ok("read", json!({"path": "a"}));
    let said = world.ok("edit", one("a", "2", "two"));
    assert!(!said.contains("changed on disk"), "{said}");
    world.ok("write", json!({"path": "a", "content": "mine\n"}));
}

#[test]
fn what_took_the_files_place_after_the_judgement_is_not_edited() {
    let world = World::new();
    let path = world.put("a", "one\n");
    let args = one("a", "one", "1");
    let grant = world.grant("edit", &args);
    world.put("b", "one\n");
    std::fs::rename(world.root.join("b"), &path).unwrap();
    let result = world.run("edit", grant, args);
    assert!(text(&result).contains("was replaced by something else"), "{}", text(&result));
    assert_eq!(world.bytes("a"), b"one\n");
}

#[test]
fn a_long_diff_is_bounded() {
    let world = World::new();
    world.put("a", (0..2000).map(|n| format!("line {n}\n\n\n\n\n\n\n\n\n")).collect::<String>());
    let edits = json!([{"old": "line", "new": "row", "count": 2000}]);
    let said = world.ok("edit", json!({"path": "a", "edits": edits}));
    assert!(said.len() < 6_300 && said.contains("2000 replacements"), "{}", said.len());
    assert!(said.contains("[diff cut here; "), "{said}");
}

#[test]
fn faults_are_told_together() {
    let faults = plan(b"aa", &[edit("", "x"), edit("zz", "x"), edit("a", "b")]).unwrap_err();
    assert_eq!(faults.len(), 3);
    assert!(matches!(faults[2], Fault::Count { edit: 2, due: 1, .. }));
}

/// The plain meaning: every place where `old` stands, overlapping or not.
fn everywhere(bytes: &[u8], old: &str) -> Vec<usize> {
    bytes.windows(old.len()).enumerate().filter(|(_, w)| *w == old.as_bytes()).map(|(at, _)| at).collect()
}

fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(b"a".to_vec()),
        Just(b"b".to_vec()),
        Just("é".as_bytes().to_vec()),
        Just(b"\n".to_vec()),
        Just(b"\xff".to_vec()),
        Just(b"\xc3".to_vec()),
        Just(b"\0".to_vec()),
    ];
    proptest::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn an_edit_touches_its_matches_and_nothing_else(
        bytes in pieces(),
        wanted in proptest::collection::vec(("[abé\n]{1,3}", "[xyé\n]{0,3}"), 1..4),
        off in 0usize..8,
    ) {
        // The oracle: byte by byte, each edit's places counted without any cleverness.
        let places: Vec<_> = wanted.iter().map(|(old, _)| everywhere(&bytes, old)).collect();
        // Mostly the right count, sometimes one too many.
        let edits: Vec<Edit> = wanted.iter().zip(&places)
            .map(|((old, new), places)| {
                Edit { count: Some(places.len().max(1) + usize::from(off == 0)), ..edit(old, new) }
            })
            .collect();
        let mut taken = vec![0u8; bytes.len()];
        for (edit, places) in edits.iter().zip(&places) {
            places.iter().for_each(|at| (*at..at + edit.old.len()).for_each(|byte| taken[byte] += 1));
        }
        let counted = edits.iter().zip(&places).all(|(e, p)| Some(p.len()) == e.count && e.old != e.new);
        let due = counted && taken.iter().all(|times| *times <= 1);
        match plan(&bytes, &edits) {
            Ok(plan) => {
                prop_assert!(due, "applied though it should not be");
                let mut out = Vec::new();
                let mut at = 0;
                while at < bytes.len() {
                    match edits.iter().zip(&places).find(|(_, places)| places.contains(&at)) {
                        Some((edit, _)) => {
                            out.extend_from_slice(edit.new.as_bytes());
                            at += edit.old.len();
                        }
                        None => {
                            out.push(bytes[at]);
                            at += 1;
                        }
                    }
                }
                prop_assert_eq!(plan.apply(&bytes), out);
                let _ = diff::unified(&bytes, &plan);
            }
            Err(faults) => prop_assert!(!due, "refused though it should apply: {:?}", faults),
        }
    }

    #[test]
    fn a_crlf_file_stays_one_whatever_is_put_in(
        lines in proptest::collection::vec("[ab]{1,2}", 2..12),
        at in 0usize..12,
        new in "[ab\n]{0,4}",
        end in any::<bool>(),
    ) {
        let mut text = lines.join("\r\n");
        if end {
            text.push_str("\r\n");
        }
        let old = &lines[at % lines.len()];
        let count = everywhere(text.as_bytes(), old).len();
        if let Ok(plan) = plan(text.as_bytes(), &[Edit { count: Some(count), ..edit(old, &new) }]) {
            let out = String::from_utf8(plan.apply(text.as_bytes())).unwrap();
            prop_assert_eq!(out.matches('\n').count(), out.matches("\r\n").count());
            // A last line without an end gets one only from what was put in there.
            let at_end = plan.replacements.last().is_some_and(|last| last.range.end == text.len());
            prop_assert!(end || at_end || !out.ends_with('\n'));
            prop_assert!(!end || out.ends_with("\r\n"));
        }
    }
}
