//! Where one writes: a text of many lines with history, folded pastes, mentions and a palette of commands.
//! State, keys and drawing; it reads no file and sends nothing by itself.

mod act;
mod chip;
mod history;
mod popup;
mod text;
mod view;
mod wrap;

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod tests;

use std::cell::Cell;
use std::sync::Arc;

use chip::Chips;
use history::{History, Search};
use popup::{Kind, Popup};
use text::Text;

#[cfg(test)]
pub(super) use fuzz::key as fuzz_key;
pub use popup::PaletteEntry;

use crate::config::Action;
use crate::protocol::Report;

/// A message as it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// With what was pasted at its place, and images by their paths.
    pub text: String,
    /// Paths of images, as they were pasted: nobody has looked whether they are there.
    pub images: Vec<String>,
}

/// What a key came to.
#[derive(Debug, Clone, PartialEq)]
pub enum ComposerEvent {
    /// Something of the composer's own, or nothing.
    Nothing,
    /// To be sent now; it steers a turn that runs.
    Submit(Draft),
    /// To be sent when the turn that runs has ended.
    FollowUp(Draft),
    /// A shell line; `told`: whether the model reads what came of it.
    Shell {
        line: String,
        told: bool,
    },
    /// A slash command without its slash.
    Command(String),
    /// It cannot be sent so; the text is in the history.
    Refused(Report),
    /// Once more quits.
    AskQuit,
    Quit,
    /// A key that is not the composer's to answer.
    Action(Action),
}

impl ComposerEvent {
    /// Something was written to its end.
    pub fn is_sent(&self) -> bool {
        matches!(self, Self::Submit(_) | Self::FollowUp(_) | Self::Shell { .. } | Self::Command(_))
    }
}

/// The composer's state.
#[derive(Debug, Clone)]
pub struct Composer {
    text: Text,
    chips: Chips,
    history: History,
    search: Option<Search>,
    popup: Option<Popup>,
    /// Where the mention or command begins whose popup was closed.
    dismissed: Option<usize>,
    commands: Vec<PaletteEntry>,
    files: Arc<Vec<String>>,
    files_wanted: bool,
    running: bool,
    /// When quitting was asked for, in milliseconds.
    quit_asked_ms: Option<u64>,
    placeholder: String,
    /// Whether a path is there; nothing is looked at before it is said how.
    exists: fn(&str) -> bool,
    /// Columns of text when it was drawn last: moves up and down go by the rows that were seen.
    width: Cell<usize>,
}

impl Composer {
    /// `history`: what was sent before, oldest first. `commands`: what the palette offers.
    pub fn new(history: Vec<String>, commands: Vec<PaletteEntry>) -> Self {
        Self {
            text: Text::new(),
            chips: Chips::default(),
            history: History::new(history),
            search: None,
            popup: None,
            dismissed: None,
            commands,
            files: Arc::default(),
            files_wanted: false,
            running: false,
            quit_asked_ms: None,
            placeholder: "Ask, or / for commands, @ for files, ! for a shell line".to_owned(),
            exists: |_| false,
            width: Cell::new(78),
        }
    }

    /// How it is found out whether a path is there: what begins with one is no command.
    pub fn look_at_paths_with(&mut self, exists: fn(&str) -> bool) {
        self.exists = exists;
    }

    /// Whether a turn runs: then Tab follows up.
    pub fn set_running(&mut self, running: bool) {
        self.running = running;
    }

    /// Shown while nothing is written.
    pub fn set_placeholder(&mut self, text: impl Into<String>) {
        self.placeholder = text.into();
    }

    /// What was sent before, oldest first.
    pub fn set_history(&mut self, history: Vec<String>) {
        self.history = History::new(history);
    }

    pub fn set_commands(&mut self, commands: Vec<PaletteEntry>) {
        self.commands = commands;
        self.offer();
    }

    /// Whether a mention wants the list of files: true once for each mention that is begun. Look it up
    /// beside, and bring it with [`Self::set_files`].
    pub fn wants_files(&mut self) -> bool {
        std::mem::take(&mut self.files_wanted)
    }

    /// The files that mentions choose from.
    pub fn set_files(&mut self, files: Arc<Vec<String>>) {
        self.files = files;
        // Another list: what is open is searched anew.
        if self.popup.as_ref().is_some_and(|popup| popup.kind == Kind::Files) {
            self.popup = None;
            self.offer();
        }
    }

    /// Whether nothing is written.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Whether a list or a search is open, which Esc closes first.
    pub fn is_busy(&self) -> bool {
        self.popup.is_some() || self.search.is_some()
    }

    /// What is written, in full: for the external editor.
    pub fn expanded(&self) -> String {
        self.chips.expanded(self.text.text())
    }

    /// Puts a text in place of what is written, as one step that can be undone: from the external editor, or
    /// a message to be written anew. Images that were chips before are chips again.
    pub fn set_text(&mut self, text: &str) {
        let text = chip::own_characters(&chip::line_ends(text));
        let text = self.chips.with_images(text.strip_suffix('\n').unwrap_or(&text));
        self.close_all();
        self.text.replace(0..self.text.text().len(), &text);
        self.offer();
    }

    /// What was pasted. A long text becomes a chip, the path of an image too.
    pub fn paste(&mut self, pasted: &str) {
        self.quit_asked_ms = None;
        if let Some(search) = &mut self.search {
            search.query.extend(pasted.chars().filter(|c| !c.is_control()).take(256));
            search.again(&self.history);
            return;
        }
        let folded = self.chips.folded(pasted);
        let at = self.text.cursor();
        self.text.replace(at..at, &folded);
        self.history.leave();
        self.offer();
    }

    /// Puts an image at the cursor.
    pub fn add_image(&mut self, path: String) {
        (self.quit_asked_ms, self.search) = (None, None);
        let chip = self.chips.add(chip::Chip::Image(path)).to_string();
        let at = self.text.cursor();
        self.text.replace(at..at, &chip);
        self.history.leave();
        self.offer();
    }

    /// Learns that these paths are images: where they come back in a text they are chips.
    pub fn know_images(&mut self, paths: &[String]) {
        paths.iter().for_each(|path| self.chips.know(path));
    }

    /// Learns the images of a message of an earlier time, of which it had `most`.
    pub fn know_images_of(&mut self, text: &str, most: usize) {
        self.chips.know_those_of(text, most);
    }

    /// Opens, moves or closes what is offered at the cursor.
    fn offer(&mut self) {
        let (text, cursor) = (self.text.text(), self.text.cursor());
        let shell = text.starts_with('!');
        let wanted = popup::command_name(text, cursor)
            .map(|range| (Kind::Commands, range))
            .or_else(|| popup::mention(text, cursor).map(|range| (Kind::Files, range)));
        let Some((kind, range)) = wanted.filter(|(kind, _)| !(shell && *kind == Kind::Commands)) else {
            self.popup = None;
            self.dismissed = None;
            return;
        };
        if self.dismissed == Some(range.start) {
            self.popup = None;
            return;
        }
        self.dismissed = None;
        let query = text[range.start + 1..range.end].to_owned();
        let same = |popup: &Popup| popup.kind == kind && popup.range.start == range.start;
        let mut popup = self.popup.take().filter(same).unwrap_or_else(|| {
            self.files_wanted |= kind == Kind::Files;
            Popup::new(kind, range.clone())
        });
        popup.range = range;
        match kind {
            Kind::Files => popup.search_files(&self.files, &query),
            Kind::Commands => popup.search_commands(&self.commands, &query),
        }
        self.popup = Some(popup);
    }

    fn close_all(&mut self) {
        (self.popup, self.search, self.dismissed) = (None, None, None);
        self.history.leave();
    }
}
