//! Floor 3: turns a canonical request into a stream of deltas, whichever provider answers.
//!
//! `model` speaks to providers and to nobody else. It knows nothing of tools' meaning, of policies
//! or of sessions; it never executes a call that a model proposes.

mod anthropic;
mod auth;
mod catalog;
mod connect;
mod delta;
mod error;
#[cfg(test)]
mod fixtures;
mod http;
mod listing;
mod local_servers;
mod name;
mod openai;
mod request;
mod retry;
mod scripted;
mod sse;
mod status;
mod stream;
mod yaml;

pub use auth::{AUTH_FILE, EnvLookup, Secret, find_key, key_variable, with_key};
pub use catalog::{Catalog, ModelInfo, Rates};
pub use connect::{Connect, connect};
pub use delta::{Delta, Stop};
pub use error::ModelError;
pub use listing::served_models;
pub use local_servers::local_servers;
pub use name::parse_model;
pub use request::{Request, Thinking, ToolSchema};
pub use retry::RetryPolicy;
pub use scripted::{Recorder, shipped_scripts};

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

    /// Where requests go; `None` for a provider that sends none.
    fn address(&self) -> Option<String> {
        None
    }
}
