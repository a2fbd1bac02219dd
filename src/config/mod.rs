//! Floor 2: merges built-in, user and project settings into plain data.
//!
//! `config` reads configuration files and nothing else. It knows nothing of models, tools or
//! sessions, and it acts on nothing.

mod command_limits;
mod contract;
mod dirs;
mod git_home;
mod keymap;
mod nested;
mod own;
mod policy;
mod profile;
mod remotes;
mod settings;
mod strict;
mod theme;
mod trust;
mod workspace;

pub use command_limits::CommandLimits;
pub use contract::{Clause, Contract, ContractError, Enforced};
pub use dirs::{Dirs, DirsError, Env, project_id};
pub use git_home::{Doubt, GitDirs, GitHome};
pub use keymap::{Action, Binding, Key, KeyContext, Keymap, KeymapError, SHIPPED as SHIPPED_KEYMAP, Stroke};
pub use nested::with_nested_setting;
pub use own::{Own, PromptCommand, Skill, Whose, is_command_name};
pub use policy::{
    Approval, ApprovalError, Approvals, CallLimits, Cap, Example, HostClass, Layer, Policy, PolicyError,
    PolicyFile, PolicyLayers, Preset, Reading, Rule, RuleAction, RuleOrigin, RuleText, Tightened, read_rules,
    rule_yaml,
};
pub use profile::{Profile, ProfileError, SHIPPED as SHIPPED_PROFILES, names as profile_names};
pub use remotes::configured_remotes;
pub use settings::{
    ENVIRONMENT, Expose, Layers, LimitSettings, LineWrap, Origin, Resolved, SandboxSettings, Settings,
    SettingsError, with_setting,
};
pub use strict::{YamlError, parse as parse_yaml};
pub use theme::{Colour, Look, SHIPPED as SHIPPED_THEMES, Theme, ThemeError, Token, contrast};
pub use trust::{Change, ProjectFiles, TrustStore};
pub use workspace::{Workspace, WorkspaceError};
