//! The project's hard constraints (`.iosm/constraints.yaml`): clauses, and where each is decided.
//!
//! A clause about paths or commands becomes a rule of the kernel; one with a check belongs to gates;
//! the rest is told to the model in full and looked at by a reviewer. Constraints only tighten, so
//! they need no trust.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_yaml::Spanned;

use super::policy::{Layer, Rule, RuleAction, RuleOrigin};
use super::strict::{YamlError, parse};
use crate::protocol::Reason;

#[derive(Debug, thiserror::Error)]
pub enum ContractError {
    #[error(transparent)]
    Yaml(#[from] YamlError),
    #[error("{}:{line}: {what}", .file.display())]
    At { file: PathBuf, line: u64, what: String },
    #[error("{path}: {source}")]
    Io { path: PathBuf, source: std::io::Error },
}

/// Where a clause is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Enforced {
    /// By the kernel, call by call.
    Kernel,
    /// By a command at gates.
    Gate,
    /// By a reader.
    Review,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clause {
    /// The sentence, as violations cite it.
    pub text: String,
    pub enforced: Enforced,
    /// The command of a gate.
    pub check: Option<String>,
    /// Rules of the kernel.
    pub rules: Vec<Rule>,
}

/// What a project holds its agents to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Contract {
    pub goal: Option<String>,
    pub clauses: Vec<Clause>,
    /// Commands that must exit 0 at gates.
    pub quality_gates: Vec<String>,
    pub definition_of_done: Vec<String>,
    pub non_goals: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    #[serde(default)]
    goal: Option<String>,
    #[serde(default)]
    scope: Scope,
    #[serde(default)]
    constraints: Vec<Spanned<ClauseText>>,
    #[serde(default)]
    quality_gates: Vec<String>,
    #[serde(default)]
    definition_of_done: Vec<String>,
    #[serde(default)]
    non_goals: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Scope {
    /// Paths outside which nothing may be changed.
    #[serde(default)]
    include: Vec<String>,
    /// Paths in which nothing may be changed.
    #[serde(default)]
    exclude: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ClauseText {
    clause: String,
    /// Globs of paths that may not be written or deleted.
    #[serde(default)]
    never_touch: Vec<String>,
    /// Globs of commands that may not be run.
    #[serde(default)]
    never_run: Vec<String>,
    #[serde(default)]
    check: Option<String>,
}

impl Contract {
    /// Reads the file; `None` where there is none.
    pub fn load(path: &Path) -> Result<Option<Self>, ContractError> {
        match crate::base::read_text(path) {
            Ok(text) => Self::read(&text, path).map(Some),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(ContractError::Io { path: path.to_owned(), source }),
        }
    }

    fn read(text: &str, file: &Path) -> Result<Self, ContractError> {
        let read: Text = parse(text, Some(file))?;
        let mut clauses = Vec::new();
        if !read.scope.exclude.is_empty() {
            let text = format!("outside the scope: {}", read.scope.exclude.join(", "));
            clauses.push(clause(text, read.scope.exclude, Vec::new(), None, 1, file)?);
        }
        if !read.scope.include.is_empty() {
            // Everything else may not be changed; the kernel reads `!` as "not below any of these".
            let text = format!("only within the scope: {}", read.scope.include.join(", "));
            let others = read.scope.include.iter().map(|path| format!("!{path}")).collect();
            clauses.push(clause(text, others, Vec::new(), None, 1, file)?);
        }
        for written in read.constraints {
            let line = written.referenced.line();
            let ClauseText { clause: text, never_touch, never_run, check } = written.value;
            clauses.push(clause(text, never_touch, never_run, check, line, file)?);
        }
        Ok(Self {
            goal: read.goal,
            clauses,
            quality_gates: read.quality_gates,
            definition_of_done: read.definition_of_done,
            non_goals: read.non_goals,
        })
    }

    /// What the kernel enforces.
    pub fn rules(&self) -> Vec<Rule> {
        self.clauses.iter().flat_map(|clause| clause.rules.iter().cloned()).collect()
    }
}

fn clause(
    text: String,
    paths: Vec<String>,
    commands: Vec<String>,
    check: Option<String>,
    line: u64,
    file: &Path,
) -> Result<Clause, ContractError> {
    let bad = |what: String| ContractError::At { file: file.to_owned(), line, what };
    if text.trim().is_empty() {
        return Err(bad("a clause needs its sentence".to_owned()));
    }
    for glob in
        paths.iter().map(|path| path.trim_start_matches('!')).chain(commands.iter().map(String::as_str))
    {
        globset::Glob::new(glob).map_err(|error| bad(format!("`{glob}` is no glob: {}", error.kind())))?;
    }
    let origin = RuleOrigin { layer: Layer::Constraints, file: Some(file.to_owned()), line: Some(line) };
    let rule = || Rule {
        reason: Some(Reason::Contract),
        message: Some(text.clone()),
        ..Rule::new(text.clone(), RuleAction::Deny, origin.clone())
    };
    let mut rules = Vec::new();
    if !paths.is_empty() {
        rules.push(Rule { effects: vec!["write".to_owned(), "delete".to_owned()], paths, ..rule() });
    }
    if !commands.is_empty() {
        rules.push(Rule { commands, ..rule() });
    }
    let enforced = match (&check, rules.is_empty()) {
        (_, false) => Enforced::Kernel,
        (Some(_), true) => Enforced::Gate,
        (None, true) => Enforced::Review,
    };
    Ok(Clause { text, enforced, check, rules })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_clause_says_where_it_is_decided() {
        let text = "\
goal: a parser
scope: {include: [src/], exclude: [src/generated/]}
constraints:
  - clause: never touch vendor/
    never_touch: [vendor/]
  - clause: nobody publishes
    never_run: ['cargo publish*']
  - clause: coverage stays above 80 %
    check: ./coverage.sh 80
  - clause: names are in English
quality_gates: [cargo test]
definition_of_done: [documented]
non_goals: [speed]
";
        let contract = Contract::read(text, Path::new("c.yaml")).unwrap();
        let kinds: Vec<Enforced> = contract.clauses.iter().map(|clause| clause.enforced).collect();
        use Enforced::{Gate, Kernel, Review};
        assert_eq!(kinds, [Kernel, Kernel, Kernel, Kernel, Gate, Review]);
        assert_eq!(contract.rules().len(), 4);
        assert_eq!(contract.rules()[2].origin.to_string(), "constraints (c.yaml:4)");
        for (slip, words) in [
            ("gaol: x\n", "did you mean `goal`"),
            ("constraints:\n  - clause: x\n    never_tuch: [a]\n", "did you mean `never_touch`"),
            ("\nconstraints:\n  - clause: ''\n", "c.yaml:3"),
            ("constraints:\n  - clause: x\n    never_touch: ['a[']\n", "no glob"),
        ] {
            let error = Contract::read(slip, Path::new("c.yaml")).unwrap_err().to_string();
            assert!(error.contains(words), "{slip}{error}");
        }
    }
}
