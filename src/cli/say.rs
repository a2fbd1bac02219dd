//! Saying things to people and scripts, and with which exit code.

use std::io::{IsTerminal, Write};

use crate::base::harmless;
use crate::print::report_lines;
use crate::protocol::{Report, ReportKind};

/// Prints a report on standard error.
pub(super) fn tell(report: &Report) {
    let text = report_lines(report).join("\n") + "\n";
    let text = if watched() { harmless(&text) } else { text.as_str().into() };
    let _ = std::io::stderr().write_all(text.as_bytes());
}

/// Prints text on standard output; a reader that went away is a quiet success.
pub(super) fn say(text: &str) -> Result<(), Report> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Report::new(ReportKind::Host, "standard output cannot be written").cause(error.to_string()))
        }
        _ => Ok(()),
    }
}

/// Prints a value as pretty JSON.
pub(super) fn say_json(value: &impl serde::Serialize) -> Result<(), Report> {
    let text = serde_json::to_string_pretty(value)
        .map_err(|error| Report::from_error(ReportKind::Internal, &error))?;
    say(&(text + "\n"))
}

/// The exit code of an error that kept a command from running.
pub(super) fn code_of(report: &Report) -> u8 {
    match report.kind {
        ReportKind::Usage | ReportKind::Config => 2,
        ReportKind::Provider | ReportKind::Authentication => 3,
        ReportKind::Limit => 4,
        ReportKind::Check => 5,
        ReportKind::Refused => 6,
        ReportKind::Interrupted => 130,
        _ => 1,
    }
}

/// Whether a person sees standard error.
pub(super) fn watched() -> bool {
    std::io::stderr().is_terminal()
}
