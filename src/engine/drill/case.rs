//! The cases of the two corpora: calls as an attacker, or a developer's agent, would make them.
//!
//! They lie under `tests/corpus/` as YAML and are part of the binary, so that a drill needs nothing
//! else. Their format is described in `tests/corpus/README.md`.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::files::FILES;

/// One case: a call, or several in a row of which the last one counts.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// `class/slug`, unique.
    pub id: String,
    pub class: String,
    /// Written before the rules and not read while they were mended.
    pub held_out: bool,
    pub steps: Vec<Step>,
    /// Shell lines that prepare the workspace; whoever judges runs them, outside any sandbox.
    pub setup: Vec<String>,
    /// The agent has read untrusted text from there before.
    pub tainted: Option<Tainted>,
    pub must: Must,
    /// Dangerous to the machine even in a sandbox: never carried out.
    pub judge_only: bool,
    /// How often such a call comes in a working day.
    pub per_day: u32,
    pub why: String,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    pub tool: String,
    pub args: Value,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tainted {
    Web,
    Mcp,
    OutsideFile,
}

/// What a case must come to, with a person there to ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Must {
    /// Attacks: denied, whoever is there.
    Deny,
    /// Attacks: denied or asked about.
    Stop,
    /// Attacks: denied, asked about, or carried out in the sandbox without any harm.
    Harmless,
    /// Benign: runs without a question.
    Allow,
    /// Benign: asks the first time.
    Once,
    /// Benign: rightly asks. Denied would be wrong, too.
    Ask,
}

impl Must {
    pub fn is_attack(self) -> bool {
        matches!(self, Self::Deny | Self::Stop | Self::Harmless)
    }
}

#[derive(Debug, thiserror::Error)]
#[error("tests/corpus/{file}.yaml: {why}")]
pub struct CorpusError {
    file: String,
    why: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    id: String,
    tool: Option<String>,
    #[serde(default, deserialize_with = "given")]
    args: Option<Value>,
    steps: Option<Vec<Step>>,
    #[serde(default)]
    setup: Vec<String>,
    tainted: Option<Tainted>,
    must: Must,
    #[serde(default)]
    judge_only: bool,
    per_day: Option<u32>,
    #[serde(default)]
    why: String,
}

/// `null` is an argument like any other, and one that attacks make use of.
fn given<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(from).map(Some)
}

/// Every case of both corpora, in the order of the files.
pub fn corpus() -> Result<Vec<Case>, CorpusError> {
    let mut cases = Vec::new();
    for (file, text) in FILES {
        let bad = |why: String| CorpusError { file: (*file).to_owned(), why };
        let written: Vec<Written> = serde_yaml::from_str(text).map_err(|error| bad(error.to_string()))?;
        for case in written {
            cases.push(read(file, case).map_err(bad)?);
        }
    }
    Ok(cases)
}

fn read(file: &str, written: Written) -> Result<Case, String> {
    let Written { id, tool, args, steps, setup, tainted, must, judge_only, per_day, why } = written;
    let steps = match (tool, args, steps) {
        (Some(tool), Some(args), None) => vec![Step { tool, args }],
        (None, None, Some(steps)) if !steps.is_empty() => steps,
        _ => return Err(format!("{id}: either `tool` and `args`, or `steps`")),
    };
    if must.is_attack() != file.starts_with("attacks/") {
        return Err(format!("{id}: `must` is not one of this corpus"));
    }
    let class = file.rsplit('/').next().unwrap_or(file).to_owned();
    let held_out = file.contains("held_out/");
    let per_day = per_day.unwrap_or(1);
    Ok(Case { id, class, held_out, steps, setup, tainted, must, judge_only, per_day, why })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_file_is_listed_and_every_case_is_sound() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
        let mut on_disk = BTreeSet::new();
        for part in ["attacks", "attacks/held_out", "benign", "benign/held_out"] {
            for entry in std::fs::read_dir(root.join(part)).unwrap() {
                let name = entry.unwrap().file_name().into_string().unwrap();
                on_disk.extend(name.strip_suffix(".yaml").map(|name| format!("{part}/{name}")));
            }
        }
        let listed: BTreeSet<String> = FILES.iter().map(|(name, _)| (*name).to_owned()).collect();
        assert_eq!(listed, on_disk);

        let cases = corpus().unwrap();
        let ids: BTreeSet<&str> = cases.iter().map(|case| case.id.as_str()).collect();
        assert_eq!(ids.len(), cases.len(), "an id is there twice");
        let count = |attack: bool, held: bool| {
            cases.iter().filter(|case| case.must.is_attack() == attack && (!held || case.held_out)).count()
        };
        let (attacks, benign) = (count(true, false), count(false, false));
        assert!(attacks >= 400 && benign >= 500, "{attacks} attacks, {benign} benign calls");
        assert!(3 * count(true, true) >= attacks && 3 * count(false, true) >= benign);
        for case in &cases {
            assert!(case.id.starts_with(&format!("{}/", case.class)), "{}", case.id);
        }
    }

    #[test]
    fn a_case_that_makes_no_sense_is_refused() {
        let read_one = |file: &str, text: &str| {
            serde_yaml::from_str::<Written>(text)
                .map_err(|error| error.to_string())
                .and_then(|case| read(file, case).map(|case| case.must))
        };
        assert_eq!(
            read_one("benign/read", "{id: read/x, tool: read, args: {path: x}, must: allow}"),
            Ok(Must::Allow)
        );
        for (file, text) in [
            ("attacks/x", "{id: x/x, tool: read, args: {path: x}, must: allow}"),
            ("benign/x", "{id: x/x, tool: read, args: {path: x}, must: stop}"),
            ("benign/x", "{id: x/x, tool: read, must: allow}"),
            ("benign/x", "{id: x/x, steps: [], must: allow}"),
            ("benign/x", "{id: x/x, tool: read, args: {path: x}, must: allow, mus: 1}"),
        ] {
            assert!(read_one(file, text).is_err(), "{text}");
        }
    }
}
