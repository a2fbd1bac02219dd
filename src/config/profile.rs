//! Profiles: which tools and effects an agent has, and what it is told.

use std::collections::BTreeSet;
use std::path::Path;

use serde::Deserialize;

use super::policy::RuleText;
use super::strict::{YamlError, parse};
use crate::base::nearest;

/// One profile, as in `profiles/*.yaml`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Set from the file's name.
    #[serde(skip)]
    pub name: String,
    pub description: String,
    /// Names of tools.
    pub tools: BTreeSet<String>,
    /// Kinds of effect: `read write delete exec net git spawn ask note contained opaque`.
    pub effects: BTreeSet<String>,
    /// `off`, `low`, `medium` or `high`; the setting wins.
    #[serde(default)]
    pub thinking: Option<String>,
    /// An alias of the catalogue; the setting wins.
    #[serde(default)]
    pub model: Option<String>,
    /// Rules that hold the agent back further, as in policy.yaml.
    #[serde(default)]
    #[schemars(with = "Vec<serde_json::Value>")]
    pub rules: Vec<RuleText>,
    /// What the agent is told after the common part.
    pub prompt: String,
}

/// The shipped ones: `(name, text)`.
pub const SHIPPED: [(&str, &str); 9] = [
    ("full", include_str!("../../profiles/full.yaml")),
    ("plan", include_str!("../../profiles/plan.yaml")),
    ("iosm", include_str!("../../profiles/iosm.yaml")),
    ("meta", include_str!("../../profiles/meta.yaml")),
    ("explore", include_str!("../../profiles/explore.yaml")),
    ("iosm_analyst", include_str!("../../profiles/iosm_analyst.yaml")),
    ("iosm_verifier", include_str!("../../profiles/iosm_verifier.yaml")),
    ("cycle_planner", include_str!("../../profiles/cycle_planner.yaml")),
    ("reviewer", include_str!("../../profiles/reviewer.yaml")),
];

#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    #[error(transparent)]
    Yaml(#[from] YamlError),
    #[error("no profile `{name}`{}; profiles: {}", hint.as_ref().map_or(String::new(), |h| format!(" (did you mean `{h}`?)")), .known.join(", "))]
    Unknown { name: String, hint: Option<String>, known: Vec<String> },
    #[error("{path}: {source}")]
    Io { path: std::path::PathBuf, source: std::io::Error },
}

impl Profile {
    /// Finds `name` in `folders` (first wins), else among the shipped ones.
    pub fn load(name: &str, folders: &[&Path]) -> Result<Self, ProfileError> {
        let plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c));
        for folder in folders.iter().filter(|_| plain) {
            let path = folder.join(format!("{name}.yaml"));
            match std::fs::read_to_string(&path) {
                Ok(text) => return Self::parse(name, &text, Some(&path)),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(source) => return Err(ProfileError::Io { path, source }),
            }
        }
        match SHIPPED.iter().find(|(shipped, _)| *shipped == name) {
            Some((_, text)) => Self::parse(name, text, None),
            None => Err(unknown(name, folders)),
        }
    }

    fn parse(name: &str, text: &str, file: Option<&Path>) -> Result<Self, ProfileError> {
        let mut profile: Self = parse(text, file)?;
        profile.name = name.to_owned();
        Ok(profile)
    }
}

/// Names of every profile there is, the shipped ones first, each once.
pub fn names(folders: &[&Path]) -> Vec<String> {
    let mut known: Vec<String> = SHIPPED.iter().map(|(shipped, _)| (*shipped).to_owned()).collect();
    for folder in folders {
        let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let names = files.filter_map(|file| file.file_name().into_string().ok());
        let mut own: Vec<String> =
            names.filter_map(|file| file.strip_suffix(".yaml").map(str::to_owned)).collect();
        own.sort();
        own.retain(|name| !known.contains(name));
        known.append(&mut own);
    }
    known
}

fn unknown(name: &str, folders: &[&Path]) -> ProfileError {
    let known = names(folders);
    let hint = nearest(name, known.iter().map(String::as_str)).map(str::to_owned);
    ProfileError::Unknown { name: name.to_owned(), hint, known }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Effect;

    #[test]
    fn every_shipped_profile_loads_and_names_real_effects() {
        for (name, _) in SHIPPED {
            let profile = Profile::load(name, &[]).unwrap();
            for effect in &profile.effects {
                assert!(Effect::KINDS.contains(&effect.as_str()), "{name}: {effect}");
            }
            assert!(!profile.tools.is_empty() && !profile.prompt.trim().is_empty(), "{name}");
        }
    }

    #[test]
    fn read_only_profiles_cannot_write() {
        for name in ["plan", "explore", "meta", "iosm_analyst", "cycle_planner", "reviewer"] {
            let profile = Profile::load(name, &[]).unwrap();
            assert!(!profile.effects.contains("write") && !profile.tools.contains("write"), "{name}");
        }
    }

    #[test]
    fn own_profiles_come_first_and_slips_are_named() {
        let dir = tempfile::tempdir().unwrap();
        let text = "description: mine\ntools: [read]\neffects: [read]\nprompt: hi\n";
        std::fs::write(dir.path().join("full.yaml"), text).unwrap();
        assert_eq!(Profile::load("full", &[dir.path()]).unwrap().description, "mine");
        let error = Profile::load("ful", &[dir.path()]).unwrap_err().to_string();
        assert!(error.contains("did you mean `full`"), "{error}");
        assert!(Profile::load("../full", &[dir.path()]).is_err());
    }
}
