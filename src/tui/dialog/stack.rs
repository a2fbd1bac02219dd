//! The layers that are open. What the user opened stands before questions of the engine, which wait behind
//! it: a dialog that jumps in front of another takes keys that were meant for that one.

use crossterm::event::KeyEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::{Approvals, Confirm, Layer, Page, Picker, Reply, Settings, Tree};
use crate::protocol::Approval;
use crate::tui::Styles;
use crate::tui::keys::Keys;

/// A dialog that the user opened.
pub enum Dialog {
    Picker(Picker),
    Tree(Tree),
    Settings(Settings),
    Page(Page),
    Confirm(Confirm),
    Other(Box<dyn Layer + Send>),
}

impl Dialog {
    fn layer(&self) -> &dyn Layer {
        match self {
            Self::Picker(layer) => layer,
            Self::Tree(layer) => layer,
            Self::Settings(layer) => layer,
            Self::Page(layer) => layer,
            Self::Confirm(layer) => layer,
            Self::Other(layer) => &**layer,
        }
    }

    fn layer_mut(&mut self) -> &mut dyn Layer {
        match self {
            Self::Picker(layer) => layer,
            Self::Tree(layer) => layer,
            Self::Settings(layer) => layer,
            Self::Page(layer) => layer,
            Self::Confirm(layer) => layer,
            Self::Other(layer) => &mut **layer,
        }
    }
}

/// What the front dialog did with a key.
#[derive(Debug, Clone, PartialEq)]
pub struct Answered {
    /// The name it was opened under; empty for a question of the engine.
    pub name: &'static str,
    pub reply: Reply,
}

/// Every open dialog.
#[derive(Default)]
pub struct Layers {
    /// The front one last.
    open: Vec<(&'static str, Dialog)>,
    approvals: Approvals,
}

impl Layers {
    /// Opens a dialog before all others. `name` tells the app later whose answer it gets.
    pub fn open(&mut self, name: &'static str, dialog: Dialog) {
        self.open.push((name, dialog));
    }

    /// Closes the dialog of this name, wherever it stands.
    pub fn close(&mut self, name: &str) {
        self.open.retain(|(open, _)| *open != name);
    }

    /// The picker of this name, to bring it rows or a preview.
    pub fn picker(&mut self, name: &str) -> Option<&mut Picker> {
        self.open.iter_mut().find_map(|(open, dialog)| match dialog {
            Dialog::Picker(picker) if *open == name => Some(picker),
            _ => None,
        })
    }

    /// The settings, where they are open.
    pub fn settings(&mut self) -> Option<&mut Settings> {
        self.open.iter_mut().find_map(|(_, dialog)| match dialog {
            Dialog::Settings(settings) => Some(settings),
            _ => None,
        })
    }

    /// Whether the front dialog is a page of its own.
    pub fn is_whole(&self) -> bool {
        self.layer().is_some_and(Layer::is_whole)
    }

    /// A question of the engine (`Event::ApprovalAsked`).
    pub fn ask(&mut self, approval: Approval) {
        self.approvals.ask(approval);
    }

    /// The engine wants a second yes (`Event::ApprovalConfirm`).
    pub fn confirm(&mut self, id: &str, word: String, rule: &str) {
        self.approvals.confirm(id, word, rule);
    }

    /// A question is open no longer (`Event::ApprovalClosed`).
    pub fn closed(&mut self, id: &str) {
        self.approvals.closed(id);
    }

    /// Questions of the engine that wait, seen or not.
    pub fn waiting(&self) -> usize {
        self.approvals.len()
    }

    pub fn is_empty(&self) -> bool {
        self.open.is_empty() && self.approvals.is_empty()
    }

    /// The name of the front dialog; `None` when none is open, empty for a question of the engine.
    pub fn front(&self) -> Option<&'static str> {
        match self.open.last() {
            Some((name, _)) => Some(name),
            None if !self.approvals.is_empty() => Some(""),
            None => None,
        }
    }

    fn layer(&self) -> Option<&dyn Layer> {
        match self.open.last() {
            Some((_, dialog)) => Some(dialog.layer()),
            None => (!self.approvals.is_empty()).then_some(&self.approvals as &dyn Layer),
        }
    }

    fn layer_mut(&mut self) -> Option<&mut dyn Layer> {
        match self.open.last_mut() {
            Some((_, dialog)) => Some(dialog.layer_mut()),
            None if self.approvals.is_empty() => None,
            None => Some(&mut self.approvals),
        }
    }

    /// One key for the front dialog; `None` when none is open. `now_ms`: Unix milliseconds.
    pub fn handle(&mut self, key: KeyEvent, keys: &mut Keys, now_ms: u64) -> Option<Answered> {
        let name = self.front()?;
        let reply = self.layer_mut()?.handle(key, keys, now_ms);
        if matches!(reply, Reply::Closed | Reply::Chosen(_)) {
            self.open.pop();
        }
        Some(Answered { name, reply })
    }

    /// What was pasted; false when no dialog has a use for it: then it was meant for the composer.
    pub fn paste(&mut self, text: &str, now_ms: u64) -> bool {
        let used = self.layer_mut().is_some_and(|layer| layer.paste(text));
        if !used {
            self.approvals.typed(now_ms);
        }
        used
    }

    /// A key went to the line one writes in, before a question stood in its place.
    pub fn typed(&mut self, now_ms: u64) {
        self.approvals.typed(now_ms);
    }

    /// Rows the front dialog wants; 0 when none is open.
    pub fn height(&self, width: u16, most: u16) -> u16 {
        self.layer().map_or(0, |layer| layer.height(width, most))
    }

    /// Draws the front dialog.
    pub fn render(&self, area: Rect, buf: &mut Buffer, styles: &Styles) -> Option<Position> {
        self.layer()?.render(area, buf, styles)
    }

    /// To be said after every frame that was put on the screen: answers count only for what was seen. `now_ms`:
    /// Unix milliseconds.
    pub fn drawn(&mut self, now_ms: u64) {
        if let Some(layer) = self.layer_mut() {
            layer.drawn(now_ms);
        }
    }
}
