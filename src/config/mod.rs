//! Floor 2: merges built-in, user and project settings into plain data.
//!
//! `config` reads configuration files and nothing else. It knows nothing of models, tools or
//! sessions, and it acts on nothing.

mod dirs;
mod policy;
mod profile;
mod remotes;
mod settings;
mod strict;
mod trust;
mod workspace;

pub use dirs::{Dirs, DirsError, Env, project_id};
pub use policy::{Policy, PolicyError, Preset, Rule, RuleAction};
pub use profile::{Profile, ProfileError, SHIPPED as SHIPPED_PROFILES};
pub use remotes::configured_remotes;
pub use settings::{
    ENVIRONMENT, Expose, Layers, LimitSettings, Origin, Resolved, SandboxSettings, Settings, SettingsError,
};
pub use strict::{YamlError, parse as parse_yaml};
pub use trust::{ProjectFiles, TrustStore};
pub use workspace::{Workspace, WorkspaceError};
