//! `iosm`: a terminal runtime for coding agents.
//!
//! The rooms of the house, in floor order: a room imports only from rooms on lower floors, never from
//! its own floor, never upward. `docs/ARCHITECTURE.md` says why.

#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "unit tests make their own small worlds"))]

pub mod base;

pub mod protocol;

pub mod config;
pub mod syntax;

pub mod kernel;
pub mod model;
pub mod session;

pub mod host;

pub mod tools;

pub mod agent;

pub mod engine;

pub mod wire;

pub mod print;
pub mod tui;

pub mod cli;
