//! What may stand on the command line. Parsing does nothing; `run` builds the real objects.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::checkpoints::CheckpointsVerb;
use super::verbs::{AuditVerb, ConfigVerb, KernelVerb, SessionsVerb};

const ABOUT: &str = "A terminal runtime for coding agents";

const AFTER: &str = "\
Exit codes: 0 done · 1 the work failed · 2 bad usage or configuration · 3 provider or authentication
4 a limit was reached · 5 a check said no · 6 refused · 130/143 interrupted

Commands: demo · doctor · sessions · checkpoints · paths · config · kernel · audit · why · models
import · completions (`iosm COMMAND --help`)
A prompt whose first word is a command: `iosm -p -- demo the parser`.

Start here: `iosm demo` needs no key and no network.";

/// `iosm [OPTIONS] [PROMPT…]`
#[derive(Debug, Parser)]
#[command(name = "iosm", version, about = ABOUT, after_help = AFTER, disable_help_subcommand = true)]
pub struct Main {
    /// Words of the prompt; `@FILE` puts a file's text before it, `-` reads standard input
    #[arg(value_name = "PROMPT")]
    pub prompt: Vec<String>,
    /// Run without a screen, print the result and end
    #[arg(short = 'p', long = "print")]
    pub print: bool,
    /// What to print
    #[arg(long, value_enum, default_value_t = OutputFormat::Text, value_name = "FORMAT")]
    pub output_format: OutputFormat,
    /// The final answer must be JSON that this JSON Schema takes; one repair, then exit 1
    #[arg(long, value_name = "FILE", requires = "print")]
    pub output_schema: Option<PathBuf>,
    #[command(flatten)]
    pub model: ModelArgs,
    /// Profile of the agent: full, plan, iosm, meta, explore, … or your own
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
    /// Offer only these tools
    #[arg(long, value_delimiter = ',', value_name = "A,B")]
    pub tools: Option<Vec<String>>,
    /// Allow what would be asked: `tool` or `tool(glob)`, as often as needed; never above the floor
    #[arg(long, value_name = "RULE")]
    pub allow: Vec<String>,
    /// Refuse: `tool` or `tool(glob)`, as often as needed
    #[arg(long, value_name = "RULE")]
    pub deny: Vec<String>,
    /// Policy preset (coding, strict, contained, ci, read_only), or a policy file
    #[arg(long, value_name = "PRESET|FILE")]
    pub policy: Option<String>,
    /// Most requests to the model
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = clap::value_parser!(u32).range(1..))]
    pub max_turns: Option<u32>,
    /// Most US dollars to spend
    #[arg(long, value_name = "X", allow_negative_numbers = true, value_parser = positive)]
    pub max_budget_usd: Option<f64>,
    /// Most minutes to run
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = positive)]
    pub max_minutes: Option<f64>,
    /// Go on with the last session of this project
    #[arg(short = 'c', long = "continue", conflicts_with_all = ["resume", "no_session"])]
    pub continue_last: bool,
    /// Go on with a session: its id, four characters of it, or words of its title; alone, choose on the screen
    #[arg(short = 'r', long, value_name = "ID", num_args = 0..=1, default_missing_value = "", conflicts_with = "no_session")]
    pub resume: Option<String>,
    /// With a screen: everything on the alternate screen, nothing in the scrollback
    #[arg(long, conflicts_with = "print")]
    pub fullscreen: bool,
    /// With -c or -r: go on in a copy, and leave that session as it is
    #[arg(long)]
    pub fork: bool,
    /// Leave no session behind (the journal is kept)
    #[arg(long)]
    pub no_session: bool,
    /// Exit 5 on `denied` calls, or on `findings[:severity]`
    #[arg(long, value_name = "WHAT")]
    pub fail_on: Vec<String>,
    /// Exit 6 when one of these tools was refused
    #[arg(long, value_delimiter = ',', value_name = "A,B")]
    pub require_tools: Vec<String>,
    /// Save the session as a script for `--model scripted/FILE`
    #[arg(long, value_name = "FILE")]
    pub record: Option<PathBuf>,
    /// Folders besides the workspace that may be written
    #[arg(long, value_name = "DIR")]
    pub add_dir: Vec<PathBuf>,
    /// Run commands without a sandbox, with all your rights: only those that --allow names
    #[arg(long)]
    pub no_sandbox: bool,
    #[command(flatten)]
    pub place: Place,
}

#[derive(Debug, Args)]
pub struct Place {
    /// Work in this folder
    #[arg(short = 'C', value_name = "DIR", global = true)]
    pub directory: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct ModelArgs {
    /// The model, as PROVIDER/MODEL
    #[arg(short = 'm', long, value_name = "PROVIDER/MODEL")]
    pub model: Option<String>,
    /// Root of a compatible API, such as http://127.0.0.1:8080/v1
    #[arg(long, value_name = "URL")]
    pub base_url: Option<String>,
    /// How much the model should think
    #[arg(long, value_enum, value_name = "LEVEL")]
    pub thinking: Option<ThinkingLevel>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OutputFormat {
    Text,
    Json,
    StreamJson,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ThinkingLevel {
    Off,
    Low,
    Medium,
    High,
}

impl ThinkingLevel {
    pub fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

fn positive(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() && number > 0.0 => Ok(number),
        _ => Err("must be a number above 0".to_owned()),
    }
}

/// `iosm COMMAND …`
#[derive(Debug, Parser)]
#[command(name = "iosm", version, about = ABOUT, disable_help_subcommand = true)]
pub struct Command {
    #[command(subcommand)]
    pub verb: Verb,
}

#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Fix a failing test in a small repository made for it, with a scripted model: no key, no network
    Demo {
        #[arg(long, value_enum, default_value_t = OutputFormat::Text, value_name = "FORMAT")]
        output_format: OutputFormat,
        /// Keep the repository and say where it is
        #[arg(long)]
        keep: bool,
    },
    /// Check model, key, tools, git, sandbox and state, and say how to mend each
    Doctor {
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        model: ModelArgs,
        #[command(flatten)]
        place: Place,
    },
    /// The sessions of this project
    Sessions {
        #[command(subcommand)]
        verb: Option<SessionsVerb>,
        #[arg(long)]
        json: bool,
        /// Only those that say all these words
        #[arg(long, value_name = "WORDS")]
        search: Option<String>,
        #[command(flatten)]
        place: Place,
    },
    /// Snapshots of the work tree: list them, see what changed since, bring files back
    Checkpoints {
        #[command(subcommand)]
        verb: Option<CheckpointsVerb>,
        #[arg(long, global = true)]
        json: bool,
        #[command(flatten)]
        place: Place,
    },
    /// Every place that is used, with sizes
    Paths {
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        place: Place,
    },
    /// Settings: what they are and where they come from
    Config {
        #[command(subcommand)]
        verb: ConfigVerb,
        #[command(flatten)]
        place: Place,
    },
    /// The policy kernel: check or drill a policy, explain a verdict, replay a session, count and verify journals
    Kernel {
        #[command(subcommand)]
        verb: KernelVerb,
        #[command(flatten)]
        place: Place,
    },
    /// What was done and by whose leave: who asked, what ran, what was refused, checks, commits
    #[command(args_conflicts_with_subcommands = true)]
    Audit {
        #[command(subcommand)]
        verb: Option<AuditVerb>,
        /// A session, a run (r_…), or a range of commits REV..REV; the last session by default
        #[arg(value_name = "SESSION|RUN|REV..REV")]
        what: Option<String>,
        /// As Markdown (the default)
        #[arg(long, conflicts_with = "json")]
        md: bool,
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        place: Place,
    },
    /// Where a line comes from: commit, run, request, call, verdict, checks
    Why {
        /// Such as src/main.rs:42
        #[arg(value_name = "FILE:LINE")]
        line: String,
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        place: Place,
    },
    /// The models that are known, with context and prices
    Models {
        #[arg(long)]
        json: bool,
    },
    /// Take permission rules of another agent over into your policy.yaml, and say which cannot be
    Import {
        #[arg(value_enum)]
        from: Other,
        /// Show what would change, and change nothing
        #[arg(long)]
        dry_run: bool,
        /// Take `allow` rules of this project's own files too; they will hold in every project
        #[arg(long)]
        project_allows: bool,
        #[command(flatten)]
        place: Place,
    },
    /// A script that completes `iosm` for a shell, on standard output
    Completions {
        #[arg(value_enum)]
        shell: Shell,
    },
}

/// Another agent whose permission rules are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Other {
    Claude,
    Codex,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Shell {
    Bash,
    Zsh,
    Fish,
}

/// The first words that are commands.
pub const VERBS: [&str; 12] = [
    "demo",
    "doctor",
    "sessions",
    "checkpoints",
    "paths",
    "config",
    "kernel",
    "audit",
    "why",
    "models",
    "import",
    "completions",
];

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definitions_are_sound_and_every_verb_is_listed() {
        Main::command().debug_assert();
        Command::command().debug_assert();
        let command = Command::command();
        let verbs: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
        assert_eq!(verbs, VERBS);
    }

    #[test]
    fn a_rule_does_not_swallow_the_prompt() {
        let words = ["iosm", "-p", "--allow", "bash(make)", "--allow", "write", "do it"];
        let main = Main::try_parse_from(words).unwrap();
        assert_eq!((main.allow.len(), main.prompt), (2, vec!["do it".to_owned()]));
    }

    #[test]
    fn the_folder_may_stand_before_or_behind_an_inner_command() {
        for words in [["sessions", "show", "x", "-C", "d"], ["sessions", "-C", "d", "show", "x"]] {
            let command = Command::try_parse_from(std::iter::once("iosm").chain(words)).unwrap();
            let Verb::Sessions { place, .. } = command.verb else { panic!("another verb") };
            assert_eq!(place.directory.as_deref(), Some(std::path::Path::new("d")));
        }
    }

    #[test]
    fn slips_name_the_nearest() {
        let error =
            Main::try_parse_from(["iosm", "-p", "--ouput-format", "json", "x"]).unwrap_err().to_string();
        assert!(error.contains("--output-format"), "{error}");
        let error =
            Main::try_parse_from(["iosm", "-p", "--output-format", "jsn", "x"]).unwrap_err().to_string();
        assert!(error.contains("json"), "{error}");
        assert!(Main::try_parse_from(["iosm", "-p", "--max-turns", "0", "x"]).is_err());
        assert!(Main::try_parse_from(["iosm", "-p", "--max-minutes", "-1", "x"]).is_err());
    }
}
