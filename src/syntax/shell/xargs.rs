//! Names that `xargs` is given, where what it reads is plain from the line.

use super::out::Out;
use super::stdin::printed;
use super::{Redirect, RedirectKind, SimpleCommand, Word};

/// More names than this are taken as unknown.
const MOST_NAMES: usize = 32;

/// What is known of the options of one `xargs`.
#[derive(Default)]
pub(super) struct Options {
    /// An option splits or cuts in a way that is not followed.
    odd: bool,
    /// Every name has a command of its own.
    pub each: bool,
    /// A line is one name.
    lines: bool,
}

impl Options {
    /// Takes note of one option and its value.
    pub fn note(&mut self, option: &str, value: Option<&Word>, command: &SimpleCommand, out: &mut Out<'_>) {
        let text = value.and_then(Word::as_literal);
        let number = |prefix: &str| option.strip_prefix(prefix).filter(|rest| !rest.is_empty());
        match option {
            "-r" | "-t" | "-P" | "--no-run-if-empty" | "--verbose" | "--max-procs" => {}
            "-n" | "--max-args" if text == Some("1") => self.each = true,
            _ if number("-n") == Some("1") => self.each = true,
            _ if number("-P").is_some() => {}
            "-d" | "--delimiter" if matches!(text, Some("\\n" | "\n")) => self.lines = true,
            "-d\\n" | "-d\n" => self.lines = true,
            _ if option.starts_with("-I") || option.starts_with("-i") || option == "--replace" => {
                (self.each, self.lines) = (true, true);
            }
            _ => {
                self.odd = true;
                let file = match option {
                    "-a" | "--arg-file" => value.cloned(),
                    _ => number("-a").map(Word::literal),
                };
                if let Some(target) = file.filter(|_| !out.dormant) {
                    let (dir, sure) = (command.dir.clone(), command.sure);
                    out.scan.redirects.push(Redirect { kind: RedirectKind::Read, target, dir, sure });
                }
            }
        }
    }

    /// The names that `command` is given; `None` where they come only when it runs.
    pub fn names(&self, command: &SimpleCommand, out: &Out<'_>) -> Option<Vec<Word>> {
        let text = match (&command.stdin, command.fed_by.last()) {
            (Some(text), _) => text.as_literal()?.to_owned(),
            (None, Some(at)) => printed(out.commands().get(*at).filter(|maker| maker.whole)?)?,
            (None, None) => return None,
        };
        if self.odd || text.contains(['\'', '"', '\\']) {
            return None;
        }
        let names: Vec<&str> = match self.lines {
            true => text.lines().map(str::trim_start).filter(|line| !line.is_empty()).collect(),
            false => text.split_whitespace().collect(),
        };
        // A tilde stands for itself here.
        let word = |name: &str| match name.starts_with('~') {
            true => Word::literal(format!("./{name}")),
            false => Word::literal(name),
        };
        (!names.is_empty() && names.len() <= MOST_NAMES).then(|| names.into_iter().map(word).collect())
    }
}
