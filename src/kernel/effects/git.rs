//! Git command lines taken apart: global options, the subcommand, its arguments.

use crate::syntax::shell::{SimpleCommand, Word};

/// Subcommands that read only, whatever their arguments.
const READS: &[&str] = &[
    "status",
    "log",
    "diff",
    "show",
    "blame",
    "grep",
    "rev-parse",
    "rev-list",
    "ls-files",
    "ls-tree",
    "describe",
    "shortlog",
    "cat-file",
    "for-each-ref",
    "show-ref",
    "merge-base",
    "name-rev",
    "reflog",
    "whatchanged",
    "check-ignore",
    "check-attr",
    "var",
    "help",
    "version",
    "count-objects",
    "diff-tree",
    "diff-index",
    "fsck",
];
/// Subcommands that talk to another repository.
const TALKS: &[&str] = &["push", "fetch", "pull", "clone", "ls-remote", "send-email", "request-pull"];

/// One `git` command.
#[derive(Debug)]
pub(in crate::kernel) struct GitCall<'c> {
    pub sub: &'c str,
    /// After the subcommand.
    pub args: &'c [Word],
    /// Values of `-c name=value`.
    pub config: Vec<&'c str>,
    /// The value of `-C`, `--git-dir` or `--work-tree`.
    pub elsewhere: Option<&'c Word>,
}

impl<'c> GitCall<'c> {
    pub fn of(command: &'c SimpleCommand) -> Option<Self> {
        if command.program.as_deref() != Some("git") {
            return None;
        }
        let args = command.args();
        let mut call = Self { sub: "", args: &[], config: Vec::new(), elsewhere: None };
        let mut at = 0;
        while let Some(word) = args.get(at) {
            let text = word.text.as_str();
            match text {
                "-C" | "--git-dir" | "--work-tree" => {
                    call.elsewhere = args.get(at + 1);
                    at += 2;
                }
                "-c" | "--config-env" => {
                    call.config.extend(args.get(at + 1).map(|word| word.text.as_str()));
                    at += 2;
                }
                _ if text.starts_with("--git-dir=") || text.starts_with("--work-tree=") => {
                    call.elsewhere = Some(word);
                    at += 1;
                }
                _ if text.starts_with('-') => at += 1,
                _ => {
                    call.sub = text;
                    call.args = &args[at + 1..];
                    break;
                }
            }
        }
        Some(call)
    }

    pub fn has(&self, flag: &str) -> bool {
        let letter = flag.strip_prefix('-').filter(|rest| rest.len() == 1 && *rest != "-");
        self.args.iter().take_while(|word| word.text != "--").any(|word| {
            let bundle = word.text.starts_with('-') && !word.text.starts_with("--");
            word.text == flag
                || flag.starts_with("--") && word.text.strip_prefix(flag).is_some_and(|r| r.starts_with('='))
                || bundle && letter.is_some_and(|letter| word.text[1..].contains(letter))
        })
    }

    /// Arguments that are not options.
    pub fn operands(&self) -> impl Iterator<Item = &'c Word> {
        self.args.iter().filter(|word| !word.text.starts_with('-') || word.text == "-")
    }

    pub fn first(&self) -> Option<&'c str> {
        self.operands().next().map(|word| word.text.as_str())
    }

    pub fn reads_only(&self) -> bool {
        READS.contains(&self.sub) && !matches!(self.first(), Some("expire" | "delete"))
    }

    /// The remote or address it would talk to.
    pub fn remote(&self) -> Option<String> {
        let named = |skip: usize| {
            let word = self.operands().nth(skip).map_or("origin", |word| word.text.as_str());
            word.to_owned()
        };
        match self.sub {
            sub if TALKS.contains(&sub) => Some(named(0)),
            "remote" if matches!(self.first(), Some("update" | "prune")) => Some(named(1)),
            "remote" if self.first() == Some("show") && !self.has("-n") => Some(named(1)),
            "submodule" if matches!(self.first(), Some("update" | "add")) => Some("submodules".to_owned()),
            "lfs" if matches!(self.first(), Some("pull" | "push" | "fetch")) => Some("origin".to_owned()),
            _ => None,
        }
    }

    /// The subcommand and its arguments, as shown.
    pub fn describe(&self) -> String {
        let mut text = self.sub.to_owned();
        for word in self.args.iter().take(12) {
            text.push(' ');
            text.push_str(&word.text);
        }
        text
    }
}
