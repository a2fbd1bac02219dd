//! Pastes into terminals that do not mark them: keys that come faster than anyone types.

use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::input::Input;

/// A paste arrives within the same read, so a second key is there at once; one key alone is not held up.
const FIRST_GAP: Duration = Duration::from_millis(1);

/// Between the reads of a long paste a scheduler's turn may lie.
const GAP: Duration = Duration::from_millis(8);

/// As many letters at once are a paste even without a line break: no key repeats that fast.
const MANY: usize = 16;

/// Keys that came together, oldest first.
#[derive(Debug, Default)]
pub(super) struct Burst {
    keys: Vec<KeyEvent>,
}

impl Burst {
    /// How long to wait for the next key of it; `None` when there is none to wait with.
    pub(super) fn gap(&self) -> Option<Duration> {
        match self.keys.len() {
            0 => None,
            1 => Some(FIRST_GAP),
            _ => Some(GAP),
        }
    }

    /// Takes a key that a paste could have made; gives back any other.
    pub(super) fn take(&mut self, key: KeyEvent) -> Result<(), KeyEvent> {
        if letter(key).is_none() {
            return Err(key);
        }
        self.keys.push(key);
        Ok(())
    }

    /// The burst is over. A line typed ahead while the program was busy is no paste: its Enter is the last
    /// key, and it is short.
    pub(super) fn end(&mut self) -> Vec<Input> {
        let keys = std::mem::take(&mut self.keys);
        let inside = keys.iter().rev().skip(1).any(|key| letter(*key) == Some('\n'));
        if keys.len() >= MANY || inside && keys.len() > 2 {
            return vec![Input::Paste(keys.into_iter().filter_map(letter).collect())];
        }
        keys.into_iter().map(Input::Key).collect()
    }
}

/// What a key would have been in a pasted text.
fn letter(key: KeyEvent) -> Option<char> {
    match key.code {
        KeyCode::Char(letter) if key.modifiers.difference(KeyModifiers::SHIFT).is_empty() => Some(letter),
        // A line feed is Ctrl+J to a terminal in raw mode.
        KeyCode::Char('j') if key.modifiers == KeyModifiers::CONTROL => Some('\n'),
        KeyCode::Enter if key.modifiers.is_empty() => Some('\n'),
        KeyCode::Tab if key.modifiers.is_empty() => Some('\t'),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(text: &str) -> Vec<KeyEvent> {
        let code = |letter| match letter {
            '\n' => KeyCode::Enter,
            '\t' => KeyCode::Tab,
            letter => KeyCode::Char(letter),
        };
        text.chars().map(|letter| KeyEvent::new(code(letter), KeyModifiers::NONE)).collect()
    }

    #[test]
    fn a_paste_is_told_from_typing() {
        for (text, paste) in [
            ("a", false),
            ("\n", false),
            ("yes\n", false),
            ("a\n", false),
            ("\n\n", false),
            ("a\nb", true),
            ("one\ntwo\n", true),
            ("fifteen letters", false),
            ("sixteen letters!", true),
            ("sixteen letters\n", true),
            ("let x\t=\n1", true),
        ] {
            let mut burst = Burst::default();
            keys(text).into_iter().for_each(|key| burst.take(key).unwrap());
            let ended = burst.end();
            if paste {
                assert_eq!(ended, [Input::Paste(text.to_owned())], "{text:?}");
            } else {
                assert_eq!(ended, keys(text).into_iter().map(Input::Key).collect::<Vec<_>>(), "{text:?}");
            }
            assert_eq!(burst.gap(), None);
        }
    }

    #[test]
    fn keys_that_act_belong_to_no_paste() {
        for (code, modifiers) in [
            (KeyCode::Esc, KeyModifiers::NONE),
            (KeyCode::Char('c'), KeyModifiers::CONTROL),
            (KeyCode::Char('b'), KeyModifiers::ALT),
            (KeyCode::Enter, KeyModifiers::SHIFT),
            (KeyCode::Enter, KeyModifiers::ALT),
            (KeyCode::Left, KeyModifiers::NONE),
        ] {
            let key = KeyEvent::new(code, modifiers);
            assert_eq!(Burst::default().take(key), Err(key));
        }
    }
}
