//! From a word as written to the words a program is given: braces, tildes, variables, quotes.

use super::assign::value_of;
use super::ast::{Odd, Part, RawWord, VarOp};
use super::braces::{MOST_WORDS, braces, counts};
use super::glob;
use super::state::Val;
use super::walk::Walk;
use super::{Known, Word};

/// Nested `${X:-${Y:-…}}`.
const DEPTH: usize = 40;

/// Where a character of a word comes from, and so what the shell may make of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    /// Written without quotes.
    Plain,
    Quoted,
    /// The value of a variable without quotes: split and globbed.
    Value,
    /// Part of names that a glob found.
    Found,
    /// Stands for digits.
    Digits,
    /// A `~` that is the home folder.
    Home,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    Char(char, Mark),
    /// Something only known when it runs, as shown.
    Hole(String),
    /// A quoted nothing: the word exists although it is empty.
    Nothing,
    /// One word ends here (`"$@"`).
    Break,
}

/// Digits that are only known when it runs: nothing in them can be taken for anything else, so that a
/// glob says enough.
const NUMBER: Piece = Piece::Char('*', Mark::Digits);

impl Walk<'_, '_> {
    /// The words that `word` becomes; none when it is an empty variable.
    pub(super) fn fields(&mut self, word: &RawWord) -> Vec<Word> {
        let pieces = self.pieces(&word.parts, 0);
        let Some(all) = braces(&pieces, 0) else {
            let number = counts(&pieces);
            return vec![match number {
                true => Word { text: "*".to_owned(), known: Known::Number },
                false => Word { text: shown(&pieces), known: Known::Dynamic },
            }];
        };
        let mut words = Vec::new();
        for pieces in all {
            for field in split(pieces, self.plainly()) {
                words.push(self.finish(field));
            }
        }
        words
    }

    /// The one word of an assignment, a redirection or a `case`: nothing is split.
    pub(super) fn single(&mut self, word: &RawWord) -> Word {
        let pieces = self.pieces(&word.parts, 0);
        self.finish(pieces)
    }

    /// The target of a redirection: it must become one word.
    pub(super) fn target(&mut self, word: &RawWord) -> Word {
        let mut words = self.fields(word);
        if words.len() == 1 {
            return words.remove(0);
        }
        let texts: Vec<String> = words.into_iter().map(|word| word.text).collect();
        Word { text: texts.join(" "), known: Known::Dynamic }
    }

    /// Visits the substitutions of parts whose text does not matter.
    pub(super) fn visit(&mut self, parts: &[Part]) {
        self.pieces(parts, 0);
    }

    /// The text of a heredoc or here-string.
    pub(super) fn value_of(&mut self, word: &RawWord) -> Val {
        let word = self.single(word);
        match word.known {
            Known::Literal => Val::Text(word.text),
            Known::Pattern if !word.text.contains("./~") => Val::Text(word.text),
            Known::Number => Val::Number,
            _ => Val::Unknown,
        }
    }

    /// `None` where an unusual `IFS` splits words nobody knows how.
    fn plainly(&self) -> bool {
        self.out.at.get("IFS").is_none()
    }

    fn pieces(&mut self, parts: &[Part], depth: usize) -> Vec<Piece> {
        let mut pieces = Vec::new();
        if depth > DEPTH {
            return vec![Piece::Hole("$…".to_owned())];
        }
        for part in parts {
            match part {
                Part::Text { text, quoted } => {
                    let mark = if *quoted { Mark::Quoted } else { Mark::Plain };
                    if text.is_empty() {
                        pieces.push(Piece::Nothing);
                    }
                    pieces.extend(text.chars().map(|ch| Piece::Char(ch, mark)));
                }
                Part::Var { name, op, quoted } => self.variable(name, op, *quoted, depth, &mut pieces),
                Part::Sub { script, quoted } => match self.substitution(script) {
                    Some(value) => put(&value, *quoted, &mut pieces),
                    None => pieces.push(Piece::Hole("$(…)".to_owned())),
                },
                Part::Process(script) => {
                    self.subshell_script(script);
                    pieces.push(Piece::Hole("<(…)".to_owned()));
                }
                Part::Arith(inner) => {
                    self.arithmetic(inner);
                    pieces.push(NUMBER);
                }
            }
        }
        pieces
    }

    fn variable(&mut self, name: &str, op: &VarOp, quoted: bool, depth: usize, out: &mut Vec<Piece>) {
        // The status, a process, how many there are: a number, whichever it is.
        let number = matches!(name, "?" | "!" | "$" | "#") && matches!(op, VarOp::Plain)
            || matches!(op, VarOp::Length);
        if number {
            out.push(NUMBER);
            return;
        }
        let hole = || Piece::Hole(format!("${name}"));
        if matches!(name, "@" | "*") && matches!(op, VarOp::Plain) {
            match self.out.at.args.clone() {
                Some(args) if args.len() < MOST_WORDS => {
                    for (at, word) in args.iter().enumerate() {
                        if at > 0 {
                            out.push(Piece::Break);
                        }
                        put_word(word, quoted, out);
                    }
                }
                _ => out.push(hole()),
            }
            return;
        }
        if let VarOp::Odd(odd) = op {
            return self.odd(name, odd, depth, out);
        }
        let value = self.out.lookup(name);
        match op {
            VarOp::Plain => match value {
                Some(value) => put(&value, quoted, out),
                None => out.push(hole()),
            },
            VarOp::Length => out.push(NUMBER),
            VarOp::Default { kind, colon, word } => {
                let word = self.pieces(word, depth + 1);
                if *kind == b'=' {
                    let given = self.finish(word.clone());
                    self.out.gives(name, &value_of(&given));
                }
                let empty = |value: &Val| matches!(value, Val::Text(text) if text.is_empty());
                match (value, *kind) {
                    // An unset variable is not told apart from an unknown one; an empty one is.
                    (None, _) => {
                        if *kind == b'=' {
                            self.out.at.set(name, Val::Unknown);
                        }
                        out.push(hole());
                    }
                    (Some(value), b'+') if !(*colon && empty(&value)) => out.extend(word),
                    (Some(_), b'+') => {}
                    (Some(value), b'-') if *colon && empty(&value) => out.extend(word),
                    (Some(value), b'=') if *colon && empty(&value) => {
                        self.out.at.set(name, Val::Unknown);
                        out.push(hole());
                    }
                    (Some(value), _) => put(&value, quoted, out),
                }
            }
            VarOp::Strip { front, longest, pattern } => {
                let pattern = self.pieces(pattern, depth + 1);
                let pattern = self.finish(pattern);
                match value {
                    Some(Val::Text(text)) if pattern.known != Known::Dynamic => {
                        match glob::strip(&text, &pattern.text, *front, *longest) {
                            Some(rest) => put(&Val::Text(rest.to_owned()), quoted, out),
                            None => out.push(hole()),
                        }
                    }
                    _ => out.push(hole()),
                }
            }
            VarOp::Odd(_) => {}
            VarOp::Other(parts) => {
                self.visit(parts);
                out.push(hole());
            }
        }
    }

    /// What reads a value as code: an index, where to cut, a name within a name, a prompt.
    fn odd(&mut self, name: &str, odd: &Odd, depth: usize, out: &mut Vec<Piece>) {
        if let Some(index) = &odd.index {
            self.index(index);
        }
        let held = if odd.index.is_some() { None } else { self.out.lookup(name) };
        if odd.indirect {
            let value = held.clone().filter(|_| !matches!(name, "@" | "*" | "?" | "-"));
            self.out.refers(name, value.as_ref());
        }
        if odd.slice {
            self.arithmetic(&odd.rest);
        } else {
            self.pieces(&odd.rest, depth + 1);
        }
        if odd.prompt {
            self.out.prompt(held.as_ref().filter(|_| !odd.indirect));
        }
        let number = odd.length && odd.rest.is_empty() && !odd.indirect;
        out.push(if number { NUMBER } else { Piece::Hole(format!("${name}")) });
    }

    /// The text between the brackets of an index.
    pub(super) fn index(&mut self, parts: &[Part]) {
        let word = self.words_of(parts);
        if word.known == Known::Dynamic {
            self.out.unseen();
            self.out.named(&word.text);
        } else if word.known != Known::Number {
            self.out.index(&word.text);
        }
    }

    /// Arithmetic, whose substitutions come first.
    pub(super) fn arithmetic(&mut self, parts: &[Part]) {
        let word = self.words_of(parts);
        if word.known == Known::Dynamic {
            self.out.unseen();
            self.out.named(&word.text);
            self.out.reassigns(&word.text);
        } else {
            self.out.arithmetic(&word.text);
        }
    }

    fn words_of(&mut self, parts: &[Part]) -> Word {
        let pieces = self.pieces(parts, 0);
        self.finish(pieces)
    }

    /// Whether a word may become several that nobody knows.
    pub(super) fn splits(&self, word: &RawWord, fields: &[Word]) -> bool {
        let open = |part: &Part| match part {
            Part::Var { name, op: VarOp::Plain, quoted: false } => {
                !matches!(self.out.lookup(name), Some(Val::Text(_) | Val::Number))
                    && !matches!(name.as_str(), "?" | "!" | "$" | "#")
            }
            Part::Var { op: VarOp::Length, .. } => false,
            Part::Var { name, quoted: true, .. } => name == "@",
            Part::Var { quoted: false, .. } | Part::Sub { quoted: false, .. } => {
                fields.iter().any(|word| !matches!(word.known, Known::Literal | Known::Number))
            }
            _ => false,
        };
        // A glob of nothing else may find any name.
        let wild = |part: &Part| match part {
            Part::Text { text, quoted: false } => {
                text.contains(['*', '?']) && text.bytes().all(|b| b"*?-v[]!^".contains(&b))
            }
            _ => false,
        };
        word.parts.iter().any(open) || word.parts.iter().any(wild) && fields.iter().any(Word::is_open)
    }

    fn finish(&self, pieces: Vec<Piece>) -> Word {
        let mut pieces = pieces;
        let mut dynamic = false;
        match pieces.first() {
            Some(Piece::Char('~', Mark::Plain)) => match self.login(&pieces) {
                Some((name, with)) => drop(pieces.splice(0..name, with)),
                None => dynamic = true,
            },
            Some(Piece::Char('~', Mark::Quoted)) => {
                let dot = ['.', '/'].map(|ch| Piece::Char(ch, Mark::Quoted));
                drop(pieces.splice(0..0, dot));
            }
            _ => {}
        }
        let digits = pieces.iter().any(|p| matches!(p, Piece::Char(_, Mark::Digits)))
            && pieces.iter().all(|p| {
                matches!(p, Piece::Nothing | Piece::Char(_, Mark::Digits) | Piece::Char('0'..='9', _))
            });
        let mut text = String::new();
        let mut open = false;
        let mut glob = false;
        for piece in &pieces {
            match piece {
                Piece::Char('~', Mark::Home) if !text.is_empty() => match self.out.given.home {
                    Some(home) => text.push_str(home),
                    None => {
                        dynamic = true;
                        text.push_str("$HOME");
                    }
                },
                Piece::Char(ch, mark) => {
                    let active = matches!(mark, Mark::Plain | Mark::Value | Mark::Found | Mark::Digits);
                    glob |= active && matches!(ch, '*' | '?');
                    open |= active && *ch == '[';
                    glob |= active && open && *ch == ']';
                    text.push(*ch);
                }
                Piece::Hole(shown) => {
                    dynamic = true;
                    text.push_str(shown);
                }
                Piece::Nothing | Piece::Break => {}
            }
        }
        let known = match (dynamic, glob) {
            (true, _) => Known::Dynamic,
            _ if digits => Known::Number,
            (false, true) => Known::Pattern,
            (false, false) => Known::Literal,
        };
        Word { text, known }
    }

    /// How many pieces a tilde with a name takes, and what it stands for; `None` for another's home.
    fn login(&self, pieces: &[Piece]) -> Option<(usize, Vec<Piece>)> {
        let end = pieces.iter().position(|p| matches!(p, Piece::Char('/', _))).unwrap_or(pieces.len());
        let home = |text: &str| {
            text.chars()
                .map(|ch| Piece::Char(ch, if ch == '~' { Mark::Home } else { Mark::Quoted }))
                .collect()
        };
        match &pieces[1..end] {
            [] => match self.out.lookup("HOME") {
                Some(Val::Text(text)) => Some((1, home(&text))),
                _ => None,
            },
            [Piece::Char('+', Mark::Plain)] => {
                Some((2, home(&self.out.here().filter(|_| self.out.at.sure)?)))
            }
            [Piece::Char(_, Mark::Plain), ..] => None,
            // `~"x"` is a plain name.
            _ => Some((0, home("./"))),
        }
    }
}

fn put(value: &Val, quoted: bool, out: &mut Vec<Piece>) {
    let (text, mark) = match value {
        Val::Text(text) => (text, if quoted { Mark::Quoted } else { Mark::Value }),
        Val::Glob(text) => (text, Mark::Found),
        Val::Number => return out.push(NUMBER),
        Val::Unknown => return out.push(Piece::Hole("$…".to_owned())),
    };
    if quoted && text.is_empty() {
        out.push(Piece::Nothing);
    }
    for (at, ch) in text.chars().enumerate() {
        let home = at == 0 && ch == '~' && (text.len() == 1 || text.starts_with("~/"));
        out.push(Piece::Char(ch, if home { Mark::Home } else { mark }));
    }
}

fn put_word(word: &Word, quoted: bool, out: &mut Vec<Piece>) {
    match word.known {
        Known::Literal => put(&Val::Text(word.text.clone()), quoted, out),
        Known::Pattern => put(&Val::Glob(word.text.clone()), quoted, out),
        Known::Number => out.push(NUMBER),
        Known::Dynamic => out.push(Piece::Hole("$…".to_owned())),
    }
}

fn shown(pieces: &[Piece]) -> String {
    let text = |piece: &Piece| match piece {
        Piece::Char(ch, _) => ch.to_string(),
        Piece::Hole(shown) => shown.clone(),
        Piece::Nothing | Piece::Break => String::new(),
    };
    pieces.iter().map(text).collect()
}

/// Words as the shell splits the values of variables. With `plain` false nobody knows how it does.
fn split(pieces: Vec<Piece>, plain: bool) -> Vec<Vec<Piece>> {
    let mut fields = Vec::new();
    let mut field: Vec<Piece> = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Break => fields.push(std::mem::take(&mut field)),
            Piece::Char(ch, Mark::Value) if !plain && !ch.is_alphanumeric() => {
                field.push(Piece::Hole(ch.to_string()));
            }
            Piece::Char(' ' | '\t' | '\n', Mark::Value) => {
                if !field.is_empty() {
                    fields.push(std::mem::take(&mut field));
                }
            }
            piece => field.push(piece),
        }
    }
    if !field.is_empty() {
        fields.push(field);
    }
    fields
}
