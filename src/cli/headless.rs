//! `iosm -p` and `iosm demo`: a run without a screen.

use std::io::{BufWriter, IsTerminal, Stderr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::args::{Main, OutputFormat};
use super::say::{code_of, say, tell, watched};
use super::stand::{directory, environment, ground};
use super::{signals, stdin};
use crate::base::read_text;
use crate::config::{Rule, RuleAction, is_command_name};
use crate::engine::{
    AnswerSchema, DEMO_MODEL, DEMO_PROMPT, Demo, FlagSetting, Ground, Options, Session, SessionChoice,
    SharedEnv,
};
use crate::host::sandbox::{Helper, Launcher, Strength};
use crate::print::{Format, Gate, Printer, Sink, print_unbegun};
use crate::protocol::{Op, Outcome, Report, ReportKind, Severity};

/// Most bytes of an `@FILE`.
const MOST_FILE_BYTES: usize = 2 * 1024 * 1024;

/// Runs one prompt.
pub(super) fn run(main: Main) -> Result<u8, Report> {
    let format = match format(main.output_format) {
        Format::Text if main.output_schema.is_some() => Format::Structured,
        format => format,
    };
    let model = main.model.model.clone();
    match prepare(&main) {
        Ok(Prepared { ground, options, op, gate }) => {
            drive(&ground, options, false, op, format, gate).map(|driven| driven.code)
        }
        Err(report) => unbegun(format, model, report),
    }
}

/// Everything a run needs.
struct Prepared {
    ground: Ground,
    options: Options,
    op: Op,
    gate: Gate,
}

fn prepare(main: &Main) -> Result<Prepared, Report> {
    let prompt = prompt(main)?;
    if prompt.is_none() && !main.continue_last && main.resume.is_none() {
        return Err(Report::new(ReportKind::Usage, "there is no prompt")
            .hint("iosm -p \"what to do\"")
            .hint("echo \"what to do\" | iosm -p -"));
    }
    let ground = ground(&main.model, &main.place, settings(main)?)?;
    let gate = gate(main)?;
    let options = options(main, launcher())?;
    let op = match prompt {
        None => Op::Resume,
        Some(text) => match command(&text) {
            Some(line) => Op::Command(line.to_owned()),
            None => Op::Prompt(text.into()),
        },
    };
    Ok(Prepared { ground, options, op, gate })
}

/// How a session is opened, as the flags say; nobody is there to answer.
pub(super) fn options(main: &Main, launcher: Option<Launcher>) -> Result<Options, Report> {
    let session = choice(main)?;
    Ok(Options {
        session,
        tools: main.tools.clone(),
        required_tools: main.require_tools.clone(),
        rules: rules(main)?,
        policy_file: policy_file(main)?,
        remind_report: main.output_format == OutputFormat::Json,
        answer: main.output_schema.as_ref().map(|file| schema(main, file)).transpose()?,
        record: main
            .record
            .as_ref()
            .map(|path| directory(&main.place).map(|dir| dir.join(path)))
            .transpose()?,
        launcher,
        no_sandbox: main.no_sandbox,
        ..Options::of(environment())
    })
}

/// Which conversation the flags name.
fn choice(main: &Main) -> Result<SessionChoice, Report> {
    if main.print && main.resume.as_deref() == Some("") {
        return Err(Report::new(ReportKind::Usage, "-r says of no session which")
            .hint("-r ID goes on with one; `iosm sessions` lists them; -c takes the last"));
    }
    // Without -p one is chosen on the screen.
    let given = main.resume.clone().filter(|given| !given.is_empty());
    if main.fork {
        if given.is_none() && !main.continue_last {
            return Err(Report::new(ReportKind::Usage, "--fork does not say of which session")
                .hint("-c --fork copies the last one, -r ID --fork another"));
        }
        return Ok(SessionChoice::Fork { given, entry: None });
    }
    Ok(match (given, main.continue_last, main.no_session) {
        (Some(given), ..) => SessionChoice::Named(given),
        (None, true, _) => SessionChoice::Last,
        (None, false, true) => SessionChoice::Unkept,
        (None, false, false) => SessionChoice::New,
    })
}

/// The line of a slash command, without its slash: `/etc/hosts is empty` is none.
fn command(prompt: &str) -> Option<&str> {
    let line = prompt.strip_prefix('/')?;
    let name = line.split(char::is_whitespace).next().unwrap_or_default();
    is_command_name(name).then_some(line)
}

/// Reads the file of `--output-schema`.
fn schema(main: &Main, file: &Path) -> Result<AnswerSchema, Report> {
    let failed = |what: String| Report::new(ReportKind::Usage, format!("--output-schema: {what}"));
    let path = directory(&main.place)?.join(file);
    let text = read_text(&path)
        .map_err(|error| failed(format!("{} cannot be read", file.display())).cause(error.to_string()))?;
    let value = serde_json::from_str(&text).map_err(|error| {
        let place = format!("{}:{}:{}", file.display(), error.line(), error.column());
        failed(format!("{place} is no JSON")).cause(error.to_string())
    })?;
    AnswerSchema::new(&value)
        .map_err(|why| failed(format!("{} is no JSON Schema", file.display())).cause(why))
}

/// Arguments that are none, for a script that reads JSON.
pub(super) fn misused(error: &clap::Error, output: OutputFormat) -> Result<u8, Report> {
    let text = error.to_string();
    let (said, more) = text.split_once('\n').unwrap_or((&text, ""));
    let report = Report::new(ReportKind::Usage, said.trim_start_matches("error: "));
    let more = more.lines().map(str::trim).filter(|line| !line.is_empty());
    unbegun(format(output), None, more.fold(report, Report::hint))
}

/// A run that could not begin: told like every error, and in the json modes as the one object that scripts
/// wait for.
fn unbegun(format: Format, model: Option<String>, report: Report) -> Result<u8, Report> {
    let code = code_of(&report);
    let outcome = Outcome::unbegun(model.unwrap_or_default(), report);
    let (mut out, mut err) = (Sink::new(std::io::stdout()).shown(seen()), errors());
    print_unbegun(format, &outcome, code, &mut out, &mut err).map_err(unprintable)?;
    Ok(code)
}

fn unprintable(error: std::io::Error) -> Report {
    Report::new(ReportKind::Host, "standard output cannot be written").cause(error.to_string())
}

/// The demo: its own repository, its own state, a scripted model.
pub(super) fn demo(output: OutputFormat, keep: bool) -> Result<u8, Report> {
    let demo = Demo::prepare().map_err(|error| Report::from_error(ReportKind::Host, &error))?;
    let (home, real) = (demo.home(), environment());
    let env: SharedEnv = Arc::new(move |name: &str| match name {
        "IOSM_HOME" => Some(home.display().to_string()),
        name if name.starts_with("IOSM_") => None,
        name => real(name),
    });
    let flags: Vec<FlagSetting> = vec![("demo", "model", DEMO_MODEL.into())];
    let ground = Ground::survey(&demo.repository(), &*env, flags)?;
    let options = Options { rules: Demo::rules(), launcher: launcher(), ..Options::of(env) };
    if output == OutputFormat::Text {
        let intro = format!(
            "iosm demo: the model is scripted (a YAML file, no key, no network); the kernel, the tools, the\nsandbox and the tests are real. Repository: {}\n\n> {DEMO_PROMPT}\n\n",
            demo.repository().display()
        );
        say(&intro)?;
    }
    let format = if output == OutputFormat::Text { Format::Transcript } else { format(output) };
    let op = Op::Prompt(DEMO_PROMPT.into());
    let driven = drive(&ground, options, true, op, format, Gate::default())?;
    // Who stops reading does not want the rest.
    let code = if driven.code == 0 && driven.read && !demo.is_fixed() { 1 } else { driven.code };
    if keep {
        let path = demo.keep();
        tell(&Report::note(format!("the repository was kept: {}", path.display())));
    }
    Ok(code)
}

/// Starts the process that starts processes; it must come before threads do. Without one, commands
/// are refused with the reason.
pub(super) fn launcher() -> Option<Launcher> {
    match Helper::start() {
        Ok(helper) => Some(Launcher::new(helper)),
        Err(error) => {
            tell(&Report::from_error(ReportKind::Host, &error));
            None
        }
    }
}

/// How a run ended, and whether what it said was read to its end.
struct Driven {
    code: u8,
    read: bool,
}

/// Runs to the end. `own_commands`: the only commands allowed are ours, so they run without a sandbox
/// where none loads.
fn drive(
    ground: &Ground,
    mut options: Options,
    own_commands: bool,
    op: Op,
    format: Format,
    gate: Gate,
) -> Result<Driven, Report> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Report::new(ReportKind::Internal, "no runtime").cause(error.to_string()))?;
    runtime.block_on(async {
        if let Some(launcher) = &options.launcher {
            let probed = launcher.strength().await;
            options.sandbox =
                probed.map_err(|error| tell(&Report::from_error(ReportKind::Host, &error))).ok();
        }
        let unfenced = matches!(options.sandbox, None | Some(Strength::None { .. }));
        options.no_sandbox |= own_commands && unfenced;
        let session = match Session::open(ground, options).await {
            Ok(session) => session,
            Err(report) => {
                let code = unbegun(format, ground.settings.settings.model.clone(), report)?;
                return Ok(Driven { code, read: true });
            }
        };
        let Session { ops, events, .. } = session;
        let terminated = Arc::new(AtomicBool::new(false));
        signals::listen(ops.clone(), terminated.clone());
        let _ = ops.send(op).await;
        let gone = ops.clone();
        drop(ops);
        let mut printer = Printer {
            format,
            gate,
            out: Sink::new(BufWriter::new(std::io::stdout())).shown(seen()),
            err: errors(),
            progress: watched(),
            terminated,
        };
        let printed = printer.run(events, move || drop(gone.try_send(Op::Cancel))).await;
        Ok(Driven { code: printed.map_err(unprintable)?, read: !printer.out.is_closed() })
    })
}

/// Whether a terminal shows standard output.
fn seen() -> bool {
    std::io::stdout().is_terminal()
}

fn errors() -> Sink<Stderr> {
    Sink::new(std::io::stderr()).shown(watched()).spare()
}

fn format(output: OutputFormat) -> Format {
    match output {
        OutputFormat::Text => Format::Text,
        OutputFormat::Json => Format::Json,
        OutputFormat::StreamJson => Format::StreamJson,
    }
}

pub(super) fn settings(main: &Main) -> Result<Vec<FlagSetting>, Report> {
    let mut flags: Vec<FlagSetting> = Vec::new();
    if let Some(profile) = &main.profile {
        flags.push(("--profile", "profile", profile.clone().into()));
    }
    if let Some(policy) = main.policy.as_ref().filter(|policy| !names_file(policy)) {
        flags.push(("--policy", "policy", policy.clone().into()));
    }
    if let Some(turns) = main.max_turns {
        flags.push(("--max-turns", "limits.turns", turns.into()));
    }
    if let Some(usd) = main.max_budget_usd {
        flags.push(("--max-budget-usd", "limits.budget_usd", usd.into()));
    }
    if let Some(minutes) = main.max_minutes {
        flags.push(("--max-minutes", "limits.minutes", minutes.into()));
    }
    if !main.add_dir.is_empty() {
        let here = directory(&main.place)?;
        let dirs: Vec<String> = main.add_dir.iter().map(|dir| here.join(dir).display().to_string()).collect();
        flags.push(("--add-dir", "add_dirs", dirs.into()));
    }
    Ok(flags)
}

/// Whether the value of `--policy` is a file's name, not a preset's.
pub(super) fn names_file(policy: &str) -> bool {
    policy.contains('/') || policy.ends_with(".yaml") || policy.ends_with(".yml")
}

fn policy_file(main: &Main) -> Result<Option<PathBuf>, Report> {
    let named = main.policy.as_ref().filter(|policy| names_file(policy));
    named.map(|file| directory(&main.place).map(|here| here.join(file))).transpose()
}

fn rules(main: &Main) -> Result<Vec<Rule>, Report> {
    let parse = |action, texts: &[String]| {
        texts.iter().map(|text| Rule::parse(action, text)).collect::<Result<Vec<_>, _>>()
    };
    let mut rules = parse(RuleAction::Deny, &main.deny).map_err(bad_rule)?;
    rules.extend(parse(RuleAction::Allow, &main.allow).map_err(bad_rule)?);
    Ok(rules)
}

fn bad_rule(error: crate::config::PolicyError) -> Report {
    Report::from_error(ReportKind::Usage, &error)
}

fn gate(main: &Main) -> Result<Gate, Report> {
    let mut gate = Gate { required_tools: main.require_tools.clone(), ..Gate::default() };
    for what in &main.fail_on {
        match what.split_once(':') {
            None if what == "denied" => gate.denied = true,
            None if what == "findings" => gate.findings = Some(Severity::Info),
            Some(("findings", least)) => {
                let known = Severity::ALL.into_iter().find(|severity| severity.name() == least);
                gate.findings = Some(known.ok_or_else(|| {
                    Report::new(ReportKind::Usage, format!("--fail-on: unknown severity `{least}`"))
                        .hint("info, low, medium, high or critical")
                })?);
            }
            _ => {
                return Err(Report::new(ReportKind::Usage, format!("--fail-on: cannot fail on `{what}`"))
                    .hint("denied, findings, or findings:SEVERITY"));
            }
        }
    }
    Ok(gate)
}

/// Piped input, then files, then the words.
pub(super) fn prompt(main: &Main) -> Result<Option<String>, Report> {
    let asked = main.prompt.iter().any(|word| word == "-");
    let mut parts: Vec<String> = Vec::new();
    parts.extend(stdin::read(asked)?);
    let mut words: Vec<&str> = Vec::new();
    for word in main.prompt.iter().filter(|word| *word != "-") {
        match word.strip_prefix('@').filter(|name| !name.is_empty() && !name.contains(char::is_whitespace)) {
            Some(name) => parts.push(attached(main, name)?),
            None => words.push(word),
        }
    }
    let words = words.join(" ");
    if !words.trim().is_empty() {
        parts.push(words);
    }
    Ok((!parts.is_empty()).then(|| parts.join("\n\n")))
}

fn attached(main: &Main, name: &str) -> Result<String, Report> {
    let path: PathBuf = directory(&main.place)?.join(name);
    let failed = |why: String| {
        Report::new(ReportKind::Usage, format!("@{name} cannot be read"))
            .cause(why)
            .hint("a word that begins with @ names a file")
    };
    let text = read_text(&path).map_err(|error| failed(error.to_string()))?;
    if text.len() > MOST_FILE_BYTES {
        return Err(failed(format!("it has {} bytes, at most {MOST_FILE_BYTES} are taken", text.len())));
    }
    Ok(format!("<file path={name:?}>\n{}\n</file>", text.trim_end()))
}
