//! What can happen to a turn.

use crate::kernel::Admitted;
use crate::model::{Delta, ModelError};
use crate::protocol::{Cost, Report, Usage};

/// What the kernel, or a person, said of a call. The grant itself stays with the driver.
#[derive(Debug, Clone, PartialEq)]
pub enum Ruling {
    /// Granted: it may run. `repaired` when it was a transform.
    Allowed { repaired: bool },
    /// A person has been asked.
    Asked,
    /// No. `shape` is equal for refusals of the same kind; `malformed` when it was no call that could be
    /// carried out, rather than one that may not be.
    Denied { result: Admitted, shape: String, malformed: bool },
}

#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// The user said something: starts a run, or steers the one that goes on.
    Prompt(String),
    /// The user said something for after this run.
    FollowUp(String),
    /// Go on from a conversation that was cut: its last item waits for the model.
    Resume,
    /// A piece of the model's answer.
    Delta(Delta),
    /// The stream broke off, or never began.
    StreamFailed(ModelError),
    /// The pause before another attempt is over.
    RetryDue,
    /// What a request cost, priced by the driver.
    Priced {
        usage: Usage,
        cost: Cost,
    },
    Judged {
        call_id: String,
        ruling: Ruling,
    },
    ToolDone {
        call_id: String,
        result: Admitted,
    },
    /// The user, or a signal, wants it to stop.
    Cancel,
    /// The wall-clock limit was reached.
    Deadline,
    /// Something beneath broke (the journal, the log, the provider for good): stop here.
    Fault(Report),
}
