//! Effects of a shell line: what its sandbox allows, and what its words say besides.

use std::path::{Path, PathBuf};

use super::git::GitCall;
use super::guard::{Level, guard_of_pattern, guard_of_text};
use super::place::place_for_command;
use super::programs::{Operands, is_interpreter, operands_of, takes_value};
use super::{Fact, MOST_FACTS, Prepared, Via, net, path};
use crate::base::{PathHandle, resolve};
use crate::kernel::charter::{Charter, SandboxStrength};
use crate::kernel::grant::{NetScope, Reach, RunScope};
use crate::protocol::Effect;
use crate::syntax::shell::{Known, RedirectKind, ShellScan, SimpleCommand, Word, scan};

pub(super) fn prepare(charter: &Charter, line: &str) -> Prepared {
    let mut scan = scan(line);
    let mut find = Find { charter, facts: Vec::with_capacity(8), full: false };
    for redirect in &scan.redirects {
        find.redirect(redirect.kind, &redirect.target, redirect.dir.as_deref());
    }
    for command in &scan.commands {
        find.command(command);
    }
    if find.full && scan.opaque.is_none() {
        scan.opaque = Some("it does more things than can be listed".to_owned());
    }
    let mut facts = find.facts;
    facts.insert(0, Fact::bare(whole(&scan, charter), Via::Line));
    Prepared {
        facts,
        shell: Some(scan),
        subject: line.trim().to_owned(),
        written: None,
        reach: Reach::Run(scope(charter, line)),
    }
}

fn whole(scan: &ShellScan, charter: &Charter) -> Effect {
    match &scan.opaque {
        Some(why) => Effect::Opaque { why: why.clone() },
        None if charter.capability.effects.contains("write") => {
            Effect::Contained { reach: "writes in the workspace, no network".to_owned() }
        }
        None => Effect::Contained { reach: "writes nothing, no network".to_owned() },
    }
}

fn scope(charter: &Charter, line: &str) -> RunScope {
    let mut write = vec![charter.temp.clone()];
    if charter.capability.effects.contains("write") {
        write.push(charter.workspace.clone());
        write.extend(charter.extra_roots.iter().cloned());
        write.push(charter.cache.clone());
    }
    let mut read = charter.readable.clone();
    read.push(charter.workspace.clone());
    read.extend(charter.extra_roots.iter().cloned());
    RunScope {
        command: line.to_owned(),
        cwd: charter.workspace.clone(),
        read,
        write,
        network: NetScope::None,
        env: Vec::new(),
        sandboxed: charter.sandbox != SandboxStrength::None,
    }
}

/// What is done to a path that a word names.
#[derive(Clone, Copy, PartialEq)]
enum Use {
    Read,
    Write,
    Delete,
}

struct Find<'c> {
    charter: &'c Charter,
    facts: Vec<Fact>,
    full: bool,
}

impl Find<'_> {
    fn push(&mut self, fact: Fact) {
        if self.facts.len() + 1 >= MOST_FACTS {
            self.full = true;
        } else if !self.facts.contains(&fact) {
            self.facts.push(fact);
        }
    }

    /// The folder a command stands in, where that is known.
    fn base(&self, dir: Option<&str>) -> Option<PathBuf> {
        let dir = dir?;
        Some(match dir.strip_prefix('~') {
            Some(rest) if rest.is_empty() || rest.starts_with('/') => {
                self.charter.home.join(rest.trim_start_matches('/'))
            }
            _ => self.charter.workspace.join(dir),
        })
    }

    fn redirect(&mut self, kind: RedirectKind, target: &Word, dir: Option<&str>) {
        if let Some(effect) = net::device(&target.text) {
            self.push(Fact::bare(effect, Via::Redirect));
            return;
        }
        let usage = if kind == RedirectKind::Read { Use::Read } else { Use::Write };
        self.path(target, dir, usage, Via::Redirect);
    }

    fn path(&mut self, word: &Word, dir: Option<&str>, usage: Use, via: Via) {
        if harmless_device(&word.text) || word.known == Known::Dynamic {
            return;
        }
        if let Some(alternatives) = braces(word) {
            for word in alternatives {
                self.path(&word, dir, usage, via);
            }
            return;
        }
        let absolute = word.text.starts_with(['/', '~']);
        let base = if absolute { Some(self.charter.workspace.clone()) } else { self.base(dir) };
        let Some(base) = base else { return };
        // A glob is judged by the folder it looks in; its last part stays as written.
        let (text, rest) = match word.known {
            Known::Literal => (word.text.as_str(), ""),
            _ => word.text.split_at(word.known_prefix().rfind('/').map_or(0, |at| at + 1)),
        };
        let text = if text.is_empty() { "." } else { text };
        // A path that leads nowhere does nothing.
        let Ok(handle) = resolve(&base, text, Some(&self.charter.home)) else { return };
        let fact = self.fact(&handle, rest, usage, via, &base, text);
        self.push(fact);
    }

    fn fact(&self, handle: &PathHandle, rest: &str, usage: Use, via: Via, base: &Path, text: &str) -> Fact {
        let mut real = handle.real().to_owned();
        if !rest.is_empty() {
            real.push(rest);
        }
        let effect = match usage {
            Use::Read => Effect::Read { path: real.clone() },
            Use::Write => Effect::Write { path: real.clone() },
            Use::Delete => Effect::Delete { path: real.clone() },
        };
        let place = place_for_command(self.charter, &real);
        let mut fact = path::fact(self.charter, place, effect, &real, via);
        if fact.guard.is_none() && !rest.is_empty() {
            fact.guard = guard_of_pattern(self.charter, handle.real(), rest);
        }
        if fact.guard.is_none() && handle.through_link() {
            // Removing or replacing a link acts on its own name too.
            fact.guard = guard_of_text(self.charter, base, text);
        }
        fact
    }

    fn command(&mut self, command: &SimpleCommand) {
        let chosen = net::is_chosen(command);
        for effect in net::effects(command) {
            self.push(Fact::net(effect, Via::Word, chosen));
        }
        if let Some(git) = GitCall::of(command) {
            self.git(&git, command);
            return;
        }
        let program = command.program.as_deref().unwrap_or_default();
        if let Some(kind) = operands_of(program) {
            self.known(program, kind, command);
            return;
        }
        let dir = command.dir.as_deref();
        let (prefixed, flagged): (&[(&str, Use)], &[&str]) = match program {
            "dd" => (&[("if=", Use::Read), ("of=", Use::Write)], &[]),
            "curl" => (&[("--output=", Use::Write)], &["-o", "--output"]),
            "wget" => (&[("--output-document=", Use::Write)], &["-O"]),
            _ => (&[], &[]),
        };
        for word in command.args() {
            for (prefix, usage) in prefixed {
                if let Some(file) = word.text.strip_prefix(prefix) {
                    self.path(&Word { text: file.to_owned(), known: word.known }, dir, *usage, Via::Word);
                }
            }
        }
        for pair in command.args().windows(2).filter(|pair| flagged.contains(&pair[0].text.as_str())) {
            self.path(&pair[1], dir, Use::Write, Via::Word);
        }
        self.mentions(program, command);
    }

    fn git(&mut self, git: &GitCall<'_>, command: &SimpleCommand) {
        self.push(Fact::bare(Effect::Git { op: git.describe() }, Via::Word));
        let usage = if git.reads_only() { Use::Read } else { Use::Write };
        let dir = command.dir.as_deref();
        if let Some(word) = git.elsewhere {
            let text = word.text.split_once('=').map_or(word.text.as_str(), |(_, value)| value);
            // Pointing git at the repository itself is not a change to its internals by hand.
            let text = text.strip_suffix("/.git").or(text.strip_suffix(".git")).unwrap_or(text);
            let text = if text.is_empty() { "." } else { text };
            self.path(&Word { text: text.to_owned(), known: word.known }, dir, usage, Via::Word);
        } else if usage == Use::Write && dir != Some("") {
            self.path(&Word::literal("."), dir, usage, Via::Word);
        }
        if matches!(git.sub, "push" | "clone" | "worktree" | "init") {
            for word in git.operands().filter(|word| word.text.starts_with(['/', '.', '~'])) {
                self.path(word, dir, Use::Write, Via::Word);
            }
        }
    }

    fn known(&mut self, program: &str, kind: Operands, command: &SimpleCommand) {
        let (words, target) = operand_words(program, kind, command);
        let edits = program == "sed" && (command.has_flag("-i") || command.has_flag("--in-place"));
        let named =
            command.args().iter().any(|w| matches!(w.text.as_str(), "-e" | "-f" | "--regexp" | "--file"));
        let skip = match kind {
            Operands::PatternThenReads => usize::from(!named),
            Operands::ModeThenWrites => 1,
            _ => 0,
        };
        let last = target.unwrap_or(words.len().saturating_sub(1));
        let deletes = program == "find" && command.args().iter().any(|word| word.text == "-delete");
        for (at, word) in words.into_iter().enumerate().skip(skip) {
            let usage = match kind {
                Operands::Texts => return,
                Operands::Lists if deletes => Use::Delete,
                Operands::PatternThenReads if edits => Use::Write,
                Operands::Copies | Operands::Moves if at == last => Use::Write,
                Operands::Reads | Operands::PatternThenReads | Operands::Lists | Operands::Copies => {
                    Use::Read
                }
                Operands::Writes | Operands::ModeThenWrites => Use::Write,
                Operands::Deletes | Operands::Moves => Use::Delete,
            };
            let before = self.facts.len();
            self.path(word, command.dir.as_deref(), usage, Via::Word);
            if kind == Operands::Lists && !deletes {
                // Names and sizes are not contents: what asks before being read may be listed.
                for fact in &mut self.facts[before..] {
                    fact.guard = fact.guard.filter(|guard| guard.read == Level::Never);
                }
            }
        }
    }

    /// Words of a program we do not know that name something guarded.
    fn mentions(&mut self, program: &str, command: &SimpleCommand) {
        let Some(base) = self.base(command.dir.as_deref()) else { return };
        let code = is_interpreter(program);
        let mut excluded = false;
        for word in command.args() {
            let text = word.text.as_str();
            let excludes = text.starts_with('-') && (text.contains("exclude") || text.contains("ignore"));
            if std::mem::replace(&mut excluded, excludes && !text.contains('=')) || excludes {
                continue;
            }
            if code {
                for token in text.split(|c: char| c.is_whitespace() || "'\"`(),;:=|<>&+[]{}".contains(c)) {
                    self.mention(&base, token, true);
                }
            } else {
                let value = text.split_once('=').map_or(text, |(_, value)| value);
                self.mention(&base, value.trim_start_matches('@'), false);
            }
        }
    }

    fn mention(&mut self, base: &Path, text: &str, code: bool) {
        let Some(guard) = guard_of_text(self.charter, base, text) else { return };
        let path = PathBuf::from(text);
        let effect = match guard.read {
            Level::Free if code => Effect::Write { path },
            // `--exclude .git`, `lint iosm.yaml`: the sandbox keeps such files from being changed.
            Level::Free => return,
            _ => Effect::Read { path },
        };
        self.push(Fact {
            effect,
            place: None,
            guard: Some(guard),
            shared: false,
            via: Via::Mention,
            chosen: true,
        });
    }
}

/// The words of a known program that are operands, and which of them is the target of `-t`.
fn operand_words<'c>(
    program: &str,
    kind: Operands,
    command: &'c SimpleCommand,
) -> (Vec<&'c Word>, Option<usize>) {
    let mut words: Vec<&Word> = Vec::new();
    let mut target = None;
    let mut skip = false;
    let mut ended = false;
    for word in command.args() {
        let text = word.text.as_str();
        if std::mem::take(&mut skip) {
            continue;
        }
        let option = !ended && text.starts_with('-') && text.len() > 1;
        match text {
            "--" if !ended => ended = true,
            "-t" | "--target-directory" if matches!(kind, Operands::Copies | Operands::Moves) => {
                target = Some(words.len());
            }
            // After its folders, everything in `find` is an expression.
            _ if program == "find" && (option && !words.is_empty() || matches!(text, "(" | "!")) => break,
            _ if option => skip = takes_value(program, text),
            _ => words.push(word),
        }
    }
    (words, target)
}

/// The words that the first brace list of a pattern stands for: `a{b,/c}` is `ab` and `a/c`.
fn braces(word: &Word) -> Option<Vec<Word>> {
    if word.known != Known::Pattern {
        return None;
    }
    let (before, rest) = word.text.split_once('{')?;
    let (list, after) = rest.split_once('}')?;
    // Nested lists would need a parser; their pieces are close enough to be judged one by one.
    let alternatives = list.split([',', '{']).take(16).map(|alternative| {
        let text = [before, alternative, after].concat();
        let pattern = text.contains(['*', '?', '[', '{']);
        Word { text, known: if pattern { Known::Pattern } else { Known::Literal } }
    });
    list.contains(',').then(|| alternatives.collect())
}

/// Devices that every command may use.
fn harmless_device(text: &str) -> bool {
    matches!(
        text,
        "/dev/null"
            | "/dev/zero"
            | "/dev/full"
            | "/dev/stdin"
            | "/dev/stdout"
            | "/dev/stderr"
            | "/dev/tty"
            | "/dev/urandom"
            | "/dev/random"
            | "-"
    ) || text.starts_with("/dev/fd/")
}
