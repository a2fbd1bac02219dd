//! What a turn wants done.

use crate::model::ModelError;
use crate::protocol::{Event, Item, Report, Status, ToolCall};

/// How a run ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Ending {
    pub status: Status,
    /// Why, unless it simply succeeded.
    pub report: Option<Report>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Adds to the conversation, in memory and in the log.
    Append(Item),
    /// Sends the conversation so far to the model.
    CallModel,
    /// Waits, then feeds `RetryDue`. `attempt` counts from 1.
    RetryLater {
        attempt: u32,
        error: ModelError,
    },
    /// Drops the stream.
    CancelModel,
    /// Puts a call before the kernel; `Judged` comes back.
    Judge(ToolCall),
    /// Runs a call that was allowed; `ToolDone` comes back.
    Run {
        call_id: String,
    },
    /// Drops every running call.
    CancelTools,
    Emit(Event),
    /// The run is over; nothing more will be asked.
    Finish(Ending),
}
