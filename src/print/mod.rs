//! Floor 12: the face without a screen: text, one JSON object, or a stream of them.
//!
//! `print` writes to standard output and standard error and reads nothing. The result is always the
//! last thing written; a reader that goes away is a quiet success.

mod json;
mod output;
mod report;
mod sink;
mod stream;
mod text;
mod transcript;

pub use output::{Format, Gate, Printer, print_unbegun};
pub use report::{report_lines, write_report};
pub use sink::Sink;
