//! Rules that the user wrote by answering a question with "always". A file of ours in the state
//! folder, so that the user's own `policy.yaml` keeps its comments; listed and removed one by one.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::file::{Reading, read_rules};
use super::rule::{Layer, RuleOrigin};
use super::text::RuleText;
use super::{PolicyError, Rule};
use crate::base::{AppendFile, StateDir, StoreError, now_ms, rfc3339};
use crate::config::strict::parse;

const FILE: &str = "approvals.yaml";
const LOCK: &str = "approvals.lock";
/// How long another process may hold the file: it only writes a small one.
const TRIES: u32 = 100;
const PAUSE: Duration = Duration::from_millis(10);
const HEAD: &str =
    "# Written by iosm when you answer \"always\". `iosm config approvals` lists and removes them.\n";

#[derive(Debug, thiserror::Error)]
pub enum ApprovalError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("{path}: {source}; mend it, or remove it to be asked again")]
    Damaged { path: PathBuf, source: PolicyError },
    #[error("{0} is held by another process; try again")]
    Busy(PathBuf),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    /// RFC 3339, UTC.
    at: String,
    by: String,
    rule: RuleText,
}

/// One standing answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// RFC 3339, UTC.
    pub at: String,
    pub by: String,
    pub rule: Rule,
}

/// The answers kept in one folder: a project's, or those for everywhere.
#[derive(Debug, Clone)]
pub struct Approvals {
    dir: StateDir,
}

impl Approvals {
    pub fn new(dir: StateDir) -> Self {
        Self { dir }
    }

    pub fn path(&self) -> PathBuf {
        self.dir.path().join(FILE)
    }

    /// Every answer, the oldest first. A damaged file is an error: what it allowed would be asked, what
    /// it holds back would be open.
    pub fn list(&self) -> Result<Vec<Approval>, ApprovalError> {
        let path = self.path();
        let entries = self.entries()?;
        let all = entries.into_iter().enumerate().map(|(at, entry)| {
            let reading =
                Reading { layer: Layer::Approvals, file: Some(&path), tools: &[entry_tool(&entry)] };
            let rules = read_rules(vec![entry.rule.clone()], reading);
            let mut rules = rules.map_err(|source| ApprovalError::Damaged { path: path.clone(), source })?;
            let mut rule = rules.remove(0);
            let number = Some(at as u64 + 1);
            rule.origin = RuleOrigin { layer: Layer::Approvals, file: Some(path.clone()), line: number };
            Ok(Approval { at: entry.at, by: entry.by, rule })
        });
        all.collect()
    }

    /// Keeps a rule; one that is there already is not kept twice.
    pub fn add(&self, rule: &Rule, by: &str) -> Result<(), ApprovalError> {
        let _lock = self.lock()?;
        let mut entries = self.entries()?;
        let rule = RuleText::from(rule);
        if entries.iter().any(|entry| entry.rule == rule) {
            return Ok(());
        }
        entries.push(Entry { at: rfc3339(now_ms()), by: by.to_owned(), rule });
        self.save(&entries)
    }

    /// Removes the answer with this number, counted from 1; `None` when there is none.
    pub fn remove(&self, number: usize) -> Result<Option<Approval>, ApprovalError> {
        let _lock = self.lock()?;
        let Some(gone) = number.checked_sub(1).and_then(|at| self.list().ok()?.into_iter().nth(at)) else {
            return Ok(None);
        };
        let mut entries = self.entries()?;
        entries.remove(number - 1);
        self.save(&entries)?;
        Ok(Some(gone))
    }

    fn entries(&self) -> Result<Vec<Entry>, ApprovalError> {
        if !self.dir.exists(FILE) {
            return Ok(Vec::new());
        }
        let bytes = self.dir.read(FILE)?;
        let damaged = |source| ApprovalError::Damaged { path: self.path(), source };
        let text = String::from_utf8_lossy(&bytes);
        if text.lines().all(|line| line.trim().is_empty() || line.starts_with('#')) {
            return Ok(Vec::new());
        }
        parse(&text, None).map_err(|error| damaged(error.into()))
    }

    fn save(&self, entries: &[Entry]) -> Result<(), ApprovalError> {
        let yaml = if entries.is_empty() {
            String::new()
        } else {
            serde_yaml::to_string(&entries).expect("texts and lists serialise")
        };
        Ok(self.dir.replace(FILE, format!("{HEAD}{yaml}").as_bytes())?)
    }

    fn lock(&self) -> Result<AppendFile, ApprovalError> {
        let lock = self.dir.append(LOCK)?;
        for _ in 0..TRIES {
            if lock.try_lock()? {
                return Ok(lock);
            }
            std::thread::sleep(PAUSE);
        }
        Err(ApprovalError::Busy(self.path()))
    }
}

/// The tool of a rule that we wrote ourselves: it existed then.
fn entry_tool(entry: &Entry) -> &str {
    let call = entry.rule.call.as_deref().map(|call| call.split('(').next().unwrap_or(call));
    call.or(entry.rule.tool.0.first().map(String::as_str)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::RuleAction;

    #[test]
    fn answers_are_kept_listed_and_removed() {
        let temp = tempfile::tempdir().unwrap();
        let store = Approvals::new(StateDir::open(temp.path().join("state")).unwrap());
        assert_eq!(store.list().unwrap(), []);
        let mut host = Rule::new("reach crates.io", RuleAction::Allow, RuleOrigin::FLAG);
        host.effects = vec!["net".into()];
        host.hosts = vec!["index.crates.io".into()];
        let line = Rule::parse(RuleAction::Allow, "bash(git push origin [*]x #1: 'y')").unwrap();
        for rule in [&host, &line, &host] {
            store.add(rule, "ann").unwrap();
        }
        let listed = store.list().unwrap();
        assert_eq!(listed.len(), 2);
        assert!(listed[0].rule.same_as(&host) && listed[1].rule.same_as(&line), "{listed:?}");
        assert_eq!(listed[1].rule.origin.line, Some(2));
        assert_eq!(store.remove(3).unwrap(), None);
        assert!(store.remove(1).unwrap().unwrap().rule.same_as(&host));
        assert!(store.remove(1).unwrap().unwrap().rule.same_as(&line));
        assert_eq!(store.list().unwrap(), []);
        std::fs::write(store.path(), "- nonsense\n").unwrap();
        assert!(store.list().unwrap_err().to_string().contains("approvals.yaml"));
    }
}
