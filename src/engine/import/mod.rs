//! `iosm import`: permission rules of other agents, as rules of the user's policy.
//!
//! What tightens is taken from anywhere; what loosens only from the user's own files, unless they say
//! otherwise. Each rule is tried on an example before it is written. What has no counterpart is listed with
//! the reason, never guessed.

mod block;
mod claude;
mod codex;
mod toml;

use std::path::{Path, PathBuf};

use super::ground::{Ground, state};
use super::options::Options;
use super::policy::{InForce, check_policy};
use crate::config::{Preset, Rule};
use crate::host::temp::PrivateTemp;
use crate::protocol::{Report, ReportKind};

/// The agent that rules come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportFrom {
    Claude,
    Codex,
}

impl ImportFrom {
    pub fn name(self) -> &'static str {
        match self {
            Self::Claude => "claude",
            Self::Codex => "codex",
        }
    }
}

/// Something that was not taken over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// As it stands in the file.
    pub what: String,
    pub file: PathBuf,
    pub why: String,
}

/// What an import comes to.
#[derive(Debug, Clone, PartialEq)]
pub struct Imported {
    /// Files that were read.
    pub read: Vec<PathBuf>,
    /// Names of the rules taken over.
    pub rules: Vec<String>,
    pub left_out: Vec<LeftOut>,
    pub policy: PathBuf,
    /// The change as a diff; `None` when nothing would change.
    pub diff: Option<String>,
    /// Whether it was written.
    pub written: bool,
}

/// What a reader found, before it is tried.
#[derive(Debug, Default)]
struct Found {
    read: Vec<PathBuf>,
    rules: Vec<Rule>,
    preset: Option<Preset>,
    left_out: Vec<LeftOut>,
}

impl Found {
    fn leave(&mut self, what: impl Into<String>, file: &Path, why: impl Into<String>) {
        self.left_out.push(LeftOut { what: what.into(), file: file.to_owned(), why: why.into() });
    }

    /// Adds a rule, once.
    fn add(&mut self, rule: Rule) {
        if !self.rules.iter().any(|held| held.name == rule.name) {
            self.rules.push(rule);
        }
    }
}

/// Translates the rules of another agent into the user's `policy.yaml`; with `dry` nothing is written.
/// `project_allows`: take what loosens from this project's files too.
pub fn import(
    ground: &Ground,
    options: &Options,
    from: ImportFrom,
    project_allows: bool,
    dry: bool,
) -> Result<Imported, Report> {
    let mut found = match from {
        ImportFrom::Claude => claude::read(ground, project_allows)?,
        ImportFrom::Codex => codex::read(ground)?,
    };
    let path = ground.dirs.config.join("policy.yaml");
    let before = match crate::base::read_text(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => {
            return Err(Report::new(ReportKind::Config, format!("{} cannot be read", path.display()))
                .cause(error.to_string()));
        }
    };
    let tried = Tried { ground, options };
    // A policy that is bad already is the user's to mend first.
    let bad = |report: Report| report.hint("mend it first: `iosm kernel check` says what is wrong");
    tried.check(&before).map_err(bad)?;
    let plain = block::without(&before, from.name());
    let held = tried.check(&plain).map_err(bad)?;
    let taken: Vec<String> = held.rules.into_iter().filter(|r| r.layer == "user").map(|r| r.name).collect();
    for rule in std::mem::take(&mut found.rules) {
        if taken.contains(&rule.name) {
            found.leave(rule.name.clone(), &path, "a rule of this name is in your policy.yaml already");
        } else {
            found.rules.push(rule);
        }
    }
    let named = held.layers.iter().find_map(|layer| layer.preset.filter(|_| layer.layer == "user"));
    if let (Some(wanted), Some(named)) = (found.preset, named) {
        found.preset = None;
        found.leave(
            format!("preset {}", wanted.name()),
            &path,
            format!("you have named the preset {named} yourself"),
        );
    }
    let after = settle(&tried, &plain, from, &mut found, &path)?;
    let changed = after != before;
    if changed && !dry {
        write(ground, &path, &after)?;
    }
    Ok(Imported {
        read: found.read,
        rules: found.rules.into_iter().map(|rule| rule.name).collect(),
        left_out: found.left_out,
        policy: path,
        diff: changed.then(|| block::diff(&before, &after)),
        written: changed && !dry,
    })
}

/// The new text. A rule that does not do what its example says is left out.
fn settle(
    tried: &Tried<'_>,
    plain: &str,
    from: ImportFrom,
    found: &mut Found,
    path: &Path,
) -> Result<String, Report> {
    let text = |rules: &[Rule], preset| {
        block::with(plain, from.name(), rules, preset).map_err(|why| cannot_add(path, why))
    };
    let whole = text(&found.rules, found.preset)?;
    if tried.check(&whole).is_ok() {
        return Ok(whole);
    }
    let mut kept: Vec<Rule> = Vec::new();
    for rule in std::mem::take(&mut found.rules) {
        let with = text(std::slice::from_ref(&rule), None)?;
        match tried.check(&with) {
            Ok(_) => kept.push(rule),
            Err(report) => {
                found.leave(rule.name.clone(), path, format!("it would not do what it says: {report}"))
            }
        }
    }
    found.rules = kept;
    let whole = text(&found.rules, found.preset)?;
    tried.check(&whole)?;
    Ok(whole)
}

fn cannot_add(path: &Path, why: String) -> Report {
    Report::new(ReportKind::Config, format!("nothing can be added to {}", path.display()))
        .cause(why)
        .hint("write `rules:` as a list with one `- name:` a line at its top level, then import again")
}

/// Policies that are tried before they are written.
struct Tried<'a> {
    ground: &'a Ground,
    options: &'a Options,
}

impl Tried<'_> {
    /// Whether a text would be taken as the user's policy, with every example as it says.
    fn check(&self, text: &str) -> Result<InForce, Report> {
        let temp = PrivateTemp::new("iosm-").map_err(|error| {
            Report::new(ReportKind::Host, "no temporary folder can be made").cause(error.to_string())
        })?;
        let dir = temp.state().map_err(state)?;
        dir.replace("policy.yaml", text.as_bytes()).map_err(state)?;
        let file = dir.path().join("policy.yaml");
        let checked = check_policy(self.ground, self.options.clone(), &file).map(|checked| checked.policy);
        checked.map_err(|mut report| {
            // The file it was tried in is gone.
            report.message = report.message.replace(&file.display().to_string(), "policy.yaml");
            Report { kind: ReportKind::Config, ..report }
        })
    }
}

fn write(ground: &Ground, path: &Path, text: &str) -> Result<(), Report> {
    let dir = ground.dirs.own_config().map_err(state)?;
    if path.is_symlink() {
        return Err(Report::new(
            ReportKind::Config,
            format!("{} is a link, which would be replaced by a file", path.display()),
        )
        .hint("add the rules by hand: --dry-run shows them"));
    }
    dir.replace("policy.yaml", text.as_bytes()).map_err(state)
}
