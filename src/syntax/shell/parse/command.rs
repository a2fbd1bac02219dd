//! Commands: lists, pipes, compounds, functions, redirections.

use std::rc::Rc;

use super::super::ast::{For, Node, Part, RawWord, Seq, Simple};
use super::simple::is_name;
use super::{Parser, Read};

/// Words that end a list of commands where one could begin.
const CLOSERS: &[&str] = &["then", "elif", "else", "fi", "do", "done", "esac", "}"];
const DECLARES: &[&str] = &["declare", "typeset", "local", "export", "readonly"];

impl Parser {
    /// Commands up to something that closes them, or the end.
    pub(super) fn seq(&mut self) -> Read<Seq> {
        let mut seq = Vec::new();
        loop {
            self.newlines()?;
            if self.closes() {
                return Ok(seq);
            }
            self.statement(&mut seq)?;
        }
    }

    fn closes(&self) -> bool {
        match self.peek() {
            None | Some(b')') => true,
            Some(b';') => self.peek_at(1) == Some(b';') || self.peek_at(1) == Some(b'&'),
            _ => self.keyword().is_some_and(|word| CLOSERS.contains(&word)),
        }
    }

    /// One list with what ends it.
    pub(super) fn statement(&mut self, seq: &mut Seq) -> Read<()> {
        let node = self.chain()?;
        self.fresh = false;
        self.blanks();
        let background = self.peek() == Some(b'&') && self.peek_at(1) != Some(b'&');
        match self.peek() {
            Some(b'&') if background => self.at += 1,
            Some(b';') if !matches!(self.peek_at(1), Some(b';' | b'&')) => self.at += 1,
            Some(b'\n') => self.newline()?,
            None => {}
            // The caller sees what this is, or says that it does not belong here.
            _ if self.closes() && self.depth > 0 => {}
            _ => return Err("a word or sign stands where none may"),
        }
        seq.push((node, background));
        Ok(())
    }

    fn chain(&mut self) -> Read<Node> {
        let first = self.pipeline()?;
        let mut rest = Vec::new();
        loop {
            self.blanks();
            let success = self.looking_at("&&");
            if !success && !self.looking_at("||") {
                break;
            }
            self.at += 2;
            self.newlines()?;
            rest.push((success, self.pipeline()?));
        }
        Ok(if rest.is_empty() { first } else { Node::Chain(Box::new(first), rest) })
    }

    fn pipeline(&mut self) -> Read<Node> {
        self.blanks();
        loop {
            match self.keyword() {
                Some("!") => self.at += 1,
                Some("time") => {
                    self.at += 4;
                    self.blanks();
                    if self.keyword() == Some("-p") {
                        self.at += 2;
                    }
                    self.blanks();
                    // `time` alone is a command.
                    if matches!(self.peek(), None | Some(b'\n' | b';' | b'&' | b')' | b'|')) {
                        return Ok(Node::Group(Vec::new(), Vec::new()));
                    }
                }
                _ => break,
            }
            self.blanks();
        }
        let mut parts = vec![self.command()?];
        loop {
            self.blanks();
            if self.peek() != Some(b'|') || self.peek_at(1) == Some(b'|') {
                break;
            }
            self.at += if self.peek_at(1) == Some(b'&') { 2 } else { 1 };
            self.newlines()?;
            parts.push(self.command()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Node::Pipeline(parts) })
    }

    /// The unquoted word that stands here, when it could be a reserved one.
    fn keyword(&self) -> Option<&str> {
        let rest = &self.bytes()[self.at.min(self.src.len())..];
        let end = rest.iter().position(|b| b" \t\n;&|<>()`".contains(b)).unwrap_or(rest.len());
        let word = self.slice(self.at, self.at + end);
        let plain = !word.is_empty() && word.len() <= 8 && !word.contains(['\'', '"', '\\', '$']);
        plain.then_some(word)
    }

    fn take(&mut self, word: &str) -> Read<()> {
        self.newlines()?;
        if self.keyword() != Some(word) {
            return Err("a compound command does not end");
        }
        self.at += word.len();
        Ok(())
    }

    fn command(&mut self) -> Read<Node> {
        self.blanks();
        if self.looking_at("((")
            && let Some(end) = self.arithmetic_end(self.at + 2)
        {
            let parts = self.arithmetic(self.at + 2, end)?;
            return Ok(Node::Arith(parts, self.redirects()?));
        }
        if self.peek() == Some(b'(') {
            self.at += 1;
            let body = self.deeper(Self::body_of_parens)?;
            return Ok(Node::Subshell(body, self.redirects()?));
        }
        let Some(word) = self.keyword().map(str::to_owned) else { return self.simple() };
        match word.as_str() {
            "{" => {
                self.at += 1;
                let body = self.deeper(Self::some)?;
                self.take("}")?;
                Ok(Node::Group(body, self.redirects()?))
            }
            "if" => {
                self.at += 2;
                self.deeper(Self::conditional)
            }
            "while" | "until" => {
                self.at += 5;
                let condition = self.deeper(Self::some)?;
                let body = self.loop_body()?;
                Ok(Node::While(condition, body, self.redirects()?))
            }
            "for" | "select" => {
                self.at += word.len();
                self.deeper(|parser| parser.for_loop(word == "select"))
            }
            "case" => {
                self.at += 4;
                self.deeper(Self::case)
            }
            "[[" => {
                self.at += 2;
                let words = self.deeper(Self::test)?;
                Ok(Node::Test(words, self.redirects()?))
            }
            "function" => {
                self.at += 8;
                self.blanks();
                let name = self.name_of_function()?;
                self.blanks();
                if self.eat("(") {
                    self.blanks();
                    if !self.eat(")") {
                        return Err("a function is not written as one");
                    }
                }
                self.function(name)
            }
            "coproc" => {
                self.at += 6;
                self.blanks();
                let back = self.at;
                // A name stands only before a compound command.
                if self.keyword().is_some_and(is_name) {
                    self.at += self.keyword().map_or(0, str::len);
                    self.blanks();
                    let compound = self.peek() == Some(b'(') || self.keyword() == Some("{");
                    if !compound {
                        self.at = back;
                    }
                }
                let inner = self.deeper(Self::command)?;
                Ok(Node::Coproc(Box::new(inner)))
            }
            word if CLOSERS.contains(&word) => Err("a word stands where none may"),
            _ => self.simple(),
        }
    }

    fn body_of_parens(&mut self) -> Read<Seq> {
        let body = self.some()?;
        self.newlines()?;
        if self.peek() != Some(b')') {
            return Err("a subshell does not end");
        }
        self.at += 1;
        Ok(body)
    }

    /// A list that is not empty.
    fn some(&mut self) -> Read<Seq> {
        let seq = self.seq()?;
        if seq.is_empty() { Err("a list of commands is empty") } else { Ok(seq) }
    }

    fn conditional(&mut self) -> Read<Node> {
        let mut arms = Vec::new();
        let mut otherwise = None;
        loop {
            let condition = self.some()?;
            self.take("then")?;
            arms.push((condition, self.some()?));
            self.newlines()?;
            match self.keyword() {
                Some("elif") => self.at += 4,
                Some("else") => {
                    self.at += 4;
                    otherwise = Some(self.some()?);
                    self.take("fi")?;
                    break;
                }
                _ => {
                    self.take("fi")?;
                    break;
                }
            }
        }
        Ok(Node::If(arms, otherwise, self.redirects()?))
    }

    fn loop_body(&mut self) -> Read<Seq> {
        self.take("do")?;
        let body = self.deeper(Self::some)?;
        self.take("done")?;
        Ok(body)
    }

    fn for_loop(&mut self, select: bool) -> Read<Node> {
        self.blanks();
        if self.looking_at("((") {
            let end = self.arithmetic_end(self.at + 2).ok_or("a `for ((` does not end")?;
            // What it begins with runs once, before the loop.
            let first = self.separator(self.at + 2, end).ok_or("a `for ((` is not written as one")?;
            let start = self.arithmetic(self.at + 2, first)?;
            let head = self.arithmetic(first + 1, end)?;
            self.blanks();
            self.eat(";");
            self.newlines()?;
            let body = self.body_of_for()?;
            let redirs = self.redirects()?;
            let repeat = Node::While(vec![(Node::Arith(head, Vec::new()), false)], body, Vec::new());
            return Ok(Node::Group(vec![(Node::Arith(start, Vec::new()), false), (repeat, false)], redirs));
        }
        let name = self.keyword_or_name().filter(|name| is_name(name)).ok_or("a loop has no variable")?;
        self.at += name.len();
        self.newlines()?;
        let mut values = None;
        if self.keyword() == Some("in") {
            self.at += 2;
            let mut words = Vec::new();
            loop {
                self.blanks();
                match self.peek() {
                    None | Some(b'\n' | b';') => break,
                    _ => words.push(self.word()?),
                }
            }
            values = Some(words);
        }
        self.blanks();
        if self.peek() == Some(b';') {
            self.at += 1;
        }
        self.newlines()?;
        let body = self.body_of_for()?;
        let redirs = self.redirects()?;
        Ok(Node::For(For { name, values, select, body, redirs }))
    }

    fn keyword_or_name(&self) -> Option<String> {
        let rest = &self.bytes()[self.at.min(self.src.len())..];
        let end = rest.iter().position(|b| !(b.is_ascii_alphanumeric() || *b == b'_')).unwrap_or(rest.len());
        Some(self.slice(self.at, self.at + end).to_owned())
    }

    /// `do … done`, or braces.
    fn body_of_for(&mut self) -> Read<Seq> {
        if self.keyword() == Some("{") {
            self.at += 1;
            let body = self.some()?;
            self.take("}")?;
            return Ok(body);
        }
        self.loop_body()
    }

    fn case(&mut self) -> Read<Node> {
        self.blanks();
        let subject = self.word()?;
        self.take("in")?;
        let mut arms = Vec::new();
        loop {
            self.newlines()?;
            if self.keyword() == Some("esac") {
                self.at += 4;
                break;
            }
            self.eat("(");
            let mut patterns = Vec::new();
            loop {
                self.blanks();
                patterns.push(self.word()?);
                self.blanks();
                if !self.eat("|") {
                    break;
                }
            }
            if !self.eat(")") {
                return Err("a pattern of a `case` does not end");
            }
            let body = self.seq()?;
            arms.push((patterns, body));
            self.newlines()?;
            let ends = self.eat(";;&") || self.eat(";;") || self.eat(";&");
            if !ends && self.keyword() != Some("esac") {
                return Err("a `case` does not end");
            }
        }
        Ok(Node::Case(subject, arms, self.redirects()?))
    }

    /// The words of `[[ … ]]`; its operators are passed over.
    fn test(&mut self) -> Read<Vec<RawWord>> {
        let mut words = Vec::new();
        loop {
            self.newlines()?;
            match self.peek() {
                None => return Err("a `[[` does not end"),
                Some(b']') if self.keyword() == Some("]]") => {
                    self.at += 2;
                    return Ok(words);
                }
                Some(b'(' | b')' | b'|' | b'&' | b'<' | b'>')
                    if !matches!((self.peek(), self.peek_at(1)), (Some(b'<' | b'>'), Some(b'('))) =>
                {
                    self.at += 1;
                }
                Some(b';') => return Err("a `[[` does not end"),
                _ => words.push(self.word()?),
            }
        }
    }

    fn name_of_function(&mut self) -> Read<String> {
        let word = self.word()?;
        match word.parts.as_slice() {
            [Part::Text { text, quoted: false }] => Ok(text.clone()),
            _ => Err("a function has no plain name"),
        }
    }

    fn function(&mut self, name: String) -> Read<Node> {
        self.newlines()?;
        let compound = matches!(self.peek(), Some(b'('))
            || matches!(
                self.keyword(),
                Some("{" | "if" | "while" | "until" | "for" | "case" | "[[" | "select")
            );
        if !compound {
            return Err("a function has no body");
        }
        let body = self.deeper(Self::command)?;
        Ok(Node::Function { name, body: Rc::new(body) })
    }

    fn simple(&mut self) -> Read<Node> {
        let from = self.at;
        let mut simple = Simple::default();
        let mut end = from;
        loop {
            self.blanks();
            if let Some(redir) = self.redirect()? {
                simple.redirs.push(redir);
                end = self.at;
                continue;
            }
            match self.peek() {
                None | Some(b'\n' | b';' | b'&' | b'|' | b')') => break,
                Some(b'(') => {
                    let name = match simple.words.as_slice() {
                        [word] if simple.assigns.is_empty() && simple.redirs.is_empty() => word,
                        _ => return Err("a parenthesis stands where none may"),
                    };
                    let [Part::Text { text, quoted: false }] = name.parts.as_slice() else {
                        return Err("a parenthesis stands where none may");
                    };
                    let name = text.clone();
                    self.at += 1;
                    self.blanks();
                    if !self.eat(")") {
                        return Err("a parenthesis stands where none may");
                    }
                    return self.function(name);
                }
                _ => {}
            }
            let declares = simple.words.first().is_some_and(declares);
            if (simple.words.is_empty() || declares)
                && let Some(assign) = self.assignment()?
            {
                end = self.at;
                simple.assigns.push(assign);
                continue;
            }
            simple.words.push(self.word()?);
            end = self.at;
        }
        if simple.words.is_empty() && simple.assigns.is_empty() && simple.redirs.is_empty() {
            return Err("a command is missing");
        }
        simple.span = (from, end);
        Ok(Node::Simple(simple))
    }
}

fn declares(word: &RawWord) -> bool {
    matches!(word.parts.as_slice(), [Part::Text { text, quoted: false }] if DECLARES.contains(&text.as_str()))
}
