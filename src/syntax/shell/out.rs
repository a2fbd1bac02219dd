//! What a walk collects, with the bounds that hold for a line and all the shells it starts.

use super::state::{Given, State, Val};
use super::{Known, ShellScan, SimpleCommand};

/// Nesting of everything together; the walk recurses.
pub(super) const DEPTH: usize = 120;
/// More commands than this in one line are opaque.
pub(super) const MOST_COMMANDS: usize = 400;

/// What the walk has found so far, shared by a line and the shells it starts.
pub(super) struct Out<'g> {
    pub scan: ShellScan,
    pub at: State,
    pub given: Given<'g>,
    pub depth: usize,
    /// Times that loops and functions were gone through again.
    pub repeats: usize,
    /// Bytes of scripts read so far.
    pub inner: usize,
    /// Inside the body of a function that is only defined.
    pub dormant: bool,
}

impl<'g> Out<'g> {
    pub fn new(given: Given<'g>) -> Self {
        Self {
            scan: ShellScan::default(),
            at: State::default(),
            given,
            depth: 0,
            repeats: 0,
            inner: 0,
            dormant: false,
        }
    }

    pub fn finish(self) -> ShellScan {
        self.scan
    }

    pub fn opaque(&mut self, why: impl Into<String>) {
        if self.scan.opaque.is_none() {
            self.scan.opaque = Some(why.into());
        }
    }

    pub fn commands(&self) -> &[SimpleCommand] {
        &self.scan.commands
    }

    pub fn full(&self) -> bool {
        self.scan.commands.len() >= MOST_COMMANDS
    }

    /// Goes some levels down; false, and opaque, when that is too deep.
    pub fn deeper(&mut self, levels: usize, visit: impl FnOnce(&mut Self)) -> bool {
        if self.depth + levels > DEPTH {
            self.opaque("it is nested too deep");
            return false;
        }
        self.depth += levels;
        visit(self);
        self.depth -= levels;
        true
    }

    pub fn push(&mut self, mut command: SimpleCommand) {
        if self.full() {
            self.opaque(format!("it holds more than {MOST_COMMANDS} commands"));
            return;
        }
        command.dormant = self.dormant;
        self.scan.commands.push(command);
    }

    /// In a process of its own: what it does to folders and variables is gone afterwards.
    pub fn apart(&mut self, visit: impl FnOnce(&mut Self)) {
        let before = self.at.clone();
        visit(self);
        self.at = before;
    }

    /// `None` when it is not known.
    pub fn lookup(&self, name: &str) -> Option<Val> {
        let state = &self.at;
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
                Known::Number => Some(Val::Number),
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
                "TMPDIR" | "TMP" | "TEMP" => self.given.temp.map(|temp| Val::Text(temp.to_owned())),
                _ => None,
            },
        }
    }

    /// Where the shell stands, as an absolute path; `.` where nobody said where it began.
    pub fn here(&self) -> Option<String> {
        self.absolute(self.at.dir.as_ref()?)
    }

    fn absolute(&self, dir: &str) -> Option<String> {
        match self.given.cwd {
            _ if dir.starts_with(['/', '~']) => Some(dir.to_owned()),
            Some(cwd) if dir.is_empty() => Some(cwd.to_owned()),
            Some(cwd) => Some(format!("{cwd}/{dir}")),
            None => dir.is_empty().then(|| ".".to_owned()),
        }
    }
}
