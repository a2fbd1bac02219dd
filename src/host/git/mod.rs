//! Looking at a repository: history, blame, patches. Nothing here runs a hook or a configured program,
//! and nothing is changed; libgit2 has neither for what is done here.

mod built;
mod kept;
mod shim;
pub mod snapshot;
mod tracked;
mod work;

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use git2::{BlameOptions, Commit, DiffFormat, DiffOptions, ErrorCode, ObjectType, Oid, Sort};

use crate::kernel::{Grant, Reach};

pub use kept::KeptFiles;
pub use shim::{install as install_shim, is_there as git_is_there};
pub use tracked::tracked;
pub use work::WorkDiff;

/// Commits taken of a range; more is a mistake in the range.
const MOST_COMMITS: usize = 10_000;

#[derive(Debug, thiserror::Error)]
pub enum GitError {
    #[error("looking at a repository needs a grant for it, and got another")]
    WrongGrant,
    #[error("{path} is in no repository that can be read here: {why}")]
    Open { path: PathBuf, why: String },
    #[error("git knows no `{spec}` here: {why}")]
    Unknown { spec: String, why: String },
    #[error("{path} has no line {line}: the last is {last}")]
    NoLine { path: PathBuf, line: usize, last: usize },
    #[error("the range holds more than {MOST_COMMITS} commits")]
    TooMany,
    #[error("the repository cannot be read: {0}")]
    Git(#[from] git2::Error),
}

/// An open repository.
pub struct Repository(git2::Repository);

/// A commit, as far as audits need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitInfo {
    pub id: String,
    pub tree: String,
    pub parents: Vec<String>,
    /// `name <email>`.
    pub author: String,
    /// Unix seconds.
    pub time: i64,
    pub message: String,
    /// The paragraph of `Name: value` lines at its end.
    pub trailers: Vec<(String, String)>,
}

impl CommitInfo {
    pub fn summary(&self) -> &str {
        self.message.lines().next().unwrap_or_default()
    }

    /// The last trailer of this name, as git takes it: letter case does not matter.
    pub fn trailer(&self, name: &str) -> Option<&str> {
        let named = |(known, _): &&(String, String)| known.eq_ignore_ascii_case(name);
        self.trailers.iter().rev().find(named).map(|(_, value)| value.as_str())
    }
}

/// Where a line comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Blame {
    Commit(Box<CommitInfo>),
    /// It differs from what is committed.
    Uncommitted,
    /// The file is in no commit.
    Untracked,
}

impl Repository {
    pub fn open(grant: Grant) -> Result<Self, GitError> {
        let Reach::Inspect(path) = grant.into_reach() else { return Err(GitError::WrongGrant) };
        let opened = git2::Repository::open(&path);
        opened.map(Self).map_err(|error| GitError::Open { path, why: error.message().to_owned() })
    }

    /// The commit that `HEAD` names; `None` before the first.
    pub fn head(&self) -> Option<String> {
        self.0.head().ok()?.peel_to_commit().ok().map(|commit| commit.id().to_string())
    }

    /// The branch that `HEAD` is on, also before its first commit; else the commit, shortened.
    pub fn branch(&self) -> Option<String> {
        let head = self.0.find_reference("HEAD").ok()?;
        match head.symbolic_target() {
            Ok(Some(name)) => Some(name.strip_prefix("refs/heads/").unwrap_or(name).to_owned()),
            _ => self.head().map(|id| id[..7].to_owned()),
        }
    }

    /// Whether anything that is not ignored differs from `HEAD`. The index is not refreshed.
    pub fn is_dirty(&self) -> Result<bool, GitError> {
        let mut options = git2::StatusOptions::new();
        options.include_untracked(true).exclude_submodules(true).update_index(false);
        Ok(!self.0.statuses(Some(&mut options))?.is_empty())
    }

    /// `name <email>` as configured for this repository.
    pub fn identity(&self) -> Option<String> {
        let config = self.0.config().ok()?.snapshot().ok()?;
        let name = config.get_string("user.name").ok()?;
        let email = config.get_string("user.email").ok()?;
        Some(format!("{name} <{email}>"))
    }

    /// The commit that a revision names.
    pub fn commit(&self, spec: &str) -> Result<CommitInfo, GitError> {
        let unknown =
            |error: git2::Error| GitError::Unknown { spec: spec.to_owned(), why: error.message().to_owned() };
        let commit = self.0.revparse_single(spec).and_then(|object| object.peel_to_commit());
        Ok(info(&commit.map_err(unknown)?))
    }

    /// The commits of `from..to`, oldest first.
    pub fn range(&self, from: &str, to: &str) -> Result<Vec<CommitInfo>, GitError> {
        let mut walk = self.0.revwalk()?;
        walk.set_sorting(Sort::TOPOLOGICAL | Sort::REVERSE)?;
        let id = |spec: &str| -> Result<Oid, GitError> { Ok(Oid::from_str(&self.commit(spec)?.id)?) };
        walk.push(id(if to.is_empty() { "HEAD" } else { to })?)?;
        walk.hide(id(if from.is_empty() { "HEAD" } else { from })?)?;
        let mut commits = Vec::new();
        for found in walk {
            if commits.len() == MOST_COMMITS {
                return Err(GitError::TooMany);
            }
            commits.push(info(&self.0.find_commit(found?)?));
        }
        Ok(commits)
    }

    fn diff(&self, id: &str) -> Result<git2::Diff<'_>, GitError> {
        let commit = self.0.find_commit(Oid::from_str(id)?)?;
        let before = match commit.parent(0) {
            Ok(parent) => Some(parent.tree()?),
            Err(_) => None,
        };
        let mut options = DiffOptions::new();
        options.show_binary(true).id_abbrev(40);
        Ok(self.0.diff_tree_to_tree(before.as_ref(), Some(&commit.tree()?), Some(&mut options))?)
    }

    /// Files that a commit changed against its first parent, relative to the root.
    pub fn changed_files(&self, id: &str) -> Result<Vec<String>, GitError> {
        let diff = self.diff(id)?;
        let path = |delta: git2::DiffDelta<'_>| {
            let path = delta.new_file().path().or(delta.old_file().path())?;
            Some(path.display().to_string())
        };
        Ok(diff.deltas().filter_map(path).collect())
    }

    /// The change a commit made against its first parent, as text.
    pub fn patch(&self, id: &str) -> Result<String, GitError> {
        let diff = self.diff(id)?;
        let mut text = Vec::new();
        diff.print(DiffFormat::Patch, |_, _, line| {
            if matches!(line.origin(), '+' | '-' | ' ') {
                text.push(line.origin() as u8);
            }
            text.extend_from_slice(line.content());
            true
        })?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    }

    /// A commit object as it is stored, in base64: what [`read_object`] reads back anywhere.
    pub fn object(&self, id: &str) -> Result<String, GitError> {
        let odb = self.0.odb()?;
        let object = odb.read(Oid::from_str(id)?)?;
        Ok(STANDARD.encode(object.data()))
    }

    /// Which commit wrote a line (counted from 1) of `path` (relative to the root), whose present
    /// content is `now`.
    pub fn blame(&self, path: &Path, now: &[u8], line: usize) -> Result<Blame, GitError> {
        let last = now.split_inclusive(|byte| *byte == b'\n').count();
        if line == 0 || line > last {
            return Err(GitError::NoLine { path: path.to_owned(), line, last });
        }
        let committed = match self.0.blame_file(path, Some(&mut BlameOptions::new())) {
            Ok(committed) => committed,
            Err(error) if error.code() == ErrorCode::NotFound || self.head().is_none() => {
                return Ok(Blame::Untracked);
            }
            Err(error) => return Err(error.into()),
        };
        let blame = committed.blame_buffer(now)?;
        let found = blame.get_line(line).map(|hunk| hunk.final_commit_id()).filter(|id| !id.is_zero());
        let Some(id) = found else { return Ok(Blame::Uncommitted) };
        Ok(Blame::Commit(Box::new(info(&self.0.find_commit(id)?))))
    }
}

/// What a commit object says, without a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitObject {
    /// The hash of the object: SHA-1, as git names commits.
    pub id: String,
    pub tree: String,
    pub trailers: Vec<(String, String)>,
}

/// Reads what [`Repository::object`] wrote. Touches nothing, so it needs no grant.
pub fn read_object(text: &str) -> Result<CommitObject, String> {
    let bytes = STANDARD.decode(text).map_err(|_| "its object is no base64".to_owned())?;
    let id = Oid::hash_object(ObjectType::Commit, &bytes).map_err(|error| error.message().to_owned())?;
    let text = String::from_utf8_lossy(&bytes);
    let (header, message) = text.split_once("\n\n").ok_or("its object has no message")?;
    let tree = header.lines().find_map(|line| line.strip_prefix("tree ")).ok_or("its object has no tree")?;
    Ok(CommitObject { id: id.to_string(), tree: tree.to_owned(), trailers: trailers(message) })
}

fn trailers(message: &str) -> Vec<(String, String)> {
    git2::message_trailers_strs(message).map_or_else(
        |_| Vec::new(),
        |found| found.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
    )
}

fn info(commit: &Commit<'_>) -> CommitInfo {
    let message = String::from_utf8_lossy(commit.message_bytes()).into_owned();
    let author = commit.author();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    CommitInfo {
        id: commit.id().to_string(),
        tree: commit.tree_id().to_string(),
        parents: commit.parent_ids().map(|id| id.to_string()).collect(),
        author: format!("{} <{}>", text(author.name_bytes()), text(author.email_bytes())),
        time: commit.time().seconds(),
        trailers: trailers(&message),
        message,
    }
}
