//! Rules of a policy made ready to match, once for a policy. What tightens reaches far: any command
//! of a line, any effect, a path as written or as resolved. What loosens reaches no further than it
//! says: every command of a line, or the one effect it names.

use std::path::{Path, PathBuf};

use globset::{GlobBuilder, GlobMatcher};

use super::Case;
use crate::config::{HostClass, Policy, Rule};
use crate::kernel::charter::Charter;
use crate::kernel::effects::{Fact, GitCall, Place, Prepared, Via};
use crate::kernel::error::KernelError;
use crate::protocol::Effect;
use crate::syntax::shell::SimpleCommand;

/// One rule made ready to match.
#[derive(Debug)]
pub(in crate::kernel) struct Compiled {
    pub rule: Rule,
    tools: Vec<GlobMatcher>,
    argument: Option<Argument>,
    paths: Vec<PathGlob>,
    hosts: Vec<GlobMatcher>,
    commands: Vec<GlobMatcher>,
    git: Vec<GlobMatcher>,
}

#[derive(Debug)]
struct Argument {
    /// `*` crosses folders: what tightens reaches far.
    wide: GlobMatcher,
    /// `*` stays within a folder: what loosens reaches no further than it says.
    narrow: GlobMatcher,
    /// For folders named without a glob.
    folder: String,
    /// No wildcard in it: it means exactly one text.
    exact: bool,
}

/// A glob over real paths.
#[derive(Debug)]
struct PathGlob {
    /// Everything but this.
    negated: bool,
    wide: GlobMatcher,
    narrow: GlobMatcher,
    /// A folder or file named without a glob, as written and with links followed: everything below.
    trees: Vec<PathBuf>,
    /// The part before the first wildcard: deleting what holds it deletes what it names.
    base: PathBuf,
}

/// A simple command as rules see it.
#[derive(Debug)]
pub(in crate::kernel) struct Spelled {
    /// Its source where it has wrappers or assignments, else its words joined by one space.
    plain: String,
    /// Its words without wrappers, with the program's bare name.
    bare: String,
    /// The subcommand of git and its words.
    git: Option<String>,
    /// Nothing around it that changes what it does: no wrapper, no assignment, no `git -c` or `-C`.
    simple: bool,
}

/// The rules of the policy in force.
#[derive(Debug, Default)]
pub(in crate::kernel) struct Rules {
    all: Vec<Compiled>,
    /// Whether any rule looks at commands, so that they must be spelled out.
    commands: bool,
}

impl Rules {
    pub fn compile(policy: &Policy, charter: &Charter) -> Result<Self, KernelError> {
        let all: Vec<Compiled> =
            policy.rules.iter().map(|rule| Compiled::new(rule, charter)).collect::<Result<_, _>>()?;
        let commands = all.iter().any(Compiled::by_command);
        Ok(Self { all, commands })
    }

    pub fn iter(&self) -> impl Iterator<Item = &Compiled> {
        self.all.iter()
    }

    /// The commands of a call, spelled out where a rule needs it.
    pub fn spell(&self, prepared: &Prepared) -> Vec<Spelled> {
        match &prepared.shell {
            Some(scan) if self.commands => scan.commands.iter().map(spelled).collect(),
            _ => Vec::new(),
        }
    }
}

impl Compiled {
    fn new(rule: &Rule, charter: &Charter) -> Result<Self, KernelError> {
        let failed = |why: String| KernelError::Rule { rule: rule.name.clone(), why };
        let glob = |pattern: &str, narrow: bool| {
            let built = GlobBuilder::new(pattern).literal_separator(narrow).build();
            built.map(|glob| glob.compile_matcher()).map_err(|error| failed(error.to_string()))
        };
        let globs = |patterns: &[String]| -> Result<Vec<GlobMatcher>, KernelError> {
            patterns.iter().map(|pattern| glob(pattern, false)).collect()
        };
        let argument = match &rule.argument {
            None => None,
            Some(pattern) => Some(Argument {
                wide: glob(pattern, false)?,
                narrow: glob(pattern, true)?,
                folder: format!("{}/", pattern.trim_end_matches('/')),
                exact: is_exact(pattern),
            }),
        };
        let path = |pattern: &String| {
            let (negated, pattern) = match pattern.strip_prefix('!') {
                Some(rest) => (true, rest),
                None => (false, pattern.as_str()),
            };
            let (root, below) = match pattern.strip_prefix("~/") {
                Some(below) => (charter.home.as_path(), below),
                None if pattern == "~" => (charter.home.as_path(), ""),
                None if pattern.starts_with('/') => (Path::new("/"), pattern.trim_start_matches('/')),
                None => (charter.workspace.as_path(), pattern),
            };
            let (root, below) = upward(root, below.trim_end_matches('/'));
            let fixed = &below[..below.find(['*', '?', '[', '{']).unwrap_or(below.len())];
            let has_glob = fixed.len() < below.len();
            let base =
                root.join(if has_glob { fixed.rsplit_once('/').map_or("", |(dir, _)| dir) } else { below });
            let tree = root.join(below);
            let mut trees = Vec::new();
            if !has_glob {
                trees.extend(tree.canonicalize().ok().filter(|real| *real != tree));
                trees.push(tree);
            }
            let root = globset::escape(root.to_str().unwrap_or_default().trim_end_matches('/'));
            let whole = if below.is_empty() { root } else { format!("{root}/{below}") };
            Ok::<PathGlob, KernelError>(PathGlob {
                negated,
                wide: glob(&whole, false)?,
                narrow: glob(&whole, true)?,
                trees,
                base,
            })
        };
        Ok(Self {
            tools: globs(&rule.tools)?,
            argument,
            paths: rule.paths.iter().map(path).collect::<Result<_, _>>()?,
            hosts: globs(&rule.hosts)?,
            commands: globs(&rule.commands)?,
            git: globs(&rule.git)?,
            rule: rule.clone(),
        })
    }

    pub fn for_tool(&self, tool: &str) -> bool {
        self.tools.is_empty() || self.tools.iter().any(|glob| glob.is_match(tool))
    }

    fn by_command(&self) -> bool {
        self.argument.is_some() || !self.commands.is_empty() || !self.git.is_empty()
    }

    fn by_effect(&self) -> bool {
        !self.rule.effects.is_empty() || !self.paths.is_empty() || !self.hosts.is_empty()
    }

    /// Whether the rule, which holds back, means this call: the first thing in it that it means, or
    /// the whole call (`Some(None)`).
    pub fn tightens<'c>(&self, case: &Case<'c>) -> Option<Option<&'c Fact>> {
        let prepared = case.prepared;
        if !self.for_tool(case.spec.name) || !self.argument.as_ref().is_none_or(|argument| argument.far(case))
        {
            return None;
        }
        let any = |globs: &[GlobMatcher], hit: &dyn Fn(&GlobMatcher, &Spelled) -> bool| {
            globs.is_empty() || case.spelled.iter().any(|command| globs.iter().any(|glob| hit(glob, command)))
        };
        let commands = any(&self.commands, &|glob, c| glob.is_match(&c.plain) || glob.is_match(&c.bare));
        if !commands || !any(&self.git, &|glob, c| c.git.as_deref().is_some_and(|git| git_is(glob, git))) {
            return None;
        }
        if !self.by_effect() {
            return Some(None);
        }
        let by_git = prepared.facts.iter().any(|fact| matches!(fact.effect, Effect::Git { .. }));
        let means = |fact: &&Fact| {
            self.kind(fact)
                && self.host(fact)
                && (self.paths.is_empty()
                    || self.paths.iter().any(|glob| {
                        glob.far(fact, by_git) || case.written.as_deref().is_some_and(|w| glob.covers(w))
                    }))
        };
        prepared.facts.iter().find(means).map(Some)
    }

    /// Whether the rule forbids that this file is changed, whoever did it.
    pub fn forbids_change(&self, path: &Path) -> bool {
        let writes = self.rule.effects.is_empty() || self.rule.effects.iter().any(|kind| kind == "write");
        writes && !self.paths.is_empty() && self.paths.iter().any(|glob| glob.covers(path))
    }

    /// Whether the rule, which opens, is about nothing but tools.
    pub fn is_whole(&self) -> bool {
        !self.by_command() && !self.by_effect()
    }

    /// Whether the rule, which opens, means the call by its main argument.
    pub fn opens_argument(&self, case: &Case<'_>) -> bool {
        let Some(argument) = &self.argument else { return false };
        let subject = case.prepared.subject.as_str();
        match &case.prepared.shell {
            None => argument.narrow.is_match(subject),
            // A glob over the whole line would let `cargo test*` pass `cargo test; rm -rf x`.
            Some(_) => argument.exact && argument.wide.is_match(subject),
        }
    }

    /// Whether the rule, which opens, means this one command of a line.
    pub fn opens_command(&self, command: &Spelled) -> bool {
        let plain = |glob: &GlobMatcher| glob.is_match(&command.plain);
        self.argument.as_ref().is_some_and(|argument| plain(&argument.wide))
            || self.commands.iter().any(plain)
            || command.simple
                && command.git.as_deref().is_some_and(|git| self.git.iter().any(|glob| git_is(glob, git)))
    }

    /// Whether the rule, which opens, means this one effect.
    pub fn opens_fact(&self, fact: &Fact) -> bool {
        self.by_effect()
            && self.kind(fact)
            && self.host(fact)
            && (self.paths.is_empty() || self.paths.iter().any(|glob| glob.near(fact)))
    }

    fn kind(&self, fact: &Fact) -> bool {
        let kinds = &self.rule.effects;
        kinds.is_empty() || kinds.iter().any(|kind| kind == fact.effect.kind())
    }

    fn host(&self, fact: &Fact) -> bool {
        let Effect::Net { host, .. } = &fact.effect else { return self.hosts.is_empty() };
        let class = match self.rule.class {
            None => true,
            Some(HostClass::Registry) => fact.via == Via::Registry,
            Some(HostClass::Remote) => fact.via == Via::Remote,
        };
        class && (self.hosts.is_empty() || self.hosts.iter().any(|glob| glob.is_match(host)))
    }
}

impl Argument {
    /// What the call names, as written or as resolved, or any of its commands.
    fn far(&self, case: &Case<'_>) -> bool {
        let hit = |text: &str| self.wide.is_match(text) || text.starts_with(&self.folder);
        let prepared = case.prepared;
        if prepared.shell.is_some() {
            let commands = case.spelled.iter().any(|command| hit(&command.plain) || hit(&command.bare));
            return commands || self.wide.is_match(&prepared.subject);
        }
        hit(&prepared.subject)
            || prepared.written.as_deref().is_some_and(hit)
            || prepared.facts.iter().filter_map(|fact| fact.path()?.to_str()).any(hit)
    }
}

impl PathGlob {
    fn covers(&self, path: &Path) -> bool {
        let hit = self.wide.is_match(path) || self.trees.iter().any(|tree| path.starts_with(tree));
        hit != self.negated
    }

    /// For what tightens: the path, what lies below it, and what would go with it.
    fn far(&self, fact: &Fact, by_git: bool) -> bool {
        let (Some(path), Some(place)) = (fact.path(), fact.place) else { return false };
        let deletes = matches!(fact.effect, Effect::Delete { .. });
        if self.negated {
            // A scope is one of the workspace. Git names the whole tree where it commits part of it.
            let holds = by_git && !deletes && self.base.starts_with(path);
            return place == Place::Workspace && !holds && self.covers(path);
        }
        if self.covers(path) {
            return true;
        }
        if super::trees::is_wide(fact)
            && super::trees::reaches(path, fact.goes_down(), &self.trees, &self.base, &self.wide)
        {
            return true;
        }
        let gone = if path.file_name().is_some_and(|leaf| leaf == "*") { path.parent() } else { Some(path) };
        deletes && gone.is_some_and(|gone| self.base.starts_with(gone))
    }

    /// For what loosens: one path whose every part is known.
    fn near(&self, fact: &Fact) -> bool {
        let (Some(path), Some(_)) = (fact.path(), fact.place) else { return false };
        let text = path.to_str().unwrap_or_default();
        let vague = text.contains(['*', '?', '[', '{']) || text.split('/').any(|part| part == "..");
        !vague
            && !self.negated
            && (self.narrow.is_match(path) || self.trees.iter().any(|tree| path.starts_with(tree)))
    }
}

/// Takes leading `./` and `../` off a pattern. Further in they match nothing: a real path has none.
fn upward<'p>(root: &'p Path, mut below: &'p str) -> (&'p Path, &'p str) {
    let mut root = root;
    loop {
        if let Some(rest) = below.strip_prefix("./") {
            below = rest;
        } else if let Some(rest) = below.strip_prefix("../") {
            (root, below) = (root.parent().unwrap_or(root), rest);
        } else if below == ".." {
            return (root.parent().unwrap_or(root), "");
        } else {
            return (root, if below == "." { "" } else { below });
        }
    }
}

/// A pattern of one word is a subcommand; a longer one is about its words too.
fn git_is(glob: &GlobMatcher, git: &str) -> bool {
    let sub = git.split(' ').next().unwrap_or_default();
    glob.is_match(git) || !glob.glob().glob().contains(' ') && glob.is_match(sub)
}

/// Whether a glob matches one text only; `[*]` stands for a star.
fn is_exact(pattern: &str) -> bool {
    let mut rest = pattern;
    while let Some(at) = rest.find(['*', '?', '[', '{']) {
        let class = &rest[at..];
        if !class.starts_with('[') || class.chars().nth(2) != Some(']') {
            return false;
        }
        rest = &class[class.char_indices().nth(3).map_or(class.len(), |(at, _)| at)..];
    }
    true
}

fn spelled(command: &SimpleCommand) -> Spelled {
    let alone = command.wrappers.is_empty() && command.assignments.is_empty();
    let mut words: Vec<&str> = command.argv.iter().map(|word| word.text.as_str()).collect();
    let plain = if alone { words.join(" ") } else { command.text.clone() };
    if let (Some(first), Some(program)) = (words.first_mut(), &command.program) {
        *first = program;
    }
    let git = GitCall::of(command);
    let simple = alone
        && git.as_ref().is_none_or(|git| git.config.is_empty() && git.elsewhere.is_empty() && !git.steered);
    let git = git.map(|git| {
        let words: Vec<&str> =
            std::iter::once(git.sub).chain(git.args.iter().map(|word| word.text.as_str())).collect();
        words.join(" ")
    });
    Spelled { plain, bare: words.join(" "), git, simple }
}
