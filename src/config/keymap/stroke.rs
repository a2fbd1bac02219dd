//! One key with what is held down with it, as people write it: `ctrl+r`, `shift+tab`, `?`.

use std::fmt;

use crate::base::nearest;

/// A key by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Key {
    /// What it writes; a capital letter is one, not a letter with shift.
    Char(char),
    Enter,
    Tab,
    Esc,
    Backspace,
    Delete,
    Insert,
    Up,
    Down,
    Left,
    Right,
    Home,
    End,
    PageUp,
    PageDown,
    /// 1 to 24.
    F(u8),
}

/// The names of keys that write nothing; the first for each is the one we write.
const NAMES: [(&str, Key); 20] = [
    ("enter", Key::Enter),
    ("return", Key::Enter),
    ("tab", Key::Tab),
    ("esc", Key::Esc),
    ("escape", Key::Esc),
    ("backspace", Key::Backspace),
    ("delete", Key::Delete),
    ("del", Key::Delete),
    ("insert", Key::Insert),
    ("up", Key::Up),
    ("down", Key::Down),
    ("left", Key::Left),
    ("right", Key::Right),
    ("home", Key::Home),
    ("end", Key::End),
    ("pageup", Key::PageUp),
    ("pagedown", Key::PageDown),
    ("space", Key::Char(' ')),
    ("pgup", Key::PageUp),
    ("pgdn", Key::PageDown),
];

const MODIFIERS: [&str; 3] = ["ctrl", "alt", "shift"];

/// Characters that, with `ctrl`, are one control code in most terminals (ECMA-48, as xterm sends them): 0x00 and
/// 0x1c to 0x1f. What reads the terminal names them by their digits (crossterm, `parse.rs`), people by the
/// characters on the right.
const SAME_CONTROL: [(char, char); 7] =
    [('2', ' '), ('@', ' '), ('4', '\\'), ('5', ']'), ('6', '^'), ('7', '_'), ('/', '_')];

/// A key with its modifiers. A character has no `shift` of its own unless `ctrl` or `alt` is held too and
/// it is a letter: then the letter is small.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Stroke {
    pub key: Key,
    pub ctrl: bool,
    pub alt: bool,
    pub shift: bool,
}

/// A key that has no such name: what is wrong, and the nearest name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownKey {
    pub what: String,
    pub hint: Option<String>,
}

impl Stroke {
    /// Brings the two ways of writing a shifted character together, and the keys that a terminal cannot tell
    /// apart.
    pub fn new(key: Key, ctrl: bool, alt: bool, shift: bool) -> Self {
        let Key::Char(c) = key else { return Self { key, ctrl, alt, shift } };
        let one = |(other, _): &&(char, char)| *other == c;
        let c = SAME_CONTROL.iter().find(one).filter(|_| ctrl).map_or(c, |(_, written)| *written);
        let c = if ctrl && shift && c == '-' { '_' } else { c };
        let letter = c.is_alphabetic();
        if !ctrl && !alt {
            let upper = c.to_uppercase().next().filter(|_| shift && letter).unwrap_or(c);
            return Self { key: Key::Char(upper), ctrl, alt, shift: false };
        }
        let lower = c.to_lowercase().next().filter(|_| letter).unwrap_or(c);
        Self { key: Key::Char(lower), ctrl, alt, shift: letter && (shift || lower != c) }
    }

    /// Reads `ctrl+r` and the like.
    ///
    /// # Errors
    /// Names what is no key, and what may have been meant.
    pub fn parse(text: &str) -> Result<Self, UnknownKey> {
        // The last `+` may be the key itself: `ctrl++`.
        let (modifiers, name) = match text.strip_suffix('+') {
            Some("") => ("", "+"),
            Some(rest) if rest.ends_with('+') => (&rest[..rest.len() - 1], "+"),
            _ => text.rsplit_once('+').unwrap_or(("", text)),
        };
        let (mut ctrl, mut alt, mut shift) = (false, false, false);
        for modifier in modifiers.split('+').filter(|_| !modifiers.is_empty()) {
            match modifier.to_ascii_lowercase().as_str() {
                "ctrl" | "control" => ctrl = true,
                "alt" | "option" | "meta" => alt = true,
                "shift" => shift = true,
                _ => {
                    return Err(UnknownKey {
                        what: format!("`{text}`: there is no modifier `{modifier}`"),
                        hint: nearest(modifier, MODIFIERS).map(str::to_owned),
                    });
                }
            }
        }
        let key = match key(name, text)? {
            // `Ctrl+A` is what people write for ctrl+a.
            Key::Char(c) if ctrl || alt => Key::Char(c.to_lowercase().next().unwrap_or(c)),
            key => key,
        };
        Ok(Self::new(key, ctrl, alt, shift))
    }
}

fn key(name: &str, text: &str) -> Result<Key, UnknownKey> {
    let mut chars = name.chars();
    if let (Some(only), None) = (chars.next(), chars.next())
        && !only.is_control()
    {
        return Ok(Key::Char(only));
    }
    let lower = name.to_ascii_lowercase();
    if let Some((_, key)) = NAMES.iter().find(|(known, _)| *known == lower) {
        return Ok(*key);
    }
    let number = lower.strip_prefix('f').and_then(|number| number.parse().ok());
    if let Some(number @ 1..=24) = number {
        return Ok(Key::F(number));
    }
    Err(UnknownKey {
        what: format!("`{text}`: there is no key `{name}`"),
        hint: nearest(&lower, NAMES.iter().map(|(known, _)| *known)).map(str::to_owned),
    })
}

impl fmt::Display for Stroke {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (held, name) in [(self.ctrl, "ctrl+"), (self.alt, "alt+"), (self.shift, "shift+")] {
            if held {
                f.write_str(name)?;
            }
        }
        if let Some((name, _)) = NAMES.iter().find(|(_, key)| *key == self.key) {
            return f.write_str(name);
        }
        match self.key {
            Key::Char(c) => write!(f, "{c}"),
            Key::F(number) => write!(f, "f{number}"),
            _ => Ok(()),
        }
    }
}
