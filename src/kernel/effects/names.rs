//! Names that come at run time: from `find`, a pipe, a substitution, a glob.
//!
//! Where they cannot be known, what is done to them is done to the tree they come from. Files of secrets
//! that are there now and are among the names asked for, by a glob or a name, or in a listing of one
//! folder, are effects of their own. A look at a whole tree asks for none of them by name: there the
//! sandbox keeps them shut.

use std::path::{Path, PathBuf};

use globset::{GlobBuilder, GlobMatcher};

use super::guard::may_hold_secrets;
use super::shell::{Find, Folder, Use};
use super::{Fact, Via};
use crate::protocol::Effect;
use crate::syntax::shell::{Known, ShellScan, SimpleCommand, Word};

/// Folder entries looked at for one line; a bound on time, not on what is forbidden.
const MOST_ENTRIES: usize = 4000;
/// Files of secrets that are told of one look.
const MOST_TOLD: usize = 8;
/// Folders that hold what others wrote, in numbers.
const SKIPPED: &[&str] = &[".git", "node_modules", "target"];
/// As deep as a look goes.
const DEEPEST: usize = 12;

/// Where names come from: folders, and which of the files below are meant.
struct Source {
    roots: Vec<Word>,
    deep: usize,
    globs: Vec<Named>,
    /// Every name counts that stands in the folder itself: it is a listing.
    listed: Option<Hidden>,
}

/// Whether a listing has names with a leading dot.
#[derive(PartialEq)]
enum Hidden {
    Shown,
    Left,
}

/// A test of a name or of a path.
struct Named {
    glob: GlobMatcher,
    whole: bool,
    /// The name itself, where it is no pattern.
    literal: Option<String>,
}

impl Named {
    /// `None` for a pattern that means everything, or that cannot be read.
    fn new(word: &Word, whole: bool, fold: bool) -> Option<Self> {
        let text = word.text.as_str();
        let spelled = text.chars().any(|c| c.is_alphanumeric() || c == '.');
        if word.known == Known::Dynamic || !spelled {
            return None;
        }
        let glob = GlobBuilder::new(text).case_insensitive(fold).build().ok()?.compile_matcher();
        let literal = (!text.contains(['*', '?', '[', '/'])).then(|| text.to_owned());
        Some(Self { glob, whole, literal })
    }

    fn fits(&self, below: &Path, written: &str) -> bool {
        match self.whole {
            true => self.glob.is_match(Path::new(written.trim_end_matches('/')).join(below)),
            false => below.file_name().is_some_and(|leaf| self.glob.is_match(leaf)),
        }
    }
}

impl Find<'_> {
    /// What `command` does to names that it is given at run time. `None` is a program that nobody knows.
    pub(super) fn come(&mut self, scan: &ShellScan, command: &SimpleCommand, usage: Option<Use>) {
        let makers = makers(scan, command);
        let sources: Vec<(Source, Folder<'_>)> = makers
            .iter()
            .filter_map(|maker| {
                let folder = Folder { dir: maker.dir.as_deref(), sure: maker.sure };
                source(maker).map(|source| (source, folder))
            })
            .collect();
        let here = Folder { dir: Some(""), sure: true };
        // A name that a command prints may be one that it was given.
        for maker in makers.iter().filter(|maker| prints_its_words(maker)) {
            let Some(base) = self.base(maker.dir.as_deref()) else { continue };
            for word in maker.operands() {
                let text = word.text.replace("\\n", " ").replace("\\0", " ");
                text.split(char::is_whitespace).for_each(|text| self.mention(&base, text, false));
            }
        }
        if sources.is_empty() && usage == Some(Use::Read) {
            self.below(&Word::literal("."), here, Use::Read);
        }
        for (source, folder) in sources {
            for root in &source.roots {
                let (root, folder) = match root.is_literal() {
                    true => (root.clone(), folder),
                    false => (Word::literal("."), here),
                };
                if let Some(usage) = usage {
                    self.below(&root, folder, usage);
                }
                self.secrets_of(&source, &root, folder, usage);
            }
        }
    }

    /// What is done to a tree.
    fn below(&mut self, root: &Word, folder: Folder<'_>, usage: Use) {
        self.tree = true;
        let usage = if usage.changes() { Use::Write } else { usage };
        self.path(root, folder, usage, Via::Word);
        self.tree = false;
    }

    fn secrets_of(&mut self, source: &Source, root: &Word, folder: Folder<'_>, usage: Option<Use>) {
        if source.globs.is_empty() && source.listed.is_none() {
            return;
        }
        let Some(top) = self.real_folder(root, folder) else { return };
        let hidden = source.listed != Some(Hidden::Left);
        let fits = |below: &Path| {
            let leaf = below.file_name().and_then(|leaf| leaf.to_str()).unwrap_or_default();
            match source.globs.as_slice() {
                [] => hidden || !leaf.starts_with('.'),
                globs => globs.iter().any(|named| named.fits(below, &root.text)),
            }
        };
        let mut found = self.secrets_below(&top, source.deep, &fits);
        let literals = source.globs.iter().filter_map(|named| named.literal.as_deref());
        for name in literals.filter(|name| may_hold_secrets(Path::new(name))) {
            if !found.iter().any(|path| path.ends_with(name)) {
                found.push(top.join(name));
            }
        }
        for path in found {
            self.secret(&path, usage);
        }
    }

    fn secret(&mut self, path: &Path, usage: Option<Use>) {
        let Some(text) = path.to_str() else { return };
        match usage {
            Some(usage) => {
                self.path(&Word::literal(text), Folder { dir: Some(""), sure: true }, usage, Via::Word)
            }
            None => self.mention(Path::new("/"), text, false),
        }
    }

    /// Files of secrets below the folders `roots` that a search chooses by `globs`.
    pub(super) fn matched(&mut self, roots: &[&Word], globs: &[Word], folder: Folder<'_>) {
        let chosen = globs.iter().filter(|glob| !glob.text.starts_with('!'));
        let globs: Vec<Named> =
            chosen.filter_map(|glob| Named::new(glob, glob.text.contains('/'), false)).collect();
        if globs.is_empty() {
            return;
        }
        let source = Source { roots: Vec::new(), deep: DEEPEST, globs, listed: None };
        for root in roots {
            self.secrets_of(&source, root, folder, Some(Use::Read));
        }
    }

    /// Files of secrets that a glob finds.
    pub(super) fn found(&mut self, word: &Word, base: &Path) {
        let text = word.text.as_str();
        let (mut at, text) = match text.strip_prefix('~').filter(|rest| rest.starts_with('/')) {
            Some(rest) => (vec![self.charter.home.clone()], rest),
            None if text.starts_with('/') => (vec![PathBuf::from("/")], text),
            None => (vec![base.to_owned()], text),
        };
        let parts: Vec<&str> = text.split('/').filter(|part| !part.is_empty()).collect();
        for (index, part) in parts.iter().enumerate() {
            let last = index + 1 == parts.len();
            if !part.contains(['*', '?', '[']) {
                at.iter_mut().for_each(|path| path.push(part));
                continue;
            }
            let Ok(glob) = GlobBuilder::new(part).build() else { return };
            let glob = glob.compile_matcher();
            let mut next = Vec::new();
            for folder in at {
                for entry in self.entries(&folder) {
                    let leaf = entry.file_name();
                    let dotted = leaf.to_str().is_some_and(|leaf| leaf.starts_with('.'));
                    let met = dotted == part.starts_with('.') && glob.is_match(&leaf);
                    if met && (!last || may_hold_secrets(Path::new(&leaf))) {
                        next.push(entry.path());
                    }
                }
            }
            at = next;
        }
        let secrets = at.into_iter().filter(|path| may_hold_secrets(path) && path.symlink_metadata().is_ok());
        for path in secrets.take(MOST_TOLD) {
            self.secret(&path, Some(Use::Read));
        }
    }

    fn real_folder(&self, root: &Word, folder: Folder<'_>) -> Option<PathBuf> {
        let base = if root.text.starts_with('/') { Some(PathBuf::from("/")) } else { self.base(folder.dir) };
        let handle = crate::base::resolve(&base?, root.as_literal()?, Some(&self.charter.home)).ok()?;
        Some(handle.real().to_owned())
    }

    fn secrets_below(&mut self, top: &Path, deep: usize, fits: &dyn Fn(&Path) -> bool) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut folders = vec![(top.to_owned(), 1)];
        while let Some((folder, depth)) = folders.pop() {
            for entry in self.entries(&folder) {
                let (path, leaf) = (entry.path(), entry.file_name());
                let below = path.strip_prefix(top).unwrap_or(&path);
                if may_hold_secrets(&path) && fits(below) && found.len() < MOST_TOLD {
                    found.push(path);
                } else if depth < deep
                    && entry.file_type().is_ok_and(|kind| kind.is_dir())
                    && !SKIPPED.iter().any(|skipped| leaf == *skipped)
                {
                    folders.push((path, depth + 1));
                }
            }
        }
        found
    }

    /// The entries of a folder, as far as the bound of the line allows.
    fn entries(&mut self, folder: &Path) -> Vec<std::fs::DirEntry> {
        let left = MOST_ENTRIES.saturating_sub(self.entries);
        let Ok(all) = std::fs::read_dir(folder) else { return Vec::new() };
        let some: Vec<std::fs::DirEntry> = all.take(left).flatten().collect();
        self.entries += some.len() + 1;
        some
    }
}

/// The commands whose output names what `command` is given.
fn makers<'s>(scan: &'s ShellScan, command: &SimpleCommand) -> Vec<&'s SimpleCommand> {
    let finds =
        |command: &&SimpleCommand| matches!(command.program.as_deref(), Some("find" | "fd" | "fdfind"));
    let same = |other: &&SimpleCommand| finds(other) && other.text == command.text;
    if command.wrappers.iter().any(|wrapper| matches!(wrapper.as_str(), "find" | "fd" | "fdfind")) {
        return scan.commands.iter().filter(same).collect();
    }
    let places = command.fed_by.iter().copied().chain(command.inside.clone());
    let direct: Vec<&SimpleCommand> = places.filter_map(|at| scan.commands.get(at)).collect();
    if !direct.is_empty() {
        return direct;
    }
    // A variable, of a loop or of a script that another command starts.
    let lists = |command: &&SimpleCommand| match command.program.as_deref() {
        Some("ls") => command.has_flag("-a") && !command.has_flag("-l") || command.has_flag("-A"),
        Some("git") => command.args().first().is_some_and(|word| word.text == "ls-files"),
        Some("rg" | "grep" | "ag") => {
            ["-l", "--files", "--files-with-matches"].iter().any(|f| command.has_flag(f))
        }
        _ => finds(command),
    };
    scan.commands.iter().filter(lists).collect()
}

/// Where the names that `maker` prints come from; `None` for what passes on names of others.
fn source(maker: &SimpleCommand) -> Option<Source> {
    let plain = |roots: Vec<Word>| Source { roots, deep: DEEPEST, globs: Vec::new(), listed: None };
    let or_here = |roots: Vec<Word>| if roots.is_empty() { vec![Word::literal(".")] } else { roots };
    let operands = || maker.operands().cloned().collect::<Vec<Word>>();
    match maker.program.as_deref()? {
        "find" => Some(of_find(maker)),
        "fd" | "fdfind" => {
            let runs = |word: &&Word| !matches!(word.text.as_str(), "-x" | "-X" | "--exec" | "--exec-batch");
            let words = maker.args().iter().take_while(runs).filter(|word| !word.text.starts_with('-'));
            let mut words: Vec<Word> = words.cloned().collect();
            let pattern = (!words.is_empty()).then(|| words.remove(0));
            let mut source = plain(or_here(words));
            // It is a regular expression, of which as much is read as a glob has.
            let text = pattern.map(|word| word.text.replace(['^', '$', '\\'], "")).unwrap_or_default();
            if text.chars().any(char::is_alphanumeric) {
                source.globs.extend(Named::new(&Word::literal(format!("*{text}*")), false, true));
            }
            Some(source)
        }
        "ls" | "dir" | "exa" | "eza" => {
            let all = ["-a", "-A", "-f"].iter().any(|flag| maker.has_flag(flag))
                || maker.args().iter().any(|word| word.text.starts_with("--al"));
            let listed = Some(if all { Hidden::Shown } else { Hidden::Left });
            let deep = if maker.has_flag("-R") { DEEPEST } else { 1 };
            Some(Source { deep, listed, ..plain(or_here(operands())) })
        }
        "git" | "rg" | "ag" | "tree" => Some(plain(or_here(Vec::new()))),
        "grep" if ["-l", "-r", "-R", "-L"].iter().any(|flag| maker.has_flag(flag)) => {
            Some(plain(or_here(operands().into_iter().skip(1).collect())))
        }
        _ => None,
    }
}

fn of_find(maker: &SimpleCommand) -> Source {
    let args = maker.args();
    let begins = |word: &Word| {
        word.text.starts_with('-') && !matches!(word.text.as_str(), "-H" | "-L" | "-P")
            || matches!(word.text.as_str(), "(" | "!")
    };
    let start = args.iter().position(begins).unwrap_or(args.len());
    let (folders, tests) = args.split_at(start);
    let mut roots: Vec<Word> = folders.iter().filter(|word| !word.text.starts_with('-')).cloned().collect();
    if roots.is_empty() {
        roots.push(Word::literal("."));
    }
    let mut source = Source { roots, deep: DEEPEST, globs: Vec::new(), listed: None };
    for (at, pair) in tests.windows(2).enumerate() {
        let test = pair[0].text.as_str();
        let negated = at > 0 && matches!(tests[at - 1].text.as_str(), "!" | "-not");
        let pruned = tests.get(at + 2).is_some_and(|word| word.text == "-prune");
        let whole = match test {
            "-maxdepth" => {
                source.deep = pair[1].text.parse().unwrap_or(DEEPEST).min(DEEPEST);
                continue;
            }
            "-name" | "-iname" => false,
            "-path" | "-ipath" | "-wholename" | "-iwholename" => true,
            _ => continue,
        };
        if !negated && !pruned {
            source.globs.extend(Named::new(&pair[1], whole, test.starts_with("-i")));
        }
    }
    source
}

/// Whether what a command prints may be one of its words.
fn prints_its_words(maker: &SimpleCommand) -> bool {
    let name = maker.program.as_deref().unwrap_or_default();
    let lists = name == "git" && maker.args().first().is_some_and(|word| word.text == "ls-files");
    lists
        || matches!(
            name,
            "echo"
                | "printf"
                | "ls"
                | "dir"
                | "find"
                | "realpath"
                | "readlink"
                | "basename"
                | "dirname"
                | "stat"
        ) && !(name == "find" && maker.args().iter().any(|word| word.text.starts_with('-')))
}

impl Fact {
    /// Whether it is about what lies below its path too.
    pub fn goes_down(&self) -> bool {
        self.tree && matches!(self.effect, Effect::Read { .. } | Effect::Write { .. })
    }
}

#[cfg(test)]
#[path = "names_tests.rs"]
mod tests;
