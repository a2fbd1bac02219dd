//! A line for something that nobody may read over one's shoulder: shown as dots.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use crate::tui::dialog::{Layer, Reply};
use crate::tui::keys::Keys;
use crate::tui::style::{Styles, Token};

/// Keys are no longer than this.
const LONGEST: usize = 1_000;

#[derive(Default)]
pub(super) struct Secret {
    title: String,
    about: String,
    typed: String,
}

impl Secret {
    pub(super) fn new(title: impl Into<String>, about: impl Into<String>) -> Self {
        Self { title: title.into(), about: about.into(), typed: String::new() }
    }
}

impl Layer for Secret {
    fn handle(&mut self, key: KeyEvent, _keys: &mut Keys, _now_ms: u64) -> Reply {
        match (key.code, key.modifiers.contains(KeyModifiers::CONTROL)) {
            (KeyCode::Enter, _) if !self.typed.trim().is_empty() => {
                return Reply::Chosen(self.typed.trim().to_owned());
            }
            (KeyCode::Esc, _) | (KeyCode::Char('c'), true) => return Reply::Closed,
            (KeyCode::Backspace, _) | (KeyCode::Char('h'), true) => drop(self.typed.pop()),
            (KeyCode::Char('u'), true) => self.typed.clear(),
            (KeyCode::Char(c), false) if self.typed.len() < LONGEST => self.typed.push(c),
            _ => {}
        }
        Reply::Stays
    }

    fn paste(&mut self, text: &str) -> bool {
        let room = LONGEST.saturating_sub(self.typed.len());
        self.typed.extend(text.chars().filter(|c| !c.is_control()).take(room));
        true
    }

    fn height(&self, _width: u16, most: u16) -> u16 {
        most.min(3)
    }

    fn render(&self, area: Rect, buf: &mut Buffer, styles: &Styles) -> Option<Position> {
        let area = area.intersection(buf.area);
        if area.is_empty() {
            return None;
        }
        let title = Line::from(vec![
            Span::styled(self.title.clone(), styles.get(Token::Accent)),
            Span::styled(format!("  {}", self.about), styles.get(Token::Muted)),
        ]);
        let dots = "•".repeat(self.typed.chars().count().min(usize::from(area.width.saturating_sub(3))));
        let line = Line::from(vec![Span::styled("> ", styles.get(Token::Prompt)), Span::raw(dots.clone())]);
        let hint = Line::from(Span::styled("enter checks it · esc goes back", styles.get(Token::Muted)));
        let rows = [title, line, hint];
        // The line itself is the last to go in a low terminal.
        let shown: &[Line<'static>] = match area.height {
            1 => &rows[1..2],
            2 => &rows[..2],
            _ => &rows,
        };
        for (y, line) in shown.iter().enumerate() {
            buf.set_line(area.x, area.y + y as u16, line, area.width);
        }
        let row = u16::from(area.height > 1);
        Some(Position::new(area.x + 2 + dots.chars().count() as u16, area.y + row))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Keymap;

    #[test]
    fn what_is_typed_is_given_back_and_never_drawn() {
        let mut secret = Secret::new("Key", "for anthropic");
        let mut keys = Keys::new(Keymap::built_in());
        let press = |secret: &mut Secret, keys: &mut Keys, code| secret.handle(KeyEvent::from(code), keys, 0);
        assert_eq!(press(&mut secret, &mut keys, KeyCode::Enter), Reply::Stays);
        secret.paste("sk-\n1234");
        assert_eq!(press(&mut secret, &mut keys, KeyCode::Char('5')), Reply::Stays);
        for (width, height) in [(40, 3), (40, 1), (3, 2), (1, 1), (0, 0)] {
            let area = Rect::new(0, 0, width, height);
            let mut buf = Buffer::empty(area);
            secret.render(area, &mut buf, &Styles::plain());
            assert!(!format!("{buf:?}").contains("sk-"), "{width}x{height}");
        }
        assert_eq!(press(&mut secret, &mut keys, KeyCode::Enter), Reply::Chosen("sk-12345".into()));
        assert_eq!(press(&mut secret, &mut keys, KeyCode::Esc), Reply::Closed);
    }
}
