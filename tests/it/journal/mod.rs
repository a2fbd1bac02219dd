//! The journal and what people read from it: tampering, crashes, keys, trailers, audits.

mod audit;
mod closed;
mod crash;
mod key;
mod tamper;
mod trailers;
mod unsealed;
mod world;
