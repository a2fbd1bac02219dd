//! The table of toolchains: what each reads, where its caches go, and what tells it to stay offline.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

const BUILT_IN: &str = include_str!("../../../templates/toolchains.yaml");

/// One entry of `templates/toolchains.yaml`; the fields are explained there.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Toolchain {
    pub name: String,
    #[serde(default)]
    pub roots: Vec<Root>,
    #[serde(default)]
    pub system: Vec<PathBuf>,
    #[serde(default)]
    pub pass: Vec<String>,
    #[serde(default)]
    pub set: BTreeMap<String, String>,
    #[serde(default)]
    pub offline: BTreeMap<String, String>,
    #[serde(default)]
    pub online: BTreeMap<String, String>,
    #[serde(default)]
    pub proxied: BTreeMap<String, String>,
    #[serde(default)]
    pub managers: Vec<String>,
    #[serde(default)]
    pub registries: Vec<String>,
}

/// A folder named by a variable or by its usual place below the home, or parts of the home itself.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Root {
    #[serde(default)]
    pub var: Option<String>,
    #[serde(default)]
    pub default: Option<PathBuf>,
    #[serde(default)]
    pub read: Vec<PathBuf>,
}

#[derive(Debug, thiserror::Error)]
#[error("the table of toolchains cannot be read: {0}")]
pub struct ToolchainError(String);

#[derive(Debug, Clone)]
pub struct Toolchains(Vec<Toolchain>);

impl Toolchains {
    /// The table shipped with `iosm`.
    pub fn built_in() -> Result<Self, ToolchainError> {
        Self::parse(BUILT_IN)
    }

    pub fn parse(yaml: &str) -> Result<Self, ToolchainError> {
        serde_yaml::from_str(yaml).map(Self).map_err(|error| ToolchainError(error.to_string()))
    }

    pub fn iter(&self) -> impl Iterator<Item = &Toolchain> {
        self.0.iter()
    }

    /// Package managers, and the hosts each talks to.
    pub fn package_managers(&self) -> Vec<(String, Vec<String>)> {
        let pairs = self
            .0
            .iter()
            .flat_map(|tool| tool.managers.iter().map(|program| (program.clone(), tool.registries.clone())));
        pairs.collect()
    }

    /// All hosts package managers talk to.
    pub fn registries(&self) -> impl Iterator<Item = &str> {
        self.0.iter().flat_map(|tool| tool.registries.iter().map(String::as_str))
    }
}

impl Root {
    /// The paths meant, given where variables point. A variable that points at the home or above it
    /// would open everything in it, and is passed over.
    pub(super) fn paths(&self, home: &Path, var: impl Fn(&str) -> Option<String>) -> Vec<PathBuf> {
        let named = self.var.as_deref().and_then(var).map(PathBuf::from);
        let named = named.filter(|path| path.is_absolute() && !home.starts_with(path));
        let top = match (named, &self.default) {
            (Some(path), _) => path,
            (None, Some(default)) => home.join(default),
            (None, None) if self.var.is_none() && !self.read.is_empty() => home.to_owned(),
            (None, None) => return Vec::new(),
        };
        if self.read.is_empty() {
            return vec![top];
        }
        self.read.iter().map(|part| top.join(part)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_table_loads_and_an_unknown_key_does_not() {
        let table = Toolchains::built_in().unwrap();
        assert!(table.iter().any(|tool| tool.name == "rust"));
        assert!(table.registries().any(|host| host == "pypi.org"));
        let managers = table.package_managers();
        let cargo = managers.iter().find(|(program, _)| program == "cargo").unwrap();
        assert!(cargo.1.contains(&"static.crates.io".to_owned()), "{cargo:?}");
        for tool in table.iter() {
            assert!(tool.managers.is_empty() || !tool.registries.is_empty(), "{}", tool.name);
        }
        let error = Toolchains::parse("- name: x\n  regstries: []\n").unwrap_err();
        assert!(error.to_string().contains("regstries"), "{error}");
    }

    #[test]
    fn no_entry_names_a_file_that_holds_logins() {
        const LOGINS: &[&str] = &[
            ".ssh",
            ".aws",
            ".netrc",
            ".npmrc",
            ".yarnrc.yml",
            ".pypirc",
            ".docker",
            ".kube",
            ".gnupg",
            ".config/gh",
            ".config/gcloud",
            ".git-credentials",
            ".config/git/credentials",
            ".m2/settings.xml",
            ".m2/settings-security.xml",
            ".gradle/gradle.properties",
            ".cargo/credentials",
            ".cargo/credentials.toml",
            ".config/pypoetry/auth.toml",
            ".config/pip/pip.conf",
            ".bundle/config",
            ".config/composer/auth.json",
            ".hex/hex.config",
            ".nuget/NuGet/NuGet.Config",
            ".config/iosm",
            ".gem/credentials",
            ".local/share/gem/credentials",
            ".mozilla",
            ".local/share/keyrings",
        ];
        let home = Path::new("/home/u");
        for tool in Toolchains::built_in().unwrap().iter() {
            for path in tool.roots.iter().flat_map(|root| root.paths(home, |_| None)) {
                for login in LOGINS {
                    let login = home.join(login);
                    assert!(
                        !login.starts_with(&path),
                        "{}: {} opens {}",
                        tool.name,
                        path.display(),
                        login.display()
                    );
                }
            }
        }
    }

    #[test]
    fn a_variable_cannot_open_the_home() {
        let root = Root { var: Some("GOROOT".into()), default: None, read: Vec::new() };
        let home = Path::new("/home/u");
        for (value, expected) in [
            ("/opt/go", vec![PathBuf::from("/opt/go")]),
            ("/home/u/sdk", vec![PathBuf::from("/home/u/sdk")]),
            ("/home/u", vec![]),
            ("/", vec![]),
            ("go", vec![]),
        ] {
            assert_eq!(root.paths(home, |_| Some(value.into())), expected, "{value}");
        }
    }
}
