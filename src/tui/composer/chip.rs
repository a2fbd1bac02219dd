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

/// Bytes of a paste that may be paths of images.
const LONGEST_PATHS: usize = 4_096;

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

/// Images that are known to be such when their paths come back in a text.
const MOST_KNOWN: usize = 512;

/// The chips of a draft by their characters. None is dropped before the draft is: undo may bring it back.
#[derive(Debug, Clone, Default)]
pub(super) struct Chips {
    kept: BTreeMap<char, Chip>,
    /// Paths of images that were chips, the newest last. A message that comes back as a text (from the editor, the
    /// history, a rewind) has its images again by them.
    known: Vec<String>,
}

impl Chips {
    pub(super) fn add(&mut self, chip: Chip) -> char {
        if let Chip::Image(path) = &chip {
            self.know(path);
        }
        self.place(chip)
    }

    fn place(&mut self, chip: Chip) -> char {
        let next = self.kept.last_key_value().and_then(|(last, _)| char::from_u32(u32::from(*last) + 1));
        // A million chips in one draft: the last one's place is taken.
        let c = next.unwrap_or(if self.kept.is_empty() { *CHIPS.start() } else { *CHIPS.end() });
        self.kept.insert(c, chip);
        c
    }

    /// Learns that this path is one of an image.
    pub(super) fn know(&mut self, path: &str) {
        if path.is_empty() || self.known.iter().any(|known| known == path) {
            return;
        }
        self.known.push(path.to_owned());
        let over = self.known.len().saturating_sub(MOST_KNOWN);
        self.known.drain(..over);
    }

    /// Learns the images of a message that was sent before, of which it had `most`.
    pub(super) fn know_those_of(&mut self, text: &str, most: usize) {
        let paths = text.split_whitespace().filter(|word| image_path(word).as_deref() == Some(word));
        paths.take(most).for_each(|path| self.know(path));
    }

    /// The text with its known images as chips.
    pub(super) fn with_images(&mut self, text: &str) -> String {
        if self.known.is_empty() {
            return text.to_owned();
        }
        let known = std::mem::take(&mut self.known);
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(next) = rest.chars().next() {
            let image =
                known.iter().filter(|path| rest.starts_with(path.as_str())).max_by_key(|path| path.len());
            match image {
                Some(path) => {
                    out.push(self.place(Chip::Image(path.clone())));
                    rest = &rest[path.len()..];
                }
                None => {
                    out.push(next);
                    rest = &rest[next.len_utf8()..];
                }
            }
        }
        self.known = known;
        out
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
        if let Some(paths) = image_paths(&text) {
            let chips: Vec<String> =
                paths.into_iter().map(|path| self.add(Chip::Image(path)).to_string()).collect();
            return chips.join(" ");
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

/// The paths, when a paste is paths of images and nothing else, as a terminal writes files that are dropped on it
/// and as they are copied by name.
fn image_paths(text: &str) -> Option<Vec<String>> {
    let text = text.trim();
    if text.is_empty() || text.len() > LONGEST_PATHS {
        return None;
    }
    // One path may have spaces that nobody escaped; several have none of those.
    let several: Option<Vec<String>> = words(text).into_iter().map(image_path).collect();
    several.or_else(|| image_path(text).map(|path| vec![path]))
}

/// The text at its spaces and line ends, but for those that are quoted or behind a backslash.
fn words(text: &str) -> Vec<&str> {
    let (mut words, mut from, mut quote, mut escaped) = (Vec::new(), 0, None, false);
    for (at, c) in text.char_indices() {
        match (c, quote) {
            _ if escaped => escaped = false,
            ('\\', None) => escaped = true,
            (c, Some(open)) if c == open => quote = None,
            ('\'' | '"', None) if from == at => quote = Some(c),
            (c, None) if c.is_whitespace() => {
                words.extend(Some(&text[from..at]).filter(|word| !word.is_empty()));
                from = at + c.len_utf8();
            }
            _ => {}
        }
    }
    words.push(&text[from..]);
    words
}

/// The path, when `text` is the path of an image.
fn image_path(text: &str) -> Option<String> {
    let quoted = |quote: char| text.strip_prefix(quote)?.strip_suffix(quote);
    let path = match (quoted('\'').or_else(|| quoted('"')), text.strip_prefix("file://")) {
        (Some(inner), _) => inner.to_owned(),
        (None, Some(url)) => percent_decoded(url)?,
        (None, None) => unescaped(text),
    };
    let lower = path.to_lowercase();
    let is_path = path.starts_with(['/', '~']) || path.starts_with("./") || path.starts_with("../");
    let fits = is_path && IMAGES.iter().any(|ending| lower.ends_with(ending));
    (fits && !path.contains(char::is_control)).then_some(path)
}

/// A word of a shell line without its backslashes.
fn unescaped(word: &str) -> String {
    let mut out = String::with_capacity(word.len());
    let mut letters = word.chars();
    while let Some(c) = letters.next() {
        out.push(if c == '\\' { letters.next().unwrap_or(c) } else { c });
    }
    out
}

/// RFC 3986, section 2.1.
fn percent_decoded(url: &str) -> Option<String> {
    let mut out = Vec::with_capacity(url.len());
    let mut bytes = url.bytes();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'%' => {
                let mut digit = || char::from(bytes.next()?).to_digit(16);
                (digit()? * 16 + digit()?) as u8
            }
            byte => byte,
        });
    }
    String::from_utf8(out).ok()
}
