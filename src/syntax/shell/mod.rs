//! Shell lines by a real grammar: every simple command in them, and every redirection.
//!
//! `parse` reads what bash reads; `walk` goes through it in the order in which bash would, expanding
//! words (`expand`) by what is known of variables and folders (`state`). The scan looks through lists,
//! pipes, subshells, substitutions, heredocs, functions, loops, the wrappers of `wrap` and shells
//! started on literal text. What it cannot know (a variable as a
//! command, `eval` of a variable, text that does not parse) makes the whole scan *opaque*: its
//! commands are then some of those that would run, never all.

mod args;
mod assign;
mod ast;
mod braces;
mod code;
mod evaluate;
mod expand;
mod glob;
mod names;
mod operands;
mod out;
mod parse;
mod start;
mod state;
mod stdin;
mod walk;
mod wrap;
mod xargs;

use std::ops::Range;

pub use state::Given;

/// Longer lines are not parsed but called opaque.
const MOST_BYTES: usize = 64 * 1024;

/// How much of a word is known before the shell runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// Exactly this text.
    Literal,
    /// An unquoted glob, as written.
    Pattern,
    /// Digits that are only known when it runs, shown as a glob.
    Number,
    /// Holds a variable or a substitution; the text is the source.
    Dynamic,
}

/// One word after expansion and quote removal. `$HOME` reads as `~`, and `$PWD` as `.` where nobody
/// said what it is; a quoted leading `~`, which the shell does not expand, reads as `./~`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    pub text: String,
    pub known: Known,
}

impl Word {
    pub fn literal(text: impl Into<String>) -> Self {
        Self { text: text.into(), known: Known::Literal }
    }

    /// Whether it is a glob, or shown as one.
    pub fn is_open(&self) -> bool {
        matches!(self.known, Known::Pattern | Known::Number)
    }

    pub fn is_literal(&self) -> bool {
        self.known == Known::Literal
    }

    /// The text, when all of it is known.
    pub fn as_literal(&self) -> Option<&str> {
        self.is_literal().then_some(self.text.as_str())
    }

    /// The part before the first glob or variable.
    pub fn known_prefix(&self) -> &str {
        match self.known {
            Known::Literal => &self.text,
            Known::Number => "",
            Known::Pattern => self.text.split(['*', '?', '[', '{']).next().unwrap_or_default(),
            Known::Dynamic => self.text.split(['$', '`', '<', '"']).next().unwrap_or_default(),
        }
    }
}

/// One command with its arguments, wrappers taken off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SimpleCommand {
    /// The program's name without its folder; `None` when it is not known before the shell runs.
    pub program: Option<String>,
    /// The program as written, and its arguments.
    pub argv: Vec<Word>,
    /// `NAME=value` before the command, and those given to `env`.
    pub assignments: Vec<(String, Word)>,
    /// Programs taken off, outermost first: `sudo`, `xargs`, `find` …
    pub wrappers: Vec<String>,
    /// The source of the command, wrappers and redirections of its own included.
    pub text: String,
    /// The folder it runs in, relative to where the line starts (`""` is there); `None` after a `cd`
    /// to somewhere unknown.
    pub dir: Option<String>,
    /// Whether it surely runs in `dir`, and not in a folder that the line left before.
    pub sure: bool,
    /// Whether the wrappers do nothing but start it.
    pub certain: bool,
    /// A word that is only known when it runs, or a glob, stands without quotes: it may be several.
    pub splits: bool,
    /// A call of a function of this line, whose commands follow.
    pub defined: bool,
    /// Part of a function's definition: where the function is called, its commands stand once more.
    pub dormant: bool,
    /// Commands whose output it reads, as places in [`ShellScan::commands`].
    pub fed_by: Vec<usize>,
    /// Whether its output is all that the next command of its pipe reads.
    pub whole: bool,
    /// Commands substituted into its words, as places in [`ShellScan::commands`].
    pub inside: Range<usize>,
    /// A heredoc or here-string it reads.
    pub stdin: Option<Word>,
}

impl SimpleCommand {
    /// Arguments after the program's name.
    pub fn args(&self) -> &[Word] {
        self.argv.get(1..).unwrap_or_default()
    }

    /// Whether `flag` is among the arguments, or, when it is one letter, in a bundle such as `-rf`.
    pub fn has_flag(&self, flag: &str) -> bool {
        let letter = flag.strip_prefix('-').filter(|rest| rest.len() == 1 && *rest != "-");
        self.args().iter().take_while(|word| word.text != "--").any(|word| {
            word.text == flag
                || letter.is_some_and(|letter| {
                    word.text.starts_with('-') && !word.text.starts_with("--") && word.text.contains(letter)
                })
        })
    }

    /// Arguments that are not options.
    pub fn operands(&self) -> impl Iterator<Item = &Word> {
        let mut ended = false;
        self.args().iter().filter(move |word| {
            if !ended && word.text == "--" {
                ended = true;
                return false;
            }
            ended || !word.text.starts_with('-') || word.text == "-"
        })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RedirectKind {
    Read,
    /// Truncates or creates.
    Write,
    Append,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redirect {
    pub kind: RedirectKind,
    pub target: Word,
    /// As [`SimpleCommand::dir`].
    pub dir: Option<String>,
    /// As [`SimpleCommand::sure`].
    pub sure: bool,
}

/// A function and the commands of its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    pub name: String,
    pub body: Range<usize>,
}

/// What a shell line holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ShellScan {
    pub commands: Vec<SimpleCommand>,
    pub redirects: Vec<Redirect>,
    pub functions: Vec<Function>,
    /// Why not everything that would run is known; the first reason found.
    pub opaque: Option<String>,
    /// Whether the text did not parse, so that even what was found is a guess.
    pub unparsable: bool,
    /// Whether commands of it may have run more often, or with other words, than were followed.
    pub loose: bool,
    /// Whether a text that nobody knows is read as code where the shell reads values so: arithmetic, the
    /// index of a list. Its commands, if it holds any, are not among these.
    pub unseen: bool,
}

/// Scans one shell line or script, knowing nothing of where it runs.
pub fn scan(line: &str) -> ShellScan {
    scan_in(line, Given::default())
}

/// Scans one shell line or script that runs where `given` says.
pub fn scan_in(line: &str, given: Given<'_>) -> ShellScan {
    let mut out = out::Out::new(given);
    walk::script(line, &mut out);
    out.finish()
}

/// Whether a program's path lies in one of the system's own folders.
pub fn in_system_folder(path: &str) -> bool {
    wrap::in_system(path)
}

#[cfg(test)]
mod tests;
