//! Source files: which language a file is in, what it defines and imports, where it does not parse.
//!
//! What is looked for in a tree stands in `queries/*.scm`, one a language; nothing here knows a language
//! but the table in `language.rs`. Work is bounded in bytes and time, and what is not read says so.

mod errors;
mod language;
mod outline;
mod parse;
#[cfg(test)]
mod tests;

pub use errors::{ParseError, parse_errors};
pub use language::Language;
pub use outline::{Definition, Import, Kind, Outline, outline};
pub use parse::{MOST_BYTES, Unread};
