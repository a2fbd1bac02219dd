//! Slash commands, in a session with a person and without one; answers of a given shape.

mod headless;
mod schema;
mod session;
