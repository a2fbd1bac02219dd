//! Floor 2: merges built-in, user and project settings into plain data.
//!
//! `config` reads configuration files and nothing else. It knows nothing of models, tools or
//! sessions, and it acts on nothing.

mod policy;

pub use policy::{Policy, PolicyError, Preset, Rule, RuleAction};
