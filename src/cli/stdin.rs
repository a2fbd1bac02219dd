//! What is piped in.

use std::io::{IsTerminal, Read};
use std::os::fd::AsFd;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::protocol::{Report, ReportKind};

/// A pipe that says nothing for this long, and was not asked for with `-`, is taken for one that
/// never will.
const SILENCE: Duration = Duration::from_secs(3);

/// Most bytes taken from a pipe.
const MOST_BYTES: u64 = 10 * 1024 * 1024;

/// Reads what is piped in; `asked` when the user wrote `-`. `None` at a terminal.
pub fn read(asked: bool) -> Result<Option<String>, Report> {
    let stdin = std::io::stdin();
    if stdin.is_terminal() && !asked {
        return Ok(None);
    }
    if !asked && !has_begun(&stdin) {
        return Err(Report::new(ReportKind::Usage, "standard input is open, but nothing came for 3 seconds")
            .hint("close it with </dev/null, or ask for it with `-`"));
    }
    let mut bytes = Vec::new();
    let failed = |error: std::io::Error| {
        Report::new(ReportKind::Usage, "standard input cannot be read").cause(error.to_string())
    };
    stdin.lock().take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(Report::new(ReportKind::Usage, "standard input is larger than 10 MB")
            .hint("put it in a file of the workspace and name the file in the prompt"));
    }
    let text = String::from_utf8_lossy(&bytes).into_owned();
    Ok((!text.trim().is_empty()).then_some(text))
}

/// Whether a byte, or the end, is there within the time. Files and closed pipes answer at once.
fn has_begun(stdin: &std::io::Stdin) -> bool {
    let mut fds = [PollFd::new(stdin.as_fd(), PollFlags::POLLIN)];
    let timeout = PollTimeout::try_from(SILENCE).unwrap_or(PollTimeout::NONE);
    // A failing poll leaves it to the read to say what is wrong.
    !matches!(poll(&mut fds, timeout), Ok(0))
}
