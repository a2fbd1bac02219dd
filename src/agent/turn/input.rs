//! What can happen to a turn.

use crate::kernel::Admitted;
use crate::model::{Delta, ModelError};
use crate::protocol::{Cost, Item, Part, Report, Usage};

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

/// What the user says, ready for the model.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Words {
    pub text: String,
    /// What stands behind the text: [`Part::Image`].
    pub images: Vec<Part>,
}

impl Words {
    pub(super) fn into_parts(self) -> Vec<Part> {
        std::iter::once(Part::text(self.text)).chain(self.images).collect()
    }

    pub(super) fn into_item(self) -> Item {
        Item::User { parts: self.into_parts() }
    }
}

impl From<String> for Words {
    fn from(text: String) -> Self {
        Self { text, images: Vec::new() }
    }
}

impl From<&str> for Words {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// The user said something: starts a run, or steers the one that goes on.
    Prompt(Words),
    /// The user said something for after this run.
    FollowUp(Words),
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
