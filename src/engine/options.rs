//! What a face asks for when it opens a session.

use std::path::PathBuf;
use std::sync::Arc;

use super::handover::Handover;
use crate::agent::AnswerSchema;
use crate::config::Rule;
use crate::host::sandbox::{Launcher, Strength};

/// Looks up an environment variable; shared with the tasks of a session.
pub type SharedEnv = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// Which conversation to open.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum SessionChoice {
    #[default]
    New,
    /// The newest of this project.
    Last,
    /// By id, prefix or words of its title.
    Named(String),
    /// A new one that begins with the conversation of another, which stays as it is: of the one that is
    /// `given` by id, prefix or words, else of the newest; up to `entry` (a message of the user with what
    /// answered it), else as it stands.
    Fork { given: Option<String>, entry: Option<u64> },
    /// A new one that leaves no session behind.
    Unkept,
}

/// How a session is opened; settings have been merged already.
#[derive(Clone)]
pub struct Options {
    pub env: SharedEnv,
    pub session: SessionChoice,
    /// What the session that one is in passes on.
    pub from: Option<Handover>,
    /// Where no model can be had, open it all the same: commands are answered, prompts are not.
    pub without_model: bool,
    /// Offer only these tools.
    pub tools: Option<Vec<String>>,
    /// Whose refusal fails the run; they must be there.
    pub required_tools: Vec<String>,
    /// From `--allow` and `--deny`.
    pub rules: Vec<Rule>,
    /// The file of `--policy FILE`.
    pub policy_file: Option<PathBuf>,
    /// Whether somebody is there to answer questions.
    pub human: bool,
    /// Whether a run that ends without `report` gets one reminder.
    pub remind_report: bool,
    /// What the final answer must be valid against.
    pub answer: Option<AnswerSchema>,
    /// Save the session as a script here.
    pub record: Option<PathBuf>,
    /// Starts commands; `None` on a platform without a launcher.
    pub launcher: Option<Launcher>,
    /// What the sandbox can do here, as probed.
    pub sandbox: Option<Strength>,
    /// The user's own flag: run commands without any layer.
    pub no_sandbox: bool,
}

impl Options {
    /// A new session of which nothing else was said.
    pub fn of(env: SharedEnv) -> Self {
        Self {
            env,
            session: SessionChoice::New,
            from: None,
            without_model: false,
            tools: None,
            required_tools: Vec::new(),
            rules: Vec::new(),
            policy_file: None,
            human: false,
            remind_report: false,
            answer: None,
            record: None,
            launcher: None,
            sandbox: None,
            no_sandbox: false,
        }
    }
}
