//! `json`: one object at the end; what people should know meanwhile goes to standard error.

use std::io::{self, Write};

use super::report::write_report;
use super::sink::Sink;
use crate::protocol::{Event, Outcome};
use crate::wire;

pub(super) fn event<E: Write>(event: &Event, err: &mut Sink<E>, progress: bool) -> io::Result<()> {
    match event {
        Event::Notice { report } | Event::Unsent { report, .. } => write_report(report, err),
        Event::ToolCall { call } if progress => err.write(format!("· {}\n", call.tool).as_bytes()),
        _ => Ok(()),
    }
}

pub(super) fn finish<O: Write, E: Write>(
    outcome: &Outcome,
    code: u8,
    out: &mut Sink<O>,
    err: &mut Sink<E>,
) -> io::Result<()> {
    for report in &outcome.errors {
        write_report(report, err)?;
    }
    err.flush()?;
    let mut bytes = serde_json::to_vec(&wire::result(outcome, code)).map_err(io::Error::other)?;
    bytes.push(b'\n');
    out.write(&bytes)
}
