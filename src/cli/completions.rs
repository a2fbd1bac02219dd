//! `iosm completions`: a shell script that completes commands, flags and names, made from the arguments' own
//! definitions.

use clap::CommandFactory;
use clap::builder::PossibleValuesParser;
use clap_complete::{generate, shells};

use super::args::{Command, Main, Shell};
use super::say::say;
use super::stand::environment;
use crate::config::{Dirs, SHIPPED_PROFILES};
use crate::protocol::{Report, ReportKind};

pub(super) fn completions(shell: Shell) -> Result<u8, Report> {
    let mut all = Main::command().subcommands(Command::command().get_subcommands().cloned());
    // The definitions hold names for as long as the process lives, which ends below.
    let profiles: Vec<&'static str> = profiles().into_iter().map(|name| &*name.leak()).collect();
    all = all.mut_arg("profile", |arg| arg.value_parser(PossibleValuesParser::new(profiles)));
    let mut script = Vec::new();
    match shell {
        Shell::Bash => generate(shells::Bash, &mut all, "iosm", &mut script),
        Shell::Zsh => generate(shells::Zsh, &mut all, "iosm", &mut script),
        Shell::Fish => generate(shells::Fish, &mut all, "iosm", &mut script),
    }
    let script =
        String::from_utf8(script).map_err(|error| Report::from_error(ReportKind::Internal, &error))?;
    say(&script)?;
    Ok(0)
}

/// The shipped profiles, and the user's own as they are now.
fn profiles() -> Vec<String> {
    let mut names: Vec<String> = SHIPPED_PROFILES.iter().map(|(name, _)| (*name).to_owned()).collect();
    let env = environment();
    if let Ok(dirs) = Dirs::find(&*env) {
        let files = std::fs::read_dir(dirs.config.join("profiles")).into_iter().flatten().flatten();
        let files = files.filter_map(|file| file.file_name().into_string().ok());
        names.extend(files.filter_map(|file| file.strip_suffix(".yaml").map(str::to_owned)));
    }
    // A name is put into a script: nothing but what a profile can be called.
    names.retain(|name| name.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c)));
    names.sort();
    names.dedup();
    names
}
