//! Colours for code, line by line, in one pass over each line.
//!
//! A highlighter knows words, strings, comments and numbers of a language, not its grammar: it has no file to
//! load, its cost is linear in the text, and what it remembers between two lines is one small state.

mod language;

use ratatui::text::Span;

use self::language::{Kind, Language, Quote};
use crate::tui::style::{Styles, Token};

/// Longer lines are generated, and nobody reads their colours.
const LONGEST_LINE: usize = 2_000;
/// Lines of one block that get colours.
const MOST_LINES: usize = 2_000;

/// Where a line ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum State {
    #[default]
    Normal,
    Comment {
        close: &'static str,
    },
    Text(Quote),
    Tag,
}

/// The highlighter of one block of code.
#[derive(Debug, Clone, Default)]
pub struct Highlighter {
    language: Option<&'static Language>,
    state: State,
    lines: usize,
}

impl Highlighter {
    /// For the language of this name or file ending, as after the fence of a code block; without colours when it is
    /// not known.
    pub fn new(name: &str) -> Self {
        Self { language: language::find(name), ..Self::default() }
    }

    /// For the language of a file.
    pub fn of_path(path: &str) -> Self {
        let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
        let ending = name.rsplit_once('.').map_or(name, |(_, ending)| ending);
        Self::new(ending)
    }

    /// The next line (without its line end, made visible) as pieces of one look each.
    pub fn line(&mut self, text: &str, styles: &Styles) -> Vec<Span<'static>> {
        let span = |(token, from, to): (Token, usize, usize)| {
            Span::styled(text[from..to].to_owned(), styles.get(token))
        };
        self.pieces(text).into_iter().map(span).collect()
    }

    /// Goes past a line that is shown elsewhere.
    pub fn skip(&mut self, text: &str) {
        self.pieces(text);
    }

    fn pieces(&mut self, text: &str) -> Vec<(Token, usize, usize)> {
        self.lines += 1;
        let known = self.language.filter(|_| self.lines <= MOST_LINES && text.len() <= LONGEST_LINE);
        let Some(language) = known else {
            return if text.is_empty() { Vec::new() } else { vec![(Token::Text, 0, text.len())] };
        };
        let mut scan = Scan { text, at: 0, language, state: self.state, pieces: Vec::new() };
        scan.run();
        self.state = scan.state;
        scan.pieces
    }
}

struct Scan<'a> {
    text: &'a str,
    at: usize,
    language: &'static Language,
    state: State,
    pieces: Vec<(Token, usize, usize)>,
}

impl<'a> Scan<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// Marks the next bytes; neighbours that mean the same are one piece.
    fn take(&mut self, token: Token, bytes: usize) {
        let (from, to) = (self.at, self.at + bytes);
        self.at = to;
        match self.pieces.last_mut() {
            Some((last, _, end)) if *last == token && *end == from => *end = to,
            _ if bytes > 0 => self.pieces.push((token, from, to)),
            _ => {}
        }
    }

    fn run(&mut self) {
        if self.state == State::Normal && self.whole_line() {
            return;
        }
        while self.at < self.text.len() {
            match self.state {
                State::Comment { close } => self.until(close, false, Token::SyntaxComment),
                State::Text(quote) => self.until(quote.close, quote.escapes, Token::SyntaxString),
                State::Normal | State::Tag => self.step(),
            }
        }
        if matches!(self.state, State::Text(quote) if !quote.many_lines) {
            self.state = State::Normal;
        }
    }

    /// Goes on to the end of a string or comment, or of the line.
    fn until(&mut self, close: &'static str, escapes: bool, token: Token) {
        let rest = self.rest();
        let mut skip = false;
        for (at, ch) in rest.char_indices() {
            if skip {
                skip = false;
            } else if escapes && ch == '\\' {
                skip = true;
            } else if rest[at..].starts_with(close) {
                self.state = if self.language.kind == Kind::Markup && token == Token::SyntaxString {
                    State::Tag
                } else {
                    State::Normal
                };
                return self.take(token, at + close.len());
            }
        }
        self.take(token, rest.len());
    }

    /// Lines that mean something as a whole, or by how they begin. True when nothing is left.
    fn whole_line(&mut self) -> bool {
        let trimmed = self.text.trim_start();
        let indent = self.text.len() - trimmed.len();
        match self.language.kind {
            Kind::Diff => {
                let token = match trimmed.chars().next() {
                    _ if self.text.starts_with("+++") || self.text.starts_with("---") => Token::Strong,
                    _ if self.text.starts_with('+') => Token::DiffAdded,
                    _ if self.text.starts_with('-') => Token::DiffRemoved,
                    _ if self.text.starts_with("@@") => Token::DiffHunk,
                    _ => Token::DiffContext,
                };
                self.take(token, self.text.len());
                true
            }
            Kind::Keys(mark) => {
                if mark == '=' && trimmed.starts_with('[') {
                    self.take(Token::SyntaxType, self.text.len());
                    return true;
                }
                let dash =
                    if mark == ':' { trimmed.len() - trimmed.trim_start_matches("- ").len() } else { 0 };
                let key = &trimmed[dash..];
                let Some(end) = key.find(mark) else { return false };
                let after = key[end + 1..].chars().next();
                let plain = !key[..end].contains(['#', '"', '\'', '{', '[']);
                if plain && (mark == '=' || after.is_none_or(|c| c == ' ')) {
                    self.take(Token::SyntaxPunctuation, indent + dash);
                    self.take(Token::SyntaxFunction, end);
                    self.take(Token::SyntaxPunctuation, 1);
                }
                false
            }
            Kind::Words | Kind::Markup | Kind::Shell => false,
        }
    }

    fn step(&mut self) {
        let rest = self.rest();
        let Some(ch) = rest.chars().next() else { return };
        if self.begins_comment(rest) || (self.language.kind == Kind::Markup && self.markup(rest, ch)) {
            return;
        }
        if ch == ' ' {
            return self.take(Token::Text, rest.len() - rest.trim_start_matches(' ').len());
        }
        let after_word = self.text[..self.at].chars().next_back().is_some_and(is_word);
        let quote = self.language.quotes.iter().find(|quote| rest.starts_with(quote.open));
        if let Some(quote) = quote.filter(|quote| !after_word || !quote.open.starts_with('r')) {
            return self.string(rest, *quote);
        }
        if ch.is_ascii_digit() && !after_word {
            let end = rest.find(|c: char| !is_word(c) && c != '.').unwrap_or(rest.len());
            // A range is no part of the number before it.
            let end = rest[..end].find("..").unwrap_or(end);
            return self.take(Token::SyntaxNumber, end);
        }
        if ch == '$' && self.language.kind == Kind::Shell {
            return self.variable(rest);
        }
        if is_word(ch) {
            return self.word(rest);
        }
        let token = if ch.is_ascii_punctuation() { Token::SyntaxPunctuation } else { Token::Text };
        self.take(token, ch.len_utf8());
    }

    fn begins_comment(&mut self, rest: &str) -> bool {
        if self.state == State::Tag {
            return false;
        }
        if let Some((open, close)) = self.language.block.filter(|(open, _)| rest.starts_with(open)) {
            self.take(Token::SyntaxComment, open.len());
            self.state = State::Comment { close };
            return true;
        }
        // A `#` within a word begins nothing in a shell.
        let fresh = self.text[..self.at].chars().next_back().is_none_or(|c| c == ' ');
        let begins = |mark: &&&str| rest.starts_with(**mark) && (fresh || **mark != "#");
        if self.language.line.iter().find(begins).is_some() {
            self.take(Token::SyntaxComment, rest.len());
            return true;
        }
        false
    }

    fn string(&mut self, rest: &str, quote: Quote) {
        if quote.open == "'" && self.language.has_lifetimes {
            let mut inner = rest[1..].chars();
            let (first, second) = (inner.next(), inner.next());
            if first != Some('\\') && second != Some('\'') {
                let end = rest[1..].find(|c| !is_word(c)).map_or(rest.len(), |end| end + 1);
                return self.take(Token::SyntaxType, end);
            }
        }
        let start = self.at;
        self.take(Token::SyntaxString, quote.open.len());
        self.state = State::Text(quote);
        self.until(quote.close, quote.escapes, Token::SyntaxString);
        // In JSON a string before a colon is a key.
        let is_key = self.language.has_string_keys && self.rest().trim_start().starts_with(':');
        if let (true, Some(last)) = (is_key, self.pieces.last_mut().filter(|(_, from, _)| *from == start)) {
            last.0 = Token::SyntaxFunction;
        }
    }

    fn variable(&mut self, rest: &str) {
        let end = match rest[1..].chars().next() {
            Some('{') => rest.find('}').map_or(rest.len(), |end| end + 1),
            Some(c) if is_word(c) => rest[1..].find(|c| !is_word(c)).map_or(rest.len(), |end| end + 1),
            _ => 1,
        };
        self.take(Token::SyntaxType, end);
    }

    fn word(&mut self, rest: &str) {
        let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        let word = &rest[..end];
        let after = &rest[end..];
        let same = |known: &str| {
            if self.language.any_case { known.eq_ignore_ascii_case(word) } else { known == word }
        };
        let token = if self.language.keywords.split(' ').any(same) {
            Token::SyntaxKeyword
        } else if self.language.types.split(' ').any(same) {
            Token::SyntaxType
        } else if after.starts_with('(') || after.starts_with("!(") || after.starts_with("![") {
            Token::SyntaxFunction
        } else if self.language.has_named_types && is_camel(word) {
            Token::SyntaxType
        } else {
            Token::Text
        };
        self.take(token, end);
    }

    fn markup(&mut self, rest: &str, ch: char) -> bool {
        match (self.state, ch) {
            (State::Normal, '<') => {
                let name = &rest[1..];
                let lead = 1 + usize::from(name.starts_with(['/', '!', '?']));
                let name = &rest[lead.min(rest.len())..];
                let end = name.find(|c: char| !is_word(c) && !"-:.".contains(c)).unwrap_or(name.len());
                self.take(Token::SyntaxPunctuation, lead.min(rest.len()));
                self.take(Token::SyntaxKeyword, end);
                self.state = State::Tag;
            }
            (State::Tag, '>') => {
                self.take(Token::SyntaxPunctuation, 1);
                self.state = State::Normal;
            }
            (State::Tag, c) if is_word(c) => {
                let end = rest.find(|c: char| !is_word(c) && !"-:.@".contains(c)).unwrap_or(rest.len());
                self.take(Token::SyntaxType, end);
            }
            (State::Tag, _) => return false,
            (_, c) => {
                let end = rest.find('<').unwrap_or(rest.len()).max(c.len_utf8());
                self.take(Token::Text, end);
            }
        }
        true
    }
}

fn is_word(ch: char) -> bool {
    ch == '_' || ch.is_alphanumeric()
}

/// `Name`, but not `NAME` or `N`.
fn is_camel(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_uppercase()) && word.contains(|c: char| c.is_ascii_lowercase())
}

#[cfg(test)]
mod tests;
