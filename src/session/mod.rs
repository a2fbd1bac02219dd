//! Floor 3: remembers conversations: an append-only log with parents, resume, rewind, fork, listing.
//!
//! `session` knows nothing of models or tools. It never rewrites a line: a fork is a new file, a
//! rewind is an entry whose parent lies further back. The index beside a log (`kept.rs`) saves reading
//! it; what an index says that the log does not is never believed.

mod entry;
mod fork;
mod index;
mod kept;
mod list;
mod log;
mod past;
mod tree;

pub use entry::{CallRecord, Entry, Holds, Origin, Payload, Start};
pub use fork::fork;
pub use list::{Held, Summary, find, held, list, remove, says, summary};
pub use log::{Loaded, Moved, SessionError, SessionLog, branch, entries, name_of_fork, valid_name};
pub use past::{Compaction, Counted, Past, PutAway, Shortened, Spending};
pub use tree::{Node, Tree, tree};
