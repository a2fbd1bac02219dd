//! The outline of a folder: its files with what they define, in as much detail as fits.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::super::leaf::counted;
use super::super::search::{full_name, passed_over};
use super::{MOST_BYTES, Map, down_to};
use crate::base::grouped;
use crate::host::tree::Each;
use crate::kernel::RawResult;
use crate::syntax::source::{Definition, Kind};

/// Most definitions of one file, from rich to poor; the first that fits for all files is shown.
const DETAIL: [usize; 6] = [200, 40, 20, 10, 5, 3];
/// Endings of other files that are counted one by one.
const ENDINGS: usize = 8;

pub(super) fn show(root: &str, each: &Each<Map>, depth: Option<usize>) -> RawResult {
    let depth = depth.unwrap_or(1).max(1);
    let count: usize = each.files.iter().map(|(_, map)| count(map)).sum();
    let all = format!("{} in {}", counted(count, "definition"), counted(each.files.len(), "file"));
    let mut text =
        detailed(root, each, depth).or_else(|| by_file(root, each)).unwrap_or_else(|| by_folder(root, each));
    for note in notes(each) {
        text.push_str(&format!("[{note}]\n"));
    }
    if text.is_empty() {
        text.push_str("[no files]\n");
    }
    text.pop();
    RawResult::ok(text, all)
}

/// Files with definitions; `None` when not even the poorest fits.
fn detailed(root: &str, each: &Each<Map>, depth: usize) -> Option<String> {
    DETAIL.into_iter().find_map(|most| {
        let mut text = String::new();
        for (path, map) in &each.files {
            text.push_str(&one_file(&full_name(root, &path.to_string_lossy()), map, depth, most));
            if text.len() > MOST_BYTES {
                return None;
            }
        }
        Some(text)
    })
}

fn one_file(name: &str, map: &Map, depth: usize, most: usize) -> String {
    let mut text = format!("{name} ({})\n", counted(map.lines, "line"));
    let outline = match &map.outline {
        Ok(outline) => outline,
        Err(why) => return text + &format!("  [{why}]\n"),
    };
    let all: Vec<&Definition> = down_to(outline, depth).collect();
    let mut kept: Vec<usize> = (0..all.len()).collect();
    // What others may use says most of a file, and its tests the least.
    kept.sort_by_key(|at| (all[*at].kind == Kind::Test, !all[*at].public, *at));
    kept.truncate(most);
    kept.sort_unstable();
    for at in &kept {
        let indent = "  ".repeat(all[*at].depth + 1);
        text.push_str(&format!("{indent}{}  {}\n", all[*at].first_line, all[*at].signature));
    }
    if kept.len() < all.len() {
        text.push_str(&format!("  … {} more\n", grouped(all.len() - kept.len())));
    }
    text
}

/// Files with how much they define.
fn by_file(root: &str, each: &Each<Map>) -> Option<String> {
    let line = |(path, map): &(PathBuf, Map)| {
        let name = full_name(root, &path.to_string_lossy());
        format!("{name}  {}\n", counted(count(map), "definition"))
    };
    let text: String = each.files.iter().map(line).collect();
    let note = "[too much to name each definition; give a folder or a file of these as path]\n";
    (text.len() < MOST_BYTES).then(|| text + note)
}

/// Folders with how much they hold.
fn by_folder(root: &str, each: &Each<Map>) -> String {
    let mut folders: BTreeMap<&Path, (usize, usize)> = BTreeMap::new();
    for (path, map) in &each.files {
        let folder = folders.entry(path.parent().unwrap_or(Path::new(""))).or_default();
        *folder = (folder.0 + 1, folder.1 + count(map));
    }
    let mut text = String::new();
    for (shown, (folder, (files, count))) in folders.iter().enumerate() {
        let name = full_name(root, &folder.to_string_lossy());
        let slash = if name.is_empty() { "./" } else { "/" };
        let line = format!("{name}{slash}  {}, {}\n", counted(*files, "file"), counted(*count, "definition"));
        if text.len() + line.len() > MOST_BYTES {
            text.push_str(&format!("[and {}]\n", counted(folders.len() - shown, "more folder")));
            break;
        }
        text.push_str(&line);
    }
    text + "[too much to name each file; give one of these folders as path]\n"
}

/// What is not in the map.
fn notes(each: &Each<Map>) -> Vec<String> {
    let mut notes = Vec::new();
    if each.left_out > 0 {
        notes.push(format!(
            "{} not looked into: give a smaller folder as path",
            counted(each.left_out, "more file")
        ));
    }
    if !each.others.is_empty() {
        let mut endings: BTreeMap<String, usize> = BTreeMap::new();
        for path in &each.others {
            let ending =
                path.extension().map_or("no ending".to_owned(), |e| format!(".{}", e.to_string_lossy()));
            *endings.entry(ending).or_default() += 1;
        }
        let mut endings: Vec<_> = endings.into_iter().collect();
        endings.sort_by_key(|(ending, count)| (std::cmp::Reverse(*count), ending.clone()));
        let named =
            endings.iter().take(ENDINGS).map(|(ending, count)| format!("{} {ending}", grouped(*count)));
        let mut named = named.collect::<Vec<_>>().join(", ");
        if endings.len() > ENDINGS {
            named.push_str(", …");
        }
        notes.push(format!("other files: {named}"));
    }
    let skipped = passed_over(each.skipped, "over 2 MB");
    notes.extend((!skipped.is_empty()).then_some(skipped));
    notes
}

fn count(map: &Map) -> usize {
    map.outline.as_ref().map_or(0, |outline| outline.definitions.len())
}
