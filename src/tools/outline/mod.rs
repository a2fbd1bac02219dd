//! `outline`: what a file or a folder defines, a map instead of the territory.

mod file;
mod folder;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::atomic::AtomicBool;

use schemars::JsonSchema;
use serde::Deserialize;

use super::leaf::{Leaf, count_lines};
use super::schema::schema_of;
use super::{Tool, ToolContext};
use crate::host::tree::{self, Wanted};
use crate::kernel::{Grant, RawResult};
use crate::protocol::{EffectRule, ToolSpec};
use crate::syntax::source::{self, Definition, Language, Outline, Unread};

/// Files of a folder that are looked into; a larger tree is mapped part by part.
const MOST_FILES: usize = 2_000;
/// Bytes of text in a result.
const MOST_BYTES: usize = 20_000;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Args {
    /// File or folder
    path: Option<String>,
    /// Nested levels shown
    depth: Option<usize>,
}

pub(super) fn tool() -> impl Tool {
    let spec = ToolSpec {
        name: "outline",
        description: "List what a file or the files of a folder define, with lines.",
        schema: schema_of::<Args>(),
        effects: EffectRule::ReadTree { arg: "path" },
        read_only: true,
        aliases: &[("file_path", "path"), ("file", "path"), ("dir", "path"), ("folder", "path")],
    };
    Leaf { spec, act }
}

/// What one file came to.
struct Map {
    language: Option<Language>,
    lines: usize,
    outline: Result<Outline, Unread>,
}

fn act(grant: Grant, args: Args, _: &ToolContext, stop: &AtomicBool) -> RawResult {
    let names = |path: &Path| Language::of(path).is_some_and(|language| language != Language::Json);
    let most_bytes = source::MOST_BYTES as u64;
    let wanted = Wanted { names: &names, most_files: MOST_FILES, most_bytes };
    let each = match tree::each(grant, wanted, &look, stop) {
        Ok(each) => each,
        Err(error) => return RawResult::error(error.to_string()),
    };
    let root = args.path.as_deref().unwrap_or_default();
    match each.files.as_slice() {
        [(path, map)] if path.as_os_str().is_empty() => file::show(root, map, args.depth),
        [] if each.skipped.large > 0 && each.others.is_empty() => {
            RawResult::error(format!("{root} is {}; read it in pages", Unread::TooLarge))
        }
        _ => folder::show(root, &each, args.depth),
    }
}

fn look(path: &Path, bytes: &[u8]) -> Map {
    let language = Language::of(path);
    let outline = match language {
        Some(language) => source::outline(&String::from_utf8_lossy(bytes), language),
        None => Ok(Outline::default()),
    };
    Map { language, lines: count_lines(bytes), outline }
}

/// The definitions down to a level.
fn down_to(outline: &Outline, depth: usize) -> impl Iterator<Item = &Definition> {
    outline.definitions.iter().filter(move |definition| definition.depth < depth)
}
