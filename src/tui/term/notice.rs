//! What a terminal is told beside what it shows: notifications, the clipboard, its title. Each is one
//! sequence, and no text in it can end it or begin another.

use base64::Engine;

use super::plain::plain;

/// How the terminal shows a notification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// OSC 9: iTerm2, kitty, WezTerm, Ghostty, Windows Terminal.
    Osc9,
    /// OSC 777: urxvt, foot, VTE, Ghostty.
    Osc777,
    /// A bell, which says nothing but reaches every terminal.
    Bell,
}

impl Notice {
    /// What the terminal of this environment is known to show.
    pub fn of(lookup: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| lookup(name).filter(|value| !value.is_empty());
        let term = set("TERM").unwrap_or_default();
        match set("TERM_PROGRAM").as_deref() {
            Some("iTerm.app" | "WezTerm" | "ghostty") => Self::Osc9,
            _ if set("WT_SESSION").is_some() || term.contains("kitty") || term.contains("ghostty") => {
                Self::Osc9
            }
            _ if set("VTE_VERSION").is_some() || term.starts_with("rxvt") || term.starts_with("foot") => {
                Self::Osc777
            }
            _ => Self::Bell,
        }
    }
}

/// More than one line of a notification is never shown.
const MOST_LETTERS: usize = 200;

/// The most that goes to a clipboard, in bytes: terminals give up at different lengths, xterm's limit
/// being the lowest, but above this none of the common ones follows.
pub const MOST_COPIED: usize = 100_000;

/// The sequence that shows `text`.
pub fn notify(notice: Notice, text: &str) -> Vec<u8> {
    let text = line(text);
    match notice {
        // A number in front would be taken for one of ConEmu's commands.
        Notice::Osc9 if text.starts_with(|first: char| first.is_ascii_digit()) => {
            format!("\x1b]9; {text}\x07").into_bytes()
        }
        Notice::Osc9 => format!("\x1b]9;{text}\x07").into_bytes(),
        Notice::Osc777 => format!("\x1b]777;notify;iosm;{}\x07", text.replace(';', ",")).into_bytes(),
        Notice::Bell => b"\x07".to_vec(),
    }
}

/// OSC 52: `text` to the clipboard. `None` where it is longer than [`MOST_COPIED`]: a part of it would be
/// worse than nothing.
pub fn copy(text: &str) -> Option<Vec<u8>> {
    if text.len() > MOST_COPIED {
        return None;
    }
    let encoded = base64::engine::general_purpose::STANDARD.encode(text);
    Some(format!("\x1b]52;c;{encoded}\x07").into_bytes())
}

/// The window's title.
pub fn title(text: &str) -> Vec<u8> {
    format!("\x1b]2;{}\x07", line(text)).into_bytes()
}

fn line(text: &str) -> String {
    let first = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    plain(first).chars().take(MOST_LETTERS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_one_sequence_whatever_the_text() {
        let hostile = "done\x07\x1b]0;owned\x07\u{9c};x\nmore";
        for (bytes, wanted) in [
            (notify(Notice::Osc9, hostile), "\x1b]9;done^G^[]0;owned^G\\u{9c};x\x07"),
            (notify(Notice::Osc9, "4;1;50"), "\x1b]9; 4;1;50\x07"),
            (notify(Notice::Osc777, hostile), "\x1b]777;notify;iosm;done^G^[]0,owned^G\\u{9c},x\x07"),
            (notify(Notice::Bell, hostile), "\x07"),
            (title("\n  a \x1b\\ title"), "\x1b]2;a ^[\\ title\x07"),
            (title(&"x".repeat(500)), &format!("\x1b]2;{}\x07", "x".repeat(200))),
        ] {
            assert_eq!(String::from_utf8(bytes).unwrap(), wanted);
        }
    }

    #[test]
    fn the_clipboard_gets_all_or_nothing() {
        assert_eq!(copy("a\x1b").unwrap(), b"\x1b]52;c;YRs=\x07");
        assert!(copy(&"x".repeat(MOST_COPIED)).is_some());
        assert!(copy(&"x".repeat(MOST_COPIED + 1)).is_none());
    }
}
