//! Which commands check the work, and what came of them.

use super::shape::CheckResult;
use crate::syntax::shell::{ShellScan, SimpleCommand, scan};

/// Programs that check, with the words that must follow somewhere; none means the program alone.
const CHECKS: &[(&str, &[&str])] = &[
    ("cargo", &["test", "nextest", "clippy", "check", "fmt", "miri", "deny", "audit"]),
    ("go", &["test", "vet"]),
    ("npm", &["test", "run test", "run lint", "run check", "run typecheck"]),
    ("pnpm", &["test", "run test", "lint", "run lint"]),
    ("yarn", &["test", "lint", "run test", "run lint"]),
    ("bun", &["test"]),
    ("deno", &["test", "lint", "check"]),
    ("make", &["test", "tests", "check", "lint"]),
    ("just", &["test", "check", "lint"]),
    ("mvn", &["test", "verify"]),
    ("gradle", &["test", "check"]),
    ("gradlew", &["test", "check"]),
    ("dotnet", &["test"]),
    ("mix", &["test"]),
    ("swift", &["test"]),
    ("zig", &["test", "build test"]),
    ("bundle", &["exec rspec", "exec rake"]),
    ("rake", &["test", "spec"]),
    ("python", &["-m pytest", "-m unittest", "-m mypy"]),
    ("python3", &["-m pytest", "-m unittest", "-m mypy"]),
    ("uv", &["run pytest"]),
    ("ruff", &["check"]),
    ("pytest", &[]),
    ("tox", &[]),
    ("nox", &[]),
    ("mypy", &[]),
    ("pyright", &[]),
    ("jest", &[]),
    ("vitest", &[]),
    ("eslint", &[]),
    ("tsc", &[]),
    ("rspec", &[]),
    ("ctest", &[]),
    ("bats", &[]),
    ("shellcheck", &[]),
    ("golangci-lint", &[]),
    ("phpunit", &[]),
];

/// The checks in a shell line, by name, and whether the line's exit code is that of them all.
pub(super) fn checks_in(line: &str) -> Vec<(String, bool)> {
    let scan = scan(line);
    let told = exit_code_tells(&scan, line);
    let found = scan.commands.iter().filter_map(name_of);
    let mut names: Vec<(String, bool)> = Vec::new();
    for name in found {
        if !names.iter().any(|(known, _)| *known == name) {
            names.push((name, told));
        }
    }
    names
}

/// What the exit code of a whole line says of one check in it.
pub(super) fn result(told: bool, exit_code: Option<i32>) -> CheckResult {
    match exit_code {
        Some(0) if told => CheckResult::Passed,
        Some(_) if told => CheckResult::Failed,
        _ => CheckResult::Unknown,
    }
}

fn name_of(command: &SimpleCommand) -> Option<String> {
    let program = command.program.as_deref()?;
    let words: Vec<&str> = command.args().iter().filter_map(|word| word.as_literal()).collect();
    if let Some((_, wanted)) = CHECKS.iter().find(|(known, _)| *known == program) {
        if wanted.is_empty() {
            return Some(program.to_owned());
        }
        let follows = |wanted: &str| {
            let wanted: Vec<&str> = wanted.split(' ').collect();
            words.windows(wanted.len()).any(|window| window == wanted)
        };
        // The longest that fits: `run test` holds `test`.
        let named = wanted.iter().filter(|wanted| follows(wanted)).max_by_key(|wanted| wanted.len());
        return named.map(|wanted| format!("{program} {wanted}"));
    }
    // A script of the project whose name says that it tests: `sh tests/run.sh`, `./test.sh`, `.ci/run`.
    let script = match program {
        "sh" | "bash" | "dash" => words.iter().find(|word| !word.starts_with('-')).copied()?,
        _ => command.argv.first().and_then(|word| word.as_literal()).filter(|word| word.contains('/'))?,
    };
    let says = |part: &str| {
        let stem = part.split('.').find(|stem| !stem.is_empty()).unwrap_or_default();
        matches!(stem, "test" | "tests" | "check" | "checks" | "lint" | "ci" | "spec")
            || stem.starts_with("test_")
            || stem.starts_with("run_test")
            || stem.starts_with("run-test")
    };
    (script.len() < 80 && !script.starts_with('/') && script.split('/').any(says)).then(|| script.to_owned())
}

/// Whether nothing in the line hides a failure: a pipe, a list that goes on, a negation.
fn exit_code_tells(scan: &ShellScan, line: &str) -> bool {
    let piped = scan.commands.iter().any(|command| !command.fed_by.is_empty());
    let plain = line.trim().trim_end_matches(';').replace("&&", " ").replace("2>&1", " ");
    let goes_on = plain.contains([';', '|', '&', '\n', '!', '`']) || plain.contains("$(");
    scan.opaque.is_none() && !piped && !goes_on
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_are_known_by_program_and_word() {
        let cases: &[(&str, &[&str])] = &[
            ("cargo test --workspace", &["cargo test"]),
            ("cd x && cargo clippy -- -D warnings && cargo test", &["cargo clippy", "cargo test"]),
            ("sudo env A=b npm run test", &["npm run test"]),
            ("python3 -m pytest -q tests", &["python3 -m pytest"]),
            ("sh tests/run.sh", &["tests/run.sh"]),
            ("./test.sh", &["./test.sh"]),
            (".ci/run", &[".ci/run"]),
            ("cargo build", &[]),
            ("cat tests/run.sh", &[]),
            ("git commit -m 'cargo test passes'", &[]),
            ("sh contest.sh", &[]),
            ("echo pytest", &[]),
        ];
        for (line, wanted) in cases {
            let found: Vec<String> = checks_in(line).into_iter().map(|(name, _)| name).collect();
            assert_eq!(found, *wanted, "{line}");
        }
    }

    #[test]
    fn an_exit_code_counts_only_where_nothing_hides_it() {
        let cases = [
            ("cargo test", Some(0), CheckResult::Passed),
            ("cargo test 2>&1", Some(101), CheckResult::Failed),
            ("cd a && cargo test", Some(1), CheckResult::Failed),
            ("cargo test | tail -5", Some(0), CheckResult::Unknown),
            ("cargo test || true", Some(0), CheckResult::Unknown),
            ("cargo test; echo done", Some(0), CheckResult::Unknown),
            ("! cargo test", Some(0), CheckResult::Unknown),
            ("cargo test &", Some(0), CheckResult::Unknown),
            ("cargo test", None, CheckResult::Unknown),
        ];
        for (line, exit, wanted) in cases {
            let (_, told) = checks_in(line).remove(0);
            assert_eq!(result(told, exit), wanted, "{line}");
        }
    }
}
