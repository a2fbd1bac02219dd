//! From a word as written to the words a program is given: braces, tildes, variables, quotes.

use super::ast::{Part, RawWord, VarOp};
use super::glob;
use super::state::{State, Val};
use super::walk::Walk;
use super::{Known, Word};

/// Words that one word may become.
const MOST_WORDS: usize = 64;
/// Longer words with braces in them are not written out.
const MOST_PIECES: usize = 1000;
/// Nested `${X:-${Y:-…}}`.
const DEPTH: usize = 40;

/// Where a character of a word comes from, and so what the shell may make of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    /// Written without quotes.
    Plain,
    Quoted,
    /// The value of a variable without quotes: split and globbed.
    Value,
    /// Part of names that a glob found.
    Found,
    /// A `~` that is the home folder.
    Home,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
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
const NUMBER: Piece = Piece::Char('*', Mark::Found);

impl Walk<'_, '_> {
    /// The words that `word` becomes; none when it is an empty variable.
    pub(super) fn fields(&mut self, word: &RawWord) -> Vec<Word> {
        let pieces = self.pieces(&word.parts, 0);
        let Some(all) = braces(&pieces, 0) else {
            return vec![Word { text: shown(&pieces), known: Known::Dynamic }];
        };
        let mut words = Vec::new();
        for pieces in all {
            for field in split(pieces, self.splits()) {
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
            _ => Val::Unknown,
        }
    }

    /// `None` where an unusual `IFS` splits words nobody knows how.
    fn splits(&self) -> bool {
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
        let value = self.lookup(name);
        match op {
            VarOp::Plain => match value {
                Some(value) => put(&value, quoted, out),
                None => out.push(hole()),
            },
            VarOp::Length => out.push(NUMBER),
            VarOp::Default { kind, colon, word } => {
                let word = self.pieces(word, depth + 1);
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
            VarOp::Other(parts) => {
                self.visit(parts);
                out.push(hole());
            }
        }
    }

    /// `None` when it is not known.
    fn lookup(&self, name: &str) -> Option<Val> {
        let state: &State = &self.out.at;
        if let Some(number) = name.parse::<usize>().ok().filter(|number| *number > 0) {
            let args = state.args.as_ref()?;
            // A glob before it may be several of them.
            if args.iter().take(number - 1).any(|word| !word.is_literal()) {
                return None;
            }
            let Some(word) = args.get(number - 1) else { return Some(Val::Text(String::new())) };
            return match word.known {
                Known::Literal => Some(Val::Text(word.text.clone())),
                Known::Pattern => Some(Val::Glob(word.text.clone())),
                Known::Dynamic => None,
            };
        }
        match state.get(name) {
            Some(Val::Unknown) => None,
            Some(value) => Some(value.clone()),
            None => match name {
                "HOME" => Some(Val::Text("~".to_owned())),
                "PWD" => state.sure.then(|| self.here()).flatten().map(Val::Text),
                "OLDPWD" => state.old.as_ref().and_then(|dir| self.absolute(dir)).map(Val::Text),
                "TMPDIR" | "TMP" | "TEMP" => self.out.given.temp.map(|temp| Val::Text(temp.to_owned())),
                _ => None,
            },
        }
    }

    /// Where the shell stands, as an absolute path; `.` where nobody said where it began.
    pub(super) fn here(&self) -> Option<String> {
        self.absolute(self.out.at.dir.as_ref()?)
    }

    fn absolute(&self, dir: &str) -> Option<String> {
        match self.out.given.cwd {
            _ if dir.starts_with(['/', '~']) => Some(dir.to_owned()),
            Some(cwd) if dir.is_empty() => Some(cwd.to_owned()),
            Some(cwd) => Some(format!("{cwd}/{dir}")),
            None => dir.is_empty().then(|| ".".to_owned()),
        }
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
                    let active = matches!(mark, Mark::Plain | Mark::Value | Mark::Found);
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
            [] => match self.lookup("HOME") {
                Some(Val::Text(text)) => Some((1, home(&text))),
                _ => None,
            },
            [Piece::Char('+', Mark::Plain)] => Some((2, home(&self.here().filter(|_| self.out.at.sure)?))),
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

/// Brace lists written out; `None` when there are too many.
fn braces(pieces: &[Piece], depth: usize) -> Option<Vec<Vec<Piece>>> {
    let plain = |piece: &Piece, ch: char| *piece == Piece::Char(ch, Mark::Plain);
    // Each brace may be looked for to the end of the word.
    if depth > DEPTH || pieces.len() > MOST_PIECES && pieces.iter().any(|piece| plain(piece, '{')) {
        return None;
    }
    let mut from = 0;
    while let Some(open) = pieces[from..].iter().position(|p| plain(p, '{')).map(|at| at + from) {
        from = open + 1;
        let mut level = 0usize;
        let mut cuts = vec![open];
        let mut close = None;
        for (at, piece) in pieces.iter().enumerate().skip(open + 1) {
            if plain(piece, '{') {
                level += 1;
            } else if plain(piece, '}') {
                if level == 0 {
                    close = Some(at);
                    break;
                }
                level -= 1;
            } else if level == 0 && plain(piece, ',') {
                cuts.push(at);
            }
        }
        // Without an end this one stands for itself; a later one may still be a list.
        let Some(close) = close else { continue };
        let alternatives = if cuts.len() > 1 {
            if cuts.len() > MOST_WORDS {
                return None;
            }
            cuts.push(close);
            cuts.windows(2).map(|pair| pieces[pair[0] + 1..pair[1]].to_vec()).collect()
        } else {
            match sequence(&pieces[open + 1..close]) {
                Some(Some(texts)) => texts,
                Some(None) => return None,
                None => continue,
            }
        };
        let mut all = Vec::new();
        let tails = braces(&pieces[close + 1..], depth + 1)?;
        for alternative in alternatives {
            for middle in braces(&alternative, depth + 1)? {
                for tail in &tails {
                    if all.len() >= MOST_WORDS {
                        return None;
                    }
                    all.push([&pieces[..open], &middle, tail].concat());
                }
            }
        }
        return Some(all);
    }
    Some(vec![pieces.to_vec()])
}

/// `a..e`, `1..9` or `1..9..2`; `Some(None)` when it is too long to write out.
fn sequence(inner: &[Piece]) -> Option<Option<Vec<Vec<Piece>>>> {
    let mut text = String::new();
    for piece in inner {
        let Piece::Char(ch, Mark::Plain) = piece else { return None };
        text.push(*ch);
    }
    let parts: Vec<&str> = text.split("..").collect();
    let (from, to, step) = match parts.as_slice() {
        [from, to] => (*from, *to, 1),
        [from, to, step] => (*from, *to, step.parse::<i64>().ok()?.unsigned_abs().max(1)),
        _ => return None,
    };
    let letter = |text: &str| {
        let mut chars = text.chars();
        chars.next().filter(|ch| ch.is_ascii_alphabetic() && chars.next().is_none())
    };
    let (low, high, letters) = match (from.parse::<i64>(), to.parse::<i64>()) {
        (Ok(from), Ok(to)) => (from, to, false),
        _ => (i64::from(u32::from(letter(from)?)), i64::from(u32::from(letter(to)?)), true),
    };
    let padded =
        |text: &str| text.trim_start_matches('-').starts_with('0') && text.trim_start_matches('-').len() > 1;
    let count = low.abs_diff(high) / step;
    if count >= MOST_WORDS as u64 || padded(from) || padded(to) || letters && low.abs_diff(high) > 25 {
        return Some(None);
    }
    let items = (0..=count).map(|at| {
        let away = (at * step) as i64;
        let value = if low <= high { low + away } else { low - away };
        let text = match u32::try_from(value).ok().and_then(char::from_u32).filter(|_| letters) {
            Some(ch) => ch.to_string(),
            None => value.to_string(),
        };
        text.chars().map(|ch| Piece::Char(ch, Mark::Quoted)).collect()
    });
    Some(Some(items.collect()))
}
