//! Words: quotes, escapes, expansions, substitutions.

use super::super::ast::{Odd, Part, RawWord, VarOp};
use super::{Parser, Read, parse_at};

impl Parser {
    /// Whether a process substitution begins here.
    pub(super) fn is_process(&self) -> bool {
        matches!(self.peek(), Some(b'<' | b'>')) && self.peek_at(1) == Some(b'(')
    }

    pub(super) fn word(&mut self) -> Read<RawWord> {
        let from = self.at;
        let parts = self.parts(None)?;
        if self.at == from {
            return Err("a word is missing");
        }
        Ok(RawWord { parts, span: (from, self.at) })
    }

    /// Parts up to the end of a word, or up to `close` (the end of `${…}`), which may hold blanks.
    fn parts(&mut self, close: Option<u8>) -> Read<Vec<Part>> {
        let mut parts = Vec::new();
        while let Some(byte) = self.peek() {
            if close == Some(byte) {
                break;
            }
            match byte {
                b'<' | b'>' if self.is_process() => {
                    self.at += 2;
                    parts.push(Part::Process(self.inner(b')')?));
                }
                b' ' | b'\t' | b'\n' | b';' | b'&' | b'|' | b'<' | b'>' | b'(' | b')' if close.is_none() => {
                    break;
                }
                b'\'' => {
                    self.at += 1;
                    let rest = &self.bytes()[self.at..];
                    let end = rest.iter().position(|b| *b == b'\'').ok_or("a quote does not end")?;
                    let text = self.slice(self.at, self.at + end).to_owned();
                    self.at += end + 1;
                    parts.push(Part::Text { text, quoted: true });
                }
                b'"' => {
                    self.at += 1;
                    self.quotes(&mut parts)?;
                }
                b'\\' => {
                    self.at += 1;
                    match self.character() {
                        Some('\n') => {}
                        Some(ch) => parts.push(Part::Text { text: ch.to_string(), quoted: true }),
                        None => parts.push(Part::Text { text: "\\".to_owned(), quoted: true }),
                    }
                }
                b'$' if self.peek_at(1) == Some(b'\'') => parts.push(self.ansi()?),
                b'$' if self.peek_at(1) == Some(b'"') => {
                    self.at += 2;
                    self.quotes(&mut parts)?;
                }
                b'$' => match self.dollar(false)? {
                    Some(part) => parts.push(part),
                    None => text(&mut parts, '$', false),
                },
                b'`' => parts.push(self.backtick(false)?),
                _ => {
                    let Some(ch) = self.character() else { break };
                    text(&mut parts, ch, false);
                }
            }
        }
        Ok(parts)
    }

    fn quotes(&mut self, parts: &mut Vec<Part>) -> Read<()> {
        // Empty quotes make a word too.
        parts.push(Part::Text { text: String::new(), quoted: true });
        let inner = self.deeper(|parser| parser.double_quoted(Some(b'"')))?;
        self.at += 1;
        parts.extend(inner);
        Ok(())
    }

    fn character(&mut self) -> Option<char> {
        let ch = self.src.get(self.at..)?.chars().next()?;
        self.at += ch.len_utf8();
        Some(ch)
    }

    /// Text as between double quotes, up to `close` or, in a heredoc, to the end.
    pub(super) fn double_quoted(&mut self, close: Option<u8>) -> Read<Vec<Part>> {
        let mut parts = Vec::new();
        loop {
            match self.peek() {
                None if close.is_some() => return Err("a quote does not end"),
                None => return Ok(parts),
                byte if byte == close => return Ok(parts),
                Some(b'\\') => {
                    self.at += 1;
                    match self.peek() {
                        Some(b'\n') => self.at += 1,
                        Some(b'$' | b'`' | b'\\') => {
                            let ch = self.character().unwrap_or('\\');
                            text(&mut parts, ch, true);
                        }
                        byte if byte.is_some() && byte == close => {
                            self.at += 1;
                            text(&mut parts, '"', true);
                        }
                        _ => text(&mut parts, '\\', true),
                    }
                }
                Some(b'$') => match self.dollar(true)? {
                    Some(part) => parts.push(part),
                    None => text(&mut parts, '$', true),
                },
                Some(b'`') => {
                    let part = self.backtick(true)?;
                    parts.push(part);
                }
                Some(_) => {
                    let Some(ch) = self.character() else { return Ok(parts) };
                    text(&mut parts, ch, true);
                }
            }
        }
    }

    /// What a dollar begins; `None` when it stands for itself, and has been passed.
    fn dollar(&mut self, quoted: bool) -> Read<Option<Part>> {
        self.at += 1;
        match self.peek() {
            Some(b'(') => {
                if self.peek_at(1) == Some(b'(')
                    && let Some(end) = self.arithmetic_end(self.at + 2)
                {
                    let parts = self.arithmetic(self.at + 2, end)?;
                    return Ok(Some(Part::Arith(parts)));
                }
                self.at += 1;
                let script = self.inner(b')')?;
                Ok(Some(Part::Sub { script, quoted }))
            }
            Some(b'{') => {
                self.at += 1;
                self.deeper(|parser| parser.braced(quoted)).map(Some)
            }
            Some(b'[') => Err("`$[` is too old a spelling"),
            Some(byte) if byte.is_ascii_alphabetic() || byte == b'_' => {
                let name = self.name();
                Ok(Some(Part::Var { name, op: VarOp::Plain, quoted }))
            }
            Some(byte) if byte.is_ascii_digit() || b"@*#?-$!".contains(&byte) => {
                self.at += 1;
                let name = char::from(byte).to_string();
                Ok(Some(Part::Var { name, op: VarOp::Plain, quoted }))
            }
            _ => Ok(None),
        }
    }

    fn name(&mut self) -> String {
        let from = self.at;
        while self.peek().is_some_and(|b| b.is_ascii_alphanumeric() || b == b'_') {
            self.at += 1;
        }
        self.slice(from, self.at).to_owned()
    }

    /// After `${`.
    fn braced(&mut self, quoted: bool) -> Read<Part> {
        let mut length = false;
        let mut indirect = false;
        if self.peek() == Some(b'#') && self.peek_at(1) != Some(b'}') {
            length = true;
            self.at += 1;
        }
        if self.peek() == Some(b'!') && self.peek_at(1) != Some(b'}') {
            indirect = true;
            self.at += 1;
        }
        let mut name = self.name();
        if name.is_empty() {
            let special = self.peek().filter(|b| b"@*#?-$!".contains(b)).ok_or("a `${` is not plain")?;
            self.at += 1;
            name = char::from(special).to_string();
        }
        let mut index = None;
        if self.peek() == Some(b'[') {
            self.at += 1;
            index = Some(self.index()?);
        }
        let colon = self.peek() == Some(b':') && self.peek_at(1).is_some_and(|b| b"-=+?".contains(&b));
        if colon {
            self.at += 1;
        }
        let kind = self.peek().filter(|b| b"-=+?#%".contains(b));
        let mut longest = false;
        if let Some(kind) = kind {
            self.at += 1;
            if matches!(kind, b'#' | b'%') && self.peek() == Some(kind) {
                longest = true;
                self.at += 1;
            }
        }
        let rest = if quoted { self.quoted_parts()? } else { self.parts(Some(b'}'))? };
        if !self.eat("}") {
            return Err("a `${` does not end");
        }
        let begins = |sign: &str| match rest.first() {
            Some(Part::Text { text, .. }) => kind.is_none() && text.starts_with(sign),
            _ => false,
        };
        let (slice, prompt) = (begins(":"), begins("@P"));
        // `${!X*}` and `${!X[@]}` are names and keys.
        let names = index.is_none() && (begins("*") || begins("@") && !prompt && is_text(&rest, "@"));
        let keys = rest.is_empty()
            && index.as_deref().is_some_and(|index| is_text(index, "@") || is_text(index, "*"));
        let indirect = indirect && !names && !keys;
        let op = match kind {
            _ if index.is_some() || indirect || slice || prompt => {
                VarOp::Odd(Box::new(Odd { index, indirect, length, rest, slice, prompt }))
            }
            None if names || keys => VarOp::Other(rest),
            None if length && rest.is_empty() => VarOp::Length,
            None if rest.is_empty() => VarOp::Plain,
            Some(kind @ (b'-' | b'=' | b'+' | b'?')) if !length => VarOp::Default { kind, colon, word: rest },
            Some(kind @ (b'#' | b'%')) if !length => {
                VarOp::Strip { front: kind == b'#', longest, pattern: rest }
            }
            _ => VarOp::Other(rest),
        };
        Ok(Part::Var { name, op, quoted })
    }

    /// What stands between brackets, after the first of them; brackets inside it are its own.
    pub(super) fn index(&mut self) -> Read<Vec<Part>> {
        let mut all = Vec::new();
        let mut open = 1usize;
        loop {
            let parts = self.parts(Some(b']'))?;
            if !self.eat("]") {
                return Err("an index does not end");
            }
            let opens = |part: &Part| match part {
                Part::Text { text, quoted: false } => text.matches('[').count(),
                _ => 0,
            };
            open += parts.iter().map(opens).sum::<usize>();
            all.extend(parts);
            open -= 1;
            if open == 0 {
                return Ok(all);
            }
            text(&mut all, ']', false);
        }
    }

    /// Parts of `"${X:-…}"`: quotes inside quotes are removed, single quotes stand for themselves.
    fn quoted_parts(&mut self) -> Read<Vec<Part>> {
        let mut parts = Vec::new();
        loop {
            match self.peek() {
                None => return Err("a `${` does not end"),
                Some(b'}') => return Ok(parts),
                Some(b'"') => {
                    self.at += 1;
                    self.quotes(&mut parts)?;
                }
                Some(b'\\') => {
                    self.at += 1;
                    let ch = self.character().ok_or("a `${` does not end")?;
                    text(&mut parts, ch, true);
                }
                Some(b'$') => match self.dollar(true)? {
                    Some(part) => parts.push(part),
                    None => text(&mut parts, '$', true),
                },
                Some(b'`') => {
                    let part = self.backtick(true)?;
                    parts.push(part);
                }
                Some(_) => {
                    let ch = self.character().ok_or("a `${` does not end")?;
                    text(&mut parts, ch, true);
                }
            }
        }
    }

    /// `` `…` ``: a script in which some characters are escaped once more.
    fn backtick(&mut self, quoted: bool) -> Read<Part> {
        self.at += 1;
        let mut inner = String::new();
        loop {
            match self.character().ok_or("a backtick does not end")? {
                '`' => break,
                '\\' => match self.character().ok_or("a backtick does not end")? {
                    ch @ ('`' | '\\' | '$') => inner.push(ch),
                    '"' if quoted => inner.push('"'),
                    ch => inner.extend(['\\', ch]),
                },
                ch => inner.push(ch),
            }
        }
        self.deeper(|parser| {
            let script = parse_at(inner.as_str().into(), parser.depth);
            match script.error {
                Some(error) => Err(error),
                None => Ok(Part::Sub { script: script.into(), quoted }),
            }
        })
    }

    /// Where the `))` stands that ends what begins at `from`; `None` when these are two parentheses.
    pub(super) fn arithmetic_end(&self, from: usize) -> Option<usize> {
        let at = self.level(from, self.src.len(), b')')?;
        (self.bytes().get(at + 1) == Some(&b')')).then_some(at)
    }

    /// The first semicolon of `for ((`.
    pub(super) fn separator(&self, from: usize, end: usize) -> Option<usize> {
        self.level(from, end, b';')
    }

    /// Where `sign` stands outside quotes and parentheses.
    fn level(&self, from: usize, end: usize, sign: u8) -> Option<usize> {
        let bytes = &self.bytes()[..end];
        let mut open = 0usize;
        let mut at = from;
        while at < end {
            match bytes[at] {
                byte if byte == sign && open == 0 => return Some(at),
                b'(' => open += 1,
                b')' => open = open.checked_sub(1)?,
                b'\\' => at += 1,
                quote @ (b'\'' | b'"' | b'`') => {
                    at += 1;
                    while at < end && bytes[at] != quote {
                        at += if bytes[at] == b'\\' && quote != b'\'' { 2 } else { 1 };
                    }
                }
                _ => {}
            }
            at += 1;
        }
        None
    }

    /// The substitutions of an arithmetic text, and its names as text.
    pub(super) fn arithmetic(&mut self, from: usize, end: usize) -> Read<Vec<Part>> {
        let text = self.slice(from, end).to_owned();
        self.at = end + 2;
        if self.depth >= super::MOST_DEPTH {
            return Err("it is nested too deep");
        }
        super::parse_heredoc(&text, self.depth + 1).map(|word| word.parts)
    }

    /// `$'…'` (bash manual, ANSI-C quoting).
    fn ansi(&mut self) -> Read<Part> {
        self.at += 2;
        let mut out = String::new();
        loop {
            let ch = self.character().ok_or("a quote does not end")?;
            if ch == '\'' {
                return Ok(Part::Text { text: out, quoted: true });
            }
            if ch != '\\' {
                out.push(ch);
                continue;
            }
            let escape = self.character().ok_or("a quote does not end")?;
            let plain = match escape {
                'n' => '\n',
                't' => '\t',
                'r' => '\r',
                'a' => '\u{7}',
                'b' => '\u{8}',
                'e' | 'E' => '\u{1b}',
                'f' => '\u{c}',
                'v' => '\u{b}',
                '\\' | '\'' | '"' | '?' => escape,
                'x' => self.digits(16, 2, 0)?,
                'u' => self.digits(16, 4, 0)?,
                'U' => self.digits(16, 8, 0)?,
                '0'..='7' => self.digits(8, 2, escape.to_digit(8).unwrap_or(0))?,
                _ => return Err("an escape is unknown"),
            };
            out.push(plain);
        }
    }

    fn digits(&mut self, radix: u32, most: usize, start: u32) -> Read<char> {
        let mut value = start;
        for _ in 0..most {
            let Some(digit) = self.peek().and_then(|b| char::from(b).to_digit(radix)) else { break };
            value = value.wrapping_mul(radix).wrapping_add(digit);
            self.at += 1;
        }
        // A byte above 127 is part of a character, and a NUL ends the word; nobody writes either in
        // good faith.
        let plain = |c: &char| *c != '\0' && (value < 0x80 || most > 2);
        char::from_u32(value).filter(plain).ok_or("an escape is no plain character")
    }
}

/// Whether the parts are this text.
fn is_text(parts: &[Part], wanted: &str) -> bool {
    matches!(parts, [Part::Text { text, .. }] if text == wanted)
}

/// Adds a character to the text at the end.
fn text(parts: &mut Vec<Part>, ch: char, quoted: bool) {
    if let Some(Part::Text { text, quoted: last }) = parts.last_mut()
        && *last == quoted
    {
        text.push(ch);
        return;
    }
    parts.push(Part::Text { text: ch.to_string(), quoted });
}
