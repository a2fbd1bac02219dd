//! Errors and notices for people: what happened, why, what to do next. Readable without colour.

use std::io::{self, Write};

use super::sink::Sink;
use crate::protocol::{Report, ReportKind};

/// The lines of a report, without line ends.
pub fn report_lines(report: &Report) -> Vec<String> {
    let label = if report.kind == ReportKind::Note { "note" } else { "error" };
    let mut lines = vec![format!("{label}: {}", report.message)];
    lines.extend(report.causes.iter().map(|cause| format!("  because: {cause}")));
    lines.extend(report.hints.iter().map(|hint| format!("  try: {hint}")));
    lines
}

pub fn write_report<W: Write>(report: &Report, out: &mut Sink<W>) -> io::Result<()> {
    out.write((report_lines(report).join("\n") + "\n").as_bytes())
}
