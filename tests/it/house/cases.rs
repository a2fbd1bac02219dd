//! The checker checked: small snippets that must fail, and some that must not.

use super::rules::{check, shape};
use super::source::{Source, mark_tests};

/// Faults of one file; a `//!` line is put before it.
fn faults(file: &str, text: &str) -> Vec<String> {
    check(&[Source::parse(file, &format!("//! Floor.\n{text}\n")).unwrap()])
}

/// The file has exactly one fault; it is on this line (of `text`) and holds these words.
#[track_caller]
fn fails(file: &str, text: &str, line: usize, words: &str) {
    let faults = faults(file, text);
    let place = format!("{file}:{}:", line + 1);
    assert!(
        faults.len() == 1 && faults[0].starts_with(&place) && faults[0].contains(words),
        "wanted one fault at {place} with {words:?}, got {faults:#?}"
    );
}

#[track_caller]
fn passes(file: &str, text: &str) {
    let faults = faults(file, text);
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn imports_go_down_only() {
    passes(
        "src/agent/x.rs",
        "use crate::base::{now_ms, plural};\nuse crate::{kernel, tools::Tool};\nuse super::turn;",
    );
    passes("src/agent/x.rs", "use crate::agent::turn::State;\nfn f() { crate::kernel::Kernel::new() }");
    fails("src/kernel/x.rs", "use crate::host::file;", 1, "upward");
    fails("src/kernel/x.rs", "\nuse crate::{base::Digest, model::Delta};", 2, "sideways");
    fails("src/kernel/x.rs", "use crate::{self as house};", 1, "whole house");
    fails("src/kernel/x.rs", "use crate::*;", 1, "whole house");
    fails("src/kernel/x.rs", "use crate as house;", 1, "whole house");
    fails("src/kernel/x.rs", "extern crate self as iosm;", 1, "extern crate");
    fails("src/kernel/x.rs", "use crate::attic::Thing;", 1, "no room");
}

#[test]
fn a_path_is_an_import_wherever_it_stands() {
    fails("src/tools/x.rs", "fn f() { crate::agent::run(); }", 1, "upward");
    fails("src/tools/x.rs", "fn f(\n    a: &crate::engine::Session,\n) {}", 2, "upward");
    fails("src/tools/x.rs", "struct A(Vec<Option<crate::mcp::Client>>);", 1, "upward");
    fails("src/tools/x.rs", "impl crate::agent::Show for A {}", 1, "upward");
    fails("src/tools/x.rs", "fn f() {\n    let _ = format!(\"{}\", crate::agent::NAME);\n}", 2, "upward");
    fails(
        "src/tools/x.rs",
        "fn f() { matches!(x, crate::agent::A | None if vec![1].is_empty()); }",
        1,
        "upward",
    );
    fails("src/tools/x.rs", "m! { use crate::{base::x, agent::y}; }", 1, "crate::agent::y");
    fails("src/tools/x.rs", "macro_rules! m { () => { $crate::agent::f() } }", 1, "upward");
    fails("src/tools/x.rs", "#[derive(crate::agent::Derive)]\nstruct A;", 1, "upward");
    fails(
        "src/tools/x.rs",
        "struct A {\n    #[serde(with = \"crate::agent::hex\")]\n    a: u8,\n}",
        2,
        "upward",
    );
    fails("src/tools/x.rs", "pub(in crate::agent) fn f() {}", 1, "upward");
    fails("src/tools/x.rs", "fn f() { fn g() { mod h { use crate::agent::A; } } }", 1, "upward");
}

#[test]
fn nobody_leaves_by_the_chimney() {
    passes("src/host/file/list.rs", "use super::super::temp;\nuse super::error;");
    passes("src/host/temp.rs", "mod inner {\n    use super::*;\n    use super::super::file;\n}");
    fails("src/host/temp.rs", "use super::super::base::now_ms;", 1, "crate::base::now_ms");
    fails("src/host/file/list.rs", "fn f() { super::super::super::agent::run() }", 1, "by `super`");
    fails("src/host/temp.rs", "mod inner {\n    use super::super::super::kernel::Grant;\n}", 2, "by `super`");
    fails("src/host/temp.rs", "use super::super::*;", 1, "whole house");
}

#[test]
fn test_modules_may_look_anywhere() {
    passes(
        "src/base/x.rs",
        "#[cfg(test)]\nmod tests {\n    use crate::agent::Agent;\n    use tempfile as t;\n}",
    );
    passes("src/base/x.rs", "#[cfg(all(test, unix))]\nuse crate::agent::Agent;");
    passes("src/base/x.rs", "impl A {\n    #[cfg(test)]\n    fn a() { crate::agent::b() }\n}");
    fails("src/base/x.rs", "#[cfg(not(test))]\nuse crate::agent::Agent;", 2, "upward");
    fails("src/base/x.rs", "#[cfg(any(test, unix))]\nuse crate::agent::Agent;", 2, "upward");
    fails("src/base/x.rs", "#[cfg(test)]\nmod tests { fn f() { unsafe { g() } } }", 2, "`unsafe`");
}

#[test]
fn a_test_file_is_known_by_its_declaration() {
    let parse = |file, text| Source::parse(file, text).unwrap();
    let mut sources = [
        parse("src/base/log.rs", "//! A.\n#[cfg(test)]\n#[path = \"tests.rs\"]\nmod tests;\n"),
        parse("src/base/tests.rs", "//! B.\nuse crate::agent::Agent;\n"),
        parse("src/base/store.rs", "//! C.\n#[cfg(test)]\nmod proof;\nmod real;\n"),
        parse("src/base/store/proof/deep.rs", "//! D.\nuse crate::agent::Agent;\n"),
        parse("src/base/store/real.rs", "//! E.\nuse crate::agent::Agent;\n"),
    ];
    mark_tests(&mut sources);
    let faults = check(&sources);
    assert!(faults.len() == 1 && faults[0].starts_with("src/base/store/real.rs:2:"), "{faults:#?}");
}

#[test]
fn heavy_crates_stay_at_home() {
    passes("src/host/sandbox/files.rs", "use landlock::Access;");
    passes("src/syntax/shell/mod.rs", "fn f() { tree_sitter_bash::LANGUAGE; }");
    passes("src/tui/notice.rs", "mod notify;\nuse notify::Bell;\nfn f(clap: u8) { clap; }");
    fails("src/host/tempest.rs", "use landlock::Access;", 1, "src/host/sandbox");
    fails("src/engine/x.rs", "use {git2, serde};", 1, "src/host/git");
    fails("src/engine/x.rs", "use git2 as g;", 1, "src/host/git");
    fails("src/engine/x.rs", "fn f() { ::ratatui::init() }", 1, "src/tui");
    fails("src/engine/x.rs", "#[derive(clap::Parser)]\nstruct A;", 1, "src/cli");
    fails("src/engine/x.rs", "fn f() -> tree_sitter_rust::T { g() }", 1, "src/syntax");
    fails("src/host/sandboxes.rs", "type A = seccompiler::BpfProgram;", 1, "src/host/sandbox");
}

#[test]
fn unsafe_and_state_have_their_places() {
    passes("src/host/sandbox/sys.rs", "fn f() { unsafe { g() } }");
    fails("src/tools/x.rs", "fn f() {\n    unsafe { g() }\n}", 2, "`unsafe`");
    fails("src/tools/x.rs", "unsafe fn f() {}", 1, "`unsafe`");
    fails("src/tools/x.rs", "unsafe impl Send for A {}", 1, "`unsafe`");
    fails("src/tools/x.rs", "#[allow(unsafe_code)]\nfn f() {}", 1, "`unsafe`");
    fails("src/tools/x.rs", "fn f() { m!(unsafe { g() }) }", 1, "`unsafe`");
    passes("src/host/temp.rs", "fn f() { StateDir::open(p) }");
    fails("src/engine/x.rs", "fn f() { StateDir::open(p) }", 1, "config::Dirs");
    fails("src/engine/x.rs", "fn f() { crate::base::StateDir::open(p) }", 1, "config::Dirs");
    fails("src/engine/x.rs", "fn f() { a.map(<StateDir>::open) }", 1, "config::Dirs");
    fails("src/engine/x.rs", "use crate::base::StateDir as S;", 1, "own name");
}

#[test]
fn rooms_are_declared_and_say_their_floor() {
    fails("src/attic/mod.rs", "", 0, "no floor");
    let room = |text| check(&[Source::parse("src/base/mod.rs", text).unwrap()]);
    assert!(room("//! Floor 0: ids.\n").is_empty());
    assert!(room("//! Floor 1: ids.\n")[0].contains("Floor 0: "));
    fails("src/base.rs", "", 0, "a room is a folder");
    passes("src/lib.rs", "pub mod base;\npub mod config;\npub mod syntax;\npub mod cli;");
    fails("src/lib.rs", "pub mod config;\npub mod base;", 2, "sort by floor");
    fails("src/lib.rs", "pub mod attic;", 1, "no floor");
    passes("src/main.rs", "fn main() { iosm::cli::run() }");
    fails("src/main.rs", "fn main() { iosm::engine::run() }", 1, "`cli` alone");
}

#[test]
fn files_are_short_and_begin_with_a_word() {
    let shape_of = |file, text: &str| shape(&Source::parse(file, text).unwrap());
    assert!(shape_of("src/base/x.rs", "//! Words.\n#![allow(x)]\n").is_empty());
    assert!(shape_of("src/base/x.rs", "/// Not of the file.\nfn f() {}\n")[0].contains("no `//!`"));
    assert!(shape_of("src/base/x.rs", "//!\nfn f() {}\n")[0].contains("no `//!`"));
    assert!(shape_of("src/base/x.rs", &format!("//! Words.\n{}", "\n".repeat(499))).is_empty());
    assert!(shape_of("src/base/x.rs", &format!("//! Words.\n{}", "\n".repeat(500)))[0].contains("501 lines"));
    assert!(shape_of("src/base/utils.rs", "//! Words.\n")[0].contains("says nothing"));
    assert!(shape_of("src/base/helpers/mod.rs", "//! Words.\n")[0].contains("says nothing"));
}
