//! Floor 10: the one door: accepts `Op`, owns sessions, fans out `Event`.
//!
//! Every face opens sessions here and none goes round it. `engine` draws nothing and prints nothing.

mod demo;
mod doctor;
pub mod drill;
mod ground;
mod inspect;
mod instructions;
mod lawbook;
mod options;
mod policy;
mod sandbox;
mod session;
mod wiring;

pub use demo::{DEMO_MODEL, DEMO_PROMPT, Demo, DemoError};
pub use doctor::{Check, CheckStatus, doctor};
pub use ground::{FlagSetting, Ground, ProjectTrust};
pub use inspect::{Place, explain, models, paths, sessions, transcript, verify};
pub use options::{Options, SessionChoice, SharedEnv};
pub use policy::{
    Checked, InForce, LayerShown, Replay, RuleShown, approvals, check_policy, policy_in_force,
    remove_approval, replay, stats,
};
pub use session::Session;
