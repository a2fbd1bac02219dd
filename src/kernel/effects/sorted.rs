//! A command's words sorted by what its program makes of them, by the notation of the table.

use super::programs::{Operands, has_edges, option};
use super::shell::Use;
use crate::syntax::shell::{Known, SimpleCommand, Word};

#[derive(Default)]
pub(super) struct Sorted<'c> {
    pub operands: Vec<&'c Word>,
    pub files: Vec<(Word, Use)>,
    /// The value of `-t`.
    pub target: Option<Word>,
    /// Values that are no files, with the options they belong to.
    pub values: Vec<(String, Word)>,
    /// Values attached to long options that are not in the table.
    pub attached: Vec<String>,
    /// Options that were given, without dashes and values.
    pub given: Vec<String>,
    /// It does more than is known.
    pub more: bool,
}

/// Options that choose which files of a tree are read.
pub(super) const CHOOSE: &[&str] = &["include", "g", "G", "glob", "iglob", "file-search-regex"];

impl Sorted<'_> {
    /// Whether one of these options was given, a long one perhaps cut short.
    pub fn has(&self, names: &[&str]) -> bool {
        let fits = |given: &String, name: &&str| {
            given == name || given.len() > 1 && name.starts_with(given.as_str())
        };
        self.given.iter().any(|given| names.iter().any(|name| fits(given, name)))
    }

    /// Whether the files to read stand in a list.
    pub fn has_list(&self) -> bool {
        let lists = |given: &str| {
            given.len() > 5 && ["files0-from", "files-from"].iter().any(|l| l.starts_with(given))
        };
        self.given.iter().any(|given| given == "@" || lists(given))
    }

    fn take(&mut self, name: &str, sign: char, word: Word) {
        match sign {
            '<' => self.files.push((word, Use::Read)),
            '>' => self.files.push((word, Use::Write)),
            _ => self.values.push((name.to_owned(), word)),
        }
    }

    /// The values of these options.
    pub fn values_of(&self, names: &[&str]) -> Vec<Word> {
        let fits = |given: &str| {
            names.iter().any(|name| *name == given || given.len() > 1 && name.starts_with(given))
        };
        self.values.iter().filter(|(given, _)| fits(given)).map(|(_, word)| word.clone()).collect()
    }
}

/// Sorts the words of a command by the notation of its options.
pub(super) fn sort<'c>(does: Operands, spec: &'static str, command: &'c SimpleCommand) -> Sorted<'c> {
    let mut out = Sorted { more: spec.ends_with('*'), ..Sorted::default() };
    let edges = has_edges(spec);
    let targets = matches!(does, Operands::Copies | Operands::Links | Operands::Moves);
    let one_dash = spec.starts_with("- ");
    let mut ended = false;
    let mut args = command.args().iter();
    while let Some(word) = args.next() {
        let text = word.text.as_str();
        // A word only known when it runs may be an option, or several words.
        let open = match word.known {
            Known::Literal => false,
            Known::Pattern => !ended && text.starts_with(['*', '?', '[', '-']),
            Known::Dynamic => !text.starts_with("<("),
        };
        out.more |= open && edges;
        if ended || !text.starts_with('-') || text == "-" {
            out.operands.push(word);
            continue;
        }
        if text == "--" {
            ended = true;
            continue;
        }
        let part = |text: &str| Word { text: text.to_owned(), known: word.known };
        if text.starts_with("--") || one_dash {
            let long = text.trim_start_matches('-');
            let (name, mut joined) = match long.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (long, None),
            };
            let mut signs = option(spec, name);
            if one_dash && signs.is_empty() {
                // `-c8`
                let first = &name[..name.chars().next().map_or(0, char::len_utf8)];
                let rest = &name[first.len()..];
                let number = rest.starts_with(|c: char| c.is_ascii_digit() || "+-".contains(c));
                if number || rest.is_empty() {
                    (signs, joined) = (option(spec, first), Some(rest).filter(|rest| !rest.is_empty()));
                }
            }
            out.given.push(name.to_owned());
            if targets && name.len() > 1 && "target-directory".starts_with(name) {
                out.target = joined.map(part).or_else(|| args.next().cloned());
                continue;
            }
            out.more |= signs == "!";
            if signs.is_empty() {
                out.attached.extend(joined.map(str::to_owned));
            }
            let signs = match signs.strip_prefix('=') {
                Some(signs) if joined.is_some() => signs,
                Some(_) => "",
                None => signs,
            };
            for sign in signs.chars().filter(|sign| ":<>".contains(*sign)) {
                let value = joined.take().map(part).or_else(|| args.next().cloned());
                value.into_iter().for_each(|value| out.take(name, sign, value));
            }
            continue;
        }
        for (at, letter) in text.char_indices().skip(1) {
            let rest = &text[at + letter.len_utf8()..];
            let name = &text[at..at + letter.len_utf8()];
            let signs = option(spec, name);
            out.given.push(name.to_owned());
            out.more |= signs == "!";
            let mut joined = Some(rest).filter(|rest| !rest.is_empty());
            let signs = match signs.strip_prefix('=') {
                Some(signs) if joined.is_some() => signs,
                _ => signs,
            };
            if !signs.starts_with([':', '<', '>']) {
                continue;
            }
            for sign in signs.chars() {
                let value = joined.take().map(part).or_else(|| args.next().cloned());
                match value {
                    Some(value) if targets && letter == 't' => out.target = Some(value),
                    Some(value) => out.take(name, sign, value),
                    None => {}
                }
            }
            break;
        }
    }
    out
}
