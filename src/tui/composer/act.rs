//! What keys do to the composer, and what is sent.

use crossterm::event::KeyEvent;

use super::chip::{Chip, is_chip, is_long};
use super::history::Search;
use super::popup::{Kind, begins_like_command, command_line, mentioned};
use super::{Composer, ComposerEvent, Draft, wrap};
use crate::base::nearest;
use crate::config::{Action, KeyContext};
use crate::engine::unknown_command;
use crate::tui::keys::{Keys, Pressed, written};
use crate::tui::text::one_line;

/// How long a first Ctrl+C counts, in milliseconds.
const QUIT_COUNTS_MS: u64 = 2_000;
/// Characters of a refused line that the refusal repeats.
const MOST_TYPED: usize = 60;

impl Composer {
    /// One key. `now_ms` is any clock that goes on.
    pub fn handle(&mut self, key: KeyEvent, keys: &mut Keys, now_ms: u64) -> ComposerEvent {
        let pressed = keys.press(&[KeyContext::Composer, KeyContext::Global], key, now_ms);
        let action = match pressed {
            Pressed::Waiting => return ComposerEvent::Nothing,
            Pressed::Action(Action::KeysWhenEmpty) if !self.is_empty() || self.search.is_some() => None,
            Pressed::Action(action) => Some(action),
            Pressed::Unbound => None,
        };
        let asked = self.quit_asked_ms.take().filter(|at| now_ms.saturating_sub(*at) <= QUIT_COUNTS_MS);
        let Some(action) = action else {
            if let Some(c) = written(key) {
                self.write(c);
            }
            return ComposerEvent::Nothing;
        };
        if self.is_busy() && matches!(action, Action::Interrupt | Action::ClearOrQuit) {
            // This Esc was for the list alone.
            keys.forget();
        }
        if action == Action::ClearOrQuit && !self.is_busy() && self.is_empty() {
            if asked.is_some() {
                return ComposerEvent::Quit;
            }
            self.quit_asked_ms = Some(now_ms);
            return ComposerEvent::AskQuit;
        }
        self.act(action)
    }

    fn write(&mut self, c: char) {
        if let Some(search) = &mut self.search {
            search.query.push(c);
            return search.again(&self.history);
        }
        if !c.is_control() && !is_chip(c) {
            self.text.type_char(c);
            self.offer();
        }
    }

    /// Does what an action of the composer's says; gives the others back.
    fn act(&mut self, action: Action) -> ComposerEvent {
        if self.search.is_some() && !self.act_in_search(action) {
            return ComposerEvent::Nothing;
        }
        if self.popup.is_some()
            && let Some(event) = self.act_in_popup(action)
        {
            return event;
        }
        let cursor = self.text.cursor();
        let line = self.text.line();
        match action {
            Action::Submit => return self.submit(false),
            Action::FollowUp => return self.submit(true),
            Action::CompleteOrFollowUp => {
                return if self.running { self.submit(true) } else { ComposerEvent::Nothing };
            }
            Action::Newline => self.text.type_char('\n'),
            Action::ClearOrQuit => self.clear(),
            Action::DeleteOrQuit if self.is_empty() => return ComposerEvent::Quit,
            Action::DeleteOrQuit | Action::DeleteRight => self.text.delete(cursor..self.text.right()),
            Action::DeleteLeft => self.text.delete(self.text.left()..cursor),
            Action::DeleteWordLeft => self.text.cut(self.text.word_left()..cursor),
            Action::DeleteWordRight => self.text.cut(cursor..self.text.word_right()),
            // At the edge of the line its line end goes.
            Action::DeleteToStart if line.start == cursor => self.text.cut(self.text.left()..cursor),
            Action::DeleteToStart => self.text.cut(line.start..cursor),
            Action::DeleteToEnd if line.end == cursor => self.text.cut(cursor..self.text.right()),
            Action::DeleteToEnd => self.text.cut(cursor..line.end),
            Action::Yank => self.text.yank(),
            Action::YankOlder => self.text.yank_older(),
            Action::Undo => self.text.undo(),
            Action::Redo => self.text.redo(),
            Action::ExpandChip => self.expand_chip(),
            Action::Left => self.text.move_to(self.text.left()),
            Action::Right => self.text.move_to(self.text.right()),
            Action::WordLeft => self.text.move_to(self.text.word_left()),
            Action::WordRight => self.text.move_to(self.text.word_right()),
            Action::LineStart | Action::LineEnd if self.is_empty() => return ComposerEvent::Action(action),
            Action::LineStart => self.text.move_to(line.start),
            Action::LineEnd => self.text.move_to(line.end),
            Action::TextStart => self.text.move_to(0),
            Action::TextEnd => self.text.move_to(self.text.text().len()),
            Action::Up => self.up(),
            Action::Down => self.down(),
            Action::HistorySearch => {
                self.popup = None;
                self.search = Some(Search::new());
                return ComposerEvent::Nothing;
            }
            Action::HistorySearchNewer => {}
            Action::KeysWhenEmpty => return ComposerEvent::Action(Action::Keys),
            other => return ComposerEvent::Action(other),
        }
        self.offer();
        ComposerEvent::Nothing
    }

    /// Whether the action is still to be done, after the search has ended.
    fn act_in_search(&mut self, action: Action) -> bool {
        let Some(search) = &mut self.search else { return true };
        match action {
            Action::HistorySearch | Action::Up => search.older(&self.history),
            Action::HistorySearchNewer | Action::Down => search.newer(&self.history),
            Action::DeleteLeft => {
                search.query.pop();
                search.found = None;
                search.again(&self.history);
            }
            Action::DeleteWordLeft | Action::DeleteToStart => {
                search.query.clear();
                search.found = None;
                search.again(&self.history);
            }
            Action::Interrupt | Action::Rewind | Action::ClearOrQuit | Action::Editor => self.search = None,
            _ => {
                if let Some((at, _)) = search.found {
                    let found = self.history.entries()[at].clone();
                    self.recall(&found);
                }
                self.search = None;
                return !matches!(
                    action,
                    Action::Submit | Action::FollowUp | Action::CompleteOrFollowUp | Action::Newline
                );
            }
        }
        false
    }

    /// What an action does to an open list; `None` when it is the text's.
    fn act_in_popup(&mut self, action: Action) -> Option<ComposerEvent> {
        let popup = self.popup.as_mut()?;
        match action {
            Action::Up => popup.step(false),
            Action::Down => popup.step(true),
            Action::Interrupt | Action::Rewind => {
                self.dismissed = Some(popup.range.start);
                self.popup = None;
            }
            Action::CompleteOrFollowUp => {
                popup.choice()?;
                self.choose();
            }
            Action::Submit => {
                let at = popup.choice()?;
                let alone = popup.kind == Kind::Commands && self.commands[at].may_stand_alone();
                self.choose();
                if alone {
                    return Some(self.submit(false));
                }
            }
            _ => return None,
        }
        Some(ComposerEvent::Nothing)
    }

    /// Puts what is chosen into the text.
    fn choose(&mut self) {
        let Some(popup) = self.popup.take() else { return };
        let Some(at) = popup.choice() else { return };
        let (with, mut range) = match popup.kind {
            Kind::Files => (mentioned(&self.files[at]), popup.range),
            Kind::Commands => (format!("/{} ", self.commands[at].name), popup.range),
        };
        // The rest of the word that the cursor stands in goes too, and its space is not doubled.
        let rest = &self.text.text()[range.end..];
        range.end += rest.find(|c: char| c.is_whitespace() || is_chip(c)).unwrap_or(rest.len());
        if self.text.text()[range.end..].starts_with(' ') {
            range.end += 1;
        }
        self.text.replace(range, &with);
        self.offer();
    }

    /// One row up; from the first row to what was sent before.
    fn up(&mut self) {
        if let Some(at) = self.row_away(false) {
            let aim = self.text.aim;
            self.text.move_to(at);
            self.text.aim = aim;
        } else {
            let shown = self.text.text().to_owned();
            if let Some(older) = self.history.older(&shown).map(str::to_owned) {
                self.recall(&older);
            }
        }
    }

    fn down(&mut self) {
        if let Some(at) = self.row_away(true) {
            let aim = self.text.aim;
            self.text.move_to(at);
            self.text.aim = aim;
        } else if let Some((newer, own)) = self.history.newer().map(|(text, own)| (text.to_owned(), own)) {
            if own {
                self.text.replace(0..self.text.text().len(), &newer);
            } else {
                self.recall(&newer);
            }
        }
    }

    /// The place one row up or down, by the column that the moves before aimed at.
    fn row_away(&mut self, down: bool) -> Option<usize> {
        let (text, cursor, width) = (self.text.text(), self.text.cursor(), self.width.get());
        let line = self.text.line();
        let rows = wrap::rows(text, line.clone(), width, &self.chips);
        let own = wrap::row_of(&rows, cursor);
        let column = wrap::column_of(text, &rows[own], cursor, &self.chips, width);
        let column = self.text.aim.unwrap_or(column);
        let (rows, target) = if down && own + 1 < rows.len() {
            (rows, own + 1)
        } else if !down && own > 0 {
            (rows, own - 1)
        } else if down {
            let after = (line.end < text.len()).then(|| wrap::line_around(text, line.end + 1))?;
            (wrap::rows(text, after, width, &self.chips), 0)
        } else {
            let before = (line.start > 0).then(|| wrap::line_around(text, line.start - 1))?;
            let rows = wrap::rows(text, before, width, &self.chips);
            let last = rows.len() - 1;
            (rows, last)
        };
        let last = target + 1 == rows.len();
        let at = wrap::place_at(text, &rows[target], column, last, &self.chips, width);
        self.text.aim = Some(column);
        Some(at)
    }

    /// Shows a text of the history; a long one as a chip.
    fn recall(&mut self, text: &str) {
        let mut shown = self.chips.with_images(&super::chip::own_characters(text));
        // One with images is not folded: they would be in the fold.
        if is_long(text) && !shown.contains(is_chip) {
            shown = self.chips.add(Chip::Text(text.to_owned())).to_string();
        }
        self.text.replace(0..self.text.text().len(), &shown);
    }

    /// Unfolds the chip before the cursor, or the one after it.
    fn expand_chip(&mut self) {
        let (text, cursor) = (self.text.text(), self.text.cursor());
        let places = [self.text.left()..cursor, cursor..self.text.right()];
        for range in places {
            let chip = text[range.clone()].chars().next().and_then(|c| self.chips.get(c));
            if let Some(Chip::Text(pasted) | Chip::Image(pasted)) = chip {
                let pasted = super::chip::own_characters(pasted);
                return self.text.replace(range, &pasted);
            }
        }
    }

    /// Empties the composer; what was written can be found in the history.
    fn clear(&mut self) {
        let written = self.expanded();
        self.history.push(&written);
        self.text.reset();
        self.chips.clear();
        self.close_all();
    }

    fn submit(&mut self, after: bool) -> ComposerEvent {
        let text = self.text.text();
        let shell = text.starts_with('!');
        let at_end = self.text.cursor() == text.len();
        if !shell && at_end && text.ends_with('\\') {
            // For terminals that cannot tell Shift+Enter from Enter.
            self.text.replace(text.len() - 1..text.len(), "\n");
            return ComposerEvent::Nothing;
        }
        let whole = self.chips.expanded(text);
        if let Some(rest) = whole.strip_prefix('!') {
            let (line, told) = rest.strip_prefix('!').map_or((rest, true), |quiet| (quiet, false));
            let line = line.trim().to_owned();
            if line.is_empty() {
                return ComposerEvent::Nothing;
            }
            self.clear();
            return ComposerEvent::Shell { line, told };
        }
        if let Some((name, rest)) = command_line(&whole) {
            if self.commands.iter().any(|entry| entry.is(name)) {
                let line = format!("{name} {}", rest.trim()).trim_end().to_owned();
                self.clear();
                return ComposerEvent::Command(line);
            }
            if !self.is_path(name) {
                // What is written next must not be the end of it.
                let refused = self.unknown(name, &whole);
                self.clear();
                return ComposerEvent::Refused(refused);
            }
        }
        if whole.trim().is_empty() {
            return ComposerEvent::Nothing;
        }
        let draft = Draft { images: self.chips.images(text), text: whole.trim_end().to_owned() };
        self.clear();
        if after { ComposerEvent::FollowUp(draft) } else { ComposerEvent::Submit(draft) }
    }

    /// Whether a first word (without its slash) is a path and no command: it is there, or it has more parts
    /// and begins like no command.
    fn is_path(&self, word: &str) -> bool {
        let names = self.commands.iter().flat_map(|entry| {
            std::iter::once(entry.name.as_str()).chain(entry.aliases.iter().map(String::as_str))
        });
        (self.exists)(&format!("/{word}")) || (word.contains('/') && !begins_like_command(word, names))
    }

    fn unknown(&self, name: &str, whole: &str) -> crate::protocol::Report {
        let own = |entry: &&super::PaletteEntry| crate::engine::find_command(&entry.name).is_none();
        let near = nearest(name, self.commands.iter().filter(own).map(|entry| entry.name.as_str()));
        let mut report = unknown_command(name);
        if let Some(near) = near {
            report = report.hint(format!("did you mean /{near}?"));
        }
        let typed: String = one_line(whole).chars().take(MOST_TYPED).collect();
        report.cause(format!("you typed `{typed}`, up brings it back"))
    }
}
