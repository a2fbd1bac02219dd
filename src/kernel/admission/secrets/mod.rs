//! Secrets in a text, by the shapes in `templates/secrets.yaml`. Finds and names; redacts nothing.

mod proof;
#[cfg(test)]
#[allow(clippy::disallowed_macros, reason = "tests say what they measured")]
mod tests;

use std::ops::Range;
use std::path::Path;
use std::sync::LazyLock;

use globset::{Glob, GlobSet, GlobSetBuilder};
use regex::{Captures, Regex};

use super::view::{View, views};
use proof::{Proof, is_sample};

const SHIPPED: &str = include_str!("../../../../templates/secrets.yaml");

/// One shape, as written.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    id: String,
    pattern: String,
    #[serde(default)]
    proof: Option<Proof>,
    #[serde(default)]
    files: Vec<String>,
    #[serde(default)]
    commands: bool,
    #[serde(default)]
    words: bool,
    #[cfg_attr(not(test), expect(dead_code, reason = "examples are tried by the tests"))]
    r#match: Vec<String>,
    #[cfg_attr(not(test), expect(dead_code, reason = "examples are tried by the tests"))]
    not_match: Vec<String>,
}

/// One shape, ready to be looked for.
struct Shape {
    written: Written,
    regex: Regex,
    /// Empty: every file.
    files: GlobSet,
}

static SHAPES: LazyLock<Vec<Shape>> = LazyLock::new(|| read(SHIPPED).expect("the shipped shapes are tested"));

fn read(text: &str) -> Result<Vec<Shape>, String> {
    let written: Vec<Written> = serde_yaml::from_str(text).map_err(|error| error.to_string())?;
    let shapes = written.into_iter().map(|written| {
        let said = |error: &dyn std::fmt::Display| format!("{}: {error}", written.id);
        let regex = Regex::new(&written.pattern).map_err(|error| said(&error))?;
        let mut files = GlobSetBuilder::new();
        for glob in &written.files {
            files.add(Glob::new(glob).map_err(|error| said(&error))?);
        }
        let files = files.build().map_err(|error| said(&error))?;
        Ok(Shape { written, regex, files })
    });
    shapes.collect()
}

/// A secret in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// Which shape.
    pub kind: String,
    /// Where in the text: whole characters.
    pub range: Range<usize>,
    /// The secret as it reads, which differs from the bytes at `range` when it was hidden there.
    pub value: String,
}

/// Where a text comes from.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Whence<'a> {
    /// When that is one file.
    pub file: Option<&'a Path>,
    /// A command printed it.
    pub command: bool,
}

/// Secrets of `text`, in order, none overlapping another.
pub(super) fn find(text: &str, whence: Whence<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    for view in views(text) {
        find_in(&view, text, whence, &mut found);
    }
    settle(found)
}

fn find_in(view: &View, original: &str, whence: Whence<'_>, out: &mut Vec<(usize, Found)>) {
    for (rank, shape) in SHAPES.iter().enumerate() {
        if !shape.holds_in(whence) {
            continue;
        }
        for captures in shape.regex.captures_iter(&view.text) {
            let Some(range) = shape.secret(&captures) else { continue };
            let origin = view.origin(range.clone());
            // An encoded run is put back as the run it was.
            let value = if view.is_text() { &view.text[range] } else { &original[origin.clone()] };
            let found = Found { kind: shape.written.id.clone(), range: origin, value: value.to_owned() };
            out.push((rank, found));
        }
    }
}

impl Shape {
    fn holds_in(&self, whence: Whence<'_>) -> bool {
        if self.written.commands && !whence.command {
            return false;
        }
        let name = whence.file.and_then(Path::file_name);
        self.files.is_empty() || name.is_some_and(|name| self.files.is_match(name))
    }

    /// The range of the secret in a match that passes its proof.
    fn secret(&self, captures: &Captures<'_>) -> Option<Range<usize>> {
        let secret = captures.name("s").or_else(|| captures.get(0))?;
        // Some shapes end with the character after them, for want of look-ahead.
        let trimmed = if captures.name("s").is_some() || self.written.words {
            secret.as_str()
        } else {
            secret.as_str().trim_end_matches(|c: char| !c.is_ascii_alphanumeric() && !"_-=+/".contains(c))
        };
        let tried = captures.name("e").map_or(trimmed, |part| part.as_str());
        let plausible = self.written.words || !is_sample(tried);
        let proven = self.written.proof.is_none_or(|proof| proof.holds(tried));
        (plausible && proven).then(|| secret.start()..secret.start() + trimmed.len())
    }
}

/// Where two claim the same bytes, the shape further up names them and the range covers both.
fn settle(mut found: Vec<(usize, Found)>) -> Vec<Found> {
    found.sort_by(|(a_rank, a), (b_rank, b)| {
        (a.range.start, b.range.end, a_rank).cmp(&(b.range.start, a.range.end, b_rank))
    });
    let mut out: Vec<(usize, Found)> = Vec::new();
    for (rank, next) in found {
        match out.last_mut() {
            Some((kept, last)) if next.range.start < last.range.end => {
                let inside = next.range.end <= last.range.end;
                if rank < *kept && inside && next.range == last.range {
                    *kept = rank;
                    *last = next;
                } else if !inside {
                    // Rare, and never less than both: the two become one of the first's kind.
                    let more = next.value.get(last.range.end - next.range.start..).unwrap_or_default();
                    last.value.push_str(more);
                    last.range.end = next.range.end;
                }
            }
            _ => out.push((rank, next)),
        }
    }
    out.into_iter().map(|(_, found)| found).collect()
}
