//! Floor 4: the only hands on the user's world.
//!
//! `host` performs what the kernel granted and nothing else: it never judges, and it knows nothing of
//! models, agents or faces.

pub mod sandbox;
