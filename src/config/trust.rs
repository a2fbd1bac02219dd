//! Project trust: what a repository brings is inert until the user trusts exactly these files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::base::{Digest, StateDir, StoreError, now_ms, rfc3339, sha256_hex};

const FILE: &str = "trust.json";

/// Files of a project that change how `iosm` behaves, and the digest over them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectFiles {
    pub files: Vec<PathBuf>,
    pub digest: String,
}

impl ProjectFiles {
    /// Looks below `workspace`; `None` when the project brings nothing.
    pub fn find(workspace: &Path) -> Option<Self> {
        let own = workspace.join(".iosm");
        let mut files: Vec<PathBuf> = ["settings.yaml", "settings.local.yaml", "policy.yaml"]
            .iter()
            .map(|name| own.join(name))
            .filter(|path| path.is_file())
            .collect();
        let profiles = std::fs::read_dir(own.join("profiles")).into_iter().flatten().flatten();
        files.extend(
            profiles.map(|file| file.path()).filter(|path| path.extension().is_some_and(|e| e == "yaml")),
        );
        files.sort();
        if files.is_empty() {
            return None;
        }
        let digest = files.iter().fold(Digest::default(), |digest, path| {
            let name = path.strip_prefix(workspace).unwrap_or(path);
            // A file that cannot be read counts as its absence would: trust is asked again later.
            let bytes = std::fs::read(path).unwrap_or_default();
            digest.field(name.as_os_str().as_encoded_bytes()).field(sha256_hex(&bytes).as_bytes())
        });
        Some(Self { files, digest: digest.hex() })
    }
}

#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
struct Entry {
    digest: String,
    at: String,
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

    pub fn trust(&mut self, project: &str, files: &ProjectFiles) -> Result<(), StoreError> {
        let entry = Entry { digest: files.digest.clone(), at: rfc3339(now_ms()) };
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
        std::fs::write(work.join(".iosm/settings.yaml"), "model: c/d\n").unwrap();
        assert!(!again.trusts("p", &ProjectFiles::find(&work).unwrap()));
        assert!(again.revoke("p").unwrap() && !again.revoke("p").unwrap());
    }
}
