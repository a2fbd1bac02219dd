//! Chips: long pasted texts and images that stand in the line as one thing. In the text a chip is one
//! character of a private plane, so that it is cut, put back and undone like any other.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use crate::base::grouped;

/// What is pasted is folded when it has more lines than this, or more characters than the next.
pub(super) const MOST_LINES: usize = 8;
pub(super) const MOST_CHARS: usize = 1_000;

/// Characters that stand for chips: private use, plane 16. Where a text has some of its own they are
/// replaced, except within a folded paste.
const CHIPS: RangeInclusive<char> = '\u{100000}'..='\u{10ffff}';

/// The endings of files that are images.
const IMAGES: [&str; 5] = [".png", ".jpg", ".jpeg", ".gif", ".webp"];

pub(super) fn is_chip(c: char) -> bool {
    CHIPS.contains(&c)
}

/// What a chip stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Chip {
    Text(String),
    /// The path of an image.
    Image(String),
}

/// The chips of a draft by their characters. None is dropped before the draft is: undo may bring it back.
#[derive(Debug, Clone, Default)]
pub(super) struct Chips {
    kept: BTreeMap<char, Chip>,
}

impl Chips {
    pub(super) fn add(&mut self, chip: Chip) -> char {
        let next = self.kept.last_key_value().and_then(|(last, _)| char::from_u32(u32::from(*last) + 1));
        // A million chips in one draft: the last one's place is taken.
        let c = next.unwrap_or(if self.kept.is_empty() { *CHIPS.start() } else { *CHIPS.end() });
        self.kept.insert(c, chip);
        c
    }

    pub(super) fn get(&self, c: char) -> Option<&Chip> {
        self.kept.get(&c)
    }

    pub(super) fn clear(&mut self) {
        self.kept.clear();
    }

    /// As a chip is shown: `[pasted 5,000 lines]`.
    pub(super) fn label(&self, c: char) -> String {
        match self.kept.get(&c) {
            Some(Chip::Text(text)) => {
                let lines = text.lines().count();
                if lines > 1 {
                    format!("[pasted {} lines]", grouped(lines))
                } else {
                    format!("[pasted {} characters]", grouped(text.chars().count()))
                }
            }
            Some(Chip::Image(path)) => {
                format!("[image {}]", path.rsplit('/').next().unwrap_or(path))
            }
            None => "[?]".to_owned(),
        }
    }

    /// The text as it is sent: what was pasted at its place, images by their paths.
    pub(super) fn expanded(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        for c in text.chars() {
            match self.kept.get(&c) {
                Some(Chip::Text(pasted)) => out.push_str(pasted),
                Some(Chip::Image(path)) => out.push_str(path),
                None => out.push(c),
            }
        }
        out
    }

    /// The images of a text, in order.
    pub(super) fn images(&self, text: &str) -> Vec<String> {
        let images = text.chars().filter_map(|c| match self.kept.get(&c) {
            Some(Chip::Image(path)) => Some(path.clone()),
            _ => None,
        });
        images.collect()
    }

    /// A pasted text as it goes into the line: itself when it is short, else a chip.
    pub(super) fn folded(&mut self, pasted: &str) -> String {
        let text = line_ends(pasted);
        if let Some(path) = image_path(&text) {
            return self.add(Chip::Image(path)).to_string();
        }
        if is_long(&text) { self.add(Chip::Text(text)).to_string() } else { own_characters(&text) }
    }
}

pub(super) fn is_long(text: &str) -> bool {
    let trimmed = text.strip_suffix('\n').unwrap_or(text);
    // Bytes first: most texts are short, and a long one is not worth counting to its end.
    text.len() > MOST_CHARS && text.chars().nth(MOST_CHARS).is_some()
        || trimmed.bytes().filter(|byte| *byte == b'\n').take(MOST_LINES).count() >= MOST_LINES
}

/// The line ends of a text as ours, and none of the controls that a terminal would obey.
pub(super) fn line_ends(text: &str) -> String {
    if !text.contains(|c: char| c.is_control() && c != '\n' && c != '\t') {
        return text.to_owned();
    }
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect()
}

/// A text without characters that stand for chips.
pub(super) fn own_characters(text: &str) -> String {
    if !text.contains(is_chip) {
        return text.to_owned();
    }
    text.chars().map(|c| if is_chip(c) { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

/// The path, when a paste is the path of an image and nothing else, as a terminal writes a dropped file.
fn image_path(text: &str) -> Option<String> {
    let text = text.trim();
    if text.is_empty() || text.len() > 4_096 || text.contains('\n') {
        return None;
    }
    let quoted = |quote: char| text.strip_prefix(quote)?.strip_suffix(quote);
    let path = match quoted('\'').or_else(|| quoted('"')) {
        Some(inner) => inner.to_owned(),
        None => text.strip_prefix("file://").unwrap_or(text).replace("\\ ", " ").replace("%20", " "),
    };
    let lower = path.to_lowercase();
    let is_path = path.starts_with(['/', '~']) || path.starts_with("./") || path.starts_with("../");
    (is_path && IMAGES.iter().any(|ending| lower.ends_with(ending))).then_some(path)
}
