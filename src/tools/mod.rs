//! Floor 6: the `Tool` trait, the registry, and the leaf tools.
//!
//! A tool acts only through `host`, with the grant it was handed; it never looks up a path itself,
//! never judges, and never sees the conversation.

mod bash;
mod context;
mod edit;
mod fetch;
mod image;
mod leaf;
mod ledger;
mod outline;
mod parse_check;
pub mod preview;
mod read;
mod registry;
mod report;
mod schema;
mod search;
mod sniff;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod todo;
mod write;

use futures::future::BoxFuture;
use serde_json::Value;

use crate::kernel::{Grant, RawResult};
use crate::protocol::ToolSpec;

pub use bash::register_bash;
pub use context::{Notes, OutputSink, TodoItem, TodoStatus, ToolContext};
pub use fetch::register_fetch;
pub use image::{MOST_IMAGE_BYTES, Unshown, image_part};
pub use ledger::{Known, ReadLedger};
pub use registry::Registry;
pub use schema::schema_of;

/// One tool. `args` have passed the schema of its spec; `grant` opens exactly what was judged.
pub trait Tool: Send + Sync {
    fn spec(&self) -> &ToolSpec;

    /// Performs the call. Errors are results too: the model reads them and goes on. Dropping the
    /// future stops what it started.
    fn run(&self, grant: Grant, args: Value, context: ToolContext) -> BoxFuture<'static, RawResult>;
}

/// Registers the leaf tools that act on files and on the agent's own notes, in the order in which a
/// model is offered them.
pub fn register_leaf_tools(registry: &mut Registry) {
    registry.register(read::tool());
    registry.register(write::tool());
    registry.register(edit::tool());
    registry.register(search::tool());
    registry.register(outline::tool());
    registry.register(todo::tool());
    registry.register(report::tool());
}
