//! Policy as data: a preset, and rules of the form `tool` or `tool(glob)`.

use crate::base::nearest;

/// A named posture; what each means is the kernel's business.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Preset {
    /// Asks only for what can be neither contained nor undone.
    #[default]
    Coding,
    /// Asks for every write and command.
    Strict,
    /// Inside the sandbox allowed, else denied; no questions.
    Contained,
    /// `contained` without network.
    Ci,
    ReadOnly,
}

impl Preset {
    pub const ALL: [(&'static str, Self); 5] = [
        ("coding", Self::Coding),
        ("strict", Self::Strict),
        ("contained", Self::Contained),
        ("ci", Self::Ci),
        ("read_only", Self::ReadOnly),
    ];

    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, preset)| *preset == self).map_or("coding", |(name, _)| name)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    #[error("unknown policy preset `{name}`{}; presets: coding, strict, contained, ci, read_only",
        hint.as_ref().map_or(String::new(), |h| format!(" (did you mean `{h}`?)")))]
    UnknownPreset { name: String, hint: Option<String> },
    #[error("bad rule `{text}`: {why}; a rule is `tool` or `tool(glob)`, such as bash(cargo test*)")]
    BadRule { text: String, why: String },
}

impl std::str::FromStr for Preset {
    type Err = PolicyError;

    fn from_str(name: &str) -> Result<Self, PolicyError> {
        let known = Self::ALL.iter().find(|(known, _)| *known == name.replace('-', "_"));
        known.map(|(_, preset)| *preset).ok_or_else(|| PolicyError::UnknownPreset {
            name: name.to_owned(),
            hint: nearest(name, Self::ALL.iter().map(|(known, _)| *known)).map(str::to_owned),
        })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleAction {
    Allow,
    Ask,
    Deny,
}

/// One rule. `argument` is a glob over the call's main argument: the shell line of `bash`, the path
/// (relative to the workspace) of file tools.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Rule {
    pub action: RuleAction,
    pub tool: String,
    pub argument: Option<String>,
}

impl Rule {
    /// Reads `tool` or `tool(glob)`.
    pub fn parse(action: RuleAction, text: &str) -> Result<Self, PolicyError> {
        let bad = |why: &str| PolicyError::BadRule { text: text.to_owned(), why: why.to_owned() };
        let trimmed = text.trim();
        let (tool, argument) = match trimmed.split_once('(') {
            None => (trimmed, None),
            Some((tool, rest)) => {
                let inner = rest.strip_suffix(')').ok_or_else(|| bad("the closing `)` is missing"))?;
                if inner.is_empty() {
                    return Err(bad("the parentheses are empty"));
                }
                (tool, Some(inner.to_owned()))
            }
        };
        let named = !tool.is_empty() && tool.chars().all(|c| c.is_ascii_alphanumeric() || "_*".contains(c));
        if !named {
            return Err(bad("the tool's name is missing or has odd characters"));
        }
        if let Some(glob) = &argument {
            globset::Glob::new(glob).map_err(|error| bad(&error.to_string()))?;
        }
        Ok(Self { action, tool: tool.to_owned(), argument })
    }
}

/// The policy in force.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policy {
    pub preset: Preset,
    /// In the order given; the most restrictive that matches wins.
    pub rules: Vec<Rule>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_and_presets_read_or_say_what_is_wrong() {
        let rule = Rule::parse(RuleAction::Allow, "bash(cargo test*)").unwrap();
        assert_eq!((rule.tool.as_str(), rule.argument.as_deref()), ("bash", Some("cargo test*")));
        assert_eq!(Rule::parse(RuleAction::Deny, "write").unwrap().argument, None);
        for bad in ["", "bash(", "bash()", "ba sh", "bash([)"] {
            assert!(Rule::parse(RuleAction::Deny, bad).is_err(), "{bad}");
        }
        assert_eq!("read-only".parse(), Ok(Preset::ReadOnly));
        let error = "codeing".parse::<Preset>().unwrap_err().to_string();
        assert!(error.contains("did you mean `coding`"), "{error}");
    }
}
