//! Floor 4: the only hands on the user's world.
//!
//! Every function here that acts takes a `Grant` by value and opens exactly what it names; a grant
//! of another kind is an error. `host` never judges, never asks, and never speaks to a model.

pub mod clipboard;
pub mod file;
pub mod git;
pub mod net;
pub mod process;
pub mod sandbox;
pub mod temp;
pub mod tree;
pub mod user;

pub use file::HostError;
