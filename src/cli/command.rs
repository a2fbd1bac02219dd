//! From arguments to a face: decides what runs, and turns every error into a report and an exit code.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;

use super::args::{Command, Main, OutputFormat, VERBS, Verb};
use super::checkpoints::CheckpointsVerb;
use super::say::{code_of, tell};
use super::verbs::{AuditVerb, ConfigVerb, KernelVerb, KeyVerb, SessionsVerb};
use super::{audit, checkpoints, completions, headless, import, interactive, kernel, look, sessions};
use crate::host::sandbox::inside_sandbox;
use crate::protocol::{Report, ReportKind};

/// Runs `iosm` with these arguments (the first is the program's name) and says how it ended.
pub fn run(argv: Vec<OsString>) -> ExitCode {
    // Only the first word can be a command; whatever follows it, or any other first word, is a prompt.
    let is_verb = argv.get(1).and_then(|word| word.to_str()).is_some_and(|word| VERBS.contains(&word));
    let code = if is_verb {
        match Command::try_parse_from(argv) {
            Ok(command) => only_looking(&command.verb).and_then(|()| verb(command.verb)),
            Err(error) => Ok(bad_usage(&error)),
        }
    } else {
        let json = wanted_json(&argv);
        match Main::try_parse_from(argv) {
            Ok(main) => not_from_an_agent("start an agent")
                .and_then(|()| if main.print { headless::run(main) } else { interactive::run(main) }),
            Err(error) => match json.filter(|_| error.use_stderr()) {
                Some(format) => headless::misused(&error, format),
                None => Ok(bad_usage(&error)),
            },
        }
    };
    ExitCode::from(code.unwrap_or_else(|report| {
        tell(&report);
        code_of(&report)
    }))
}

/// Commands that approve or start something are for people, not for the agents they started.
fn only_looking(verb: &Verb) -> Result<(), Report> {
    match verb {
        Verb::Demo { .. } => not_from_an_agent("start an agent"),
        Verb::Config { verb: ConfigVerb::Trust | ConfigVerb::Untrust, .. } => {
            not_from_an_agent("change what is trusted")
        }
        Verb::Config { verb: ConfigVerb::Approvals { verb: Some(_), .. }, .. } => {
            not_from_an_agent("change what is approved")
        }
        Verb::Kernel { verb: KernelVerb::Key { verb }, .. } => match verb {
            KeyVerb::Export { private: Some(_) } | KeyVerb::Import { .. } => {
                not_from_an_agent("handle the journal's private key")
            }
            KeyVerb::Export { private: None } | KeyVerb::Show { .. } => Ok(()),
        },
        Verb::Sessions { verb: Some(SessionsVerb::Rm { .. } | SessionsVerb::Prune { .. }), .. } => {
            not_from_an_agent("remove sessions")
        }
        Verb::Sessions { verb: Some(SessionsVerb::Name { .. } | SessionsVerb::Export { .. }), .. } => {
            not_from_an_agent("name or export sessions")
        }
        Verb::Checkpoints { verb: Some(CheckpointsVerb::Restore { .. }), .. } => {
            not_from_an_agent("restore a checkpoint")
        }
        Verb::Checkpoints { verb: Some(CheckpointsVerb::Prune { .. }), .. } => {
            not_from_an_agent("remove checkpoints")
        }
        Verb::Import { dry_run: false, .. } => not_from_an_agent("change the policy"),
        Verb::Audit { verb: Some(AuditVerb::Export { .. }), .. } => not_from_an_agent("sign an audit"),
        _ => Ok(()),
    }
}

/// Refuses when this process was itself started by a sandboxed command.
fn not_from_an_agent(what: &str) -> Result<(), Report> {
    if !inside_sandbox() {
        return Ok(());
    }
    Err(Report::new(ReportKind::Refused, format!("a command of an agent may not {what}"))
        .cause("iosm was started from inside its own sandbox (IOSM_SANDBOX is set)")
        .hint("looking is free: doctor, sessions, paths, config show, kernel explain, kernel verify"))
}

fn verb(verb: Verb) -> Result<u8, Report> {
    match verb {
        Verb::Demo { output_format, keep } => headless::demo(output_format, keep),
        Verb::Doctor { json, model, place } => look::doctor(json, &model, &place),
        Verb::Sessions { verb, json, search, place } => {
            sessions::sessions(verb, json, search.as_deref(), &place)
        }
        Verb::Checkpoints { verb, json, place } => checkpoints::checkpoints(verb, json, &place),
        Verb::Paths { json, place } => look::paths(json, &place),
        Verb::Config { verb, place } => look::config(&verb, &place),
        Verb::Kernel { verb, place } => kernel::kernel(&verb, &place),
        Verb::Audit { verb, what, json, place, .. } => audit::audit(verb, what.as_deref(), json, &place),
        Verb::Why { line, json, place } => audit::why(&line, json, &place),
        Verb::Models { json } => look::models(json),
        Verb::Import { from, dry_run, project_allows, place } => {
            import::import(from, dry_run, project_allows, &place)
        }
        Verb::Completions { shell } => completions::completions(shell),
    }
}

/// The format of machine-readable output that arguments name which may be wrong elsewhere.
fn wanted_json(argv: &[OsString]) -> Option<OutputFormat> {
    let words: Vec<&str> = argv.iter().filter_map(|word| word.to_str()).collect();
    let after = words.iter().position(|word| *word == "--output-format").and_then(|at| words.get(at + 1));
    let joined = words.iter().find_map(|word| word.strip_prefix("--output-format="));
    match joined.or(after.copied()) {
        Some("json") => Some(OutputFormat::Json),
        Some("stream-json") => Some(OutputFormat::StreamJson),
        _ => None,
    }
}

/// Help and version are no errors.
fn bad_usage(error: &clap::Error) -> u8 {
    // A closed standard output is as good as a read one.
    let _ = error.print();
    if error.use_stderr() { 2 } else { 0 }
}
