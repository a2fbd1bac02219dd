//! Slash commands, in a session with a person and without one; answers of a given shape; scripts that
//! complete; rules of other agents.

mod completions;
mod headless;
mod import;
mod schema;
mod session;
