//! What a driver waits for.

use futures::StreamExt;
use tokio::time::Instant;

use crate::host::process::Processes;
use crate::kernel::RawResult;
use crate::model::{Delta, DeltaStream, ModelError};
use crate::protocol::{Op, ToolCall};

/// What woke the driver.
pub(super) enum Woken {
    Stream(Option<Result<Delta, ModelError>>),
    Tool(ToolCall, RawResult),
    Output,
    /// A command in the background has ended.
    Background,
    Op(Option<Op>),
    Retry,
    Deadline,
}

/// The next piece of the answer; never, when there is no stream.
pub(super) async fn next_delta(stream: &mut Option<DeltaStream>) -> Option<Result<Delta, ModelError>> {
    match stream {
        Some(stream) => stream.next().await,
        None => std::future::pending().await,
    }
}

/// The end of a command in the background; never, where nothing runs any.
pub(super) async fn one_ended(processes: Option<&Processes>) {
    match processes {
        Some(processes) => processes.one_ended().await,
        None => std::future::pending().await,
    }
}

/// Sleeps until a moment; for ever, when there is none.
pub(super) async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}
