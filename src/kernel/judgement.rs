//! What the kernel answers to a call.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde_json::Value;

use super::charter::{Charter, SandboxStrength};
use super::effects::{Prepared, is_loopback};
use super::grant::{Grant, Reach};
use super::rung::Agreed;
use crate::config::Rule;
use crate::protocol::{Effect, Reason, ToolCall, Verdict};

#[derive(Debug)]
pub enum Judgement {
    Granted(Granted),
    /// A person must say yes.
    Asked(Question),
    Refused(Refused),
}

#[derive(Debug)]
pub struct Granted {
    pub grant: Grant,
    /// The call as judged: repaired where it was.
    pub call: ToolCall,
    /// `Allow`, or `Transform` when the call was repaired.
    pub verdict: Verdict,
    pub effects: Vec<Effect>,
    /// The arguments as the model wrote them, when they were repaired.
    pub repaired: Option<Value>,
    /// Ignored files that it deletes or overwrites: its checkpoint must hold them besides.
    pub hold: Vec<PathBuf>,
    /// The arguments with secrets put back, where there were placeholders.
    pub(super) sealed: Option<Value>,
}

impl Granted {
    /// The arguments to run with: those of the call, with secrets put back where it had placeholders.
    /// They go to the tool and nowhere else.
    pub fn take_args(&mut self) -> Value {
        self.sealed.take().unwrap_or_else(|| self.call.args.clone())
    }
}

/// A question to a person, to be answered with [`Kernel::approve`](super::Kernel::approve) or
/// [`Kernel::decline`](super::Kernel::decline), once.
#[derive(Debug)]
pub struct Question {
    /// The call as judged.
    pub call: ToolCall,
    pub verdict: Verdict,
    pub effects: Vec<Effect>,
    /// As in [`Granted::repaired`].
    pub repaired: Option<Value>,
    /// Names this question and no other; 128 random bits that no model has seen.
    pub id: String,
    /// The commands of a shell line, word by word.
    pub argv: Vec<Vec<String>>,
    /// What the call could reach once allowed, in words.
    pub reach: Vec<String>,
    /// Every reason to say no.
    pub reasons: Vec<Objection>,
    /// The rule that a yes for always would keep; none where no rule may answer.
    pub proposal: Option<Rule>,
    /// Whether a yes may hold for the session.
    pub lasting: bool,
    /// Whether this is asked once for a project: a registry, a fetch from a configured remote.
    pub once_a_project: bool,
    pub(super) agent: String,
    /// What a yes would agree to.
    pub(super) asked: BTreeSet<Agreed>,
}

/// One reason to say no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Objection {
    pub rung: &'static str,
    pub rule: &'static str,
    pub reason: Reason,
    /// One line for the user.
    pub line: String,
}

#[derive(Debug)]
pub struct Refused {
    pub verdict: Verdict,
    /// Empty when the call was refused before its effects were known.
    pub effects: Vec<Effect>,
}

/// What two refusals have in common when a model runs into the same wall again; people read it, too.
pub fn shape(call: &ToolCall, verdict: &Verdict) -> String {
    let reason = verdict.reason.map_or(String::new(), |reason| format!("{reason}, "));
    format!("{} refused ({reason}{}/{})", call.tool, verdict.rung, verdict.rule)
}

/// The commands of a line as their words.
pub(super) fn argv(prepared: &Prepared) -> Vec<Vec<String>> {
    let commands = prepared.shell.iter().flat_map(|scan| &scan.commands);
    commands.map(|command| command.argv.iter().map(|word| word.text.clone()).collect()).collect()
}

/// What a call could reach once it is allowed, in words.
pub(super) fn reach(charter: &Charter, prepared: &Prepared) -> Vec<String> {
    let Reach::Run(scope) = &prepared.reach else { return Vec::new() };
    let mut told = vec![match charter.sandbox {
        SandboxStrength::None => "no sandbox: all the user's rights".to_owned(),
        SandboxStrength::Partial => "part of the sandbox is missing".to_owned(),
        SandboxStrength::Reduced | SandboxStrength::Full => "in the sandbox".to_owned(),
    }];
    told.extend(scope.write.iter().map(|tree| format!("writes below {}", tree.display())));
    let hosts: Vec<&str> = prepared
        .facts
        .iter()
        .filter_map(|fact| match &fact.effect {
            Effect::Net { host, .. } if !is_loopback(host) => Some(host.as_str()),
            _ => None,
        })
        .collect();
    if !hosts.is_empty() {
        // Hosts are told apart only where a command has a network of its own.
        let told_apart =
            charter.sandbox == SandboxStrength::Full && !hosts.iter().any(|host| host.contains(' '));
        told.push(if told_apart {
            format!("network: {}", hosts.join(", "))
        } else {
            "network: all of it".to_owned()
        });
    }
    told
}
