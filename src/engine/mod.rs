//! Floor 10: the one door: accepts `Op`, owns sessions, fans out `Event`.
//!
//! Every face opens sessions here and none goes round it. `engine` draws nothing and prints nothing.

mod account;
mod audit;
mod browse;
mod checkpoint;
mod clipboard;
mod command;
mod demo;
mod desk;
mod doctor;
pub mod drill;
mod editor;
mod export;
mod git_home;
mod ground;
mod handover;
mod history;
mod import;
mod inspect;
mod instructions;
mod key;
mod lawbook;
mod look;
mod model;
mod opened;
mod options;
mod policy;
mod retention;
mod sandbox;
mod session;
mod settled;
mod verify;
mod why;
mod wiring;

pub use crate::agent::AnswerSchema;
pub use crate::host::git::snapshot::Checkpoint;
pub use crate::session::{Node as TreeNode, Summary as SessionSummary};
pub use account::{
    KEYED, Ready, change_setting, check_key, first_model, forget_key, keep_key, keep_setting, ready,
};
pub use audit::{Audit, Exported, Proved, audit, export, prove_file};
pub use checkpoint::{
    Checkpoints, Comparison, Listed, PathChange, Pruned as PrunedCheckpoints, Rolled, checkpoint_compare,
    checkpoint_list, checkpoint_prune, checkpoint_restore,
};
pub use command::{
    COMMANDS, Changes, Command, CommandInfo, CommandOrigin, FileChange, Place as CommandPlace, ProfileChoice,
    extra_words, find as find_command, listed_entry, unknown_built_in as unknown_command,
};
pub use demo::{DEMO_MODEL, DEMO_PROMPT, Demo, DemoError};
pub use desk::FrontDesk;
pub use doctor::{Check, CheckStatus, doctor};
pub use editor::edit_text;
pub use export::{
    Called, ExportFormat, Message, Parent, Picture, Piece, Transcript, export_session, transcript,
};
pub use ground::{FlagSetting, Ground, ProjectTrust};
pub use handover::{Handover, names_model};
pub use history::Branch;
pub use import::{ImportFrom, Imported, LeftOut, import};
pub use inspect::{Place, explain, models, paths, search_sessions, sessions};
pub use key::{KeyInfo, key_import, key_private, key_public, key_show};
pub use model::ModelChoice;
pub use options::{Options, SessionChoice, SharedEnv};
pub use policy::{
    Checked, InForce, LayerShown, Replay, RuleShown, approvals, check_policy, policy_in_force,
    remove_approval, replay, stats,
};
pub use retention::{
    MOST_BYTES, OLD_DAYS, Pruned, name_session, named_sessions, prune_sessions, remove_session,
};
pub use session::Session;
pub use settled::{SettingChange, SettingRow, settings_in_force};
pub use verify::{JournalsChecked, verify};
pub use why::{Why, why};
