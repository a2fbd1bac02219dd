//! From exact replacements to byte ranges of the original, or to the reasons why not.

use std::ops::Range;

use super::Edit;
use crate::tools::leaf::{LineEnds, has_bare_lf, to_crlf};

/// One range of the original and what takes its place.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Replacement {
    pub(super) range: Range<usize>,
    pub(super) new: String,
    /// Which edit it stems from, counted from 0.
    edit: usize,
}

#[derive(Debug, Default)]
pub(super) struct Plan {
    /// In the order of the file; none overlaps another.
    pub(super) replacements: Vec<Replacement>,
    /// Whether line feeds of some edit were taken for the file's CRLF.
    pub(super) crlf: bool,
}

/// Why one edit cannot be applied. Edits are counted from 0.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// `old` is empty.
    Empty { edit: usize },
    /// `old` and `new` are the same.
    Same { edit: usize },
    /// `count` is 0.
    Zero { edit: usize },
    /// `old` does not occur.
    Missing { edit: usize },
    /// `old` occurs at these offsets, not as often as it should.
    Count { edit: usize, due: usize, found: Vec<usize> },
    /// Occurrences of `old` overlap one another, so which is meant is unclear.
    Tangled { edit: usize, at: usize },
    /// Two edits want the same bytes.
    Overlap { first: usize, second: usize, at: usize },
}

/// Plans all edits against the original bytes. All that is wrong is told, not only the first.
pub(super) fn plan(bytes: &[u8], edits: &[Edit]) -> Result<Plan, Vec<Fault>> {
    let ends = LineEnds::of(bytes);
    let mut plan = Plan::default();
    let mut faults = Vec::new();
    for (edit, wanted) in edits.iter().enumerate() {
        match find(bytes, ends, edit, wanted) {
            Ok(Found { starts, length, new, crlf }) => {
                plan.crlf |= crlf;
                plan.replacements.extend(starts.into_iter().map(|start| Replacement {
                    range: start..start + length,
                    new: new.clone(),
                    edit,
                }));
            }
            Err(fault) => faults.push(fault),
        }
    }
    plan.replacements.sort_by_key(|replacement| (replacement.range.start, replacement.edit));
    for pair in plan.replacements.windows(2) {
        if pair[1].range.start < pair[0].range.end {
            let (first, second) = (pair[0].edit.min(pair[1].edit), pair[0].edit.max(pair[1].edit));
            faults.push(Fault::Overlap { first, second, at: pair[1].range.start });
        }
    }
    faults.dedup_by(|a, b| match (a, b) {
        (Fault::Overlap { first, second, .. }, Fault::Overlap { first: f, second: s, .. }) => {
            (first, second) == (f, s)
        }
        _ => false,
    });
    if faults.is_empty() { Ok(plan) } else { Err(faults) }
}

impl Plan {
    pub(super) fn apply(&self, bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(bytes.len());
        let mut at = 0;
        for replacement in &self.replacements {
            out.extend_from_slice(&bytes[at..replacement.range.start]);
            out.extend_from_slice(replacement.new.as_bytes());
            at = replacement.range.end;
        }
        out.extend_from_slice(&bytes[at..]);
        out
    }
}

struct Found {
    starts: Vec<usize>,
    /// Bytes of each occurrence.
    length: usize,
    new: String,
    crlf: bool,
}

fn find(bytes: &[u8], ends: LineEnds, edit: usize, wanted: &Edit) -> Result<Found, Fault> {
    if wanted.old.is_empty() {
        return Err(Fault::Empty { edit });
    }
    if wanted.old == wanted.new {
        return Err(Fault::Same { edit });
    }
    let due = wanted.count.unwrap_or(1);
    if due == 0 {
        return Err(Fault::Zero { edit });
    }
    let bare = has_bare_lf(&wanted.old) || has_bare_lf(&wanted.new);
    let exact = |old: &str, new: &str, crlf| {
        let starts = occurrences(bytes, old);
        if starts.is_empty() {
            return Err(Fault::Missing { edit });
        }
        if starts.len() != due {
            return Err(Fault::Count { edit, due, found: starts });
        }
        if let Some(at) = tangle(bytes, old, &starts) {
            return Err(Fault::Tangled { edit, at });
        }
        Ok(Found { starts, length: old.len(), new: new.to_owned(), crlf })
    };
    let converted = || exact(&to_crlf(&wanted.old), &to_crlf(&wanted.new), true);
    match ends {
        // In such a file a bare line feed can only be meant as the file's own line end.
        LineEnds::Crlf if bare => converted(),
        LineEnds::Mixed if has_bare_lf(&wanted.old) => match exact(&wanted.old, &wanted.new, false) {
            Err(Fault::Missing { .. }) => converted(),
            other => other,
        },
        _ => exact(&wanted.old, &wanted.new, false),
    }
}

/// Where `old` occurs, from left to right, without those that overlap one found before. `old` is
/// valid UTF-8, so an occurrence lies within one valid stretch of bytes that need not be.
fn occurrences(bytes: &[u8], old: &str) -> Vec<usize> {
    let mut starts = Vec::new();
    let mut at = 0;
    for chunk in bytes.utf8_chunks() {
        starts.extend(chunk.valid().match_indices(old).map(|(start, _)| at + start));
        at += chunk.valid().len() + chunk.invalid().len();
    }
    starts
}

/// Whether an occurrence overlaps the one found before it, as `aa` does in `aaa`.
fn tangle(bytes: &[u8], old: &str, starts: &[usize]) -> Option<usize> {
    starts.iter().copied().find(|start| {
        let near = &bytes[start + 1..bytes.len().min(start + 2 * old.len() - 1)];
        !occurrences(near, old).is_empty()
    })
}
