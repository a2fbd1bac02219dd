//! Reading: bytes stay what they are, pages cover a file once, what is not text is named.

use proptest::prelude::*;
use serde_json::json;

use super::page::Page;
use crate::protocol::{Part, ToolStatus};
use crate::tools::testing::{World, text};

fn parts(world: &World, args: serde_json::Value) -> Vec<Part> {
    let result = world.call("read", args);
    assert_eq!(result.status, ToolStatus::Ok, "{}", text(&result));
    result.parts
}

#[test]
fn a_small_file_is_its_own_bytes_and_nothing_else() {
    let world = World::new();
    world.put("a", "one\n\ttwo  \nлast");
    assert_eq!(parts(&world, json!({"path": "a"})), [Part::text("one\n\ttwo  \nлast")]);
    assert_eq!(world.ok("read", json!({"path": "a", "numbers": true})), "1\tone\n2\t\ttwo  \n3\tлast");
    let middle = world.ok("read", json!({"path": "a", "offset": 2, "limit": 1}));
    assert_eq!(middle, "\ttwo  \n\n[lines 2–2 of 3; go on with offset=3]");
    let end = world.ok("read", json!({"path": "a", "offset": 3}));
    assert_eq!(end, "лast\n[lines 3–3 of 3, the end]");
    let past = world.fails("read", json!({"path": "a", "offset": 9}));
    assert_eq!(past, "a: offset 9 is past the end: there are 3 lines");
    world.put("empty", "");
    assert_eq!(world.ok("read", json!({"path": "empty"})), "[empty file]");
    world.put("dos", "a\r\nb\r\n");
    let dos = parts(&world, json!({"path": "dos"}));
    assert_eq!(dos, [Part::text("a\r\nb\r\n"), Part::text("[lines end in CRLF]")]);
}

#[test]
fn a_long_file_comes_in_pages_with_a_hint() {
    let world = World::new();
    world.put("many", (1..=4000).map(|n| format!("{n}\n")).collect::<String>());
    let page = parts(&world, json!({"path": "many"}));
    let Part::Text { text } = &page[0] else { panic!("no text") };
    assert!(text.ends_with("\n2000\n"));
    assert_eq!(page[1], Part::text("[lines 1–2,000 of 4,000; go on with offset=2001]"));
    world.put("wide", format!("{}\n", "w".repeat(99)).repeat(1000));
    let page = parts(&world, json!({"path": "wide"}));
    assert_eq!(page[1], Part::text("[lines 1–200 of 1,000; go on with offset=201]"));
}

#[test]
fn a_long_line_is_cut_and_named() {
    let world = World::new();
    world.put("min.js", format!("a\n{}\nb\n", "ж".repeat(6_000)));
    let page = parts(&world, json!({"path": "min.js"}));
    let Part::Text { text } = &page[0] else { panic!("no text") };
    assert_eq!(*text, format!("a\n{}…\nb\n", "ж".repeat(2_000)));
    assert_eq!(page[1], Part::text("[cut after 4,000 bytes (…): line 2 (12,001 bytes)]"));
}

#[test]
fn what_is_not_text_is_named() {
    let world = World::new();
    world.put("bin", b"ab\0cd");
    assert_eq!(world.ok("read", json!({"path": "bin"})), "[bin is a binary file, 5 bytes: not shown]");
    world.put("latin", b"caf\xe9\n");
    let latin = world.ok("read", json!({"path": "latin"}));
    assert!(
        latin.starts_with("caf\u{fffd}\n") && latin.contains("not valid UTF-8: 1 byte sequence"),
        "{latin}"
    );
    world.put("dot.png", b"\x89PNG\r\n\x1a\nrest");
    let image = parts(&world, json!({"path": "dot.png"}));
    let data = "iVBORw0KGgpyZXN0".to_owned();
    assert_eq!(image, [Part::Image { media_type: "image/png".to_owned(), data }]);
    world.put("big.gif", [b"GIF89a".as_slice(), &vec![1; 5 << 20]].concat());
    assert!(world.fails("read", json!({"path": "big.gif"})).contains("scale it down"));
    assert!(world.fails("read", json!({"path": "gone"})).contains("gone does not exist"));
}

#[test]
fn a_folder_is_listed_and_paged() {
    let world = World::new();
    world.put("b/c", "");
    world.put("a.txt", "x".repeat(1234));
    world.put("line\nbreak", "");
    let listing = world.ok("read", json!({"path": "."}));
    assert_eq!(listing, "a.txt  1,234\nb/\nline\\nbreak  0\n");
    let page = world.ok("read", json!({"path": ".", "offset": 2, "limit": 1}));
    assert_eq!(page, "b/\n\n[lines 2–2 of 3; go on with offset=3]");
    std::fs::create_dir(world.root.join("none")).unwrap();
    assert_eq!(world.ok("read", json!({"path": "none"})), "[empty folder]");
}

#[test]
fn a_stored_output_is_read_by_its_handle() {
    let world = World::new();
    let handle = world.context.blobs.put(b"one\ntwo\n").unwrap();
    assert_eq!(world.ok("read", json!({"path": handle, "offset": 2})), "two\n\n[lines 2–2 of 2, the end]");
    assert!(world.fails("read", json!({"path": "out_0000000000000000"})).contains("no stored output"));
}

#[test]
fn arguments_that_do_not_fit_are_an_error() {
    let world = World::new();
    let error = world.fails("read", json!({"path": "a", "colour": "red"}));
    assert!(error.contains("bad arguments for read") && error.contains("colour"), "{error}");
}

fn any_text() -> impl Strategy<Value = Vec<u8>> {
    let line = prop_oneof![
        6 => "[a-zé\t\r ]{0,30}".prop_map(String::into_bytes),
        1 => proptest::collection::vec(any::<u8>(), 0..30),
        1 => (3_000usize..4_000).prop_map(|n| vec![b'w'; n - 1]),
    ];
    (proptest::collection::vec(line, 1..40), any::<bool>()).prop_map(|(lines, end)| {
        let mut bytes = lines.join(&b'\n');
        if end || bytes.is_empty() {
            bytes.push(b'\n');
        }
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn following_the_hints_covers_the_file_exactly_once(bytes in any_text(), limit in 1usize..40) {
        let mut seen = String::new();
        let mut next = Some(1);
        while let Some(offset) = next {
            let page = Page::of(&bytes, offset, limit, false).unwrap();
            seen.push_str(&page.text);
            let notes = page.notes().join("; ");
            next = notes.split("offset=").nth(1).map(|rest| {
                rest.split(|ch: char| !ch.is_ascii_digit()).next().unwrap().parse::<usize>().unwrap()
            });
            prop_assert!(next.is_none_or(|next| next > offset));
        }
        prop_assert!(seen == String::from_utf8_lossy(&bytes), "a line was lost or came twice");
    }
}
