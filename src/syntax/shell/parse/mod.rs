//! A parser for what bash reads: recursive descent over bytes, bounded in depth and in work.
//!
//! It follows the grammar of the bash reference manual, *Shell Grammar*, and refuses what it does not
//! know (extended globs outside `[[`, which a plain `bash -c` refuses too). It never panics and never
//! reads a byte more than a few times.

mod command;
mod simple;
mod word;

use std::rc::Rc;

use super::ast::{RawWord, Script, Seq};

/// Compound commands and substitutions inside one another; each level costs some stack.
const MOST_DEPTH: usize = 60;

/// Why a text could not be read.
pub(super) type Error = &'static str;
type Read<T> = Result<T, Error>;

/// Parses `text`. What was read before an error is kept.
pub(super) fn parse(text: &str) -> Script {
    parse_at(Rc::from(text), 0)
}

fn parse_at(src: Rc<str>, depth: usize) -> Script {
    let mut parser = Parser::new(src.clone(), depth);
    let (mut body, mut lines) = (Vec::new(), Vec::new());
    let error = parser.top(&mut body, &mut lines).err();
    Script { src, body, lines, heredocs: parser.heredocs, error }
}

/// A script of nothing but one text, as the shell expands it when it reads a value once more: as between
/// double quotes.
pub(super) fn parse_quoted(text: &str) -> Script {
    let (word, error) = match parse_heredoc(text, 0) {
        Ok(word) => (word, None),
        Err(error) => (RawWord::default(), Some(error)),
    };
    Script { src: Rc::from(text), body: Vec::new(), lines: Vec::new(), heredocs: vec![word], error }
}

/// The parts of a heredoc's body.
fn parse_heredoc(text: &str, depth: usize) -> Read<RawWord> {
    let mut parser = Parser::new(Rc::from(text), depth);
    let parts = parser.double_quoted(None)?;
    Ok(RawWord { parts, span: (0, text.len()) })
}

struct Pending {
    delimiter: String,
    quoted: bool,
    strip: bool,
    slot: usize,
}

struct Parser {
    src: Rc<str>,
    at: usize,
    depth: usize,
    heredocs: Vec<RawWord>,
    pending: Vec<Pending>,
    /// A line of the script begins here.
    fresh: bool,
}

impl Parser {
    fn new(src: Rc<str>, depth: usize) -> Self {
        Self { src, at: 0, depth, heredocs: Vec::new(), pending: Vec::new(), fresh: true }
    }

    fn bytes(&self) -> &[u8] {
        self.src.as_bytes()
    }

    fn peek(&self) -> Option<u8> {
        self.bytes().get(self.at).copied()
    }

    fn peek_at(&self, ahead: usize) -> Option<u8> {
        self.bytes().get(self.at + ahead).copied()
    }

    fn looking_at(&self, text: &str) -> bool {
        self.bytes()[self.at.min(self.src.len())..].starts_with(text.as_bytes())
    }

    fn eat(&mut self, text: &str) -> bool {
        let found = self.looking_at(text);
        if found {
            self.at += text.len();
        }
        found
    }

    fn slice(&self, from: usize, to: usize) -> &str {
        self.src.get(from..to).unwrap_or_default()
    }

    /// One level down.
    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Read<T>) -> Read<T> {
        if self.depth >= MOST_DEPTH {
            return Err("it is nested too deep");
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    /// Blanks, joined lines and comments.
    fn blanks(&mut self) {
        loop {
            match self.peek() {
                Some(b' ' | b'\t') => self.at += 1,
                Some(b'\\') if self.peek_at(1) == Some(b'\n') => self.at += 2,
                Some(b'#') => {
                    let rest = &self.bytes()[self.at..];
                    self.at += rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len());
                }
                _ => return,
            }
        }
    }

    fn newlines(&mut self) -> Read<()> {
        loop {
            self.blanks();
            if self.peek() != Some(b'\n') {
                return Ok(());
            }
            self.newline()?;
        }
    }

    /// The end of a line, after which the bodies of its heredocs stand.
    fn newline(&mut self) -> Read<()> {
        self.at += 1;
        self.fresh = true;
        for pending in std::mem::take(&mut self.pending) {
            let mut body = String::new();
            while self.at < self.src.len() {
                let rest = &self.src[self.at..];
                let end = rest.find('\n').unwrap_or(rest.len());
                let line = &rest[..end];
                let line = if pending.strip { line.trim_start_matches('\t') } else { line };
                let ends = line == pending.delimiter;
                if !ends {
                    body.push_str(line);
                    body.push('\n');
                }
                self.at = (self.at + end + 1).min(self.src.len());
                if ends {
                    break;
                }
            }
            let word = if pending.quoted {
                RawWord::literal(body)
            } else if self.depth >= MOST_DEPTH {
                return Err("it is nested too deep");
            } else {
                parse_heredoc(&body, self.depth + 1)?
            };
            if let Some(slot) = self.heredocs.get_mut(pending.slot) {
                *slot = word;
            }
        }
        Ok(())
    }

    fn top(&mut self, body: &mut Seq, lines: &mut Vec<usize>) -> Read<()> {
        // Whole lines that were read run even when a later one cannot be read.
        self.newlines()?;
        while self.at < self.src.len() {
            if self.fresh {
                lines.push(body.len());
            }
            let mut line = Vec::new();
            self.statement(&mut line)?;
            body.append(&mut line);
            self.newlines()?;
        }
        Ok(())
    }

    /// A script inside this one, up to `end`, with heredocs of its own.
    fn inner(&mut self, end: u8) -> Read<Rc<Script>> {
        self.deeper(|parser| {
            let heredocs = std::mem::take(&mut parser.heredocs);
            let pending = std::mem::take(&mut parser.pending);
            let body = parser.seq()?;
            parser.newlines()?;
            if parser.peek() != Some(end) {
                return Err("a substitution does not end");
            }
            parser.at += 1;
            let inner = std::mem::replace(&mut parser.heredocs, heredocs);
            let lines = std::mem::replace(&mut parser.pending, pending);
            if !lines.is_empty() {
                return Err("a heredoc in a substitution does not end");
            }
            Ok(Rc::new(Script {
                src: parser.src.clone(),
                body,
                lines: Vec::new(),
                heredocs: inner,
                error: None,
            }))
        })
    }
}

impl RawWord {
    pub(super) fn literal(text: String) -> Self {
        let parts = vec![super::ast::Part::Text { text, quoted: true }];
        Self { parts, span: (0, 0) }
    }
}
