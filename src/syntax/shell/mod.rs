//! Shell lines by a real grammar: every simple command in them, and every redirection.
//!
//! The scan looks through lists, pipes, subshells, substitutions, heredocs, functions, loops, the
//! wrappers of `wrap` and shells started on literal text. What it cannot know (a variable as a
//! command, `eval` of a variable, text that does not parse) makes the whole scan *opaque*: its
//! commands are then some of those that would run, never all.

mod stdin;
mod walk;
mod word;
mod wrap;

use std::cell::RefCell;
use std::ops::{ControlFlow, Range};

use tree_sitter::{ParseOptions, ParseState, Parser, Tree};

/// Longer lines are not parsed but called opaque.
const MOST_BYTES: usize = 64 * 1024;
/// Steps of the parser (in hundreds) after which a line is called opaque: the grammar is ambiguous,
/// and a hostile line could keep it busy.
const MOST_STEPS: usize = 20_000;

/// How much of a word is known before the shell runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// Exactly this text.
    Literal,
    /// An unquoted glob or brace list, as written.
    Pattern,
    /// Holds a variable or a substitution; the text is the source.
    Dynamic,
}

/// One word after quote removal. `$HOME` reads as `~`, `$PWD` as `.`; a quoted leading `~`, which the
/// shell does not expand, reads as `./~`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    pub text: String,
    pub known: Known,
}

impl Word {
    pub fn literal(text: impl Into<String>) -> Self {
        Self { text: text.into(), known: Known::Literal }
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
    /// Commands whose output it reads, as places in [`ShellScan::commands`].
    pub fed_by: Vec<usize>,
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

    /// Whether it is a program that deletes what its words name.
    pub fn deletes(&self) -> bool {
        match self.program.as_deref() {
            Some("rm" | "rmdir" | "unlink" | "shred") => true,
            Some("find") => self.args().iter().any(|word| word.text == "-delete"),
            _ => false,
        }
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
}

/// Scans one shell line or script.
pub fn scan(line: &str) -> ShellScan {
    let mut out = walk::Out::default();
    walk::script(line, &mut out);
    out.finish()
}

thread_local! {
    static PARSER: RefCell<Option<Parser>> = const { RefCell::new(None) };
}

/// The tree of `text`, or `None` when it is too long or too costly to parse.
fn parse(text: &str) -> Option<Tree> {
    if text.len() > MOST_BYTES {
        return None;
    }
    PARSER.with_borrow_mut(|slot| {
        let mut parser = match slot.take() {
            Some(parser) => parser,
            None => {
                let mut parser = Parser::new();
                parser.set_language(&tree_sitter_bash::LANGUAGE.into()).ok()?;
                parser
            }
        };
        let mut steps = 0usize;
        let mut watch = |_: &ParseState| {
            steps += 1;
            if steps > MOST_STEPS { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let options = ParseOptions::new().progress_callback(&mut watch);
        let bytes = text.as_bytes();
        let mut read = |at: usize, _| bytes.get(at..).unwrap_or_default();
        let tree = parser.parse_with_options(&mut read, None, Some(options));
        // A parse that was given up must not be taken up again by the next line.
        parser.reset();
        *slot = Some(parser);
        tree
    })
}

#[cfg(test)]
mod tests;
