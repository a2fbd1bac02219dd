//! Every integration test, in one binary.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "tests make their own small worlds, and may say what they measured"
)]

mod account;
mod admission;
mod checkpoints;
mod commands;
mod compaction;
mod corpus;
mod demo;
mod docs;
mod drill;
mod grant;
mod headless;
mod house;
mod journal;
mod kernel;
mod lookups;
mod model;
mod net;
mod outline;
mod policy;
mod prompt;
mod sandbox;
mod schemas;
mod screen;
mod screen_laws;
mod sessions;
mod shell;
mod skills;
mod tui_term;
mod worktree;
mod world;
