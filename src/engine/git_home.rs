//! What commands are given of a repository that lies outside its work tree, and what is said where they
//! are given nothing.

use std::path::{Path, PathBuf};

use super::ground::Ground;
use crate::config::{Doubt, GitDirs, GitHome};
use crate::kernel::guarded_folder;
use crate::protocol::Report;

/// The repository of a workspace, as far as it may be used.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct GitReach {
    /// Where it keeps its things; `None` where there is no repository, or none that is believed.
    pub dirs: Option<GitDirs>,
    /// Folders outside the workspace that commands need for it.
    pub outside: Vec<PathBuf>,
    /// Why commands cannot use it, and what opens it.
    pub fault: Option<Report>,
}

impl GitReach {
    /// What is said of it, in one line.
    pub fn line(&self) -> Option<String> {
        let fault = self.fault.as_ref()?;
        let parts = std::iter::once(&fault.message).chain(&fault.causes).chain(&fault.hints);
        Some(parts.map(String::as_str).collect::<Vec<_>>().join("; "))
    }
}

impl Ground {
    /// The repository of the workspace. A `.git` that leads elsewhere counts when it is proved, or when the
    /// user added the folder it leads to; never where credentials or our own files lie.
    pub(super) fn git(&self) -> GitReach {
        let (dirs, doubt) = match &self.workspace.git {
            GitHome::None => return GitReach::default(),
            GitHome::Broken(path) => return GitReach { fault: Some(broken(path)), ..GitReach::default() },
            GitHome::Found(dirs) => (dirs, None),
            GitHome::Doubtful(dirs, doubt) => (dirs, Some(doubt)),
        };
        let root = &self.workspace.root;
        let outside: Vec<PathBuf> = dirs.tops().into_iter().filter(|top| !top.starts_with(root)).collect();
        if let Some(fault) = outside.iter().find_map(|top| self.guarded(top)) {
            return GitReach { fault: Some(fault), ..GitReach::default() };
        }
        let found = GitReach { dirs: Some(dirs.clone()), outside, fault: None };
        match doubt {
            None => found,
            // Its path is not there in the sandbox, whoever added the folder.
            Some(Doubt::ThroughLink) => {
                GitReach { fault: Some(doubtful(dirs, &Doubt::ThroughLink)), ..found }
            }
            Some(_) if found.outside.iter().all(|top| self.added(top)) => found,
            Some(doubt) => GitReach { fault: Some(doubtful(dirs, doubt)), ..GitReach::default() },
        }
    }

    fn added(&self, top: &Path) -> bool {
        let added = self.settings.settings.add_dirs.iter().filter_map(|dir| dir.canonicalize().ok());
        added.into_iter().any(|dir| top.starts_with(dir))
    }

    fn guarded(&self, top: &Path) -> Option<Report> {
        let dirs = &self.dirs;
        let own = [&dirs.config, &dirs.state, &dirs.cache, &dirs.data];
        let own: Vec<PathBuf> = own.iter().map(|own| own.canonicalize().unwrap_or((*own).clone())).collect();
        let home = dirs.home.canonicalize().unwrap_or_else(|_| dirs.home.clone());
        let what = guarded_folder(&home, &own, top)?;
        let report =
            Report::note(format!("this work tree's `.git` leads to {}, which stays closed", top.display()));
        Some(report.cause(format!("it lies among {what}")).hint("keep the repository somewhere else"))
    }
}

fn broken(path: &Path) -> Report {
    Report::note(format!("git does not work here: {} is no git directory", path.display()))
        .cause("this work tree's `.git` leads there")
        .hint("if the repository was moved, run `git worktree repair` in it")
}

fn doubtful(dirs: &GitDirs, doubt: &Doubt) -> Report {
    let top = dirs.common.display();
    let report =
        Report::note(format!("git does not work in the sandbox: this work tree's `.git` leads to {top}"))
            .cause(doubt.to_string());
    match doubt {
        Doubt::ThroughLink => {
            report.hint("`git worktree repair` in the repository writes the path without links")
        }
        Doubt::NotNamed | Doubt::Foreign | Doubt::Around => report.hint(format!(
            "if that is this project's repository: --add-dir {top}, or `add_dirs` of your settings"
        )),
    }
}
