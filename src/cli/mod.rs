//! Floor 13: reads arguments, wires the engine, chooses a face.

mod args;
mod audit;
mod command;
mod drill;
mod headless;
mod interactive;
mod kernel;
mod look;
mod policy;
mod say;
mod signals;
mod stand;
mod stdin;
mod style;

pub use command::run;
