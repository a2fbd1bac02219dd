//! The ground a command stands on: directories, workspace, trust, settings.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::base::StateDir;
use crate::config::{Change, Dirs, Env, Layers, Own, Profile, ProjectFiles, Resolved, TrustStore, Workspace};
use crate::host::sandbox::most_memory_mb;
use crate::protocol::{Report, ReportKind};

/// What the project brings, and whether it counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProjectTrust {
    /// It brings no settings or profiles.
    Nothing,
    Trusted(ProjectFiles),
    /// It brings files that are inert until the user trusts them as they are now; with what has
    /// changed, when they were trusted before.
    Untrusted(ProjectFiles, Option<Vec<Change>>),
}

#[derive(Debug, Clone)]
pub struct Ground {
    pub dirs: Dirs,
    pub workspace: Workspace,
    /// Id of the project.
    pub project: String,
    pub trust: ProjectTrust,
    pub settings: Resolved,
}

/// A setting from a flag: the flag, the dotted key, the value.
pub type FlagSetting = (&'static str, &'static str, Value);

impl Ground {
    /// Looks at where the user stands and reads every settings layer in its order.
    pub fn survey(cwd: &Path, env: Env, flags: Vec<FlagSetting>) -> Result<Self, Report> {
        let dirs = Dirs::find(env).map_err(config)?;
        let workspace = Workspace::find(cwd, &dirs.home).map_err(config)?;
        let project = workspace.project_id();
        let trust = match ProjectFiles::find(&workspace.root) {
            None => ProjectTrust::Nothing,
            Some(files) => trust(&dirs, &project, files)?,
        };
        let settings = layers(&dirs, &workspace, &trust, env, flags).map_err(config)?;
        Ok(Self { dirs, workspace, project, trust, settings })
    }

    /// Where profiles are looked for before the shipped ones, first first.
    pub fn profile_folders(&self) -> Vec<PathBuf> {
        let mut folders = Vec::new();
        let trusted = matches!(self.trust, ProjectTrust::Trusted(_));
        if trusted {
            folders.push(self.workspace.root.join(".iosm/profiles"));
        }
        folders.push(self.dirs.config.join("profiles"));
        // Agents as Markdown; the shipped profiles stand before these.
        if trusted {
            folders.extend([".iosm/agents", ".claude/agents"].map(|name| self.workspace.root.join(name)));
        }
        folders.extend([self.dirs.config.join("agents"), self.dirs.home.join(".claude/agents")]);
        folders
    }

    /// Skills and prompt commands of the user's, and of a project that is trusted.
    pub fn own(&self) -> Own {
        match &self.trust {
            ProjectTrust::Trusted(files) => Own::read(&self.dirs, Some((&self.workspace.root, files))),
            ProjectTrust::Nothing | ProjectTrust::Untrusted(..) => Own::read(&self.dirs, None),
        }
    }

    pub fn profile(&self, name: &str) -> Result<Profile, Report> {
        let folders = self.profile_folders();
        let folders: Vec<&Path> = folders.iter().map(PathBuf::as_path).collect();
        Profile::load(name, &folders).map_err(config)
    }

    /// This project's state directory, below which `sessions`, `journal` and `blobs` lie.
    pub fn state(&self) -> Result<StateDir, Report> {
        self.dirs.project_state(&self.project).map_err(state)
    }

    /// Where the key lies that seals journals, of all projects.
    pub fn keys(&self) -> Result<StateDir, Report> {
        self.dirs.own_state().and_then(|dir| dir.sub("keys")).map_err(state)
    }

    /// Trusts the project's files as they are now; `false` when it brings none.
    pub fn trust_project(&self) -> Result<bool, Report> {
        let files = match &self.trust {
            ProjectTrust::Nothing => return Ok(false),
            ProjectTrust::Trusted(files) | ProjectTrust::Untrusted(files, _) => files,
        };
        let mut store = TrustStore::open(self.dirs.own_state().map_err(state)?).map_err(state)?;
        store.trust(&self.project, files).map_err(state)?;
        Ok(true)
    }

    /// Takes trust back; `false` when there was none.
    pub fn untrust_project(&self) -> Result<bool, Report> {
        let mut store = TrustStore::open(self.dirs.own_state().map_err(state)?).map_err(state)?;
        store.revoke(&self.project).map_err(state)
    }
}

fn trust(dirs: &Dirs, project: &str, files: ProjectFiles) -> Result<ProjectTrust, Report> {
    let store = TrustStore::open(dirs.own_state().map_err(state)?).map_err(state)?;
    Ok(if store.trusts(project, &files) {
        ProjectTrust::Trusted(files)
    } else {
        let changes = store.changes(project, &files);
        ProjectTrust::Untrusted(files, changes)
    })
}

fn layers(
    dirs: &Dirs,
    workspace: &Workspace,
    trust: &ProjectTrust,
    env: Env,
    flags: Vec<FlagSetting>,
) -> Result<Resolved, crate::config::SettingsError> {
    let mut layers = Layers::default();
    layers.machine_memory(most_memory_mb());
    layers.user_file(&dirs.config.join("settings.yaml"))?;
    if matches!(trust, ProjectTrust::Trusted(_)) {
        layers.project_file(&workspace.root.join(".iosm/settings.yaml"))?;
        layers.project_file(&workspace.root.join(".iosm/settings.local.yaml"))?;
    }
    layers.environment(env)?;
    for (flag, key, value) in flags {
        layers.flag(flag, key, value)?;
    }
    layers.resolve()
}

pub(super) fn config(error: impl std::error::Error + 'static) -> Report {
    Report::from_error(ReportKind::Config, &error)
}

pub(super) fn state(error: impl std::error::Error + 'static) -> Report {
    Report::from_error(ReportKind::State, &error)
        .hint("`iosm paths` lists every place used; IOSM_HOME puts them all under one folder")
}
