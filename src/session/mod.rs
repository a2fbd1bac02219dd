//! Floor 3: remembers conversations: an append-only log with parents, resume, listing.
//!
//! `session` knows nothing of models or tools. It never rewrites a line: a fork is a new file, a
//! rewind is an entry whose parent lies further back.

mod entry;
mod list;
mod log;
mod past;

pub use entry::{CallRecord, Entry, Payload, Start};
pub use list::{Summary, find, list};
pub use log::{Loaded, SessionError, SessionLog, entries};
pub use past::{Compaction, Counted, Past, PutAway, Shortened, Spending};
