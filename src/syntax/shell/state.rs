//! What is known of a shell at one moment of a line: where it stands, and what its variables hold.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::Word;
use super::ast::{Node, Script};

/// Longer values are forgotten: `X=$X$X` doubles.
const LONGEST_VALUE: usize = 4096;
/// More variables than this and all are forgotten; the state is copied for every subshell.
const MOST_VARIABLES: usize = 200;

/// What the caller knows of the world a line runs in. Absolute paths.
#[derive(Debug, Clone, Copy, Default)]
pub struct Given<'g> {
    pub home: Option<&'g str>,
    pub cwd: Option<&'g str>,
    /// What `TMPDIR` will be.
    pub temp: Option<&'g str>,
}

/// What a variable holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Val {
    /// A leading `~` is the home folder; a tilde that stands for itself is written `./~`.
    Text(String),
    /// Names that a glob found.
    Glob(String),
    /// Digits, whichever they are.
    Number,
    Unknown,
}

#[derive(Debug, Clone)]
pub(super) struct State {
    /// As [`super::SimpleCommand::dir`].
    pub dir: Option<String>,
    pub sure: bool,
    /// Where it stood before the last `cd`.
    pub old: Option<String>,
    pub stack: Vec<Option<String>>,
    vars: BTreeMap<String, Val>,
    pub exported: BTreeSet<String>,
    /// `$1` and so on, where they are known.
    pub args: Option<Rc<Vec<Word>>>,
    pub functions: BTreeMap<String, (Rc<Script>, Rc<Node>)>,
    /// A variable may hold anything, also one that was never assigned.
    forgotten: bool,
    /// Variables whose values are read as arithmetic, or as names, when they are given.
    pub evaluated: BTreeSet<String>,
    /// Variables that keep what they hold.
    pub fixed: BTreeSet<String>,
    /// Every variable that is set is exported (`set -a`).
    pub exports_all: bool,
    /// An expansion may have failed, which ends the line it stands in.
    pub fails: bool,
}

impl Default for State {
    fn default() -> Self {
        Self {
            dir: Some(String::new()),
            sure: true,
            old: None,
            stack: Vec::new(),
            vars: BTreeMap::new(),
            exported: BTreeSet::new(),
            args: None,
            functions: BTreeMap::new(),
            forgotten: false,
            evaluated: BTreeSet::new(),
            fixed: BTreeSet::new(),
            exports_all: false,
            fails: false,
        }
    }
}

impl Val {
    /// Whether it is surely a number, so that reading it as arithmetic does nothing else.
    pub fn is_number(&self) -> bool {
        match self {
            Self::Text(text) => is_number(text),
            Self::Number => true,
            Self::Glob(_) | Self::Unknown => false,
        }
    }
}

/// Decimal digits, with or without a sign.
pub(super) fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
}

impl State {
    pub fn names(&self) -> impl Iterator<Item = &String> {
        self.vars.keys()
    }

    /// What `name` was given in this line; `None` when it has what the environment gave it.
    pub fn get(&self, name: &str) -> Option<&Val> {
        match self.vars.get(name) {
            None if self.forgotten => Some(&Val::Unknown),
            value => value,
        }
    }

    pub fn set(&mut self, name: &str, value: Val) {
        let value = match value {
            Val::Text(text) | Val::Glob(text) if text.len() > LONGEST_VALUE => Val::Unknown,
            value => value,
        };
        if self.fixed.contains(name) && self.vars.get(name) != Some(&value) {
            self.fails = true;
            self.vars.insert(name.to_owned(), Val::Unknown);
            return;
        }
        if self.vars.len() >= MOST_VARIABLES && !self.vars.contains_key(name) {
            self.forget();
            return;
        }
        self.vars.insert(name.to_owned(), value);
    }

    /// Nothing is known of any variable any more.
    pub fn forget(&mut self) {
        self.vars.clear();
        self.exported.clear();
        self.args = None;
        self.forgotten = true;
    }

    /// A child process sees what was exported, and nobody looks which that is.
    pub fn for_child(&self) -> Self {
        let mut child = Self { dir: self.dir.clone(), sure: self.sure, ..Self::default() };
        for name in self.vars.keys() {
            child.vars.insert(name.clone(), Val::Unknown);
        }
        child.forgotten = self.forgotten;
        child
    }

    /// What may be either this or `other`. Where the two differ the folder stays, unsure.
    pub fn merge(&mut self, other: &Self) {
        let differs = |name: &String| self.vars.get(name) != other.vars.get(name);
        let names: Vec<String> =
            self.vars.keys().chain(other.vars.keys()).filter(|n| differs(n)).cloned().collect();
        for name in names {
            let numeric = |state: &Self| state.vars.get(&name).is_some_and(Val::is_number);
            let value = if numeric(self) && numeric(other) { Val::Number } else { Val::Unknown };
            self.vars.insert(name, value);
        }
        self.sure &= other.sure && self.dir == other.dir;
        if self.old != other.old {
            self.old = None;
        }
        if self.stack != other.stack {
            self.stack.clear();
        }
        if self.args != other.args {
            self.args = None;
        }
        self.forgotten |= other.forgotten;
        self.exported.extend(other.exported.iter().cloned());
        self.evaluated.extend(other.evaluated.iter().cloned());
        self.fixed.extend(other.fixed.iter().cloned());
        self.exports_all |= other.exports_all;
        self.fails |= other.fails;
        for (name, body) in &other.functions {
            self.functions.entry(name.clone()).or_insert_with(|| body.clone());
        }
    }
}
