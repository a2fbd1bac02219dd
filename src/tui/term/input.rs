//! What the user does: keys, pastes, the window's size and focus.

use std::collections::VecDeque;
use std::io;

use crossterm::event::{Event, EventStream, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseEventKind};
use futures::stream::{Stream, StreamExt};

use super::burst::Burst;
use super::screen::Size;

/// One thing that the user did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A key pressed, or repeating; never one let go.
    Key(KeyEvent),
    /// Pasted text, its line breaks as `\n`. Any character may be in it.
    Paste(String),
    Resize(Size),
    /// One step of the mouse's wheel.
    Wheel {
        up: bool,
    },
    /// Whether the window has the focus now.
    Focus(bool),
}

/// The inputs of this process' terminal. While it lives it reads the terminal; it has to be dropped before
/// another program is given it.
pub struct Inputs<S = EventStream> {
    events: S,
    burst: Burst,
    /// The terminal marks its pastes: keys need not be weighed.
    marks: bool,
    ready: VecDeque<io::Result<Input>>,
}

impl Inputs {
    /// `typed` is what was typed before, while the terminal was asked something.
    pub fn new(typed: &[u8]) -> Self {
        let mut inputs = Self::from_events(EventStream::new());
        inputs.ready.extend(keys_of(typed).into_iter().map(|key| Ok(Input::Key(key))));
        inputs
    }
}

impl<S: Stream<Item = io::Result<Event>> + Unpin> Inputs<S> {
    fn from_events(events: S) -> Self {
        Self { events, burst: Burst::default(), marks: false, ready: VecDeque::new() }
    }

    /// Waits for the next input; `None` when there will be none any more. Nothing is lost when the wait is
    /// given up half-way. To be waited for by one task only: crossterm wakes the first that asked.
    ///
    /// # Errors
    /// The terminal cannot be read.
    pub async fn next(&mut self) -> Option<io::Result<Input>> {
        loop {
            if let Some(input) = self.ready.pop_front() {
                return Some(input);
            }
            let event = match self.burst.gap() {
                None => self.events.next().await,
                Some(gap) => match tokio::time::timeout(gap, self.events.next()).await {
                    Ok(event) => event,
                    Err(_) => {
                        self.end_burst();
                        continue;
                    }
                },
            };
            match event {
                Some(Ok(event)) => self.take(event),
                Some(Err(error)) => {
                    self.end_burst();
                    self.ready.push_back(Err(error));
                }
                None if self.burst.gap().is_none() => return None,
                None => self.end_burst(),
            }
        }
    }

    fn take(&mut self, event: Event) {
        let input = match event {
            Event::Key(key) if key.kind == KeyEventKind::Release => return,
            Event::Key(key) if self.marks => Input::Key(key),
            Event::Key(key) => match self.burst.take(key) {
                Ok(()) => return,
                Err(key) => Input::Key(key),
            },
            Event::Paste(text) => {
                self.marks = true;
                Input::Paste(text.replace("\r\n", "\n").replace('\r', "\n"))
            }
            Event::Resize(cols, rows) => Input::Resize(Size::new(cols, rows)),
            Event::FocusGained => Input::Focus(true),
            Event::FocusLost => Input::Focus(false),
            Event::Mouse(mouse) => match mouse.kind {
                MouseEventKind::ScrollUp => Input::Wheel { up: true },
                MouseEventKind::ScrollDown => Input::Wheel { up: false },
                _ => return,
            },
        };
        self.end_burst();
        self.ready.push_back(Ok(input));
    }

    fn end_burst(&mut self) {
        self.ready.extend(self.burst.end().into_iter().map(Ok));
    }
}

/// Plain keys of raw bytes; escape sequences are left out.
fn keys_of(typed: &[u8]) -> Vec<KeyEvent> {
    let text = String::from_utf8_lossy(typed);
    let mut keys = Vec::new();
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let code = match letter {
            '\x1b' => {
                if letters.next_if(|next| matches!(next, '[' | 'O')).is_some() {
                    // ECMA-48: parameters, then one character from `@` to `~`.
                    while letters.next().is_some_and(|next| !('@'..='~').contains(&next)) {}
                    continue;
                }
                KeyCode::Esc
            }
            '\r' => KeyCode::Enter,
            '\t' => KeyCode::Tab,
            '\x7f' => KeyCode::Backspace,
            '\x01'..='\x1a' => {
                let letter = char::from(letter as u8 - 1 + b'a');
                keys.push(KeyEvent::new(KeyCode::Char(letter), KeyModifiers::CONTROL));
                continue;
            }
            letter if letter.is_control() => continue,
            letter => KeyCode::Char(letter),
        };
        keys.push(KeyEvent::new(code, KeyModifiers::NONE));
    }
    keys
}

#[cfg(test)]
mod tests {
    use futures::stream;

    use super::*;

    fn all(events: Vec<Event>) -> Vec<Input> {
        let mut inputs = Inputs::from_events(stream::iter(events.into_iter().map(Ok)));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let mut found = Vec::new();
            while let Some(input) = inputs.next().await {
                found.push(input.unwrap());
            }
            found
        })
    }

    fn key(code: KeyCode) -> KeyEvent {
        KeyEvent::new(code, KeyModifiers::NONE)
    }

    fn typed(text: &str) -> impl Iterator<Item = Event> + '_ {
        text.chars().map(|letter| {
            Event::Key(key(if letter == '\n' { KeyCode::Enter } else { KeyCode::Char(letter) }))
        })
    }

    #[test]
    fn keys_keep_their_order_around_a_paste() {
        let mut events: Vec<Event> = vec![Event::FocusGained];
        events.extend(typed("one\ntwo\n"));
        events.push(Event::Key(key(KeyCode::Left)));
        events.extend(typed("x"));
        events.push(Event::Resize(0, 5));
        assert_eq!(
            all(events),
            [
                Input::Focus(true),
                Input::Paste("one\ntwo\n".to_owned()),
                Input::Key(key(KeyCode::Left)),
                Input::Key(key(KeyCode::Char('x'))),
                Input::Resize(Size::new(1, 5)),
            ]
        );
    }

    #[test]
    fn a_terminal_that_marks_pastes_is_believed() {
        let mut events = vec![Event::Paste("a\r\nb\rc".to_owned())];
        events.extend(typed("a\nb"));
        let found = all(events);
        assert_eq!(found[0], Input::Paste("a\nb\nc".to_owned()));
        assert_eq!(found[2], Input::Key(key(KeyCode::Enter)));
        assert_eq!(found.len(), 4);
    }

    #[test]
    fn keys_let_go_say_nothing() {
        let released = KeyEvent { kind: KeyEventKind::Release, ..key(KeyCode::Char('a')) };
        assert_eq!(all(vec![Event::Key(released)]), []);
    }

    #[test]
    fn what_was_typed_during_a_question_is_kept() {
        let found = keys_of("hé\r\x03\x1b[A\x1bOPx\x7f".as_bytes());
        let codes: Vec<_> = found.iter().map(|key| (key.code, key.modifiers)).collect();
        let plain = KeyModifiers::NONE;
        assert_eq!(
            codes,
            [
                (KeyCode::Char('h'), plain),
                (KeyCode::Char('é'), plain),
                (KeyCode::Enter, plain),
                (KeyCode::Char('c'), KeyModifiers::CONTROL),
                (KeyCode::Char('x'), plain),
                (KeyCode::Backspace, plain),
            ]
        );
    }
}
