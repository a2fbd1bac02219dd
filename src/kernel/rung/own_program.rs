//! `iosm` started by an agent: looking is free, deciding is a person's.

use super::Finding;
use crate::protocol::Reason;
use crate::syntax::shell::SimpleCommand;

/// What an agent may start: words that follow one another, options left out. A row that ends in `*`
/// may be followed by anything.
const LOOKS: &[&[&str]] = &[
    &["doctor", "*"],
    &["paths", "*"],
    &["models", "*"],
    &["metrics", "*"],
    &["why", "*"],
    &["sessions"],
    &["sessions", "list"],
    &["checkpoints", "list"],
    &["config", "show", "*"],
    &["config", "check", "*"],
    &["config", "schema", "*"],
    &["plan", "check", "*"],
    &["plan", "show", "*"],
    &["cycle", "status", "*"],
    &["cycle", "list", "*"],
    &["contract", "check", "*"],
    &["kernel", "check", "*"],
    &["kernel", "explain", "*"],
    &["kernel", "verify", "*"],
    &["kernel", "stats", "*"],
    &["kernel", "drill", "*"],
    &["audit", "verify", "*"],
    &["audit", "*"],
];
/// What stands among those and writes: `audit export RUN -o FILE`.
const WRITES: &[&[&str]] = &[&["audit", "export"]];

/// Options whose value would be taken for a word.
const VALUED: &[&str] =
    &["-C", "-m", "--model", "--tool", "--args", "--profile", "--policy", "--output-format"];
/// Options that start an agent, whatever the words.
const STARTS: &[&str] =
    &["-p", "--print", "-c", "--continue", "-r", "--resume", "--record", "--no-sandbox", "--allow"];

/// Objects to an `iosm` that does more than look.
pub(super) fn objection(rung: &'static str, command: &SimpleCommand) -> Option<Finding> {
    let program = command.program.as_deref()?;
    if !matches!(program, "iosm" | "iosm.exe") || command.defined || looks_only(command) {
        return None;
    }
    let line: Vec<&str> = command.argv.iter().take(8).map(|word| word.text.as_str()).collect();
    let line = line.join(" ");
    Some(Finding::deny(rung, "own_program", Reason::SelfModify).about(line.clone()).says(
        format!("{line}: an agent may not decide, approve or start agents by the shell"),
        format!("Refused: `{line}` decides something, or starts an agent, and only a person may do that from a shell. `iosm doctor`, `iosm metrics` and `iosm kernel explain` are free; propose anything else to the user."),
    ))
}

fn looks_only(command: &SimpleCommand) -> bool {
    let args = command.args();
    if args.iter().any(|word| !word.is_literal()) {
        return false;
    }
    let texts: Vec<&str> = args.iter().map(|word| word.text.as_str()).collect();
    if matches!(texts.as_slice(), ["--version" | "-V" | "--help" | "-h"]) {
        return true;
    }
    let mut words: Vec<&str> = Vec::new();
    let mut at = 0;
    while let Some(text) = texts.get(at) {
        if words.is_empty() && (STARTS.contains(text) || text.starts_with("-p") && !text.starts_with("--")) {
            return false;
        }
        if VALUED.contains(text) {
            at += 1;
        } else if !text.starts_with('-') {
            words.push(text);
        }
        at += 1;
    }
    if WRITES.iter().any(|row| words.starts_with(row)) {
        return false;
    }
    let asks = texts.iter().any(|text| matches!(*text, "--help" | "-h"));
    let is_verb = words.first().is_some_and(|first| LOOKS.iter().any(|row| row[0] == *first));
    asks && is_verb
        || LOOKS.iter().any(|row| match row.split_last() {
            Some((&"*", fixed)) => words.starts_with(fixed),
            _ => words == *row,
        })
}

#[cfg(test)]
mod tests {
    use crate::kernel::testing::World;

    #[test]
    fn an_agent_may_look_with_iosm_and_nothing_more() {
        let world = World::new();
        for line in [
            "iosm",
            "iosm -p 'fix it'",
            "iosm fix the tests",
            "iosm config trust",
            "iosm config untrust",
            "iosm kernel key export",
            "iosm approve 3",
            "iosm waive x",
            "iosm accept proposal",
            "iosm merge T01",
            "iosm cycle start",
            "iosm run plan.yaml",
            "./target/debug/iosm -p hi",
            "/usr/bin/iosm config trust",
            "env -i iosm config trust",
            "env -u IOSM_SANDBOX iosm -p x",
            "IOSM_SANDBOX= iosm config trust",
            "sudo iosm config trust",
            "bash -c 'iosm config trust'",
            "xargs iosm approve",
            "nohup iosm -p x &",
            "timeout 9 iosm --continue",
            "I=iosm; $I config trust",
            "iosm $VERB",
            "iosm kernel explain \"$X\"",
            "iosm -C . config trust",
            "iosm demo",
            "f() { iosm config trust; }; f",
            "cd src && ../target/release/iosm -c",
            "find . -exec iosm approve {} \\;",
            "python3 -c 'import os; os.system(\"iosm config trust\")'",
            "iosm -p --help x",
            "iosm sessions show x",
            "iosm audit export r_1 -o x",
            "iosm audit --json export r_1 -o x",
        ] {
            world.refuses("bash", line, "self_protection", "own_program");
        }
        for line in [
            "iosm --version",
            "iosm --help",
            "iosm doctor --json",
            "./target/debug/iosm kernel explain --tool bash --args '{}'",
            "iosm metrics",
            "iosm plan check plan.yaml",
            "iosm -C . doctor",
            "iosm config show --origin",
            "iosm sessions",
            "iosm models --json | jq .",
            "which iosm",
            "cargo test -p iosm",
            "grep -rn iosm src",
            "cat docs/iosm.md",
            "cargo install --path . --offline && iosm --version",
            "git commit -m 'iosm config trust'",
            "man iosm",
            "iosm kernel --help",
            "iosm audit",
            "iosm audit HEAD~3..HEAD --json",
            "iosm audit verify x.json",
            "iosm kernel drill --policy strict --json",
        ] {
            let hits = world.rules_hit("bash", line);
            assert!(!hits.iter().any(|(rung, _)| rung == "self_protection"), "{line}: {hits:?}");
        }
    }
}
