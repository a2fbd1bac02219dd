//! Effects: what a call would do, resolved against the real world, before any rule looks at it.

mod disguise;
mod doomed;
mod fetch;
mod git;
mod git_op;
mod guard;
mod known;
mod names;
mod net;
mod path;
mod place;
mod programs;
mod recall;
mod registry;
mod remote;
mod script;
mod shell;
mod sorted;
mod table;

pub(super) use disguise::{disguise, reorders};
pub use doomed::{Doomed, Fate};
pub(super) use git::GitCall;
pub(super) use git_op::runs_something;
pub(super) use guard::{Guard, Level, guard_of_look};
pub use guard::{guarded_folder, may_hold_secrets};
pub(super) use net::{UNKNOWN, is_host, is_loopback};
pub(super) use path::{system_git, system_read, system_tree, user_read, user_restore, user_write};
pub(super) use place::{Place, place_for_command, place_of};
pub(super) use programs::{is_interpreter, is_known_program};
pub(super) use recall::recall;
pub(super) use remote::{server_of, strings};

use serde_json::Value;

use super::charter::Charter;
use super::grant::Reach;
use super::rung::Finding;
use crate::protocol::{Effect, EffectRule, ToolCall, ToolSpec};
use crate::syntax::shell::ShellScan;

/// More effects than this are not listed one by one; the rest makes the call opaque. The fold keeps
/// one bit for each.
pub(super) const MOST_FACTS: usize = 120;

/// An effect, with what the rungs need to know about its target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fact {
    pub effect: Effect,
    /// Where its path lies; `None` when it has none.
    pub place: Option<Place>,
    /// Set when its path is one that protects the user or ourselves.
    pub guard: Option<Guard>,
    /// The file has other names elsewhere, which would change with it.
    pub shared: bool,
    /// What lies below its path is meant too.
    pub tree: bool,
    pub via: Via,
}

/// What part of the call an effect stems from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Via {
    /// The tool's own argument.
    Argument,
    /// A redirection of a shell line.
    Redirect,
    /// A word of a command in a shell line.
    Word,
    /// A package manager that talks to the registry it is set up with: no model chose the host.
    Registry,
    /// Git, which asks a configured remote for what it has: no model chose the host or the payload.
    Remote,
    /// A remote tool that only reads what its own server has.
    Asked,
    /// A word of an unknown program that names something guarded; nobody knows what for.
    Mention,
    /// The shell line as a whole.
    Line,
}

impl Fact {
    fn bare(effect: Effect, via: Via) -> Self {
        Self { effect, place: None, guard: None, shared: false, tree: false, via }
    }

    /// Of a `Net` effect: whether a model chose the host, or what is sent there.
    pub fn is_chosen(&self) -> bool {
        !matches!(self.via, Via::Registry | Via::Remote | Via::Asked)
    }

    pub fn path(&self) -> Option<&std::path::Path> {
        match &self.effect {
            Effect::Read { path } | Effect::Write { path } | Effect::Delete { path } => Some(path),
            _ => None,
        }
    }

    pub fn changes(&self) -> bool {
        matches!(self.effect, Effect::Write { .. } | Effect::Delete { .. })
    }
}

/// A call made ready for the rungs.
#[derive(Debug)]
pub(super) struct Prepared {
    pub facts: Vec<Fact>,
    pub shell: Option<ShellScan>,
    /// What a shell line deletes or overwrites.
    pub doomed: Vec<Doomed>,
    /// What user rules match against: the shell line, or the path relative to the workspace.
    pub subject: String,
    /// The main argument as it was written, where that differs.
    pub written: Option<String>,
    /// What a grant would open.
    pub reach: Reach,
}

impl Prepared {
    pub fn effects(&self) -> Vec<Effect> {
        self.facts.iter().map(|fact| fact.effect.clone()).collect()
    }

    fn plain(effect: Effect, subject: String, reach: Reach) -> Self {
        let facts = vec![Fact::bare(effect, Via::Argument)];
        Self { facts, shell: None, doomed: Vec::new(), subject, written: None, reach }
    }
}

/// Derives the effects of a call whose arguments are valid. An objection here means that the call
/// cannot be carried out at all, whatever the rules say.
pub(super) fn prepare(charter: &Charter, spec: &ToolSpec, call: &ToolCall) -> Result<Prepared, Box<Finding>> {
    let text = |arg: &str| call.args.get(arg).and_then(Value::as_str);
    match &spec.effects {
        EffectRule::Note(key) => {
            let effect = Effect::Note { key: (*key).to_owned() };
            Ok(Prepared::plain(effect, String::new(), Reach::Nothing))
        }
        EffectRule::Ask => Ok(Prepared::plain(Effect::Ask, String::new(), Reach::Nothing)),
        EffectRule::Background { arg } => {
            let name = text(arg).unwrap_or_default().to_owned();
            let effect = Effect::Note { key: format!("background/{name}") };
            Ok(Prepared::plain(effect, name.clone(), Reach::Background(name)))
        }
        EffectRule::ReadPath { arg } => path::read(charter, text(arg), false),
        EffectRule::ReadTree { arg } => path::read(charter, text(arg), true),
        EffectRule::WritePath { arg } => path::write(charter, text(arg)),
        EffectRule::Remote { server, read_only, open_world } => {
            Ok(remote::prepare(server, *read_only && !open_world, &call.args))
        }
        EffectRule::Fetch { arg } => fetch::prepare(text(arg).unwrap_or_default(), text("method")),
        EffectRule::Shell { arg } => Ok(shell::prepare(charter, text(arg).unwrap_or_default())),
    }
}

#[cfg(test)]
mod tests;
