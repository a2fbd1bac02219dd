//! The common shape of the leaf tools: a spec and a blocking function over typed arguments.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::future::BoxFuture;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Tool, ToolContext};
use crate::base::grouped;
use crate::kernel::{Grant, RawResult};
use crate::protocol::ToolSpec;

/// What a leaf tool does. The flag is set when nobody waits for the result any more.
type Act<A> = fn(Grant, A, &ToolContext, &AtomicBool) -> RawResult;

/// A tool that works on a thread where blocking is allowed.
pub(super) struct Leaf<A> {
    pub(super) spec: ToolSpec,
    pub(super) act: Act<A>,
}

impl<A: DeserializeOwned + 'static> Tool for Leaf<A> {
    fn spec(&self) -> &ToolSpec {
        &self.spec
    }

    fn run(&self, grant: Grant, args: Value, context: ToolContext) -> BoxFuture<'static, RawResult> {
        let (name, act) = (self.spec.name, self.act);
        Box::pin(async move {
            let stop = StopOnDrop::default();
            let flag = Arc::clone(&stop.0);
            let work = move || match serde_json::from_value(args) {
                Ok(args) => act(grant, args, &context, &flag),
                Err(error) => RawResult::error(format!("bad arguments for {name}: {error}")),
            };
            let done = tokio::task::spawn_blocking(work).await;
            done.unwrap_or_else(|error| RawResult::error(format!("{name} broke off: {error}")))
        })
    }
}

/// Tells the blocking side that the future was dropped.
#[derive(Default)]
struct StopOnDrop(Arc<AtomicBool>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// `1 line` or `4,000 lines`
pub(super) fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{} {noun}s", grouped(count)) }
}

/// Lines as an editor counts them: a last one without a line end counts too.
pub(super) fn count_lines(bytes: &[u8]) -> usize {
    let ends = bytes.iter().filter(|byte| **byte == b'\n').count();
    ends + usize::from(bytes.last().is_some_and(|last| *last != b'\n'))
}

/// Line ends of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LineEnds {
    /// None at all.
    None,
    Lf,
    Crlf,
    Mixed,
}

impl LineEnds {
    pub(super) fn of(bytes: &[u8]) -> Self {
        let mut ends = Self::None;
        let mut previous = 0;
        for byte in bytes {
            if *byte == b'\n' {
                let this = if previous == b'\r' { Self::Crlf } else { Self::Lf };
                match ends {
                    Self::None => ends = this,
                    same if same == this => {}
                    _ => return Self::Mixed,
                }
            }
            previous = *byte;
        }
        ends
    }
}

/// `text` with every bare line feed made a carriage return and a line feed.
pub(super) fn to_crlf(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 16);
    for line in text.split_inclusive('\n') {
        match line.strip_suffix('\n') {
            Some(rest) if !rest.ends_with('\r') => {
                out.push_str(rest);
                out.push_str("\r\n");
            }
            _ => out.push_str(line),
        }
    }
    out
}

/// Whether a line feed stands in `text` without a carriage return before it.
pub(super) fn has_bare_lf(text: &str) -> bool {
    matches!(LineEnds::of(text.as_bytes()), LineEnds::Lf | LineEnds::Mixed)
}
