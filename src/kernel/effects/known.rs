//! Effects of one command: its options and operands by the table, git, and names that others mention.

use std::path::{Path, PathBuf};

use super::git::GitCall;
use super::guard::{Level, guard_of_text};
use super::programs::{Operands, is_interpreter, program, recurses, steers};
use super::shell::{Find, Folder, Use};
use super::sorted::{CHOOSE, Sorted, sort};
use super::{Fact, Via, net};
use crate::base::FileKind;
use crate::protocol::{Effect, GitOp};
use crate::syntax::shell::{Known, ShellScan, SimpleCommand, Word, in_system_folder};

impl Find<'_> {
    pub fn command(&mut self, scan: &ShellScan, command: &SimpleCommand) {
        if command.defined {
            return;
        }
        for (effect, via) in net::effects(self.charter, command, self.remotes_stand) {
            self.push(Fact::bare(effect, via));
        }
        let written = command.argv.first().and_then(Word::as_literal).unwrap_or_default();
        let steered = command.assignments.iter().any(|(name, _)| steers(name));
        let elsewhere = written.contains('/') && !in_system_folder(written);
        self.loose |= !command.certain || elsewhere;
        if let Some(git) = GitCall::of(command) {
            self.gentle = true;
            self.git(&git, command);
            return;
        }
        self.loose |= steered;
        self.gentle = Self::is_gentle(command);
        let name = command.program.as_deref().unwrap_or_default();
        let Some((does, spec)) = program(name) else {
            // Nobody knows what it does; only its words can be looked at.
            self.loose = true;
            self.mentions(name, command);
            if command.args().iter().any(|word| word.known == Known::Dynamic) {
                self.come(scan, command, None);
            }
            return;
        };
        let folder = Folder { dir: command.dir.as_deref(), sure: command.sure };
        if matches!(name, "curl" | "wget") {
            self.mentions(name, command);
        }
        match does {
            Operands::Sed => self.sed(command, folder),
            Operands::Awk => self.awk(command, folder),
            Operands::Find => self.find(command, folder),
            Operands::Dd => self.dd(command, folder),
            Operands::Tar => self.tar(command, folder),
            Operands::Shell => self.shell(scan, command),
            _ => self.plain(name, does, spec, command, folder),
        }
        for usage in std::mem::take(&mut self.unknown) {
            self.come(scan, command, Some(usage));
        }
    }

    fn plain(
        &mut self,
        name: &str,
        does: Operands,
        spec: &'static str,
        command: &SimpleCommand,
        folder: Folder<'_>,
    ) {
        let mut sorted = sort(does, spec, command);
        self.loose |= sorted.more;
        self.loose |= matches!(name, "chmod" | "chown" | "chgrp") && sorted.has(&["reference"]);
        let before = self.facts.len();
        for (word, usage) in std::mem::take(&mut sorted.files) {
            self.path(&word, folder, usage, Via::Word);
        }
        if let Some(base) = self.base(folder.dir) {
            sorted.attached.iter().for_each(|text| self.mention(&base, text, false));
        }
        if sorted.has_list() {
            self.unknown.push(Use::Read);
        }
        let words = std::mem::take(&mut sorted.operands);
        let down = recurses(name).is_some_and(|options| options.is_empty() || sorted.has(options));
        self.tree = down;
        match does {
            Operands::Texts => {}
            Operands::Reads => {
                self.each(&words, folder, Use::Read);
                if BINUTILS.contains(&name) {
                    self.options_in_files(&words, folder);
                }
            }
            Operands::PatternThenReads => {
                let named = sorted.has(&["e", "f", "g", "regexp", "file", "from-file", "files"]);
                // `yq FILE` shows it.
                let alone = name == "yq" && words.len() == 1;
                let from = words.len().min(usize::from(!named && !alone));
                let usage = if sorted.has(&["files"]) { Use::List } else { Use::Read };
                let here = Word::literal(".");
                let nowhere =
                    words.len() == from && down && (command.fed_by.is_empty() || name.ends_with("grep"));
                let words = if nowhere { &[&here][..] } else { &words[from..] };
                self.each(words, folder, usage);
                if down && usage == Use::Read {
                    self.matched(words, &sorted.values_of(CHOOSE), folder);
                }
            }
            Operands::FirstRead => self.each(&words[..words.len().min(1)], folder, Use::Read),
            Operands::Packs => {
                let (archive, packed) = words.split_at(words.len().min(1));
                self.each(archive, folder, Use::Write);
                self.each(packed, folder, Use::Read);
            }
            // A listing in a file is read.
            Operands::Lists if sorted.has(&["fromfile"]) => self.each(&words, folder, Use::Read),
            Operands::Lists => self.each(&words, folder, Use::List),
            Operands::Writes => self.each(&words, folder, Use::Write),
            Operands::Makes => {
                if sorted.has(&["p", "parents"]) {
                    words.iter().for_each(|word| self.parents(word, folder));
                }
                self.each(&words, folder, Use::Make);
            }
            Operands::ModeThenWrites => {
                // `chmod -x f`: the mode looks like an option.
                let dashed = command.args().iter().any(|word| {
                    word.text.len() > 1
                        && word.text.starts_with('-')
                        && word.text[1..].bytes().all(|b| b"rwxXst".contains(&b))
                });
                self.each(&words[words.len().min(usize::from(!dashed))..], folder, Use::Write);
            }
            Operands::Deletes => {
                self.removals += 1;
                self.each(&words, folder, Use::Delete);
            }
            Operands::Copies | Operands::Links | Operands::Moves => {
                self.renames += usize::from(does != Operands::Copies || self.loose);
                self.transfer(name, does, words, &sorted, folder);
            }
            Operands::InThenOut => {
                // A glob may become the second name too.
                self.loose |= words.iter().any(|word| !word.is_literal());
                for (at, word) in words.into_iter().enumerate() {
                    self.path(word, folder, if at == 0 { Use::Read } else { Use::Write }, Via::Word);
                }
            }
            _ => self.loose = true,
        }
        self.tree = false;
        let removes = does == Operands::Deletes;
        self.writers += usize::from(removes || self.facts[before..].iter().any(Fact::changes));
    }

    /// `@FILE`: more options, shown where they make no sense.
    fn options_in_files(&mut self, words: &[&Word], folder: Folder<'_>) {
        for word in words {
            if let Some(text) = word.text.strip_prefix('@') {
                let word = Word { text: text.to_owned(), known: word.known };
                self.path(&word, folder, Use::Read, Via::Word);
            }
        }
    }

    /// What symbolic links name: from where the link stands, not from where `ln` runs. The link may name
    /// anything; reading through it is judged when it is read.
    fn linked(&mut self, words: &[&Word], target: Option<&Word>, folder: Folder<'_>) {
        let stands = target.map_or("", |target| match self.kind_of(target, folder) {
            Some(FileKind::Directory) => target.text.as_str(),
            _ => target.text.rsplit_once('/').map_or("", |(parent, _)| parent),
        });
        for word in words {
            let relative = !stands.is_empty() && !word.text.starts_with(['/', '~']);
            let text = if relative { format!("{stands}/{}", word.text) } else { word.text.clone() };
            self.path(&Word { text, known: word.known }, folder, Use::List, Via::Word);
        }
    }

    pub(super) fn each(&mut self, words: &[&Word], folder: Folder<'_>, usage: Use) {
        for word in words {
            self.path(word, folder, usage, Via::Word);
        }
    }

    /// `cp`, `mv` and `ln`: sources, and a target that may be a folder.
    fn transfer(
        &mut self,
        name: &str,
        does: Operands,
        mut words: Vec<&Word>,
        sorted: &Sorted<'_>,
        folder: Folder<'_>,
    ) {
        let into = sorted.target.clone();
        let target = match &into {
            Some(word) => Some(word.clone()),
            None if words.len() > 1 => words.pop().cloned(),
            // `ln TARGET` makes a link in the folder it stands in.
            None if does == Operands::Links => Some(Word::literal(".")),
            None => None,
        };
        if does == Operands::Links {
            // Under another name a file of secrets is no longer known for one.
            let base = self.base(folder.dir);
            base.iter().for_each(|base| words.iter().for_each(|word| self.mention(base, &word.text, false)));
        }
        let taken = if does == Operands::Moves { Use::Delete } else { Use::Read };
        // What is moved is lost to nobody; what it is moved over is.
        let gentle = std::mem::replace(&mut self.gentle, true);
        if does == Operands::Links && name == "ln" && sorted.has(&["s", "symbolic"]) {
            self.linked(&words, target.as_ref(), folder);
        } else {
            self.each(&words, folder, taken);
        }
        self.gentle = gentle;
        let Some(target) = target else {
            // One glob may become a source and a target.
            self.loose |= words.iter().any(|word| !word.is_literal());
            return;
        };
        let usage = if does == Operands::Copies { Use::Write } else { Use::Make };
        let as_file = sorted.has(&["T", "no-target-directory"])
            || does == Operands::Links && sorted.has(&["n", "no-dereference"]);
        let kind = self.kind_of(&target, folder);
        if kind != Some(FileKind::Directory) && into.is_none() {
            // It may be a folder by the time the line gets here.
            self.loose |= target.is_literal() && kind == Some(FileKind::Missing) && self.writers > 0;
            self.path(&target, folder, usage, Via::Word);
            return;
        }
        if as_file {
            self.path(&target, folder, usage, Via::Word);
        }
        let mut named = false;
        for word in &words {
            let leaf = word.text.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
            let plain = word.is_literal() && !matches!(leaf, "" | "." | ".." | "~");
            if plain {
                let text = format!("{}/{leaf}", target.text.trim_end_matches('/'));
                let text = if target.text.starts_with('/') && !text.starts_with('/') {
                    format!("/{text}")
                } else {
                    text
                };
                self.path(&Word { text, known: target.known }, folder, usage, Via::Word);
                named = true;
            } else {
                self.loose = true;
            }
        }
        if !named || words.iter().any(|word| !word.is_literal()) {
            self.path(&target, folder, Use::Write, Via::Word);
        }
    }

    /// A bash whose script was followed is known; any other runs a file.
    fn shell(&mut self, scan: &ShellScan, command: &SimpleCommand) {
        let plain = |text: &str| {
            let letters = text.strip_prefix('-').filter(|rest| !rest.is_empty() && !rest.starts_with('-'));
            letters.is_some_and(|letters| letters.bytes().all(|b| b"ceuxv".contains(&b)))
        };
        let mut args = command.args().iter();
        let inline = args.next().is_some_and(|word| plain(&word.text) && word.text.contains('c'));
        let fed = command.args().is_empty() && (command.stdin.is_some() || !command.fed_by.is_empty());
        self.loose |= !inline && !fed || scan.opaque.is_some();
        if !inline && !fed {
            self.mentions("bash", command);
        }
    }

    fn git(&mut self, git: &GitCall<'_>, command: &SimpleCommand) {
        let op = git.op();
        self.push(Fact::bare(Effect::Git { op, about: git.about() }, Via::Word));
        self.loose |= !git.is_harmless();
        self.writers += usize::from(!op.reads_only());
        self.renames += usize::from(!op.reads_only());
        let usage = if git.reads_only() { Use::Read } else { Use::Write };
        let folder = Folder { dir: command.dir.as_deref(), sure: command.sure };
        for word in &git.elsewhere {
            let text = word.text.split_once('=').map_or(word.text.as_str(), |(_, value)| value);
            // Pointing git at the repository itself is not a change to its internals by hand.
            let text = text.strip_suffix("/.git").or(text.strip_suffix(".git")).unwrap_or(text);
            let text = if text.is_empty() { "." } else { text };
            self.path(&Word { text: text.to_owned(), known: word.known }, folder, usage, Via::Word);
        }
        if git.elsewhere.is_empty() && usage == Use::Write && folder.dir != Some("") {
            self.path(&Word::literal("."), folder, usage, Via::Word);
        }
        // Paths that it writes besides its own tree.
        let places = match op {
            GitOp::Push
            | GitOp::ForcePush
            | GitOp::Clone
            | GitOp::WorktreeAdd
            | GitOp::WorktreeRemove
            | GitOp::Init => git.operands().filter(|word| word.text.starts_with(['/', '.', '~'])).collect(),
            // Out of the index only: the files stay.
            GitOp::Remove if git.surely("--cached") => Vec::new(),
            GitOp::Remove | GitOp::Move => git.operands().filter(|word| word.text != ".").collect(),
            _ => Vec::new(),
        };
        for word in places {
            self.path(word, folder, Use::Write, Via::Word);
        }
        if matches!(op, GitOp::Checkout | GitOp::Restore | GitOp::Remove)
            && !git.has("--cached")
            && !git.has("--staged")
        {
            git.operands().for_each(|word| self.doom_file(word, folder));
        }
        // It shows contents of files by their names, or by a commit and a name.
        if matches!(
            git.sub,
            "show"
                | "diff"
                | "cat-file"
                | "hash-object"
                | "blame"
                | "annotate"
                | "grep"
                | "archive"
                | "log"
                | "interpret-trailers"
                | "diff-index"
                | "diff-files"
                | "diff-tree"
        ) && let Some(base) = self.base(folder.dir)
        {
            for word in git.operands() {
                let path = word.text.rsplit_once(':').map_or(word.text.as_str(), |(_, path)| path);
                self.mention(&base, path, false);
            }
        }
        // Options that read a file, and show it or what is wrong with it.
        let mut reads = Vec::new();
        for (at, word) in git.args.iter().enumerate() {
            let (name, value) =
                word.text.split_once('=').map_or((word.text.as_str(), None), |(n, v)| (n, Some(v)));
            let short =
                matches!((git.sub, name), ("config", "-f") | ("commit" | "tag" | "notes" | "merge", "-F"));
            let long = name.len() > 4 && READ_BY_GIT.iter().any(|option| option.starts_with(name));
            if short || long {
                reads.extend(value.or(git.args.get(at + 1).map(|word| word.text.as_str())));
            } else if matches!(git.sub, "commit" | "tag" | "notes" | "merge") {
                reads.extend(name.strip_prefix("-F"));
            }
        }
        if let Some(base) = self.base(folder.dir) {
            reads.iter().for_each(|text| self.mention(&base, text, false));
        }
        let mut args = git.args.iter();
        while let Some(word) = args.next() {
            let value = match word.text.as_str() {
                "-o" | "--output" | "--output-directory" | "--separate-git-dir" | "--template"
                    if matches!(
                        git.sub,
                        "archive"
                            | "format-patch"
                            | "diff"
                            | "log"
                            | "show"
                            | "init"
                            | "clone"
                            | "bugreport"
                            | "diagnose"
                    ) =>
                {
                    args.next().cloned()
                }
                text => text
                    .strip_prefix("--output=")
                    .or(text.strip_prefix("--output-directory="))
                    .map(|value| Word { text: value.to_owned(), known: word.known }),
            };
            if let Some(value) = value {
                self.path(&value, folder, Use::Write, Via::Word);
            }
        }
        if git.sub == "bundle" && git.first() == Some("create") {
            git.operands().nth(1).into_iter().for_each(|word| self.path(word, folder, Use::Write, Via::Word));
        }
    }

    /// Words of a program we do not know that name something guarded.
    pub fn mentions(&mut self, program: &str, command: &SimpleCommand) {
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
                self.in_code(&base, text);
            } else {
                let value = text.split_once('=').map_or(text, |(_, value)| value);
                self.mention(&base, value.trim_start_matches('@'), false);
            }
        }
        // A script given on standard input.
        if let Some(text) = command.stdin.as_ref().filter(|_| code).and_then(Word::as_literal) {
            self.in_code(&base, text);
        }
    }

    /// Names in the text of a program. A name counts where it is a text of its own, in quotes; inside a
    /// longer text it is talked about.
    fn in_code(&mut self, base: &Path, text: &str) {
        let breaks = |c: char| c.is_whitespace() || "'\"`(),;:=|<>&+[]{}".contains(c);
        let writes = WRITES_IN_CODE.iter().any(|sign| text.contains(sign));
        let mut at = 0;
        for token in text.split(breaks) {
            let end = at + token.len();
            let before = text[..at].chars().next_back().is_none_or(|c| !c.is_whitespace());
            let after = text[end..].chars().next().is_none_or(|c| !c.is_whitespace());
            if !token.is_empty() && before && after {
                // A bare `.git` is compared or left out far more often than written.
                let named = token.contains('/') || token.contains(".env") || token.contains("iosm");
                self.mention(base, token, writes && named);
            }
            at = end + text[end..].chars().next().map_or(0, char::len_utf8);
        }
    }

    pub(super) fn mention(&mut self, base: &Path, text: &str, code: bool) {
        let Some(guard) = guard_of_text(self.charter, base, text) else { return };
        let path = PathBuf::from(text);
        let effect = match guard.read {
            Level::Free if code => Effect::Write { path },
            // `--exclude .git`, `lint iosm.yaml`: the sandbox keeps such files from being changed.
            Level::Free => return,
            _ => Effect::Read { path },
        };
        self.push(Fact { guard: Some(guard), ..Fact::bare(effect, Via::Mention) });
    }
}

/// Options of git whose value is a file that it reads.
const READ_BY_GIT: &[&str] =
    &["--contents", "--file", "--pathspec-from-file", "--exclude-from", "--ignore-revs-file"];

/// Programs that read more options from `@FILE`.
const BINUTILS: &[&str] = &["nm", "size", "strings", "objdump", "readelf"];

/// Signs that a program's text changes files.
const WRITES_IN_CODE: &[&str] = &[
    "write", "'w", "\"w", "'a'", "\"a\"", "'r+", "\"r+", "'x'", "\"x\"", "unlink", "remove", "rename",
    "rmtree", "copy", "move", "chmod", "truncate", "symlink", "link(", "mkdir", "O_WRONLY", "O_RDWR", ">",
    "save", "dump", "system(", "append", "create",
];
