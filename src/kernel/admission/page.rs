//! Too much text: its start, its end, and a handle that opens the rest.

use std::sync::LazyLock;

use regex::Regex;

use super::texts;
use crate::base::{BlobError, BlobStore, elide_middle, plural};
use crate::protocol::Part;

/// Bytes of text that a result may put before a model. More is paged.
pub(super) const MOST_TEXT: usize = 24_000;
/// Of a paged result, bytes kept from its start and from its end: output begins with what was run
/// and ends with what came of it.
const HEAD: usize = 15_000;
const TAIL: usize = 8_000;

static HANDLE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\bout_[0-9a-f]{16}\b").expect("a pattern of our own"));

/// Head and tail of the texts, and where the rest can be read. What is kept has been scanned: opening it
/// shows no more than the page would have.
pub(super) fn paged(blobs: &BlobStore, parts: Vec<Part>) -> Result<Vec<Part>, BlobError> {
    let whole: String = texts(&parts).collect::<Vec<_>>().join("\n");
    let handle = blobs.put(whole.as_bytes())?;
    let cut = elide_middle(&whole, HEAD, TAIL);
    let note = format!(
        "\n[{} bytes, {} left out; all {} bytes are kept as {handle}: open it with `read`, path {handle}]",
        cut.dropped_bytes,
        plural(cut.dropped_lines, "line"),
        whole.len()
    );
    let images = parts.into_iter().filter(|part| matches!(part, Part::Image { .. }));
    Ok([Part::text(cut.text + &note)].into_iter().chain(images).collect())
}

/// Handles of stored outputs that a text names.
pub(super) fn handles(text: &str) -> impl Iterator<Item = &str> {
    HANDLE.find_iter(text).map(|found| found.as_str())
}
