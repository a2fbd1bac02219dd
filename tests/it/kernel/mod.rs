//! The kernel from outside: questions, approvals, records, and what survives a hostile moment.

mod approval;
mod record;
mod walls;
pub mod world;
