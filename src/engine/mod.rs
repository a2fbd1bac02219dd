//! Floor 10: the one door: accepts `Op`, owns sessions, fans out `Event`.
//!
//! Every face opens sessions here and none goes round it. `engine` draws nothing and prints nothing.

mod account;
mod audit;
mod command;
mod demo;
mod desk;
mod doctor;
pub mod drill;
mod ground;
mod history;
mod inspect;
mod instructions;
mod key;
mod lawbook;
mod model;
mod opened;
mod options;
mod policy;
mod sandbox;
mod session;
mod verify;
mod why;
mod wiring;

pub use account::{KEYED, Ready, check_key, first_model, forget_key, keep_key, keep_setting, ready};
pub use audit::{Audit, Exported, Proved, audit, export, prove_file};
pub use command::{COMMANDS, Command, Place as CommandPlace, ProfileChoice};
pub use demo::{DEMO_MODEL, DEMO_PROMPT, Demo, DemoError};
pub use desk::FrontDesk;
pub use doctor::{Check, CheckStatus, doctor};
pub use ground::{FlagSetting, Ground, ProjectTrust};
pub use history::Branch;
pub use inspect::{Place, explain, models, paths, sessions, transcript};
pub use key::{KeyInfo, key_import, key_private, key_public, key_show};
pub use model::ModelChoice;
pub use options::{Options, SessionChoice, SharedEnv};
pub use policy::{
    Checked, InForce, LayerShown, Replay, RuleShown, approvals, check_policy, policy_in_force,
    remove_approval, replay, stats,
};
pub use session::Session;
pub use verify::{JournalsChecked, verify};
pub use why::{Why, why};
