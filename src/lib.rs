//! `iosm`: a terminal runtime for coding agents.
//!
//! The rooms of the house, in floor order: a room imports only from rooms above it in this list that
//! stand on a lower floor. `docs/ARCHITECTURE.md` says why.

#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "unit tests make their own small worlds"))]

pub mod base;
pub mod config;
pub mod kernel;
pub mod model;
pub mod protocol;
pub mod syntax;
