//! Floor 2: parses what people and models write. No I/O.
//!
//! `syntax` turns text into structure and nothing else: it knows nothing of agents, policies or files
//! on disk, and it never fails on any input. What it cannot read it says so.

pub mod shell;
pub mod source;
