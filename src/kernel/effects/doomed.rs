//! What a shell line deletes or overwrites, as far as its words say.

use std::path::{Path, PathBuf};

use super::shell::{Find, Folder, Use};
use super::{Fact, Place};
use crate::base::{FileKind, resolve};
use crate::syntax::shell::{SimpleCommand, Word};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Deleted,
    /// The file keeps its name and gets another content. Nothing becomes of a folder.
    Overwritten,
}

/// A path in the workspace, or a root added to it, whose content goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doomed {
    /// Real; its last part may be a glob.
    pub path: PathBuf,
    pub fate: Fate,
    /// Of a folder that is gone through by name: globs, one of which the name fits, in any letter case.
    /// Empty for all of it.
    pub names: Vec<String>,
}

impl Find<'_> {
    /// Whether a command leaves the content of what it writes as it is, or nobody can say what it does to it.
    pub(super) fn is_gentle(command: &SimpleCommand) -> bool {
        let long = |name: &str| command.args().iter().any(|word| word.text == name);
        match command.program.as_deref().unwrap_or_default() {
            "touch" | "mkdir" | "mkfifo" | "mknod" | "rmdir" | "chmod" | "chown" | "chgrp" | "setfacl"
            | "chattr" | "setfattr" | "chcon" => true,
            // They keep what was there, or leave it to a file of another name; or it is for a person to edit.
            "gzip" | "gunzip" | "bzip2" | "bunzip2" | "xz" | "unxz" | "lzma" | "zstd" | "unzstd"
            | "compress" | "uncompress" | "lz4" | "zip" | "patch" | "vi" | "vim" | "nvim" | "nano"
            | "pico" | "ed" | "ex" | "emacs" => true,
            // What they write means what it meant.
            "prettier" | "gofmt" | "rustfmt" | "black" | "isort" | "autopep8" | "yapf" | "clang-format"
            | "shfmt" | "dos2unix" | "unix2dos" | "objcopy" | "strip" | "ar" | "ranlib" => true,
            "tee" => command.has_flag("-a") || long("--append"),
            "cp" | "mv" => command.has_flag("-n") || long("--no-clobber"),
            "ln" => !command.has_flag("-f") && !long("--force"),
            _ => false,
        }
    }

    /// Notes that the content of what a fact is about goes.
    pub(super) fn doom(&mut self, fact: &Fact, usage: Use) {
        let fate = match usage {
            Use::Delete => Fate::Deleted,
            Use::Write | Use::Make => Fate::Overwritten,
            Use::Read | Use::List => return,
        };
        if let Some(path) = fact.path().filter(|_| fact.place == Some(Place::Workspace)) {
            let path = path.to_owned();
            self.doom_path(Doomed { path, fate, names: Vec::new() });
        }
    }

    fn doom_path(&mut self, doomed: Doomed) {
        if !self.doomed.contains(&doomed) {
            self.doomed.push(doomed);
        }
    }

    /// A file that git takes from the index or a commit, over the one that stands there.
    pub(super) fn doom_file(&mut self, word: &Word, folder: Folder<'_>) {
        if let Some(path) = self.real(word, folder, FileKind::File) {
            self.doom_path(Doomed { path, fate: Fate::Overwritten, names: Vec::new() });
        }
    }

    /// `find FOLDER … -delete`, or with `rm` for what is found: all of it, or what has a name of some form.
    pub(super) fn doom_found(&mut self, folders: &[&Word], tests: &[Word], folder: Folder<'_>) {
        let runs = |at: usize| {
            let deletes =
                |program: &Word| matches!(program.text.as_str(), "rm" | "unlink" | "shred" | "/bin/rm");
            matches!(tests[at].text.as_str(), "-exec" | "-execdir") && tests.get(at + 1).is_some_and(deletes)
        };
        let deletes = tests.iter().any(|word| word.text == "-delete") || (0..tests.len()).any(runs);
        // What is empty has nothing to lose.
        let empty = tests.iter().any(|word| word.text == "-empty");
        let negated = tests.iter().any(|word| matches!(word.text.as_str(), "!" | "-not"));
        if !deletes || empty && !negated {
            return;
        }
        let names = if super::script::goes_by_name(tests) {
            let named = tests.windows(2).filter(|pair| matches!(pair[0].text.as_str(), "-name" | "-iname"));
            named.map(|pair| pair[1].text.clone()).collect()
        } else {
            Vec::new()
        };
        let here = Word::literal(".");
        let folders = if folders.is_empty() { &[&here][..] } else { folders };
        for word in folders {
            for kind in [FileKind::Directory, FileKind::File] {
                if let Some(path) = self.real(word, folder, kind) {
                    self.doom_path(Doomed { path, fate: Fate::Deleted, names: names.clone() });
                }
            }
        }
    }

    /// What a word leads to, if that is in the workspace and of this kind.
    fn real(&self, word: &Word, folder: Folder<'_>, kind: FileKind) -> Option<PathBuf> {
        let text = word.as_literal()?;
        let base = self.base(folder.dir)?;
        let handle = resolve(&base, text, Some(&self.charter.home)).ok()?;
        let real: &Path = handle.real();
        let inside = super::place::place_for_command(self.charter, real, true) == Place::Workspace;
        (handle.kind() == kind && inside).then(|| real.to_owned())
    }
}
