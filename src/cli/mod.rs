//! Floor 13: reads arguments, wires the engine, chooses a face.

mod args;
mod audit;
mod checkpoints;
mod command;
mod completions;
mod drill;
mod headless;
mod import;
mod interactive;
mod kernel;
mod look;
mod policy;
mod say;
mod sessions;
mod signals;
mod stand;
mod stdin;
mod style;
mod verbs;

pub use command::run;
