//! From arguments to a face: decides what runs, and turns every error into a report and an exit code.

use std::ffi::OsString;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;

use super::args::{Command, Main, ModelArgs, Place, VERBS, Verb};
use super::{headless, look};
use crate::engine::{FlagSetting, Ground, SharedEnv};
use crate::print::report_lines;
use crate::protocol::{Report, ReportKind};

/// Runs `iosm` with these arguments (the first is the program's name) and says how it ended.
pub fn run(argv: Vec<OsString>) -> ExitCode {
    // Before anything is parsed at length: the commonest question of scripts and packagers.
    let is_verb = argv.get(1).and_then(|word| word.to_str()).is_some_and(|word| VERBS.contains(&word));
    let code = if is_verb {
        match Command::try_parse_from(argv) {
            Ok(command) => verb(command.verb),
            Err(error) => Ok(bad_usage(&error)),
        }
    } else {
        match Main::try_parse_from(argv) {
            Ok(main) => headless::run(main),
            Err(error) => Ok(bad_usage(&error)),
        }
    };
    ExitCode::from(code.unwrap_or_else(|report| {
        tell(&report);
        code_of(&report)
    }))
}

fn verb(verb: Verb) -> Result<u8, Report> {
    match verb {
        Verb::Demo { output_format, keep } => headless::demo(output_format, keep),
        Verb::Doctor { json, model, place } => look::doctor(json, &model, &place),
        Verb::Sessions { verb, json, place } => look::sessions(verb, json, &place),
        Verb::Paths { json, place } => look::paths(json, &place),
        Verb::Config { verb, place } => look::config(&verb, &place),
        Verb::Kernel { verb, place } => look::kernel(&verb, &place),
        Verb::Models { json } => look::models(json),
    }
}

/// Help and version are no errors.
fn bad_usage(error: &clap::Error) -> u8 {
    // A closed standard output is as good as a read one.
    let _ = error.print();
    if error.use_stderr() { 2 } else { 0 }
}

/// Prints a report on standard error.
pub(super) fn tell(report: &Report) {
    let text = report_lines(report).join("\n") + "\n";
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

/// The process environment as a lookup.
pub(super) fn environment() -> SharedEnv {
    Arc::new(|name: &str| std::env::var(name).ok())
}

/// Where the user stands: `-C`, else the current folder.
pub(super) fn directory(place: &Place) -> Result<PathBuf, Report> {
    let failed =
        |what: String, error: std::io::Error| Report::new(ReportKind::Usage, what).cause(error.to_string());
    let here = std::env::current_dir().map_err(|e| failed("the current folder cannot be read".into(), e))?;
    match &place.directory {
        None => Ok(here),
        Some(given) => {
            let path = here.join(given);
            path.canonicalize().map_err(|error| failed(format!("-C {}", given.display()), error))
        }
    }
}

/// The ground for a command that has a model.
pub(super) fn ground(
    model: &ModelArgs,
    place: &Place,
    mut flags: Vec<FlagSetting>,
) -> Result<Ground, Report> {
    if let Some(model) = &model.model {
        flags.push(("--model", "model", model.clone().into()));
    }
    if let Some(url) = &model.base_url {
        flags.push(("--base-url", "base_url", url.clone().into()));
    }
    if let Some(level) = model.thinking {
        flags.push(("--thinking", "thinking", level.name().into()));
    }
    Ground::survey(&directory(place)?, &*environment(), flags)
}

/// The ground for a command that has none.
pub(super) fn bare_ground(place: &Place) -> Result<Ground, Report> {
    Ground::survey(&directory(place)?, &*environment(), Vec::new())
}

/// Whether a person sees standard error.
pub(super) fn watched() -> bool {
    std::io::stderr().is_terminal()
}
