//! Floor 10: the one door: accepts `Op`, owns sessions, fans out `Event`.
//!
//! Every face opens sessions here and none goes round it. `engine` draws nothing and prints nothing.

mod demo;
mod doctor;
mod ground;
mod inspect;
mod instructions;
mod lawbook;
mod options;
mod sandbox;
mod session;
mod wiring;

pub use demo::{DEMO_MODEL, DEMO_PROMPT, Demo, DemoError};
pub use doctor::{Check, CheckStatus, doctor};
pub use ground::{FlagSetting, Ground, ProjectTrust};
pub use inspect::{Place, explain, models, paths, sessions, transcript, verify};
pub use options::{Options, SessionChoice, SharedEnv};
pub use session::Session;
