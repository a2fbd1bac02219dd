//! Profiles: which tools and effects an agent has, and what it is told.

use std::collections::BTreeSet;
use std::path::Path;

use serde::Deserialize;

use super::own::FrontMatter;
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
    #[error("{path}: it tells the agent nothing; write what it does below the front matter")]
    Empty { path: std::path::PathBuf },
    #[error("{path}: {source}")]
    Io { path: std::path::PathBuf, source: std::io::Error },
}

impl Profile {
    /// Finds `name` in `folders` (first wins), else among the shipped ones.
    pub fn load(name: &str, folders: &[&Path]) -> Result<Self, ProfileError> {
        let plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c));
        for folder in folders.iter().filter(|_| plain) {
            let path = folder.join(format!("{name}.yaml"));
            match crate::base::read_text(&path) {
                Ok(text) => return Self::parse(name, &text, Some(&path)),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(source) => return Err(ProfileError::Io { path, source }),
            }
        }
        if let Some((_, text)) = SHIPPED.iter().find(|(shipped, _)| *shipped == name) {
            return Self::parse(name, text, None);
        }
        for folder in folders.iter().filter(|_| plain) {
            let path = folder.join(format!("{name}.md"));
            match crate::base::read_text(&path) {
                Ok(text) => return Self::from_markdown(name, &text, &path),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(source) => return Err(ProfileError::Io { path, source }),
            }
        }
        Err(unknown(name, folders))
    }

    /// An agent as other tools write them: its tools in the front matter, what it is told below. It has the
    /// tools of `full` that it names (all of them when it names none), and their effects: never more than
    /// `full`, whatever else it says.
    fn from_markdown(name: &str, text: &str, path: &Path) -> Result<Self, ProfileError> {
        let front = FrontMatter::of(text);
        if front.body.trim().is_empty() {
            return Err(ProfileError::Empty { path: path.to_owned() });
        }
        let mut profile = Self::load("full", &[])?;
        name.clone_into(&mut profile.name);
        profile.description =
            front.text("description").unwrap_or_else(|| "An agent of another tool.".to_owned());
        profile.prompt = front.body.clone();
        profile.model = front.text("model").and_then(|model| alias_of(&model)).map(str::to_owned);
        if let Some(named) = front.list("tools") {
            let kept: BTreeSet<String> = named
                .iter()
                .flat_map(|tool| tools_of(tool))
                .chain(&["read", "todo", "report"])
                .map(|t| (*t).to_owned())
                .collect();
            profile.tools.retain(|tool| kept.contains(tool));
            let has = |tool: &str| profile.tools.contains(tool);
            let writes = has("write") || has("edit");
            profile.effects.retain(|effect| match effect.as_str() {
                "read" | "ask" | "note" => true,
                "write" => writes || has("bash"),
                "net" => has("fetch") || has("bash"),
                _ => has("bash"),
            });
        }
        Ok(profile)
    }

    fn parse(name: &str, text: &str, file: Option<&Path>) -> Result<Self, ProfileError> {
        let mut profile: Self = parse(text, file)?;
        profile.name = name.to_owned();
        Ok(profile)
    }
}

/// Our tools for another agent's; none for what we have not.
fn tools_of(theirs: &str) -> &'static [&'static str] {
    // `Bash(git *)` is a rule for a tool; as a list of tools it names the tool.
    let name = theirs.split('(').next().unwrap_or_default().trim().to_ascii_lowercase();
    match name.as_str() {
        "read" | "ls" | "notebookread" => &["read"],
        "write" => &["write"],
        "edit" | "multiedit" | "notebookedit" => &["edit"],
        "bash" | "bashoutput" | "killshell" | "killbash" => &["bash", "bash_output", "bash_kill"],
        "grep" | "glob" | "search" => &["search"],
        "webfetch" | "fetch" => &["fetch"],
        _ => &[],
    }
}

/// The alias of the catalogue for a size of model that another agent names.
fn alias_of(model: &str) -> Option<&'static str> {
    match model.to_ascii_lowercase().as_str() {
        "haiku" | "fast" => Some("fast"),
        "sonnet" | "standard" => Some("standard"),
        "opus" | "strong" => Some("strong"),
        _ => None,
    }
}

/// Names of every profile there is, the shipped ones first, each once.
pub fn names(folders: &[&Path]) -> Vec<String> {
    let mut known: Vec<String> = SHIPPED.iter().map(|(shipped, _)| (*shipped).to_owned()).collect();
    for folder in folders {
        let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let names = files.filter_map(|file| file.file_name().into_string().ok());
        let stem = |file: String| file.strip_suffix(".yaml").or(file.strip_suffix(".md")).map(str::to_owned);
        let mut own: Vec<String> = names.filter_map(stem).collect();
        own.sort();
        own.dedup();
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

    #[test]
    fn an_agent_in_markdown_has_the_tools_it_names_and_never_more_than_full() {
        let dir = tempfile::tempdir().unwrap();
        let full = Profile::load("full", &[]).unwrap();
        let load = |name: &str, text: &str| {
            std::fs::write(dir.path().join(format!("{name}.md")), text).unwrap();
            Profile::load(name, &[dir.path()])
        };
        let all = load("all", "---\ndescription: does: it\nmodel: opus\n---\nDo it.\n").unwrap();
        assert_eq!((&all.tools, &all.effects), (&full.tools, &full.effects));
        assert_eq!((all.model.as_deref(), all.prompt.as_str()), (Some("strong"), "Do it.\n"));
        let looks = load("looks", "---\ntools: Read, Grep, WebSearch, mcp__x__y\nmodel: inherit\n---\nLook.")
            .unwrap();
        assert_eq!(looks.tools, ["read", "report", "search", "todo"].map(str::to_owned).into());
        assert_eq!(looks.effects, ["ask", "note", "read"].map(str::to_owned).into());
        let runs =
            load("runs", "---\ntools: [Bash(git *), launch_missiles]\neffects: [everything]\n---\nRun.")
                .unwrap();
        assert!(runs.tools.contains("bash") && !runs.tools.contains("write"), "{runs:?}");
        assert!(runs.tools.is_subset(&full.tools) && runs.effects.is_subset(&full.effects));
        // The shipped ones stay what they are, and an agent must say something.
        assert_eq!(
            load("plan", "---\ntools: Bash\n---\nRun.").unwrap().prompt,
            Profile::load("plan", &[]).unwrap().prompt
        );
        assert!(load("mute", "---\ntools: Bash\n---\n").is_err());
        assert!(
            load("x", "x").is_ok()
                && Profile::load("runz", &[dir.path()]).unwrap_err().to_string().contains("`runs`")
        );
    }
}
