//! A text with a cursor: edits that can be undone, words, and a ring of what was cut. Knows no rows.

use std::ops::Range;

use unicode_segmentation::GraphemeCursor;

use super::chip::is_chip;
use super::wrap::{line_around, next, previous};

/// Steps that can be undone.
const MOST_STEPS: usize = 1_000;
/// Texts that were cut and can be put back.
const MOST_CUT: usize = 32;

/// One change, and where the cursor was.
#[derive(Debug, Clone)]
struct Step {
    at: usize,
    removed: String,
    inserted: String,
    before: usize,
}

/// What was done last: it decides what joins with what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Last {
    Other,
    Typed,
    Cut,
    /// From where on the text was put back, and how many steps down the ring it was.
    Yanked(usize, usize),
}

#[derive(Debug, Clone)]
pub(super) struct Text {
    text: String,
    cursor: usize,
    /// The column that moves up and down aim at.
    pub(super) aim: Option<usize>,
    done: Vec<Step>,
    undone: Vec<Step>,
    /// The newest last.
    cut: Vec<String>,
    last: Last,
}

impl Text {
    pub(super) fn new() -> Self {
        Self {
            text: String::new(),
            cursor: 0,
            aim: None,
            done: Vec::new(),
            undone: Vec::new(),
            cut: Vec::new(),
            last: Last::Other,
        }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn cursor(&self) -> usize {
        self.cursor
    }

    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// An empty text; what was cut stays.
    pub(super) fn reset(&mut self) {
        let cut = std::mem::take(&mut self.cut);
        *self = Self { cut, ..Self::new() };
    }

    /// Sets the cursor, to the nearest place where it can stand.
    pub(super) fn move_to(&mut self, at: usize) {
        self.cursor = self.standing(at.min(self.text.len()));
        self.aim = None;
        self.last = Last::Other;
    }

    /// Replaces a part, as one step; the cursor goes behind what came in.
    pub(super) fn replace(&mut self, range: Range<usize>, with: &str) {
        self.change(range, with);
        self.last = Last::Other;
    }

    /// Writes at the cursor; what is typed in a row is undone together, a word at a time.
    pub(super) fn type_char(&mut self, c: char) {
        let mut bytes = [0; 4];
        let at = self.cursor;
        let begins_word = c == '\n' || c == ' ' && !self.text[..at].ends_with(' ');
        let joins = self.last == Last::Typed && !begins_word;
        let step = self.done.last_mut().filter(|step| joins && step.at + step.inserted.len() == at);
        if let Some(step) = step {
            step.inserted.push(c);
            self.text.insert(at, c);
            self.cursor = self.standing(at + c.len_utf8());
            self.aim = None;
        } else {
            self.change(at..at, c.encode_utf8(&mut bytes));
        }
        self.last = if c == '\n' { Last::Other } else { Last::Typed };
    }

    fn change(&mut self, range: Range<usize>, with: &str) {
        self.aim = None;
        if range.is_empty() && with.is_empty() {
            return;
        }
        let removed = self.text[range.clone()].to_owned();
        self.done.push(Step { at: range.start, removed, inserted: with.to_owned(), before: self.cursor });
        if self.done.len() > MOST_STEPS {
            self.done.remove(0);
        }
        self.undone.clear();
        self.text.replace_range(range.clone(), with);
        self.cursor = self.standing(range.start + with.len());
    }

    /// The first place from `at` on where the cursor can stand: never within a character that is seen as one.
    fn standing(&self, mut at: usize) -> usize {
        while !self.text.is_char_boundary(at) {
            at += 1;
        }
        let beside_chip = self.text[..at].ends_with(is_chip) || self.text[at..].starts_with(is_chip);
        let stands = beside_chip
            || GraphemeCursor::new(at, self.text.len(), true).is_boundary(&self.text, 0).unwrap_or(true);
        if stands {
            return at;
        }
        let end = GraphemeCursor::new(at, self.text.len(), true).next_boundary(&self.text, 0);
        let end = end.ok().flatten().unwrap_or(self.text.len());
        self.text[at..end].find(is_chip).map_or(end, |chip| at + chip)
    }

    pub(super) fn undo(&mut self) {
        self.last = Last::Other;
        let Some(step) = self.done.pop() else { return };
        self.text.replace_range(step.at..step.at + step.inserted.len(), &step.removed);
        self.cursor = self.standing(step.before.min(self.text.len()));
        self.aim = None;
        self.undone.push(step);
    }

    pub(super) fn redo(&mut self) {
        self.last = Last::Other;
        let Some(step) = self.undone.pop() else { return };
        self.text.replace_range(step.at..step.at + step.removed.len(), &step.inserted);
        self.cursor = self.standing(step.at + step.inserted.len());
        self.aim = None;
        self.done.push(step);
    }

    pub(super) fn left(&self) -> usize {
        previous(&self.text, self.cursor)
    }

    pub(super) fn right(&self) -> usize {
        next(&self.text, self.cursor)
    }

    /// The line of the cursor, without its line end.
    pub(super) fn line(&self) -> Range<usize> {
        line_around(&self.text, self.cursor)
    }

    /// Where the word before the cursor begins.
    pub(super) fn word_left(&self) -> usize {
        let mut at = self.cursor;
        let mut seen = false;
        while at > 0 {
            let start = previous(&self.text, at);
            let word = is_word(&self.text[start..at]);
            if seen && !word {
                break;
            }
            // A chip is a word of its own.
            if self.text[start..at].starts_with(is_chip) {
                return if seen { at } else { start };
            }
            seen |= word;
            at = start;
        }
        at
    }

    /// Where the word after the cursor ends.
    pub(super) fn word_right(&self) -> usize {
        let mut at = self.cursor;
        let mut seen = false;
        while at < self.text.len() {
            let end = next(&self.text, at);
            let word = is_word(&self.text[at..end]);
            if seen && !word {
                break;
            }
            if self.text[at..end].starts_with(is_chip) {
                return if seen { at } else { end };
            }
            seen |= word;
            at = end;
        }
        at
    }

    /// Removes a part for good, but for undo.
    pub(super) fn delete(&mut self, range: Range<usize>) {
        self.replace(range, "");
    }

    /// Removes a part onto the ring; cuts in a row become one.
    pub(super) fn cut(&mut self, range: Range<usize>) {
        if range.is_empty() {
            return;
        }
        let (text, forward) = (self.text[range.clone()].to_owned(), range.start >= self.cursor);
        let joins = self.last == Last::Cut;
        match self.cut.last_mut().filter(|_| joins) {
            Some(newest) if forward => newest.push_str(&text),
            Some(newest) => newest.insert_str(0, &text),
            None => {
                self.cut.push(text);
                if self.cut.len() > MOST_CUT {
                    self.cut.remove(0);
                }
            }
        }
        self.change(range, "");
        self.last = Last::Cut;
    }

    /// Puts back what was cut last.
    pub(super) fn yank(&mut self) {
        let Some(text) = self.cut.last().cloned() else { return };
        let start = self.cursor;
        self.change(start..start, &text);
        self.last = Last::Yanked(start, 0);
    }

    /// After a yank: what was cut before that instead.
    pub(super) fn yank_older(&mut self) {
        let Last::Yanked(start, depth) = self.last else { return };
        let depth = (depth + 1) % self.cut.len().max(1);
        let Some(text) = self.cut.iter().rev().nth(depth).cloned() else { return };
        if start <= self.cursor {
            self.change(start..self.cursor, &text);
            self.last = Last::Yanked(start, depth);
        }
    }
}

fn is_word(unit: &str) -> bool {
    unit.chars().next().is_some_and(|c| c.is_alphanumeric() || c == '_' || is_chip(c))
}
