//! Values that the shell reads as code once more (bash manual, *Shell Arithmetic*, *Arrays*, *Controlling
//! the Prompt*): a name in arithmetic stands for its value, which is arithmetic again; what stands
//! between the brackets of an index is expanded, commands and all; a prompt is expanded as a whole.
//!
//! Text that is known is followed. Text that is not makes the scan `unseen`; only a prompt, which is
//! text for a shell and nothing else, makes it opaque.

use std::rc::Rc;

use super::names::assigned_in;
use super::out::Out;
use super::parse::parse_quoted;
use super::state::{Val, is_number};
use super::walk::{MOST_INNER, Walk, script};
use super::{Known, Word};

/// Variables of the shell's own that hold numbers, until a line gives them something else.
const NUMBERS: &[&str] = &[
    "BASHPID",
    "BASH_SUBSHELL",
    "COLUMNS",
    "EPOCHSECONDS",
    "EUID",
    "HISTCMD",
    "LINENO",
    "LINES",
    "OPTIND",
    "PPID",
    "RANDOM",
    "SECONDS",
    "SHLVL",
    "SRANDOM",
    "UID",
];
/// Of these, what is given to them is read as arithmetic.
const INTEGERS: &[&str] = &["RANDOM", "OPTIND", "HISTCMD", "SECONDS", "LINENO", "SRANDOM"];
/// Expanded each time they are shown.
const PROMPTS: &[&str] = &["PS0", "PS1", "PS2", "PS4"];
/// Levels that one text within another takes.
const LEVELS: usize = 6;

impl Out<'_> {
    /// A text that nobody knows is read as code.
    pub fn unseen(&mut self) {
        self.scan.unseen = true;
        self.at.fails = true;
    }

    /// Arithmetic whose own substitutions are done.
    pub fn arithmetic(&mut self, text: &str) {
        self.reckon(text, &mut Vec::new());
    }

    /// A value that is read as arithmetic.
    pub fn operand(&mut self, value: &Val) {
        match value {
            Val::Text(text) => self.arithmetic(text),
            Val::Number => {}
            Val::Glob(_) | Val::Unknown => self.unseen(),
        }
    }

    /// The text between the brackets of an index: arithmetic, or a key. It is expanded in any case.
    pub fn index(&mut self, text: &str) {
        if !matches!(text, "@" | "*") && !is_number(text) {
            self.reckon(&format!("[{text}]"), &mut Vec::new());
        }
    }

    /// The names in an arithmetic text of which the rest is not known.
    pub fn named(&mut self, text: &str) {
        self.names(text, &mut Vec::new());
    }

    fn reckon(&mut self, text: &str, seen: &mut Vec<String>) {
        if is_number(text) || text.is_empty() {
            return;
        }
        if gives_numbers(text) {
            return self.reassigns(text);
        }
        self.at.fails = true;
        self.inner += text.len();
        if self.inner > MOST_INNER {
            return self.opaque("it is too long to read");
        }
        if text.contains('[') && text.contains(['$', '`', '\\']) {
            match self.expanded(text) {
                Some(next) if next != text => {
                    // An index within the index is expanded once more.
                    self.deeper(LEVELS, |out| out.reckon(&next, seen));
                    return;
                }
                Some(_) => {}
                None => self.unseen(),
            }
        }
        self.names(text, seen);
        self.reassigns(text);
    }

    fn names(&mut self, text: &str, seen: &mut Vec<String>) {
        for name in names_in(text) {
            if seen.iter().any(|known| known == name) || only_set(text, name) {
                continue;
            }
            seen.push(name.to_owned());
            match self.lookup(name) {
                Some(Val::Number) => {}
                Some(Val::Text(text)) => {
                    self.deeper(LEVELS, |out| out.reckon(&text, seen));
                }
                None if self.at.get(name).is_none() && NUMBERS.contains(&name) => {}
                _ => self.unseen(),
            }
        }
    }

    /// What `text` becomes when it is expanded as between double quotes; `None` when that is not known.
    fn expanded(&mut self, text: &str) -> Option<String> {
        let script = Rc::new(parse_quoted(text));
        if let Some(error) = script.error {
            self.opaque(format!("a value that is read as code does not parse: {error}"));
            return None;
        }
        let mut value = Val::Unknown;
        self.deeper(LEVELS, |out| {
            value = Walk::over(script.clone(), out).value_of(&script.heredocs[0]);
        });
        match value {
            Val::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Variables that an arithmetic text sets hold numbers afterwards, unless it fails before.
    pub fn reassigns(&mut self, text: &str) {
        let plain = gives_numbers(text);
        for name in assigned_in(text) {
            let number = !text.contains('[') && (plain || self.at.get(name).is_some_and(Val::is_number));
            self.at.set(name, if number { Val::Number } else { Val::Unknown });
        }
    }

    /// The name in the value of `${!X}`, or of a variable that is a name for another.
    pub fn refers(&mut self, name: &str, value: Option<&Val>) {
        match value {
            Some(Val::Number) => {}
            Some(Val::Text(text)) => self.place(text),
            None if self.at.get(name).is_none()
                && (NUMBERS.contains(&name) || matches!(name, "#" | "!" | "$")) => {}
            _ => self.unseen(),
        }
    }

    /// A name, maybe with an index, that is not in the place of one.
    pub fn place(&mut self, text: &str) {
        if let Some(at) = text.find('[') {
            let inner = &text[at + 1..];
            self.index(inner.strip_suffix(']').unwrap_or(inner));
        }
    }

    /// A word that names a variable to set, look at or remove; its name without the index.
    pub fn target(&mut self, word: &Word) -> Option<String> {
        if word.known == Known::Dynamic {
            self.unseen();
            self.at.forget();
            return None;
        }
        let text = word.text.as_str();
        let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
        if text[end..].starts_with('[') {
            let close =
                text.find("]=").or(text.find("]+=")).unwrap_or(text.len() - usize::from(text.ends_with(']')));
            self.index(&text[end + 1..close.max(end + 1)]);
        } else if word.is_open() && text[end..].starts_with(['*', '?']) {
            // The name of a file may hold an index.
            self.unseen();
        }
        Some(text[..end].to_owned())
    }

    /// What giving `name` this value sets off besides.
    pub fn gives(&mut self, name: &str, value: &Val) {
        if is_prompt(name) {
            // It is shown later, wherever the shell stands then.
            self.apart(|out| {
                out.at.forget();
                out.at.sure = false;
                out.prompt(Some(value));
            });
        }
        if matches!(name, "BASH_ENV" | "ENV")
            && let Val::Text(text) = value
        {
            self.apart(|out| {
                out.at = out.at.for_child();
                out.expanded(text);
            });
        }
        if self.evaluates(name) {
            self.operand(value);
        }
    }

    /// Whether what is given to `name` is read as arithmetic, or as a name.
    pub fn evaluates(&self, name: &str) -> bool {
        INTEGERS.contains(&name) || self.at.evaluated.contains(name)
    }

    /// A text that is expanded as a prompt.
    pub fn prompt(&mut self, value: Option<&Val>) {
        let text = match value {
            Some(Val::Text(text)) => text,
            Some(Val::Number) => return,
            _ => return self.opaque("a prompt that is only known when it runs"),
        };
        let escapes = text
            .as_bytes()
            .windows(2)
            .any(|two| two[0] == b'\\' && (two[1].is_ascii_digit() || two[1] == b'`'));
        if escapes || text.contains("\\$(") || text.contains("\\${") {
            self.opaque("a prompt whose escapes hide what it runs");
        }
        self.expanded(text);
    }

    /// `(…)` in the value of a declaration: a list, read as one.
    pub fn list(&mut self, text: &str) {
        self.apart(|out| script(&format!("_={text}"), out));
    }
}

/// Whether a variable is a prompt.
pub(super) fn is_prompt(name: &str) -> bool {
    PROMPTS.contains(&name)
}

/// Names in an arithmetic text. Digits begin none, and neither does what follows the base of a number.
fn names_in(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '_' | '@' | '#'));
    words.filter_map(|word| {
        let word = word.trim_start_matches(['#', '@']);
        let end = word.find(['#', '@']).unwrap_or(word.len());
        let name = &word[..end];
        name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_').then_some(name)
    })
}

/// Whether a name stands once in an arithmetic text, and is given a value there: nobody reads what it held.
fn only_set(text: &str, name: &str) -> bool {
    let mut places = text.match_indices(name);
    let (Some((at, _)), None) = (places.next(), places.next()) else { return false };
    let after = text[at + name.len()..].trim_start();
    after.starts_with('=') && !after.starts_with("==")
}

/// `x=0, y=-1`: nothing in it can fail.
fn gives_numbers(text: &str) -> bool {
    text.split(',').all(|one| {
        one.split_once('=').is_some_and(|(name, value)| {
            let (name, value) = (name.trim(), value.trim());
            let digits = value.strip_prefix('-').unwrap_or(value);
            name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
                && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
                && digits.len() < 18
                && is_number(digits)
                && (digits == "0" || !digits.starts_with(['0', '-']))
        })
    })
}

#[cfg(test)]
#[path = "evaluate_tests.rs"]
mod tests;
