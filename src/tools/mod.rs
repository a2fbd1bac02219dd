//! Floor 6: the `Tool` trait, the registry, and the leaf tools.
//!
//! A tool acts only through `host`, with the grant it was handed; it never looks up a path itself,
//! never judges, and never sees the conversation.

mod context;
mod registry;

use futures::future::BoxFuture;
use serde_json::Value;

use crate::kernel::{Grant, RawResult};
use crate::protocol::ToolSpec;

pub use context::{Notes, OutputSink, TodoItem, TodoStatus, ToolContext};
pub use registry::Registry;

/// One tool. `args` have passed the schema of its spec; `grant` opens exactly what was judged.
pub trait Tool: Send + Sync {
    fn spec(&self) -> &ToolSpec;

    /// Performs the call. Errors are results too: the model reads them and goes on. Dropping the
    /// future stops what it started.
    fn run(&self, grant: Grant, args: Value, context: ToolContext) -> BoxFuture<'static, RawResult>;
}
