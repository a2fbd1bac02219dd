//! The house test: reads the source as syntax trees and holds it to `docs/ARCHITECTURE.md`.
//!
//! rustc keeps crates in order but never modules, so this does.

mod cases;
mod map;
mod plan;
mod rules;
mod seen;
mod source;

use std::path::Path;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn load(top: &str) -> Vec<source::Source> {
    source::load(root(), top).unwrap_or_else(|faults| panic!("\n{}\n", faults.join("\n")))
}

fn assert_none(faults: &[String]) {
    assert!(faults.is_empty(), "\n{}\n\n(see docs/ARCHITECTURE.md)\n", faults.join("\n"));
}

#[test]
fn the_house_is_in_order() {
    let sources = load("src");
    assert!(sources.len() > 100, "only {} files were found below src/", sources.len());
    assert_none(&rules::check(&sources));
}

#[test]
fn tests_are_of_a_readable_size_and_say_what_they_are() {
    let sources = load("tests");
    assert_none(&sources.iter().flat_map(rules::shape).collect::<Vec<_>>());
}
