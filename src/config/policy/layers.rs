//! Layers of policy, merged: the least of every limit, every rule, the preset of the highest that
//! may set it.

use std::path::Path;

use super::file::{PolicyFile, Reading};
use super::rule::Layer;
use super::{Policy, PolicyError, Preset, Rule};

/// A layer that was read, for people who ask what is in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tightened {
    pub layer: Layer,
    /// The file, or the flag.
    pub source: String,
    pub rules: usize,
    pub preset: Option<Preset>,
}

/// Collects layers, the lowest first.
#[derive(Debug, Clone, Default)]
pub struct PolicyLayers {
    policy: Policy,
    read: Vec<Tightened>,
}

impl PolicyLayers {
    /// Adds what a file holds; a missing one is no error.
    pub fn file(&mut self, layer: Layer, path: &Path, tools: &[&str]) -> Result<(), PolicyError> {
        let text = match crate::base::read_text(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(source) => return Err(PolicyError::Io { path: path.to_owned(), source }),
        };
        let file = PolicyFile::read(&text, Reading { layer, file: Some(path), tools })?;
        self.add(layer, path.display().to_string(), file)
    }

    /// Adds rules alone, such as those of flags.
    pub fn rules(&mut self, layer: Layer, source: &str, rules: Vec<Rule>) -> Result<(), PolicyError> {
        if rules.is_empty() {
            return Ok(());
        }
        self.add(layer, source.to_owned(), PolicyFile { rules, ..PolicyFile::default() })
    }

    /// The preset of a setting, a variable or a flag; the user's own word where the layer is theirs.
    pub fn preset(&mut self, layer: Layer, source: &str, preset: Preset) -> Result<(), PolicyError> {
        self.add(layer, source.to_owned(), PolicyFile { preset: Some(preset), ..PolicyFile::default() })
    }

    fn add(&mut self, layer: Layer, source: String, file: PolicyFile) -> Result<(), PolicyError> {
        if let Some(asked) = file.preset {
            let held = self.policy.preset;
            if asked.tightness() < held.tightness() && !layer.may_loosen() {
                return Err(PolicyError::Loosens {
                    file: Some(source.into()),
                    line: 1,
                    what: format!("preset `{}` is looser than `{}`", asked.name(), held.name()),
                    layer: layer.name(),
                });
            }
            self.policy.preset = asked;
        }
        let rules = file.rules.len();
        self.policy.rules.extend(file.rules);
        self.policy.limits = self.policy.limits.tightened(file.limits);
        self.read.push(Tightened { layer, source, rules, preset: file.preset });
        Ok(())
    }

    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// What was read, in its order.
    pub fn read(&self) -> &[Tightened] {
        &self.read
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::RuleAction;

    #[test]
    fn lower_layers_tighten_and_only_the_users_words_loosen() {
        let dir = tempfile::tempdir().unwrap();
        let put = |name: &str, text: &str| {
            let path = dir.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        let user = put(
            "user.yaml",
            "preset: contained\nlimits: {run: {calls: 9}}\nrules: [{name: a, action: allow, tool: read}]\n",
        );
        let project = put("project.yaml", "preset: strict\nlimits: {run: {calls: 20, usd: 1}}\n");
        let mut layers = PolicyLayers::default();
        layers.file(Layer::User, &user, &["read"]).unwrap();
        layers.file(Layer::User, &dir.path().join("absent.yaml"), &[]).unwrap();
        layers.file(Layer::Project, &project, &[]).unwrap();
        assert_eq!(layers.policy().preset, Preset::Strict);
        assert_eq!((layers.policy().limits.run.calls, layers.policy().limits.run.usd), (Some(9), Some(1.0)));
        let looser = put("looser.yaml", "preset: coding\n");
        let error = layers.clone().file(Layer::Project, &looser, &[]).unwrap_err().to_string();
        assert!(
            error.contains("looser.yaml") && error.contains("`coding` is looser than `strict`"),
            "{error}"
        );
        layers.preset(Layer::Run, "--policy", Preset::Coding).unwrap();
        layers.rules(Layer::Run, "--deny", vec![Rule::parse(RuleAction::Deny, "bash").unwrap()]).unwrap();
        assert_eq!((layers.policy().preset, layers.policy().rules.len()), (Preset::Coding, 2));
        assert_eq!(layers.read().len(), 4);
    }
}
