//! The walk over a parsed script, in the order in which the shell would run it: collects commands,
//! redirections and functions, and keeps what is known of folders and variables.

use std::rc::Rc;

use super::ast::{Assign, For, Node, Part, RawWord, Redir, RedirOp, Script, Seq, Simple, Value};
use super::names::Changes;
use super::out::{DEPTH, MOST_COMMANDS, Out};
use super::parse::parse;
use super::state::{State, Val};
use super::{Function, Known, MOST_BYTES, Redirect, RedirectKind, SimpleCommand, Word, stdin, wrap};

/// Times that loops and functions are gone through again.
const MOST_REPEATS: usize = 48;
/// Values of one loop that are gone through one by one.
const MOST_VALUES: usize = 16;
/// Bytes of scripts inside scripts, all together.
const MOST_INNER: usize = 4 * MOST_BYTES;

/// Scans `text` as a script of its own, where `out` stands.
pub(super) fn script(text: &str, out: &mut Out<'_>) {
    out.inner += text.len();
    if text.len() > MOST_BYTES || out.inner > MOST_INNER {
        out.scan.unparsable = true;
        out.opaque("it is too long to read");
        return;
    }
    let parsed = Rc::new(parse(text));
    if let Some(error) = parsed.error {
        out.scan.unparsable = true;
        out.opaque(format!("it does not parse as shell: {error}"));
    }
    // One of these may cost as much of the stack as several levels of one script.
    out.deeper(12, |out| Walk { script: parsed.clone(), out }.seq(&parsed.body, &[]));
}

pub(super) struct Walk<'w, 'g> {
    script: Rc<Script>,
    pub out: &'w mut Out<'g>,
}

impl Walk<'_, '_> {
    fn seq(&mut self, seq: &Seq, feed: &[usize]) {
        for (node, background) in seq {
            if *background {
                let before = self.out.at.clone();
                self.node(node, feed);
                self.out.at = before;
            } else {
                self.node(node, feed);
            }
        }
    }

    /// Visits `node`; its commands read what the commands `feed` write.
    fn node(&mut self, node: &Node, feed: &[usize]) {
        if self.out.full() {
            self.out.opaque(format!("it holds more than {MOST_COMMANDS} commands"));
            return;
        }
        if self.out.depth >= DEPTH {
            self.out.opaque("it is nested too deep");
            return;
        }
        self.out.depth += 1;
        match node {
            Node::Simple(simple) => self.simple(simple, feed),
            Node::Pipeline(parts) => self.pipeline(parts, feed),
            Node::Chain(first, rest) => self.chain(first, rest, feed),
            Node::Subshell(seq, redirs) => {
                let before = self.out.at.clone();
                let feed = self.redirects(redirs, feed);
                self.seq(seq, &feed);
                self.out.at = before;
            }
            Node::Group(seq, redirs) => {
                let feed = self.redirects(redirs, feed);
                self.seq(seq, &feed);
            }
            Node::If(arms, otherwise, redirs) => {
                let feed = self.redirects(redirs, feed);
                let mut ends = Vec::new();
                for (condition, body) in arms {
                    self.seq(condition, &feed);
                    let between = self.out.at.clone();
                    self.seq(body, &feed);
                    ends.push(std::mem::replace(&mut self.out.at, between));
                }
                if let Some(body) = otherwise {
                    self.seq(body, &feed);
                }
                self.join(ends);
            }
            Node::While(condition, body, redirs) => {
                let feed = self.redirects(redirs, feed);
                self.unsettle(&[condition, body], &[]);
                let before = self.out.at.clone();
                self.seq(condition, &feed);
                self.seq(body, &feed);
                self.join(vec![before]);
            }
            Node::For(each) => self.for_loop(each, feed),
            Node::Case(subject, arms, redirs) => {
                let feed = self.redirects(redirs, feed);
                self.out_of_words(subject);
                let before = self.out.at.clone();
                let mut ends = Vec::new();
                for (patterns, body) in arms {
                    for pattern in patterns {
                        self.out_of_words(pattern);
                    }
                    self.seq(body, &feed);
                    // A body may fall through into the next, so what it left is not undone.
                    ends.push(self.out.at.clone());
                    self.join(vec![before.clone()]);
                }
                self.join(ends);
            }
            Node::Function { name, body } => self.define(name, body),
            Node::Arith(parts, redirs) => {
                self.redirects(redirs, feed);
                self.arithmetic(parts);
            }
            Node::Test(words, redirs) => {
                self.redirects(redirs, feed);
                for word in words {
                    self.out_of_words(word);
                }
            }
            Node::Coproc(inner) => {
                let before = self.out.at.clone();
                self.node(inner, &[]);
                self.out.at = before;
            }
        }
        self.out.depth -= 1;
    }

    /// The state may be as it is, or as any of `ends`.
    fn join(&mut self, ends: Vec<State>) {
        for end in &ends {
            self.out.at.merge(end);
        }
    }

    fn out_of_words(&mut self, word: &RawWord) {
        self.single(word);
    }

    fn pipeline(&mut self, parts: &[Node], feed: &[usize]) {
        let before = self.out.at.clone();
        let mut feed = feed.to_vec();
        for part in parts {
            let from = self.out.commands().len();
            self.node(part, &feed);
            let one =
                matches!(part, Node::Simple(_)) && !self.out.commands()[from..].iter().any(|c| c.defined);
            if let Some(last) = self.out.scan.commands[from..].last_mut() {
                last.whole = one;
            }
            feed.extend(from..self.out.commands().len());
            // Each part of a pipe runs in a shell of its own.
            self.out.at.clone_from(&before);
        }
    }

    /// After `&&` everything before has succeeded, so folders and variables are as it left them; what
    /// comes after the whole chain may find any of the states it can end in.
    fn chain(&mut self, first: &Node, rest: &[(bool, Node)], feed: &[usize]) {
        self.node(first, feed);
        let mut skipped: Vec<State> = Vec::new();
        for (success, node) in rest {
            let before = self.out.at.clone();
            if *success {
                self.node(node, feed);
            } else {
                self.join(skipped.clone());
                self.node(node, feed);
            }
            skipped.push(before);
        }
        self.join(skipped);
    }

    /// What a body that runs again and again changes is not known at its start.
    fn unsettle(&mut self, bodies: &[&Seq], names: &[&str]) {
        let mut changes = Changes::default();
        for body in bodies {
            changes.seq(body);
        }
        let calls = changes.calls.iter().any(|name| self.out.at.functions.contains_key(name));
        if calls || changes.anything {
            // Only these change the arguments themselves.
            let shifts =
                ["set", "shift", "eval", "source", "."].iter().any(|name| changes.calls.contains(*name));
            let args = self.out.at.args.clone().filter(|_| !shifts);
            self.out.at.forget();
            self.out.at.args = args;
            self.out.at.sure = false;
        }
        for name in changes.names.iter().map(String::as_str).chain(names.iter().copied()) {
            self.out.at.set(name, Val::Unknown);
        }
        if changes.moves {
            self.out.at.sure = false;
            self.out.at.old = None;
            self.out.at.stack.clear();
        }
    }

    fn for_loop(&mut self, each: &For, feed: &[usize]) {
        let values: Vec<Word> = match &each.values {
            Some(words) => words.iter().flat_map(|word| self.fields(word)).collect(),
            None => self.out.at.args.as_ref().map_or_else(
                || vec![Word { text: "$@".to_owned(), known: Known::Dynamic }],
                |args| args.to_vec(),
            ),
        };
        let feed = self.redirects(&each.redirs, feed);
        let known = values.iter().all(|word| word.known != Known::Dynamic);
        let spare = MOST_REPEATS.saturating_sub(self.out.repeats);
        if known && !each.select && values.len() <= MOST_VALUES.min(spare) {
            self.out.repeats += values.len();
            for word in values {
                let before = self.out.at.clone();
                let value = match word.known {
                    Known::Literal => Val::Text(word.text),
                    _ => Val::Glob(word.text),
                };
                let many = matches!(value, Val::Glob(_));
                if many {
                    self.unsettle(&[&each.body], &[]);
                }
                self.out.at.set(&each.name, value);
                self.seq(&each.body, &feed);
                self.join(vec![before]);
            }
            return;
        }
        self.unsettle(&[&each.body], &[&each.name]);
        let before = self.out.at.clone();
        self.seq(&each.body, &feed);
        self.join(vec![before]);
    }

    fn define(&mut self, name: &str, body: &Rc<Node>) {
        let entry = (self.script.clone(), body.clone());
        self.out.at.functions.insert(name.to_owned(), entry);
        let before = self.out.at.clone();
        let dormant = std::mem::replace(&mut self.out.dormant, true);
        self.out.at.forget();
        let from = self.out.commands().len();
        let hushed = (self.out.scan.opaque.take(), self.out.scan.redirects.len());
        self.node(body, &[]);
        // Why a body cannot be known counts where it is called.
        let why = std::mem::replace(&mut self.out.scan.opaque, hushed.0);
        if self.out.full() || why.as_deref().is_some_and(|why| why.contains("too deep")) {
            self.out.opaque(why.unwrap_or_else(|| "it is too much to follow".to_owned()));
        }
        self.out.scan.redirects.truncate(hushed.1);
        self.out.dormant = dormant;
        self.out.at = before;
        let body = from..self.out.commands().len();
        self.out.scan.functions.push(Function { name: name.to_owned(), body });
    }

    /// Runs the body of a function in place of a call of it.
    fn call(&mut self, name: &str, args: Vec<Word>, feed: &[usize]) -> bool {
        let Some((script, body)) = self.out.at.functions.get(name).cloned() else { return false };
        if self.out.dormant {
            return true;
        }
        if self.out.repeats >= MOST_REPEATS {
            self.out.scan.loose = true;
            return true;
        }
        self.out.repeats += 1;
        let outer = self.out.at.args.replace(Rc::new(args));
        let deep = !self.out.deeper(6, |out| Walk { script, out }.node(&body, feed));
        self.out.at.args = outer;
        if deep {
            self.out.scan.loose = true;
        }
        true
    }

    /// Adds redirections; what commands below read, when it comes from a heredoc, is not theirs alone.
    fn redirects(&mut self, redirs: &[Redir], feed: &[usize]) -> Vec<usize> {
        for redir in redirs {
            self.redirect(redir);
        }
        feed.to_vec()
    }

    /// The text that a heredoc or here-string gives.
    fn redirect(&mut self, redir: &Redir) -> Option<Word> {
        let kind = match redir.op {
            RedirOp::Heredoc(slot) => {
                let script = self.script.clone();
                let body = script.heredocs.get(slot)?;
                return Some(self.input(body));
            }
            RedirOp::HereString => return Some(self.input(&redir.target)),
            RedirOp::Read | RedirOp::CopyIn => RedirectKind::Read,
            RedirOp::Append => RedirectKind::Append,
            RedirOp::Write | RedirOp::Both | RedirOp::CopyOut => RedirectKind::Write,
        };
        let target = self.target(&redir.target);
        let copies = matches!(redir.op, RedirOp::CopyOut | RedirOp::CopyIn);
        if copies && target.text.bytes().all(|b| b.is_ascii_digit() || b == b'-') {
            return None;
        }
        let state = &self.out.at;
        let redirect = Redirect { kind, target, dir: state.dir.clone(), sure: state.sure };
        if !self.out.dormant && self.out.scan.redirects.len() < MOST_COMMANDS {
            self.out.scan.redirects.push(redirect);
        }
        None
    }

    fn input(&mut self, word: &RawWord) -> Word {
        match self.value_of(word) {
            Val::Text(text) => Word::literal(text),
            _ => Word {
                text: self.script.src.get(word.span.0..word.span.1).unwrap_or_default().to_owned(),
                known: Known::Dynamic,
            },
        }
    }

    pub(super) fn arithmetic(&mut self, parts: &[Part]) {
        self.visit(parts);
        let mut changes = Changes::default();
        changes.arithmetic(parts);
        for name in changes.names {
            self.out.at.set(&name, Val::Unknown);
        }
    }

    /// A script in a process of its own.
    pub(super) fn subshell_script(&mut self, script: &Rc<Script>) {
        let before = self.out.at.clone();
        let ok = self.out.deeper(6, |out| Walk { script: script.clone(), out }.seq(&script.body, &[]));
        if !ok {
            self.out.scan.loose = true;
        }
        self.out.at = before;
    }

    /// What a substitution prints, where that is plain.
    pub(super) fn substitution(&mut self, script: &Rc<Script>) -> Option<Val> {
        let from = self.out.commands().len();
        let redirects = self.out.scan.redirects.len();
        self.subshell_script(script);
        let one = self.out.commands().len() == from + 1 && self.out.scan.redirects.len() == redirects;
        let [(Node::Simple(_), false)] = script.body.as_slice() else { return None };
        if !one {
            return None;
        }
        let command = self.out.commands().get(from)?.clone();
        if command.program.as_deref() == Some("pwd") && command.args().is_empty() && command.sure {
            return self.here().filter(|here| here.as_str() != ".").map(Val::Text);
        }
        let temp = self.out.at.get("TMPDIR").is_none().then_some(self.out.given.temp).flatten();
        stdin::value(&command, temp)
    }

    fn assign(&mut self, assign: &Assign) -> (String, Word, Val) {
        match &assign.value {
            Value::Word(word) => {
                let written = word.parts.iter().all(|part| matches!(part, Part::Text { .. }));
                let word = self.single(word);
                let dynamic = Word { text: word.text.clone(), known: Known::Dynamic };
                let value = match word.known {
                    _ if assign.partial => Val::Unknown,
                    // What stands for names or numbers is none of them; a glob stays as it is written.
                    Known::Pattern if !written => Val::Glob(word.text.clone()),
                    _ => value(&word),
                };
                (assign.name.clone(), if assign.partial { dynamic } else { word }, value)
            }
            Value::Array(words) => {
                for word in words {
                    self.fields(word);
                }
                (assign.name.clone(), Word { text: "(…)".to_owned(), known: Known::Dynamic }, Val::Unknown)
            }
        }
    }

    fn simple(&mut self, simple: &Simple, feed: &[usize]) {
        let inside = self.out.commands().len();
        let assigned: Vec<(String, Word, Val)> = simple.assigns.iter().map(|a| self.assign(a)).collect();
        let argv: Vec<Word> = simple.words.iter().flat_map(|word| self.fields(word)).collect();
        let mut input = None;
        for redir in &simple.redirs {
            input = self.redirect(redir).or(input);
        }
        let declares = matches!(
            argv.first().and_then(Word::as_literal),
            Some("declare" | "typeset" | "local" | "export" | "readonly")
        );
        if argv.is_empty() || declares {
            for (name, _, value) in &assigned {
                self.out.at.set(name, value.clone());
                if argv.first().is_some_and(|word| word.text == "export") {
                    self.out.at.exported.insert(name.clone());
                }
            }
        }
        if argv.is_empty() {
            return;
        }
        let from = self.out.commands().len();
        let mut exported: Vec<(String, Word)> = Vec::new();
        for name in &self.out.at.exported {
            let word = match self.out.at.get(name) {
                Some(Val::Text(text)) => Word::literal(text.clone()),
                _ => Word { text: format!("${name}"), known: Known::Dynamic },
            };
            exported.push((name.clone(), word));
        }
        exported.extend(assigned.into_iter().map(|(name, word, _)| (name, word)));
        let command = SimpleCommand {
            program: None,
            argv,
            assignments: exported,
            wrappers: Vec::new(),
            text: self.script.src.get(simple.span.0..simple.span.1).unwrap_or_default().to_owned(),
            dir: self.out.at.dir.clone(),
            sure: self.out.at.sure,
            certain: true,
            defined: false,
            dormant: false,
            fed_by: feed.to_vec(),
            whole: false,
            inside: inside..from,
            stdin: input,
        };
        if let Some(name) = command.argv[0].as_literal().map(str::to_owned)
            && self.out.at.functions.contains_key(&name)
        {
            let args = command.args().to_vec();
            let program = Some(name.clone());
            self.out.push(SimpleCommand { program, defined: true, ..command });
            self.call(&name, args, feed);
            return;
        }
        wrap::settle(command, self.out);
        stdin::follow(self.out);
    }
}

fn value(word: &Word) -> Val {
    match word.known {
        Known::Literal => Val::Text(word.text.clone()),
        // A glob in an assignment stays as it is, until it is used without quotes.
        Known::Pattern => Val::Text(word.text.clone()),
        Known::Dynamic => Val::Unknown,
    }
}
