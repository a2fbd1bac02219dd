//! Every integration test, in one binary.
#![allow(clippy::disallowed_methods, reason = "tests make their own small worlds")]

mod house;
mod model;
mod schemas;
mod sandbox;
