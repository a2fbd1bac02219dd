//! Effects of a shell line: what its words say, and what its sandbox allows besides.
//!
//! A line whose every command is known exactly has the effects its words say and `Exec`. Anything else
//! makes it `Contained`: a program not in the table, a place to write that is only known when it runs,
//! an option that does more, names that change while the line runs. What cannot be known at all is
//! `Opaque`.

use std::path::{Path, PathBuf};

use super::guard::{guard_of_pattern, guard_of_text};
use super::place::place_for_command;
use super::{Doomed, Fact, MOST_FACTS, Prepared, Via, net, path};
use crate::base::{FileKind, resolve};
use crate::kernel::charter::{Charter, SandboxStrength};
use crate::kernel::grant::{NetScope, Reach, RunScope};
use crate::protocol::Effect;
use crate::syntax::shell::{Given, Known, RedirectKind, ShellScan, Word, scan_in};

pub(super) fn prepare(charter: &Charter, line: &str) -> Prepared {
    let given =
        Given { home: charter.home.to_str(), cwd: charter.workspace.to_str(), temp: charter.temp.to_str() };
    let mut scan = scan_in(line, given);
    let mut find = Find::new(charter);
    find.remotes_stand = !scan.commands.iter().any(net::changes_remotes);
    for redirect in &scan.redirects {
        let folder = Folder { dir: redirect.dir.as_deref(), sure: redirect.sure };
        find.gentle = redirect.kind == RedirectKind::Append;
        find.redirect(redirect.kind, &redirect.target, folder);
        find.unknown.clear();
        find.writers += usize::from(redirect.kind != RedirectKind::Read);
    }
    for command in scan.commands.iter().filter(|command| !command.dormant) {
        find.command(&scan, command);
    }
    if find.full && scan.opaque.is_none() {
        scan.opaque = Some("it does more things than can be listed".to_owned());
    }
    // Where names change while the line runs, a path may lead elsewhere than it does now.
    let makers = find.writers.saturating_sub(find.removals);
    find.loose |=
        scan.loose || scan.unseen || find.renames > 0 && find.writers > 1 || find.removals > 0 && makers > 0;
    let loose = find.loose;
    let (mut facts, doomed) = (find.facts, find.doomed);
    let outside = |fact: &Fact| matches!(&fact.effect, Effect::Net { host, .. } if !net::is_loopback(host));
    let network = facts.iter().any(outside);
    facts.insert(0, Fact::bare(whole(&scan, charter, (loose, network), line), Via::Line));
    Prepared {
        facts,
        shell: Some(scan),
        doomed,
        subject: line.trim().to_owned(),
        written: None,
        reach: Reach::Run(scope(charter, line)),
    }
}

/// `network`: whether the line reaches beyond this machine, which the effects beside this one say.
fn whole(scan: &ShellScan, charter: &Charter, (loose, network): (bool, bool), line: &str) -> Effect {
    if let Some(why) = &scan.opaque {
        return Effect::Opaque { why: why.clone() };
    }
    if !loose {
        let mut programs: Vec<&str> =
            scan.commands.iter().filter_map(|command| command.program.as_deref()).collect();
        programs.dedup();
        return Effect::Exec { program: programs.join(" "), argv: vec![line.trim().to_owned()] };
    }
    let mut reach = match charter.capability.effects.contains("write") {
        true => "writes in the workspace".to_owned(),
        false => "writes only what is temporary".to_owned(),
    };
    if !network {
        reach.push_str(", no network");
    }
    Effect::Contained { reach }
}

fn scope(charter: &Charter, line: &str) -> RunScope {
    let apart = |dir: &&PathBuf| {
        !dir.starts_with(&charter.workspace) && !charter.extra_roots.iter().any(|root| dir.starts_with(root))
    };
    let git: Vec<PathBuf> = charter.git.iter().filter(apart).cloned().collect();
    let mut write = vec![charter.temp.clone()];
    if charter.capability.effects.contains("write") {
        write.push(charter.workspace.clone());
        write.extend(charter.extra_roots.iter().chain(&git).cloned());
        write.push(charter.cache.clone());
    }
    let mut read = charter.readable.clone();
    read.extend(charter.skills.iter().cloned());
    read.push(charter.workspace.clone());
    read.extend(charter.extra_roots.iter().cloned().chain(git));
    RunScope {
        command: line.to_owned(),
        cwd: charter.workspace.clone(),
        read,
        write,
        still: Vec::new(),
        shut: None,
        network: NetScope::None,
        env: Vec::new(),
        sandboxed: charter.sandbox != SandboxStrength::None,
    }
}

/// Paths of one line that are looked up; each costs some system calls. A line with more is opaque.
const MOST_LOOKUPS: usize = 4000;
/// Facts of every line that are kept for paths outside and guarded ones.
const KEPT: usize = 30;

/// What is done to a path that a word names.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Use {
    Read,
    /// Names and metadata only.
    List,
    /// Through a link, to what it leads to.
    Write,
    /// The name itself is made or replaced.
    Make,
    Delete,
}

impl Use {
    pub fn changes(self) -> bool {
        !matches!(self, Self::Read | Self::List)
    }
}

/// Where a path leads.
struct Target {
    real: PathBuf,
    through_link: bool,
    /// It is a file with several names.
    shared: bool,
}

/// The folder a command stands in, as the scan tells it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Folder<'s> {
    pub dir: Option<&'s str>,
    pub sure: bool,
}

/// What is found of a line.
pub(super) struct Find<'c> {
    pub charter: &'c Charter,
    pub facts: Vec<Fact>,
    pub doomed: Vec<Doomed>,
    /// What is written now keeps its content, or its content has only moved.
    pub gentle: bool,
    /// It may write more, or elsewhere, than its facts say.
    pub loose: bool,
    /// Commands that make links or move names.
    pub renames: usize,
    /// Commands that only remove names.
    pub removals: usize,
    /// Commands and redirections that change anything.
    pub writers: usize,
    /// What is done to names that come at run time.
    pub unknown: Vec<Use>,
    /// What is noted goes for all that lies below.
    pub tree: bool,
    /// Folder entries that were looked at.
    pub entries: usize,
    lookups: usize,
    full: bool,
    /// No command of the line changes where remotes point.
    pub remotes_stand: bool,
}

impl<'c> Find<'c> {
    fn new(charter: &'c Charter) -> Self {
        Self {
            charter,
            facts: Vec::with_capacity(8),
            doomed: Vec::new(),
            gentle: false,
            loose: false,
            renames: 0,
            removals: 0,
            writers: 0,
            unknown: Vec::new(),
            tree: false,
            entries: 0,
            lookups: 0,
            full: false,
            remotes_stand: true,
        }
    }

    pub fn push(&mut self, fact: Fact) {
        // Names that are listed and then read are one thing.
        let same = |other: &&mut Fact| {
            (&other.effect, other.guard, other.via) == (&fact.effect, fact.guard, fact.via)
        };
        if let Some(other) = self.facts.iter_mut().find(same) {
            other.tree |= fact.tree;
            other.shared |= fact.shared;
            return;
        }
        // The last places are kept for what somebody must see.
        let telling = fact.guard.is_some()
            || fact.place.is_some_and(|place| {
                if fact.changes() { !place.is_writable() } else { !place.is_readable() }
            });
        let most = if telling { MOST_FACTS } else { MOST_FACTS - KEPT };
        if self.facts.len() + 1 >= most {
            self.full = true;
        } else {
            self.facts.push(fact);
        }
    }

    /// The folder a command stands in, where that is known.
    pub fn base(&self, dir: Option<&str>) -> Option<PathBuf> {
        let dir = dir?;
        Some(match dir.strip_prefix('~') {
            Some(rest) if rest.is_empty() || rest.starts_with('/') => {
                self.charter.home.join(rest.trim_start_matches('/'))
            }
            _ => self.charter.workspace.join(dir),
        })
    }

    fn redirect(&mut self, kind: RedirectKind, target: &Word, folder: Folder<'_>) {
        if let Some(effect) = net::device(&target.text) {
            self.push(Fact::bare(effect, Via::Redirect));
            return;
        }
        let usage = if kind == RedirectKind::Read { Use::Read } else { Use::Write };
        self.path(target, folder, usage, Via::Redirect);
    }

    /// Notes what is done to the path that `word` names.
    pub fn path(&mut self, word: &Word, folder: Folder<'_>, usage: Use, via: Via) {
        if harmless_device(&word.text) || !usage.changes() && own_process(&word.text) {
            return;
        }
        let absolute = word.text.starts_with(['/', '~']);
        let changes = usage.changes();
        if changes {
            let surely = absolute || folder.sure && self.stands(folder.dir);
            // Any name that a glob finds may be a link.
            let glob = word.is_open() && (usage != Use::Delete || word.text.contains('/'));
            self.loose |= word.known == Known::Dynamic || !surely || glob;
        }
        let (text, rest) = parts(word);
        // From a process, not from a file.
        let named = word.known == Known::Dynamic && !absolute && !word.text.starts_with("<(");
        if named && usage != Use::List && !self.unknown.contains(&usage) {
            self.unknown.push(usage);
        }
        let base = if absolute { Some(self.charter.workspace.clone()) } else { self.base(folder.dir) };
        let Some(base) = base else { return };
        self.lookups += 1;
        if self.lookups > MOST_LOOKUPS {
            self.full = true;
            return;
        }
        if word.known == Known::Dynamic && text.is_empty() {
            return;
        }
        if word.known == Known::Pattern && usage == Use::Read {
            self.found(word, &base);
        }
        let text = if text.is_empty() { "." } else { text };
        let own = matches!(usage, Use::Make | Use::Delete) && rest.is_empty();
        // A path that leads nowhere now does nothing, unless the line makes it lead somewhere.
        let target = if own { self.own_name(&base, text) } else { self.follow(&base, text) };
        let Some(target) = target else {
            self.loose |= changes;
            return;
        };
        let fact = self.fact(target, rest, usage, via, &base, text);
        if fact.shared {
            // Its other names change with it, and nobody knows them.
            self.loose = true;
        }
        if !self.gentle {
            self.doom(&fact, usage);
        }
        self.push(fact);
    }

    /// Whether a folder that the line moves to is there.
    fn stands(&self, dir: Option<&str>) -> bool {
        let Some(dir) = dir else { return false };
        if dir.is_empty() {
            return true;
        }
        let is_folder = |base: &Path| {
            let text = base.to_str().unwrap_or_default();
            resolve(Path::new("/"), text, None).is_ok_and(|handle| handle.kind() == FileKind::Directory)
        };
        self.base(Some(dir)).is_some_and(|base| is_folder(&base))
    }

    fn follow(&self, base: &Path, text: &str) -> Option<Target> {
        let handle = resolve(base, text, Some(&self.charter.home)).ok()?;
        let file = handle.kind() == FileKind::File;
        Some(Target {
            real: handle.real().to_owned(),
            through_link: handle.through_link(),
            shared: file && handle.stamp().is_some_and(|stamp| stamp.links > 1),
        })
    }

    /// The name itself, with only the links above it followed.
    fn own_name(&self, base: &Path, text: &str) -> Option<Target> {
        let plain = text.trim_end_matches('/');
        let leaf = plain.rsplit('/').next().unwrap_or(plain);
        if plain.len() < text.len() || matches!(leaf, "" | "." | ".." | "~") {
            return self.follow(base, text);
        }
        let folder = &plain[..plain.len() - leaf.len()];
        let mut target = self.follow(base, if folder.is_empty() { "." } else { folder })?;
        target.real.push(leaf);
        target.shared = false;
        Some(target)
    }

    fn fact(&self, target: Target, rest: &str, usage: Use, via: Via, base: &Path, text: &str) -> Fact {
        let folder = target.real.clone();
        let mut real = target.real;
        if !rest.is_empty() {
            real.push(rest);
        }
        let effect = match usage {
            Use::Read | Use::List => Effect::Read { path: real.clone() },
            Use::Write | Use::Make => Effect::Write { path: real.clone() },
            Use::Delete => Effect::Delete { path: real.clone() },
        };
        let place = place_for_command(self.charter, &real, usage == Use::Delete);
        let mut fact = path::fact(self.charter, place, effect, &real, via);
        if fact.guard.is_none() && !rest.is_empty() {
            fact.guard = guard_of_pattern(self.charter, &folder, rest);
        }
        if fact.guard.is_none() && target.through_link && rest.is_empty() {
            // What goes through a link may concern its own name too.
            fact.guard = guard_of_text(self.charter, base, text);
        }
        if usage == Use::List {
            // Names and sizes are not contents: what asks before being read may be listed.
            fact.guard = fact.guard.filter(|guard| guard.read == super::Level::Never);
        }
        fact.tree = self.tree || usage == Use::Read && rest.contains(['$', '`', '(']);
        fact.shared = usage == Use::Write && rest.is_empty() && target.shared;
        fact
    }

    /// Notes the topmost folder that is made so that `word` can be.
    pub fn parents(&mut self, word: &Word, folder: Folder<'_>) {
        let Some(text) = word.as_literal() else { return };
        let base = self.base(folder.dir).unwrap_or_else(|| self.charter.workspace.clone());
        let Ok(handle) = resolve(&base, text, Some(&self.charter.home)) else { return };
        let top = handle.real().ancestors().nth(handle.missing().len());
        let Some(real) = top.filter(|_| !handle.missing().is_empty()) else { return };
        let effect = Effect::Write { path: real.to_owned() };
        let place = place_for_command(self.charter, real, false);
        let fact = path::fact(self.charter, place, effect, real, Via::Word);
        self.push(fact);
    }

    /// What stands where `word` leads, following links.
    pub fn kind_of(&self, word: &Word, folder: Folder<'_>) -> Option<FileKind> {
        let text = word.as_literal()?;
        let base = self.base(folder.dir).unwrap_or_else(|| self.charter.workspace.clone());
        resolve(&base, text, Some(&self.charter.home)).ok().map(|handle| handle.kind())
    }
}

/// A glob is judged by the folder it looks in; its last part stays as written.
fn parts(word: &Word) -> (&str, &str) {
    match word.known {
        Known::Literal => (word.text.as_str(), ""),
        _ => word.text.split_at(word.known_prefix().rfind('/').map_or(0, |at| at + 1)),
    }
}

/// What a process may read of itself. Not its environment or memory, and nothing that leads elsewhere.
fn own_process(text: &str) -> bool {
    const FILES: &[&str] = &[
        "limits",
        "status",
        "stat",
        "statm",
        "cgroup",
        "comm",
        "cmdline",
        "mounts",
        "mountinfo",
        "maps",
        "oom_score",
        "uid_map",
        "gid_map",
        "io",
        "sched",
        "attr/current",
    ];
    text.strip_prefix("/proc/self/").is_some_and(|file| FILES.contains(&file)) || text == "/proc/mounts"
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
