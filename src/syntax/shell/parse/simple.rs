//! Assignments and redirections, the parts of a simple command that are no words.

use super::super::ast::{Assign, Part, RawWord, Redir, RedirOp, Value};
use super::{Parser, Pending, Read};

/// Bytes of the longest index.
const MOST_INDEX: usize = 400;

impl Parser {
    /// `NAME=value`, `NAME+=value`, `NAME[…]=value` or `NAME=(…)`.
    pub(super) fn assignment(&mut self) -> Read<Option<Assign>> {
        let rest = &self.bytes()[self.at..];
        let length =
            rest.iter().position(|b| !(b.is_ascii_alphanumeric() || *b == b'_')).unwrap_or(rest.len());
        if length == 0 || rest[0].is_ascii_digit() {
            return Ok(None);
        }
        let name = self.slice(self.at, self.at + length).to_owned();
        let mut after = length;
        let mut partial = false;
        let mut index = None;
        if rest.get(after) == Some(&b'[') {
            // Nobody writes a longer index, and each word would be searched to the end.
            let most = self.src.len().min(self.at + after + MOST_INDEX);
            let Some(close) = self.closing(self.at + after + 1, most) else {
                let cut = most < self.src.len();
                return if cut { Err("an index is too long") } else { Ok(None) };
            };
            let assigns = match self.bytes().get(close + 1) {
                Some(b'+') => self.bytes().get(close + 2) == Some(&b'='),
                sign => sign == Some(&b'='),
            };
            if !assigns {
                return Ok(None);
            }
            let back = self.at;
            self.at += after + 1;
            index = Some(self.index()?);
            if self.at != close + 1 {
                return Err("an index is not plain");
            }
            self.at = back;
            after = close + 1 - back;
            partial = true;
        }
        let rest = &self.bytes()[self.at..];
        if rest.get(after) == Some(&b'+') {
            after += 1;
            partial = true;
        }
        if rest.get(after) != Some(&b'=') {
            return Ok(None);
        }
        self.at += after + 1;
        if self.peek() == Some(b'(') {
            self.at += 1;
            let mut words = Vec::new();
            loop {
                self.newlines()?;
                match self.peek() {
                    Some(b')') => break,
                    None | Some(b';' | b'&' | b'|' | b'<' | b'>' | b'(') => {
                        return Err("a list of values does not end");
                    }
                    _ => words.push(self.word()?),
                }
            }
            self.at += 1;
            return Ok(Some(Assign { name, partial, index, value: Value::Array(words) }));
        }
        let value = match self.peek() {
            None | Some(b' ' | b'\t' | b'\n' | b';' | b'&' | b'|' | b')') => RawWord::default(),
            Some(b'<' | b'>') if self.peek_at(1) != Some(b'(') => RawWord::default(),
            _ => self.word()?,
        };
        Ok(Some(Assign { name, partial, index, value: Value::Word(value) }))
    }

    /// The bracket that closes an index, by brackets, parentheses and quotes alone.
    fn closing(&self, from: usize, most: usize) -> Option<usize> {
        let bytes = &self.bytes()[..most];
        let (mut brackets, mut parens) = (0usize, 0usize);
        let mut at = from;
        while at < most {
            match bytes[at] {
                b']' if parens == 0 && brackets == 0 => return Some(at),
                b']' if parens == 0 => brackets -= 1,
                b'[' if parens == 0 => brackets += 1,
                b'(' => parens += 1,
                b')' => parens = parens.checked_sub(1)?,
                b'\\' => at += 1,
                b'\n' | b';' | b'|' | b'&' if parens == 0 => return None,
                quote @ (b'\'' | b'"' | b'`') => {
                    at += 1;
                    while at < most && bytes[at] != quote {
                        at += if bytes[at] == b'\\' && quote != b'\'' { 2 } else { 1 };
                    }
                }
                _ => {}
            }
            at += 1;
        }
        None
    }

    pub(super) fn redirects(&mut self) -> Read<Vec<Redir>> {
        let mut all = Vec::new();
        loop {
            self.blanks();
            match self.redirect()? {
                Some(redir) => all.push(redir),
                None => return Ok(all),
            }
        }
    }

    pub(super) fn redirect(&mut self) -> Read<Option<Redir>> {
        let back = self.at;
        // `2>` and `{name}>`.
        while self.peek().is_some_and(|b| b.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at == back && self.peek() == Some(b'{') {
            let close = self.bytes()[self.at..].iter().take(64).position(|b| *b == b'}');
            let named = close.filter(|close| is_name(self.slice(self.at + 1, self.at + close)));
            // Its index is arithmetic; nobody writes that in good faith.
            let rest = &self.bytes()[self.at..self.src.len().min(self.at + MOST_INDEX)];
            let length = rest[1..].iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
            if rest.get(length + 1) == Some(&b'[') && rest.windows(2).any(|two| matches!(two, b"}<" | b"}>"))
            {
                return Err("a redirection names a variable with an index");
            }
            self.at += named.map_or(0, |close| close + 1);
        }
        let both = self.at == back && (self.looking_at("&>") || self.looking_at("&>>"));
        if !both && !matches!(self.peek(), Some(b'<' | b'>')) || self.is_process() {
            self.at = back;
            return Ok(None);
        }
        let signs = [
            ("<<<", RedirOp::HereString),
            ("<<-", RedirOp::Heredoc(1)),
            ("<<", RedirOp::Heredoc(0)),
            ("<>", RedirOp::Both),
            ("<&", RedirOp::CopyIn),
            ("<", RedirOp::Read),
            ("&>>", RedirOp::Append),
            ("&>", RedirOp::Write),
            (">>", RedirOp::Append),
            (">|", RedirOp::Write),
            (">&", RedirOp::CopyOut),
            (">", RedirOp::Write),
        ];
        let (_, op) = signs.into_iter().find(|(sign, _)| self.eat(sign)).ok_or("a redirection is unknown")?;
        self.blanks();
        if let RedirOp::Heredoc(strip) = op {
            return self.heredoc(strip == 1).map(Some);
        }
        Ok(Some(Redir { op, target: self.word()? }))
    }

    fn heredoc(&mut self, strip: bool) -> Read<Redir> {
        let word = self.word()?;
        let mut delimiter = String::new();
        let mut quoted = false;
        for part in &word.parts {
            let Part::Text { text, quoted: part } = part else {
                return Err("the end of a heredoc is not plain");
            };
            quoted |= part;
            delimiter.push_str(text);
        }
        // An escape leaves its text quoted; an empty pair of quotes leaves none at all.
        quoted |= self.slice(word.span.0, word.span.1).contains(['\'', '"', '\\']);
        let slot = self.heredocs.len();
        self.heredocs.push(RawWord::default());
        self.pending.push(Pending { delimiter, quoted, strip, slot });
        Ok(Redir { op: RedirOp::Heredoc(slot), target: RawWord::default() })
    }
}

pub(super) fn is_name(word: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    !word.is_empty() && !word.starts_with(|c: char| c.is_ascii_digit()) && word.bytes().all(plain)
}
