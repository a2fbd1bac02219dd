//! A list to choose from by typing a few letters: sessions, models, files, checkpoints and the like.

use std::collections::BTreeMap;

use crossterm::event::KeyEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;
use unicode_segmentation::UnicodeSegmentation;

use super::page::Scroll;
use super::{Layer, Reply, scrolled_to, titled};
use crate::config::{Action, KeyContext};
use crate::tui::fuzzy::Fuzzy;
use crate::tui::keys::{Keys, Pressed, written};
use crate::tui::{Styles, Token, paint};

/// From this many columns on there is room for a preview beside the list.
const WIDE: u16 = 100;
/// Rows of a list at most, so that it covers no more of the screen than it must.
const MOST_ROWS: u16 = 20;
/// Letters of a search.
const LONGEST_QUERY: usize = 200;

/// One thing to choose.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PickerRow {
    /// What a choice gives back.
    pub key: String,
    /// What is shown, and searched; the first is what it is called.
    pub columns: Vec<String>,
    /// It is the one in use.
    pub current: bool,
}

impl PickerRow {
    pub fn new(key: impl Into<String>, columns: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { key: key.into(), columns: columns.into_iter().map(Into::into).collect(), current: false }
    }

    #[must_use]
    pub fn current(mut self, current: bool) -> Self {
        self.current = current;
        self
    }
}

/// A list with a line to search it.
#[derive(Debug, Clone)]
pub struct Picker {
    title: String,
    /// Each with all that is searched of it.
    rows: Vec<(PickerRow, String)>,
    fuzzy: Fuzzy,
    query: String,
    chosen: usize,
    previews: BTreeMap<String, Scroll>,
    /// Whether there are previews at all.
    previewed: bool,
    /// Shown when nothing fits.
    empty: String,
    /// Rows of the last drawing: pages go by what was seen.
    seen: std::cell::Cell<usize>,
}

impl Picker {
    pub fn new(title: impl Into<String>, rows: Vec<PickerRow>) -> Self {
        let mut picker = Self {
            title: title.into(),
            rows: Vec::new(),
            fuzzy: Fuzzy::new(false),
            query: String::new(),
            chosen: 0,
            previews: BTreeMap::new(),
            previewed: false,
            empty: "nothing fits".to_owned(),
            seen: std::cell::Cell::new(10),
        };
        picker.set_rows(rows);
        let current = picker.rows.iter().position(|(row, _)| row.current);
        picker.chosen = current.unwrap_or(0);
        picker
    }

    /// Replaces the list; what was typed and what was chosen stay where they can.
    pub fn set_rows(&mut self, rows: Vec<PickerRow>) {
        let chosen = self.chosen_key().map(str::to_owned);
        let searched = |row: &PickerRow| [row.columns.join(" ").as_str(), " ", &row.key].concat();
        self.rows = rows.into_iter().map(|row| (row.clone(), searched(&row))).collect();
        self.fuzzy.search(self.rows.iter().map(|(_, text)| text.as_str()), &self.query);
        let same = |at: &usize| Some(&self.rows[*at].0.key) == chosen.as_ref();
        self.chosen = self.fuzzy.found().iter().position(same).unwrap_or(0);
    }

    /// Begins with these letters typed.
    #[must_use]
    pub fn searching(mut self, query: &str) -> Self {
        query.clone_into(&mut self.query);
        self.search();
        self
    }

    /// Shown when nothing fits, or nothing is there.
    #[must_use]
    pub fn when_empty(mut self, text: impl Into<String>) -> Self {
        self.empty = text.into();
        self
    }

    /// The list shows a preview of what is chosen, where there is room. See [`Self::wants_preview`].
    #[must_use]
    pub fn with_previews(mut self) -> Self {
        self.previewed = true;
        self
    }

    /// The key of the row whose preview is not there yet: look it up beside, and bring it with
    /// [`Self::set_preview`].
    pub fn wants_preview(&self) -> Option<&str> {
        self.chosen_key().filter(|key| self.previewed && !self.previews.contains_key(*key))
    }

    pub fn set_preview(&mut self, key: impl Into<String>, lines: Vec<Line<'static>>) {
        self.previews.insert(key.into(), Scroll::new(lines));
    }

    /// The key of the row that is chosen now.
    pub fn chosen_key(&self) -> Option<&str> {
        let at = *self.fuzzy.found().get(self.chosen)?;
        self.rows.get(at).map(|(row, _)| row.key.as_str())
    }

    fn search(&mut self) {
        self.fuzzy.refine(self.rows.len(), |at| &self.rows[at].1, &self.query);
        self.chosen = 0;
    }

    fn step(&mut self, action: Action) {
        let last = self.fuzzy.found().len().saturating_sub(1);
        let page = self.seen.get().saturating_sub(1).max(1);
        self.chosen = match action {
            Action::Up if self.chosen == 0 => last,
            Action::Up => self.chosen - 1,
            Action::Down if self.chosen >= last => 0,
            Action::Down => self.chosen + 1,
            Action::PageUp => self.chosen.saturating_sub(page),
            Action::PageDown => (self.chosen + page).min(last),
            Action::Top => 0,
            Action::Bottom => last,
            _ => self.chosen,
        };
    }

    fn list(&self, area: Rect, buf: &mut Buffer, styles: &Styles) {
        let found = self.fuzzy.found();
        let height = usize::from(area.height);
        self.seen.set(height);
        if found.is_empty() {
            paint::put_cut(buf, area, (2, 0), area.width, &self.empty, styles.get(Token::Muted));
            return;
        }
        let top = scrolled_to(self.chosen, found.len(), height);
        let shown: Vec<(usize, &PickerRow)> =
            found.iter().enumerate().skip(top).take(height).map(|(n, at)| (n, &self.rows[*at].0)).collect();
        let widths = widths(&shown, area.width);
        for (y, (place, row)) in shown.iter().enumerate() {
            let line = Rect { y: area.y + y as u16, height: 1, ..area };
            let chosen = *place == self.chosen;
            let mark = match (chosen, row.current) {
                (true, _) => "> ",
                (false, true) => "* ",
                (false, false) => "  ",
            };
            paint::put(buf, line, 0, 0, mark, styles.get(Token::Accent));
            let mut x = 2;
            for (at, (column, width)) in row.columns.iter().zip(&widths).enumerate() {
                let style = match (at, chosen) {
                    (_, true) => styles.get(Token::Selected),
                    (0, false) => styles.get(Token::Text),
                    _ => styles.get(Token::Muted),
                };
                self.column(buf, line, (x, *width), column, (style, styles));
                x = x.saturating_add(*width).saturating_add(2);
            }
        }
    }

    /// One field of a row, with the letters marked that the search found in it.
    fn column(
        &self,
        buf: &mut Buffer,
        line: Rect,
        (x, width): (u16, u16),
        text: &str,
        (style, styles): (ratatui::style::Style, &Styles),
    ) {
        let field = Rect { width: line.width.min(x.saturating_add(width)), ..line };
        let text = text.replace(['\n', '\t'], " ");
        let cut = paint::cut(&text, usize::from(field.width.saturating_sub(x)));
        let letters = if self.query.is_empty() { Vec::new() } else { self.fuzzy.letters(&cut) };
        let mut at = x;
        for (place, grapheme) in cut.graphemes(true).enumerate() {
            let hit = letters.binary_search(&(place as u32)).is_ok();
            let style = if hit { style.patch(styles.get(Token::Match)) } else { style };
            at = paint::put(buf, field, at, 0, grapheme, style);
        }
    }
}

/// The width of each column: what it needs; where that is too much, the widest gives way.
fn widths(rows: &[(usize, &PickerRow)], width: u16) -> Vec<u16> {
    let count = rows.iter().map(|(_, row)| row.columns.len()).max().unwrap_or(0);
    let gaps = 2 + 2 * count.saturating_sub(1);
    let room = usize::from(width).saturating_sub(gaps);
    let needed = |at: usize| {
        let texts = rows.iter().filter_map(|(_, row)| row.columns.get(at));
        texts.map(|text| paint::columns(text)).max().unwrap_or(0).min(room)
    };
    let mut widths: Vec<usize> = (0..count).map(needed).collect();
    let mut over = widths.iter().sum::<usize>().saturating_sub(room);
    while over > 0
        && let Some(widest) = widths.iter_mut().max()
    {
        *widest -= 1;
        over -= 1;
    }
    widths.into_iter().map(|width| width as u16).collect()
}

impl Layer for Picker {
    fn handle(&mut self, key: KeyEvent, keys: &mut Keys, now_ms: u64) -> Reply {
        match keys.press(&[KeyContext::List], key, now_ms) {
            Pressed::Action(Action::Close) => return Reply::Closed,
            Pressed::Action(Action::Accept) => {
                return self.chosen_key().map_or(Reply::Stays, |key| Reply::Chosen(key.to_owned()));
            }
            Pressed::Action(Action::DeleteLeft) => {
                self.query.truncate(self.query.grapheme_indices(true).next_back().map_or(0, |(at, _)| at));
                self.search();
            }
            Pressed::Action(Action::DeleteWordLeft) => {
                let kept = self.query.trim_end().rfind(' ').map_or(0, |space| space + 1);
                self.query.truncate(kept);
                self.search();
            }
            Pressed::Action(Action::DeleteToStart) => {
                self.query.clear();
                self.search();
            }
            Pressed::Action(action @ (Action::Redraw | Action::Suspend)) => return Reply::Action(action),
            Pressed::Action(action) => self.step(action),
            Pressed::Waiting => {}
            Pressed::Unbound => {
                if let Some(c) = written(key) {
                    self.paste(c.encode_utf8(&mut [0; 4]));
                }
            }
        }
        Reply::Stays
    }

    fn paste(&mut self, text: &str) -> bool {
        let room = LONGEST_QUERY.saturating_sub(self.query.chars().count());
        self.query
            .extend(text.lines().next().unwrap_or_default().chars().filter(|c| !c.is_control()).take(room));
        self.search();
        true
    }

    fn height(&self, _width: u16, most: u16) -> u16 {
        let rows = u16::try_from(self.rows.len().max(1)).unwrap_or(u16::MAX).min(MOST_ROWS);
        let rows = if self.previewed { MOST_ROWS } else { rows };
        (rows + 2).min(most)
    }

    fn render(&self, area: Rect, buf: &mut Buffer, styles: &Styles) -> Option<Position> {
        let note = format!("{} of {}", self.fuzzy.found().len(), self.rows.len());
        let below = titled(area, buf, styles, &self.title, &note);
        if below.is_empty() {
            return None;
        }
        let typed = Rect { height: 1, ..below };
        let x = paint::put(buf, typed, 0, 0, "/ ", styles.get(Token::Prompt));
        // The end of what was typed is what matters.
        let room = usize::from(typed.width.saturating_sub(x + 1));
        let mut query = self.query.as_str();
        while paint::columns(query) > room
            && let Some(first) = query.graphemes(true).next()
        {
            query = &query[first.len()..];
        }
        let end = paint::put(buf, typed, x, 0, query, styles.get(Token::Text));
        if query.is_empty() {
            paint::put_cut(buf, typed, (x, 0), typed.width, "type to search", styles.get(Token::Placeholder));
        }
        let rest = Rect { y: below.y + 1, height: below.height - 1, ..below };
        let beside = self.previewed && rest.width >= WIDE;
        let list = if beside { Rect { width: rest.width * 2 / 5, ..rest } } else { rest };
        self.list(list, buf, styles);
        if beside {
            let pane = Rect { x: list.right() + 2, width: rest.width - list.width - 2, ..rest };
            for y in 0..rest.height {
                paint::put(buf, rest, list.width, y, "│", styles.get(Token::Border));
            }
            match self.chosen_key().and_then(|key| self.previews.get(key)) {
                Some(preview) => drop(preview.render(pane, buf)),
                None => drop(paint::put(buf, pane, 0, 0, "…", styles.get(Token::Muted))),
            }
        }
        Some(Position::new(typed.x + end.min(typed.width - 1), typed.y))
    }
}
