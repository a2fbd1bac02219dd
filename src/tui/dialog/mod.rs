//! Dialogs: layers over the screen, the front one first. Each is state, keys and drawing; what is chosen goes
//! to the app, answers to the engine.

mod approval;
mod confirm;
mod page;
mod picker;
mod settings;
mod stack;
mod tree;

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod tests;

pub use approval::Approvals;
pub use confirm::Confirm;
pub use page::Page;
pub use picker::{Picker, PickerRow};
pub use settings::Settings;
pub use stack::{Answered, Dialog, Layers};
pub use tree::{Tree, TreeRow};

use crossterm::event::KeyEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::config::Action;
use crate::protocol::Op;
use crate::tui::keys::Keys;
use crate::tui::{Styles, Token, paint};

/// What a dialog did with a key.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// It stays; draw it again.
    Stays,
    /// The key came before the dialog was seen: it was meant for what had the keys before.
    NotMeant,
    /// Neither this key nor the one before it, which the dialog took for an answer, was meant for it.
    NeverMeant(KeyEvent),
    /// Closed, nothing chosen.
    Closed,
    /// Closed; this was chosen, by its key.
    Chosen(String),
    /// For the engine. The dialog stays until the engine says it is over.
    Send(Op),
    /// A key that is not the dialog's to answer.
    Action(Action),
}

/// One dialog. Times are Unix milliseconds.
pub trait Layer {
    fn handle(&mut self, key: KeyEvent, keys: &mut Keys, now_ms: u64) -> Reply;

    /// What was pasted; false when the dialog has no use for it.
    fn paste(&mut self, _text: &str) -> bool {
        false
    }

    /// Whether it is a page of its own, for the alternate screen.
    fn is_whole(&self) -> bool {
        false
    }

    /// Rows it wants at this width, `most` at the most.
    fn height(&self, width: u16, most: u16) -> u16;

    /// Draws it; where its cursor stands, if it has one.
    fn render(&self, area: Rect, buf: &mut Buffer, styles: &Styles) -> Option<Position>;

    /// It stands on the screen now; said after every drawing.
    fn drawn(&mut self, _now_ms: u64) {}
}

/// Draws the rule that begins a dialog, with its title and a note at the right; what is left below.
fn titled(area: Rect, buf: &mut Buffer, styles: &Styles, title: &str, note: &str) -> Rect {
    let area = area.intersection(buf.area);
    if area.height < 3 {
        return area;
    }
    let border = styles.get(Token::Border);
    for x in 0..area.width {
        paint::put(buf, area, x, 0, "─", border);
    }
    let room = area.width.saturating_sub(4);
    let title = format!(" {} ", paint::cut(title, usize::from(room.saturating_sub(2))));
    let end = paint::put(buf, area, 2, 0, &title, styles.get(Token::Accent));
    let columns = paint::columns(note) as u16;
    if !note.is_empty() && end + columns + 5 <= area.width {
        paint::put(buf, area, area.width - columns - 4, 0, &format!(" {note} "), styles.get(Token::Muted));
    }
    Rect { y: area.y + 1, height: area.height - 1, ..area }
}

/// The first of `height` rows to show so that row `at` of `count` is among them, near the middle.
fn scrolled_to(at: usize, count: usize, height: usize) -> usize {
    at.saturating_sub(height / 2).min(count.saturating_sub(height))
}
