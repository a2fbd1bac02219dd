//! What is offered while one writes: files after `@`, commands after `/`.

use std::ops::Range;
use std::sync::Arc;

use crate::base::nearest;
use crate::engine::{COMMANDS, Command};
use crate::tui::fuzzy::Fuzzy;

/// Rows of offers at most.
pub(super) const MOST_ROWS: usize = 8;
/// A mention longer than this is none.
const LONGEST_MENTION: usize = 256;

/// A command that the palette offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaletteEntry {
    /// Without the slash.
    pub name: String,
    pub aliases: Vec<String>,
    /// Its arguments as shown: `[name]`, `SOURCE|all`.
    pub args: String,
    pub about: String,
}

impl PaletteEntry {
    /// The commands of the engine and of the screen.
    pub fn built_in() -> Vec<Self> {
        let entry = |command: &Command| Self {
            name: command.name.to_owned(),
            aliases: command.aliases.iter().map(|alias| (*alias).to_owned()).collect(),
            args: command.args.to_owned(),
            about: command.about.to_owned(),
        };
        COMMANDS.iter().map(entry).collect()
    }

    pub(super) fn is(&self, name: &str) -> bool {
        self.name == name || self.aliases.iter().any(|alias| alias == name)
    }

    /// Whether it can be sent without arguments.
    pub(super) fn may_stand_alone(&self) -> bool {
        self.args.is_empty() || self.args.starts_with('[')
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Files,
    Commands,
}

/// Offers for a part of the text.
#[derive(Debug, Clone)]
pub(super) struct Popup {
    pub(super) kind: Kind,
    /// What a choice replaces, with its `@` or `/`.
    pub(super) range: Range<usize>,
    pub(super) fuzzy: Fuzzy,
    /// Which offer is chosen, counted in what was found.
    pub(super) chosen: usize,
    /// How long the list was that was searched.
    length: usize,
}

impl Popup {
    pub(super) fn new(kind: Kind, range: Range<usize>) -> Self {
        Self { kind, range, fuzzy: Fuzzy::new(kind == Kind::Files), chosen: 0, length: usize::MAX }
    }

    pub(super) fn search_files(&mut self, files: &Arc<Vec<String>>, query: &str) {
        if self.length == files.len() && self.fuzzy.query() == query {
            return;
        }
        if self.length == files.len() {
            self.fuzzy.refine(files.len(), |place| &files[place], query);
        } else {
            self.fuzzy.search(files.iter().map(String::as_str), query);
        }
        (self.length, self.chosen) = (files.len(), 0);
    }

    pub(super) fn search_commands(&mut self, commands: &[PaletteEntry], query: &str) {
        if self.length == commands.len() && self.fuzzy.query() == query {
            return;
        }
        let names: Vec<String> =
            commands.iter().map(|entry| [&entry.name, " ", &entry.aliases.join(" ")].concat()).collect();
        self.fuzzy.search(names.iter().map(String::as_str), query);
        (self.length, self.chosen) = (commands.len(), 0);
        // What was typed in full is what is meant.
        let exact = self.fuzzy.found().iter().position(|place| commands[*place].is(query));
        self.chosen = exact.unwrap_or(0);
    }

    pub(super) fn step(&mut self, down: bool) {
        let count = self.fuzzy.found().len();
        if count > 0 {
            self.chosen = if down { (self.chosen + 1) % count } else { (self.chosen + count - 1) % count };
        }
    }

    /// The place in the list of what is chosen.
    pub(super) fn choice(&self) -> Option<usize> {
        self.fuzzy.found().get(self.chosen).copied()
    }

    /// Rows it takes.
    pub(super) fn rows(&self) -> usize {
        self.fuzzy.found().len().clamp(1, MOST_ROWS)
    }
}

/// The mention at the cursor, from its `@` on.
pub(super) fn mention(text: &str, cursor: usize) -> Option<Range<usize>> {
    let before = &text[..cursor];
    let start = before
        .rfind(|c: char| c.is_whitespace())
        .map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8));
    let word = &before[start..];
    let at = word.find('@')?;
    let opened = word[..at].chars().all(|c| "([{\"'`".contains(c));
    (opened && word.len() <= LONGEST_MENTION).then_some(start + at..cursor)
}

/// The name of a command that is being written at the start of the text, with its slash.
pub(super) fn command_name(text: &str, cursor: usize) -> Option<Range<usize>> {
    let name = text[..cursor].strip_prefix('/')?;
    let plain = name.chars().all(|c| c.is_alphanumeric() || "_-:?.".contains(c));
    plain.then_some(0..cursor)
}

/// The first word, without its slash, and the rest of a text that begins like a command.
pub(super) fn command_line(text: &str) -> Option<(&str, &str)> {
    let line = text.strip_prefix('/')?;
    Some(line.split_once(char::is_whitespace).unwrap_or((line, "")))
}

/// Whether a word of several parts begins like one of `names`, or like a slip of the pen for it.
pub(super) fn begins_like_command<'a>(word: &str, names: impl Iterator<Item = &'a str> + Clone) -> bool {
    let first = word.split('/').next().unwrap_or_default();
    if first.is_empty() {
        return false;
    }
    let near =
        |near: &str| near.len().abs_diff(first.len()) <= 1 && near.as_bytes()[0] == first.as_bytes()[0];
    first.contains(':')
        || names.clone().any(|name| name.starts_with(first))
        || nearest(first, names).is_some_and(near)
}

/// A path as a mention writes it.
pub(super) fn mentioned(path: &str) -> String {
    if path.contains(char::is_whitespace) { format!("@\"{path}\" ") } else { format!("@{path} ") }
}
