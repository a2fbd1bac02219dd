//! Project trust: what a repository brings is inert until the user trusts exactly these files.
//!
//! Bound to a digest of each file, so that a change can be named when trust is asked again.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::base::{Digest, StateDir, StoreError, now_ms, rfc3339, sha256_hex};

const FILE: &str = "trust.json";

/// Files below `.iosm/` that change how `iosm` behaves.
const OWN_FILES: [&str; 5] =
    ["settings.yaml", "settings.local.yaml", "policy.yaml", "mcp.yaml", "hooks.yaml"];
/// Folders below `.iosm/` of which every file counts.
const OWN_FOLDERS: [&str; 3] = ["profiles", "commands", "hooks"];
/// Deeper than this nothing of ours lies; a link in a circle ends here.
const DEEPEST: usize = 8;

/// Files of a project that change how `iosm` behaves, and the digest over them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectFiles {
    pub files: Vec<PathBuf>,
    pub digest: String,
    /// By path relative to the workspace.
    digests: BTreeMap<String, String>,
}

/// What became of a file since the project was trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    Added(String),
    Changed(String),
    Removed(String),
}

impl std::fmt::Display for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Added(file) => write!(f, "{file} is new"),
            Self::Changed(file) => write!(f, "{file} has changed"),
            Self::Removed(file) => write!(f, "{file} is gone"),
        }
    }
}

impl ProjectFiles {
    /// Looks below `workspace`; `None` when the project brings nothing.
    pub fn find(workspace: &Path) -> Option<Self> {
        let own = workspace.join(".iosm");
        let mut files: Vec<PathBuf> =
            OWN_FILES.iter().map(|name| own.join(name)).filter(|path| path.is_file()).collect();
        for folder in OWN_FOLDERS {
            all_below(&own.join(folder), DEEPEST, &mut files);
        }
        files.sort();
        if files.is_empty() {
            return None;
        }
        let named = files.iter().map(|path| {
            let name = path.strip_prefix(workspace).unwrap_or(path);
            // A file that cannot be read counts as its absence would: trust is asked again later.
            let bytes = std::fs::read(path).unwrap_or_default();
            (name.display().to_string(), sha256_hex(&bytes))
        });
        let digests: BTreeMap<String, String> = named.collect();
        let digest = digests.iter().fold(Digest::default(), |digest, (name, file)| {
            digest.field(name.as_bytes()).field(file.as_bytes())
        });
        Some(Self { files, digest: digest.hex(), digests })
    }
}

fn all_below(folder: &Path, deep: usize, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            if deep > 0 {
                all_below(&path, deep - 1, files);
            }
        } else {
            files.push(path);
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
struct Entry {
    digest: String,
    at: String,
    #[serde(default)]
    files: BTreeMap<String, String>,
}

/// Which projects the user trusts, each bound to a digest of its files.
#[derive(Debug)]
pub struct TrustStore {
    dir: StateDir,
    entries: BTreeMap<String, Entry>,
}

impl TrustStore {
    /// Opens the store; a damaged one trusts nobody.
    pub fn open(dir: StateDir) -> Result<Self, StoreError> {
        let entries = match dir.read(FILE) {
            Ok(bytes) => serde_json::from_slice(&bytes).unwrap_or_default(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => BTreeMap::new(),
            Err(error) => return Err(error),
        };
        Ok(Self { dir, entries })
    }

    /// Whether the user trusts this project with exactly these files.
    pub fn trusts(&self, project: &str, files: &ProjectFiles) -> bool {
        self.entries.get(project).is_some_and(|entry| entry.digest == files.digest)
    }

    /// What has changed since the project was trusted; `None` when it never was.
    pub fn changes(&self, project: &str, files: &ProjectFiles) -> Option<Vec<Change>> {
        let before = &self.entries.get(project)?.files;
        let now = &files.digests;
        let gone = before.keys().filter(|name| !now.contains_key(*name)).cloned().map(Change::Removed);
        let rest = now.iter().filter_map(|(name, digest)| match before.get(name) {
            None => Some(Change::Added(name.clone())),
            Some(held) => (held != digest).then(|| Change::Changed(name.clone())),
        });
        Some(rest.chain(gone).collect())
    }

    pub fn trust(&mut self, project: &str, files: &ProjectFiles) -> Result<(), StoreError> {
        let entry =
            Entry { digest: files.digest.clone(), at: rfc3339(now_ms()), files: files.digests.clone() };
        self.entries.insert(project.to_owned(), entry);
        self.save()
    }

    /// Takes trust back; false when there was none.
    pub fn revoke(&mut self, project: &str) -> Result<bool, StoreError> {
        let had = self.entries.remove(project).is_some();
        self.save()?;
        Ok(had)
    }

    fn save(&self) -> Result<(), StoreError> {
        let bytes = serde_json::to_vec_pretty(&self.entries).expect("a map of strings serialises");
        self.dir.replace(FILE, &bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trust_is_bound_to_the_files_as_they_were() {
        let temp = tempfile::tempdir().unwrap();
        let work = temp.path().join("work");
        std::fs::create_dir_all(work.join(".iosm")).unwrap();
        assert_eq!(ProjectFiles::find(&work), None);
        std::fs::write(work.join(".iosm/settings.yaml"), "model: a/b\n").unwrap();
        let files = ProjectFiles::find(&work).unwrap();
        let state = StateDir::open(temp.path().join("state")).unwrap();
        let mut store = TrustStore::open(state.clone()).unwrap();
        assert!(!store.trusts("p", &files));
        store.trust("p", &files).unwrap();
        let mut again = TrustStore::open(state).unwrap();
        assert!(again.trusts("p", &files));
        assert_eq!((again.changes("p", &files), again.changes("q", &files)), (Some(Vec::new()), None));
        std::fs::create_dir_all(work.join(".iosm/commands/deep")).unwrap();
        for (file, text) in [
            ("settings.yaml", "model: c/d\n"),
            ("policy.yaml", "preset: strict\n"),
            ("mcp.yaml", ""),
            ("commands/deep/x.md", "do x"),
        ] {
            std::fs::write(work.join(".iosm").join(file), text).unwrap();
            assert!(!again.trusts("p", &ProjectFiles::find(&work).unwrap()), "{file}");
        }
        let told = again.changes("p", &ProjectFiles::find(&work).unwrap()).unwrap();
        let told: Vec<String> = told.iter().map(Change::to_string).collect();
        assert_eq!(
            told,
            [
                ".iosm/commands/deep/x.md is new",
                ".iosm/mcp.yaml is new",
                ".iosm/policy.yaml is new",
                ".iosm/settings.yaml has changed"
            ]
        );
        std::fs::remove_file(work.join(".iosm/settings.yaml")).unwrap();
        let told = again.changes("p", &ProjectFiles::find(&work).unwrap()).unwrap();
        assert!(told.contains(&Change::Removed(".iosm/settings.yaml".to_owned())));
        assert!(again.revoke("p").unwrap() && !again.revoke("p").unwrap());
    }
}
