//! Floor 0: ids, clock, text measure, path handles, and the store for our own state files.
//!
//! `base` knows nothing of agents, models or policies. It never writes outside a [`StateDir`],
//! and it never reads the contents of a path it resolves.

mod blob;
mod clock;
mod digest;
mod id;
mod path;
mod store;
mod stored;
mod text;

pub use blob::{BlobError, BlobStore};
pub use clock::{Stopwatch, local_minute, now_ms, rfc3339, unix_seconds};
pub use digest::{Digest, sha256_hex};
pub use id::{matches_prefix, new_id, secret_id};
pub use path::{FileKind, FileStamp, PathError, PathHandle, resolve};
pub use store::{
    AppendFile, StateDir, StoreError, SyncHandle, create_private, folder_size, is_locked, is_ours,
    read_private,
};
pub use stored::{Stored, read_bytes, read_text};
pub use text::{
    Elided, elide_middle, estimate_tokens, fold_terminal_output, grouped, harmless, nearest, plural, width,
};
