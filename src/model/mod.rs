//! Floor 3: turns a canonical request into a stream of deltas, whichever provider answers.
//!
//! `model` speaks to providers and to nobody else. It knows nothing of tools' meaning, of policies
//! or of sessions; it never executes a call that a model proposes.

mod delta;
mod error;
mod request;

pub use delta::{Delta, Stop};
pub use error::ModelError;
pub use request::{Request, Thinking, ToolSchema};

use futures::stream::BoxStream;

/// What streams out of a provider: deltas, then `Delta::End`, or an error in place of it.
pub type DeltaStream = BoxStream<'static, Result<Delta, ModelError>>;

/// A provider that is ready to be asked: key resolved, address known.
pub trait Provider: Send + Sync {
    /// `provider/model`, as the user names it.
    fn name(&self) -> &str;

    /// Sends the request and streams the answer. Dropping the stream cancels the request.
    fn stream(&self, request: &Request) -> DeltaStream;

    /// The request's body as it would be sent, for the record and for tests; empty for a provider
    /// that sends none.
    fn encode(&self, request: &Request) -> Vec<u8>;
}
