//! `read`: a file, a folder, an image, or a stored output.

mod page;
#[cfg(test)]
mod tests;

use std::sync::atomic::AtomicBool;

use schemars::JsonSchema;
use serde::Deserialize;

use super::leaf::{Leaf, LineEnds};
use super::schema::schema_of;
use super::{Tool, ToolContext, Unshown, image_part};
use crate::base::{grouped, plural};
use crate::host::file::{self, Content, EntryKind, Listing, Opened};
use crate::kernel::{Grant, RawResult};
use crate::protocol::{EffectRule, Part, ToolSpec, ToolStatus};
use page::Page;

/// Lines in a page when the call does not say.
const PAGE_LINES: usize = 2_000;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Args {
    path: String,
    /// First line, from 1
    offset: Option<usize>,
    /// Lines, default 2000
    limit: Option<usize>,
    /// Prefix line numbers
    numbers: Option<bool>,
}

pub(super) fn tool() -> impl Tool {
    let spec = ToolSpec {
        name: "read",
        description: "Read a file (text or image), list a folder, or open a stored output (out_…). Long text comes in pages.",
        schema: schema_of::<Args>(),
        effects: EffectRule::ReadPath { arg: "path" },
        read_only: true,
        aliases: &[
            ("file_path", "path"),
            ("filename", "path"),
            ("file", "path"),
            ("start_line", "offset"),
            ("line_numbers", "numbers"),
        ],
    };
    Leaf { spec, act }
}

fn act(grant: Grant, args: Args, context: &ToolContext, _: &AtomicBool) -> RawResult {
    match file::read(grant, &context.blobs) {
        Ok(Opened::File(content)) => {
            context.ledger.saw(&content.real, &content.bytes);
            show_file(&args, &content)
        }
        Ok(Opened::Folder(listing)) => show_listing(&args, &listing),
        Ok(Opened::Stored { bytes, .. }) => show_text(&args, &bytes),
        Err(error) => RawResult::error(error.to_string()),
    }
}

fn show_file(args: &Args, content: &Content) -> RawResult {
    let size = grouped(content.bytes.len());
    match image_part(&content.bytes) {
        Ok(part) => {
            let media_type = match &part {
                Part::Image { media_type, .. } => media_type.as_str(),
                Part::Text { .. } => "text",
            };
            let summary = format!("{media_type}, {size} bytes");
            RawResult::new(ToolStatus::Ok, vec![part], summary)
        }
        Err(Unshown::Text) => show_text(args, &content.bytes),
        Err(Unshown::Binary(what)) => {
            let text = format!("[{} is {what}, {size} bytes: not shown]", args.path);
            RawResult::ok(text, format!("{what}, {size} bytes"))
        }
        Err(too_large) => RawResult::error(too_large.about(&args.path)),
    }
}

/// The text of a page stands alone in the first part, byte for byte; what there is to say about it
/// stands in the second.
fn show_text(args: &Args, bytes: &[u8]) -> RawResult {
    if bytes.is_empty() {
        return RawResult::ok("[empty file]", "empty");
    }
    let limit = args.limit.unwrap_or(PAGE_LINES).max(1);
    let numbers = args.numbers.unwrap_or(false);
    let page = match Page::of(bytes, args.offset.unwrap_or(1).max(1), limit, numbers) {
        Ok(page) => page,
        Err(error) => return RawResult::error(format!("{}: {error}", args.path)),
    };
    let mut notes = page.notes();
    match LineEnds::of(bytes) {
        LineEnds::Crlf => notes.push("lines end in CRLF".to_owned()),
        LineEnds::Mixed => notes.push("line ends are mixed: some LF, some CRLF".to_owned()),
        LineEnds::None | LineEnds::Lf => {}
    }
    let summary = page.summary();
    let mut parts = vec![Part::text(page.text)];
    if !notes.is_empty() {
        parts.push(Part::text(format!("[{}]", notes.join("; "))));
    }
    RawResult::new(ToolStatus::Ok, parts, summary)
}

fn show_listing(args: &Args, listing: &Listing) -> RawResult {
    let mut text = String::new();
    for entry in &listing.entries {
        let name = printable(&entry.name);
        text.push_str(&match &entry.kind {
            EntryKind::Folder => format!("{name}/\n"),
            EntryKind::File { executable: true } => format!("{name}*  {}\n", grouped(entry.size as usize)),
            EntryKind::File { executable: false } => format!("{name}  {}\n", grouped(entry.size as usize)),
            EntryKind::Link(target) => format!("{name}@ -> {}\n", printable(target)),
            EntryKind::Other(what) => format!("{name}  ({what})\n"),
        });
    }
    if listing.left_out > 0 {
        text.push_str(&format!("[and {} more, not listed]\n", grouped(listing.left_out)));
    }
    if text.is_empty() {
        return RawResult::ok("[empty folder]", "empty folder");
    }
    let count = listing.entries.len() + listing.left_out;
    let entries = if count == 1 { "1 entry".to_owned() } else { format!("{} entries", grouped(count)) };
    RawResult { summary: entries, ..show_text(args, text.as_bytes()) }
}

/// One name stays one line.
fn printable(name: &str) -> String {
    if name.contains(char::is_control) { name.escape_debug().to_string() } else { name.to_owned() }
}

/// `1 line` or `4,000 lines`.
fn lines(count: usize) -> String {
    if count == 1 { plural(1, "line") } else { format!("{} lines", grouped(count)) }
}
