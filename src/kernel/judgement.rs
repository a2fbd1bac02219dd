//! What the kernel answers to a call.

use std::collections::BTreeSet;

use serde_json::Value;

use super::grant::Grant;
use super::rung::Agreed;
use crate::protocol::{Effect, ToolCall, Verdict};

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
    pub(super) agent: String,
    /// What a yes would agree to.
    pub(super) asked: BTreeSet<Agreed>,
}

#[derive(Debug)]
pub struct Refused {
    pub verdict: Verdict,
    /// Empty when the call was refused before its effects were known.
    pub effects: Vec<Effect>,
}

/// One step of judging, as `explain` tells it.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// `intake`, `effects`, or the name of a rung.
    pub name: String,
    /// What it said: `allow`, nothing, or its objections.
    pub said: Vec<String>,
    pub micros: f64,
}

/// Every step of judging a call that is not carried out.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// The call as judged.
    pub call: ToolCall,
    pub effects: Vec<Effect>,
    pub steps: Vec<Step>,
    pub verdict: Verdict,
}

/// What two refusals have in common when a model runs into the same wall again.
pub fn shape(call: &ToolCall, verdict: &Verdict) -> String {
    format!("{}/{:?}/{}/{}", call.tool, verdict.reason, verdict.rung, verdict.rule)
}
