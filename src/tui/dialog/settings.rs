//! The settings in force, where each comes from, and the way to change those that are one's own.

use std::cell::Cell;

use crossterm::event::KeyEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use unicode_segmentation::UnicodeSegmentation;

use super::{Layer, Picker, PickerRow, Reply, scrolled_to, titled};
use crate::config::{Action, KeyContext};
use crate::engine::{SettingChange, SettingRow};
use crate::tui::keys::{Keys, Pressed, written};
use crate::tui::{Styles, Token, paint};

/// Letters of a value.
const LONGEST_VALUE: usize = 100;
/// Rows below the list: a blank one, what the setting is, what can be done, and one more where that is long.
const ABOUT_ROWS: u16 = 4;
const NOT_SET: &str = "not set";

/// A list of settings. A change is given back as `KEY=VALUE`; an empty value takes it out.
#[derive(Debug, Clone)]
pub struct Settings {
    rows: Vec<SettingRow>,
    chosen: usize,
    edit: Option<Edit>,
    /// Rows of the last drawing: pages go by what was seen.
    seen: Cell<usize>,
}

/// The setting that is chosen is being changed.
#[derive(Debug, Clone)]
enum Edit {
    Choice(Picker),
    Text(String),
}

impl Settings {
    pub fn new(rows: Vec<SettingRow>) -> Self {
        Self { rows, chosen: 0, edit: None, seen: Cell::new(10) }
    }

    /// With this setting chosen.
    #[must_use]
    pub fn at(mut self, key: &str) -> Self {
        self.chosen = self.rows.iter().position(|row| row.key == key).unwrap_or(0);
        self
    }

    /// The settings as they are now; what is being done goes on.
    pub fn set_rows(&mut self, rows: Vec<SettingRow>) {
        let key = self.rows.get(self.chosen).map(|row| row.key.clone()).unwrap_or_default();
        self.chosen = rows.iter().position(|row| row.key == key).unwrap_or(0);
        self.rows = rows;
    }

    fn begin(&mut self) {
        let Some(row) = self.rows.get(self.chosen) else { return };
        self.edit = match &row.change {
            SettingChange::Choice(values) => {
                let choice = |value: &String| {
                    PickerRow::new(value.clone(), [value.clone()]).current(row.value.as_ref() == Some(value))
                };
                let rows = values.iter().map(choice).collect();
                Some(Edit::Choice(Picker::new(row.key.clone(), rows).when_empty("none of these")))
            }
            SettingChange::Text(_) => Some(Edit::Text(row.value.clone().unwrap_or_default())),
            SettingChange::Elsewhere(_) => None,
        };
    }

    fn change(&mut self, value: &str) -> Reply {
        self.edit = None;
        let key = self.rows.get(self.chosen).map_or("", |row| row.key.as_str());
        Reply::Chosen(format!("{key}={value}"))
    }

    fn step(&mut self, action: Action) {
        let last = self.rows.len().saturating_sub(1);
        let page = self.seen.get().saturating_sub(1).max(1);
        self.chosen = match action {
            Action::Up => self.chosen.saturating_sub(1),
            Action::Down => (self.chosen + 1).min(last),
            Action::PageUp => self.chosen.saturating_sub(page),
            Action::PageDown => (self.chosen + page).min(last),
            Action::Top => 0,
            Action::Bottom => last,
            _ => self.chosen,
        };
    }

    fn type_key(&mut self, key: KeyEvent, keys: &mut Keys, now_ms: u64) -> Reply {
        let Some(Edit::Text(typed)) = &mut self.edit else { return Reply::Stays };
        match keys.press(&[KeyContext::List], key, now_ms) {
            Pressed::Action(Action::Close) => self.edit = None,
            Pressed::Action(Action::Accept) => {
                let value = typed.trim().to_owned();
                return self.change(&value);
            }
            Pressed::Action(Action::DeleteLeft) => {
                typed.truncate(typed.grapheme_indices(true).next_back().map_or(0, |(at, _)| at));
            }
            Pressed::Action(Action::DeleteToStart | Action::DeleteWordLeft) => typed.clear(),
            Pressed::Action(action @ (Action::Redraw | Action::Suspend)) => return Reply::Action(action),
            Pressed::Action(_) | Pressed::Waiting => {}
            Pressed::Unbound => {
                if let Some(c) = written(key) {
                    self.paste(c.encode_utf8(&mut [0; 4]));
                }
            }
        }
        Reply::Stays
    }

    fn list(&self, area: Rect, buf: &mut Buffer, styles: &Styles) {
        self.seen.set(usize::from(area.height));
        let widest = |texts: &mut dyn Iterator<Item = &str>, most: u16| {
            let columns = texts.map(paint::columns).max().unwrap_or(0);
            u16::try_from(columns).unwrap_or(u16::MAX).min(most)
        };
        let keys = widest(&mut self.rows.iter().map(|row| row.key.as_str()), area.width / 2);
        let third = (area.width / 3).max(8);
        let values = widest(&mut self.rows.iter().map(|row| row.value.as_deref().unwrap_or(NOT_SET)), third);
        let top = scrolled_to(self.chosen, self.rows.len(), usize::from(area.height));
        for (y, at) in (top..self.rows.len()).take(usize::from(area.height)).enumerate() {
            let (row, y) = (&self.rows[at], y as u16);
            let (mark, token) = if at == self.chosen { ("> ", Token::Selected) } else { ("  ", Token::Text) };
            paint::put(buf, area, 0, y, mark, styles.get(Token::Accent));
            paint::put_cut(buf, area, (2, y), keys, &row.key, styles.get(token));
            let (value, look) = match &row.value {
                Some(value) => (paint::plain(value), styles.get(token)),
                None => (NOT_SET.to_owned(), styles.get(Token::Muted)),
            };
            paint::put_cut(buf, area, (keys + 4, y), values, &value, look);
            let origin = if row.value.is_some() { row.origin.as_str() } else { "" };
            let x = keys + values + 6;
            paint::put_cut(buf, area, (x, y), area.width, &paint::plain(origin), styles.get(Token::Muted));
        }
    }

    /// What the chosen setting is, and what can be done about it; where the cursor stands.
    fn about(&self, area: Rect, buf: &mut Buffer, styles: &Styles) -> Option<Position> {
        let row = self.rows.get(self.chosen)?;
        paint::put_cut(buf, area, (0, 0), area.width, row.about, styles.get(Token::Text));
        let below = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
        if let Some(Edit::Text(typed)) = &self.edit {
            let x = paint::put(buf, below, 0, 0, "> ", styles.get(Token::Prompt));
            let end = paint::put_cut(buf, below, (x, 0), below.width, typed, styles.get(Token::Text));
            let here = Position::new(below.x + end.min(below.width.saturating_sub(1)), below.y);
            return (below.height > 0).then_some(here);
        }
        let how = match &row.change {
            SettingChange::Choice(_) => "enter chooses another".to_owned(),
            SettingChange::Text(wanted) => format!("enter writes {wanted}; nothing takes it out"),
            SettingChange::Elsewhere(place) => place.clone(),
        };
        let rows = paint::wrap(&how, usize::from(below.width));
        for (y, row) in rows.iter().enumerate().take(usize::from(below.height)) {
            paint::put(buf, below, 0, y as u16, row, styles.get(Token::Muted));
        }
        None
    }
}

impl Layer for Settings {
    fn handle(&mut self, key: KeyEvent, keys: &mut Keys, now_ms: u64) -> Reply {
        match &mut self.edit {
            Some(Edit::Text(_)) => return self.type_key(key, keys, now_ms),
            Some(Edit::Choice(picker)) => {
                return match picker.handle(key, keys, now_ms) {
                    Reply::Chosen(value) => self.change(&value),
                    Reply::Closed => {
                        self.edit = None;
                        Reply::Stays
                    }
                    other => other,
                };
            }
            None => {}
        }
        match keys.press(&[KeyContext::List], key, now_ms) {
            Pressed::Action(Action::Close) => return Reply::Closed,
            Pressed::Action(Action::Accept) => self.begin(),
            Pressed::Action(action @ (Action::Redraw | Action::Suspend)) => return Reply::Action(action),
            Pressed::Action(action) => self.step(action),
            Pressed::Unbound if written(key) == Some('q') => return Reply::Closed,
            Pressed::Waiting | Pressed::Unbound => {}
        }
        Reply::Stays
    }

    fn paste(&mut self, text: &str) -> bool {
        match &mut self.edit {
            Some(Edit::Choice(picker)) => return picker.paste(text),
            Some(Edit::Text(typed)) => {
                let room = LONGEST_VALUE.saturating_sub(typed.chars().count());
                let line = text.lines().next().unwrap_or_default();
                typed.extend(line.chars().filter(|c| !c.is_control()).take(room));
            }
            None => {}
        }
        true
    }

    fn is_whole(&self) -> bool {
        true
    }

    fn height(&self, _width: u16, most: u16) -> u16 {
        u16::try_from(self.rows.len()).unwrap_or(u16::MAX).saturating_add(ABOUT_ROWS + 1).min(most)
    }

    fn render(&self, area: Rect, buf: &mut Buffer, styles: &Styles) -> Option<Position> {
        if let Some(Edit::Choice(picker)) = &self.edit {
            return picker.render(area, buf, styles);
        }
        let note = if self.edit.is_some() { "enter keeps it · esc goes back" } else { "esc closes" };
        let below = titled(area, buf, styles, "Settings", note);
        if below.is_empty() {
            return None;
        }
        let foot = if below.height > ABOUT_ROWS + 2 { ABOUT_ROWS } else { below.height / 2 };
        let list = Rect { height: below.height - foot, ..below };
        self.list(list, buf, styles);
        let gap = u16::from(foot == ABOUT_ROWS);
        let foot = Rect { y: list.bottom() + gap, height: foot - gap, ..below };
        self.about(foot, buf, styles)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Keymap;
    use crate::tui::keys;

    fn row(key: &str, value: Option<&str>, change: SettingChange) -> SettingRow {
        let (value, origin) = (value.map(str::to_owned), "built in".to_owned());
        SettingRow { key: key.to_owned(), value, origin, about: "What it is", change }
    }

    fn settings() -> Settings {
        let themes = SettingChange::Choice(["dark", "light"].map(str::to_owned).to_vec());
        Settings::new(vec![
            row("theme", Some("dark"), themes),
            row("limits.turns", None, SettingChange::Text("a whole number above 0")),
            row("policy", Some("coding"), SettingChange::Elsewhere("not changed here; see the file".into())),
        ])
    }

    fn press(settings: &mut Settings, names: &str) -> Reply {
        let mut keys = Keys::new(Keymap::built_in());
        let mut reply = Reply::Stays;
        for name in names.split(' ') {
            reply = settings.handle(keys::event(name), &mut keys, 0);
        }
        reply
    }

    fn shown(settings: &Settings, width: u16, height: u16) -> String {
        let area = Rect::new(0, 0, width, height);
        let mut buf = Buffer::empty(area);
        let cursor = settings.render(area, &mut buf, &Styles::plain());
        assert!(cursor.is_none_or(|at| area.contains(at)), "{cursor:?} in {width}x{height}");
        paint::screen(&buf, cursor)
    }

    #[test]
    fn it_lists_what_is_in_force_and_says_what_can_be_done() {
        let mut settings = settings();
        insta::assert_snapshot!(shown(&settings, 60, 9), @r"
        ── Settings ────────────────────────────────── esc closes ──
        > theme         dark     built in
          limits.turns  not set
          policy        coding   built in


        What it is
        enter chooses another
        ");
        assert_eq!(press(&mut settings, "end enter"), Reply::Stays, "it is not changed here");
        assert!(shown(&settings, 60, 9).contains("not changed here; see the file"));
        assert_eq!(press(&mut settings, "esc"), Reply::Closed);
    }

    #[test]
    fn a_value_is_chosen_from_a_list_or_written() {
        let mut settings = settings();
        press(&mut settings, "enter");
        assert!(shown(&settings, 40, 9).contains("> dark"));
        assert_eq!(press(&mut settings, "down enter"), Reply::Chosen("theme=light".into()));
        press(&mut settings, "down enter 3 x backspace 0");
        assert!(shown(&settings, 60, 9).contains("> 30█"), "{}", shown(&settings, 60, 9));
        assert_eq!(press(&mut settings, "enter"), Reply::Chosen("limits.turns=30".into()));
        assert_eq!(press(&mut settings, "enter enter"), Reply::Chosen("limits.turns=".into()));
        // Esc leaves the value, then the list.
        assert_eq!(press(&mut settings, "enter 4 esc"), Reply::Stays);
        assert_eq!(press(&mut settings, "esc"), Reply::Closed);
    }

    #[test]
    fn no_size_is_too_small() {
        for size in [(0, 0), (1, 1), (3, 2), (9, 3), (40, 4), (40, 12), (200, 60)] {
            let mut settings = settings();
            for keys in ["down", "enter", "3", "esc", "up", "enter"] {
                press(&mut settings, keys);
                shown(&settings, size.0, size.1);
            }
        }
    }
}
