//! Floor 10: the one door: accepts `Op`, owns sessions, fans out `Event`.
//!
//! Every face opens sessions here and none goes round it. `engine` draws nothing and prints nothing.

mod audit;
mod demo;
mod doctor;
mod ground;
mod history;
mod inspect;
mod instructions;
mod key;
mod options;
mod sandbox;
mod session;
mod verify;
mod why;
mod wiring;

pub use audit::{Audit, Exported, Proved, audit, export, prove_file};
pub use demo::{DEMO_MODEL, DEMO_PROMPT, Demo, DemoError};
pub use doctor::{Check, CheckStatus, doctor};
pub use ground::{FlagSetting, Ground, ProjectTrust};
pub use inspect::{Place, explain, models, paths, sessions, transcript};
pub use key::{KeyInfo, key_import, key_private, key_public, key_show};
pub use options::{Options, SessionChoice, SharedEnv};
pub use session::Session;
pub use verify::{Checked, verify};
pub use why::{Why, why};
