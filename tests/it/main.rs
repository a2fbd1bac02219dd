//! Every integration test, in one binary.
#![allow(clippy::disallowed_methods, reason = "tests make their own small worlds")]

mod grant;
mod headless;
mod house;
mod kernel;
mod model;
mod prompt;
mod sandbox;
mod schemas;
mod world;
