//! From what the terminal reports of a key to what it does, by the keymap; and the help made of it.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use crate::config::{Action, Binding, Key, KeyContext, Keymap, Stroke};

/// The longest wait between the two keys of a pair, in milliseconds.
const LONGEST_PAIR_MS: u64 = 500;

/// What a key came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pressed {
    Action(Action),
    /// The first of two: nothing yet.
    Waiting,
    /// Bound to nothing; a character writes itself.
    Unbound,
}

/// The keymap in use, and the first key of a pair that was pressed just now.
#[derive(Debug, Clone)]
pub struct Keys {
    keymap: Keymap,
    first: Option<(Stroke, KeyContext, u64)>,
}

impl Keys {
    pub fn new(keymap: Keymap) -> Self {
        Self { keymap, first: None }
    }

    /// What a key does where `contexts` have the keys, the first of them first. `now_ms` is any clock that
    /// goes on. A key that does something alone does it at once, even when it may begin a pair.
    pub fn press(&mut self, contexts: &[KeyContext], event: KeyEvent, now_ms: u64) -> Pressed {
        let Some(stroke) = stroke(event) else { return Pressed::Unbound };
        if let Some((first, context, at_ms)) = self.first.take()
            && now_ms.saturating_sub(at_ms) <= LONGEST_PAIR_MS
            && contexts.contains(&context)
            && let Some(pair) = self.find(context, first, Some(stroke))
        {
            return Pressed::Action(pair.action);
        }
        let begins = |context: &&KeyContext| {
            let mut bindings = self.keymap.bindings().iter();
            bindings.any(|b| b.context == **context && b.first == stroke && b.second.is_some())
        };
        let pair = contexts.iter().find(begins).copied();
        self.first = pair.map(|context| (stroke, context, now_ms));
        let alone = contexts.iter().find_map(|context| self.find(*context, stroke, None));
        match alone {
            Some(binding) => Pressed::Action(binding.action),
            None if pair.is_some() => Pressed::Waiting,
            None => Pressed::Unbound,
        }
    }

    /// Forgets the first key of a pair: what it did alone was all that was meant.
    pub fn forget(&mut self) {
        self.first = None;
    }

    fn find(&self, context: KeyContext, first: Stroke, second: Option<Stroke>) -> Option<&Binding> {
        let mut bindings = self.keymap.bindings().iter();
        bindings.find(|b| (b.context, b.first, b.second) == (context, first, second))
    }

    /// For the hints of what is drawn.
    pub fn keymap(&self) -> &Keymap {
        &self.keymap
    }

    /// Every key that does something: by context, each action with its keys and its line.
    pub fn help(&self) -> Vec<(KeyContext, Vec<(String, &'static str)>)> {
        let of = |context: KeyContext| {
            let rows = Action::ALL.iter().filter_map(|action| {
                let keys = self.keymap.keys_of(context, *action);
                (!keys.is_empty()).then(|| (keys.join(", "), action.about()))
            });
            (context, rows.collect())
        };
        KeyContext::ALL.into_iter().map(of).collect()
    }
}

/// The character that a key writes, if it writes one.
pub(super) fn written(event: KeyEvent) -> Option<char> {
    let held = event.modifiers - KeyModifiers::SHIFT;
    match event.code {
        KeyCode::Char(c) if held.is_empty() && event.kind != KeyEventKind::Release => {
            let shifted = event.modifiers.contains(KeyModifiers::SHIFT) && c.is_lowercase();
            Some(c.to_uppercase().next().filter(|_| shifted).unwrap_or(c))
        }
        _ => None,
    }
}

/// The key by its name; `None` for a release, and for keys that no keymap can name.
fn stroke(event: KeyEvent) -> Option<Stroke> {
    let known = KeyModifiers::CONTROL | KeyModifiers::ALT | KeyModifiers::SHIFT;
    if event.kind == KeyEventKind::Release || !(event.modifiers - known).is_empty() {
        return None;
    }
    let mut shift = event.modifiers.contains(KeyModifiers::SHIFT);
    let key = match event.code {
        KeyCode::Char(c) => Key::Char(c),
        KeyCode::Enter => Key::Enter,
        KeyCode::Tab => Key::Tab,
        KeyCode::BackTab => {
            shift = true;
            Key::Tab
        }
        KeyCode::Esc => Key::Esc,
        KeyCode::Backspace => Key::Backspace,
        KeyCode::Delete => Key::Delete,
        KeyCode::Insert => Key::Insert,
        KeyCode::Up => Key::Up,
        KeyCode::Down => Key::Down,
        KeyCode::Left => Key::Left,
        KeyCode::Right => Key::Right,
        KeyCode::Home => Key::Home,
        KeyCode::End => Key::End,
        KeyCode::PageUp => Key::PageUp,
        KeyCode::PageDown => Key::PageDown,
        KeyCode::F(number) => Key::F(number),
        _ => return None,
    };
    let held = |modifier| event.modifiers.contains(modifier);
    Some(Stroke::new(key, held(KeyModifiers::CONTROL), held(KeyModifiers::ALT), shift))
}

/// The key that a keymap would write so.
#[cfg(test)]
pub(super) fn event(text: &str) -> KeyEvent {
    let stroke = Stroke::parse(text).unwrap();
    let code = match stroke.key {
        Key::Char(c) => KeyCode::Char(c),
        Key::Enter => KeyCode::Enter,
        Key::Tab => KeyCode::Tab,
        Key::Esc => KeyCode::Esc,
        Key::Backspace => KeyCode::Backspace,
        Key::Delete => KeyCode::Delete,
        Key::Insert => KeyCode::Insert,
        Key::Up => KeyCode::Up,
        Key::Down => KeyCode::Down,
        Key::Left => KeyCode::Left,
        Key::Right => KeyCode::Right,
        Key::Home => KeyCode::Home,
        Key::End => KeyCode::End,
        Key::PageUp => KeyCode::PageUp,
        Key::PageDown => KeyCode::PageDown,
        Key::F(number) => KeyCode::F(number),
    };
    let held = [
        (stroke.ctrl, KeyModifiers::CONTROL),
        (stroke.alt, KeyModifiers::ALT),
        (stroke.shift, KeyModifiers::SHIFT),
    ];
    let modifiers =
        held.into_iter().filter(|(held, _)| *held).fold(KeyModifiers::NONE, |all, (_, one)| all | one);
    KeyEvent::new(code, modifiers)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WRITING: [KeyContext; 2] = [KeyContext::Composer, KeyContext::Global];

    fn key(code: KeyCode, modifiers: KeyModifiers) -> KeyEvent {
        KeyEvent::new(code, modifiers)
    }

    #[test]
    fn keys_do_what_the_keymap_says() {
        let mut keys = Keys::new(Keymap::built_in());
        let none = KeyModifiers::NONE;
        let cases = [
            (KeyCode::Enter, none, Pressed::Action(Action::Submit)),
            (KeyCode::Enter, KeyModifiers::ALT, Pressed::Action(Action::FollowUp)),
            (KeyCode::BackTab, KeyModifiers::SHIFT, Pressed::Action(Action::NextProfile)),
            (KeyCode::BackTab, none, Pressed::Action(Action::NextProfile)),
            (KeyCode::Char('r'), KeyModifiers::CONTROL, Pressed::Action(Action::HistorySearch)),
            (KeyCode::Char('t'), KeyModifiers::CONTROL, Pressed::Action(Action::Transcript)),
            (KeyCode::Char('?'), KeyModifiers::SHIFT, Pressed::Action(Action::KeysWhenEmpty)),
            (KeyCode::Char('7'), KeyModifiers::CONTROL, Pressed::Action(Action::Undo)),
            (KeyCode::Char('/'), KeyModifiers::CONTROL, Pressed::Action(Action::Undo)),
            (KeyCode::Char('7'), KeyModifiers::CONTROL | KeyModifiers::ALT, Pressed::Unbound),
            (KeyCode::Char('h'), KeyModifiers::CONTROL, Pressed::Action(Action::DeleteLeft)),
            (KeyCode::Char('a'), none, Pressed::Unbound),
            (KeyCode::Char('a'), KeyModifiers::SUPER, Pressed::Unbound),
            (KeyCode::Media(crossterm::event::MediaKeyCode::Play), none, Pressed::Unbound),
        ];
        for (code, modifiers, expected) in cases {
            assert_eq!(keys.press(&WRITING, key(code, modifiers), 0), expected, "{code:?} {modifiers:?}");
        }
        let mut release = key(KeyCode::Enter, none);
        release.kind = KeyEventKind::Release;
        assert_eq!(keys.press(&WRITING, release, 0), Pressed::Unbound);
    }

    #[test]
    fn a_pair_counts_within_half_a_second() {
        let esc = key(KeyCode::Esc, KeyModifiers::NONE);
        for (later, second) in [(500, Action::Rewind), (501, Action::Interrupt)] {
            let mut keys = Keys::new(Keymap::built_in());
            assert_eq!(keys.press(&WRITING, esc, 1_000), Pressed::Action(Action::Interrupt));
            assert_eq!(keys.press(&WRITING, esc, 1_000 + later), Pressed::Action(second));
        }
        let mut keys = Keys::new(Keymap::built_in());
        let x = key(KeyCode::Char('x'), KeyModifiers::CONTROL);
        assert_eq!(keys.press(&WRITING, x, 0), Pressed::Waiting);
        let u = key(KeyCode::Char('u'), KeyModifiers::CONTROL);
        assert_eq!(keys.press(&WRITING, u, 1), Pressed::Action(Action::Undo));
        assert_eq!(keys.press(&WRITING, u, 2), Pressed::Action(Action::DeleteToStart));
        keys.press(&WRITING, esc, 3);
        keys.forget();
        assert_eq!(keys.press(&WRITING, esc, 4), Pressed::Action(Action::Interrupt));
        // A pair does not reach from one place into another.
        keys.forget();
        keys.press(&WRITING, esc, 5);
        assert_eq!(keys.press(&[KeyContext::List], esc, 6), Pressed::Action(Action::Close));
    }

    #[test]
    fn help_names_every_binding() {
        let keys = Keys::new(Keymap::built_in());
        let help = keys.help();
        let shown: usize =
            help.iter().flat_map(|(_, rows)| rows).map(|(keys, _)| keys.split(", ").count()).sum();
        assert_eq!(shown, Keymap::built_in().bindings().len());
    }
}
