//! `iosm` with a screen.

use std::io::IsTerminal;

use super::args::{Main, OutputFormat};
use super::headless::{launcher, options, prompt, settings};
use super::stand::{environment, ground};
use crate::engine::{Ground, Options};
use crate::protocol::{Report, ReportKind};
use crate::tui::{Start, run as run_screen};

/// Opens the screen.
pub(super) fn run(main: Main) -> Result<u8, Report> {
    if !std::io::stdout().is_terminal() {
        let words = main.prompt.join(" ");
        let shown = if words.is_empty() { "…".to_owned() } else { words };
        return Err(Report::new(
            ReportKind::Usage,
            "standard output is no terminal: there is no screen to draw on",
        )
        .hint(format!("run it headless: iosm -p {shown:?}")));
    }
    for (given, flag) in [
        (main.output_format != OutputFormat::Text, "--output-format"),
        (!main.fail_on.is_empty(), "--fail-on"),
        (!main.require_tools.is_empty(), "--require-tools"),
    ] {
        if given {
            return Err(Report::new(ReportKind::Usage, format!("{flag} is for headless runs"))
                .hint("add -p, or leave it out"));
        }
    }
    let fullscreen = main.fullscreen;
    // `-r` alone: one is chosen on the screen.
    let pick_session = main.resume.as_deref() == Some("");
    // Before any thread is started.
    let launcher = launcher();
    let first = prompt(&main)?;
    let options = Options { human: true, remind_report: false, ..options(&main, launcher)? };
    let flags = settings(&main)?;
    let survey = move || -> Result<Ground, Report> { ground(&main.model, &main.place, flags.clone()) };
    run_screen(Start {
        options,
        first,
        env: environment(),
        survey: Box::new(survey),
        fullscreen,
        pick_session,
    })
}
