//! Every integration test, in one binary.
#![allow(clippy::disallowed_methods, reason = "tests make their own small worlds")]

mod headless;
mod model;
mod sandbox;
mod world;
