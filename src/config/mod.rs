//! Floor 2: merges built-in, user and project settings into plain data.
//!
//! `config` reads configuration files and nothing else. It knows nothing of models, tools or
//! sessions, and it acts on nothing.

mod dirs;
mod policy;
mod strict;
mod workspace;

pub use dirs::{Dirs, DirsError, Env, project_id};
pub use policy::{Policy, PolicyError, Preset, Rule, RuleAction};
pub use strict::{YamlError, parse as parse_yaml};
pub use workspace::{Workspace, WorkspaceError};
