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
const OWN_FOLDERS: [&str; 5] = ["profiles", "commands", "hooks", "skills", "agents"];
/// What other agents read, relative to the workspace: what we read of it too.
const THEIR_FILES: [&str; 1] = [".mcp.json"];
const THEIR_FOLDERS: [&str; 4] = [".claude/commands", ".claude/agents", ".claude/skills", ".agents/skills"];
/// Deeper than this nothing of ours lies; a link in a circle ends here.
const DEEPEST: usize = 8;
/// Names looked at in one folder and all below it: a skill may bring a whole tree of examples, and nobody
/// reads through more than this before trusting it. What lies beyond is not trusted, and so not read.
const MOST_NAMES: usize = 4000;
/// A longer file, such as a picture of a skill, is told from others by its length and time.
const MOST_READ: u64 = 1024 * 1024;
/// Bytes read in all, for the same reason.
const MOST_READ_IN_ALL: u64 = 32 * 1024 * 1024;

/// Files of a project that change how `iosm` behaves, and the digest over them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectFiles {
    pub files: Vec<PathBuf>,
    pub digest: String,
    root: PathBuf,
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
        files.extend(THEIR_FILES.iter().map(|name| workspace.join(name)).filter(|path| path.is_file()));
        let folders = OWN_FOLDERS.iter().map(|name| own.join(name));
        for folder in folders.chain(THEIR_FOLDERS.iter().map(|name| workspace.join(name))) {
            all_below(&folder, DEEPEST, MOST_NAMES, &mut files);
        }
        files.sort();
        if files.is_empty() {
            return None;
        }
        let mut left = MOST_READ_IN_ALL;
        let named = files.iter().map(|path| {
            let name = path.strip_prefix(workspace).unwrap_or(path);
            (name.display().to_string(), digest_of(path, &mut left))
        });
        let digests: BTreeMap<String, String> = named.collect();
        let digest = digests.iter().fold(Digest::default(), |digest, (name, file)| {
            digest.field(name.as_bytes()).field(file.as_bytes())
        });
        Some(Self { files, digest: digest.hex(), root: workspace.to_owned(), digests })
    }

    /// Whether one of these files is `path` and held these bytes.
    pub(super) fn holds(&self, path: &Path, bytes: &[u8]) -> bool {
        let name = path.strip_prefix(&self.root).ok().and_then(Path::to_str);
        name.and_then(|name| self.digests.get(name)).is_some_and(|held| *held == sha256_hex(bytes))
    }
}

/// What tells a file from what it was: its bytes, or length and time of one that is too long to be read
/// at every start.
fn digest_of(path: &Path, left: &mut u64) -> String {
    // A pipe or a device is not even opened: reading one may never end.
    let Some(meta) = std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file) else {
        return String::new();
    };
    if meta.len() > MOST_READ.min(*left) {
        let changed = meta.modified().ok().and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
        return format!("{} bytes at {}", meta.len(), changed.unwrap_or_default().as_nanos());
    }
    *left -= meta.len();
    // A file that cannot be read counts as its absence would: trust is asked again later.
    let is_file = std::fs::metadata(path).is_ok_and(|facts| facts.is_file());
    // A pipe would be waited for.
    let bytes = if is_file { std::fs::read(path).unwrap_or_default() } else { Vec::new() };
    sha256_hex(&bytes)
}

/// Adds the files below a folder, in order of their names, until `names` names were looked at. Gives what is
/// left of them.
pub(super) fn all_below(folder: &Path, deep: usize, mut names: usize, files: &mut Vec<PathBuf>) -> usize {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().take(names);
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        if names == 0 {
            break;
        }
        names -= 1;
        if !path.is_dir() {
            files.push(path);
        } else if deep > 0 {
            names = all_below(&path, deep - 1, names, files);
        }
    }
    names
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

    #[test]
    fn what_other_agents_read_counts_and_nothing_beside_it() {
        let temp = tempfile::tempdir().unwrap();
        let work = temp.path();
        let put = |file: &str, text: &str| {
            let path = work.join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        for file in [".claude/settings.json", ".agents/other/x.md", "AGENTS.md", ".iosm/notes.md", "mcp.json"]
        {
            put(file, "x");
            assert_eq!(ProjectFiles::find(work), None, "{file}");
        }
        let mut before = None;
        for file in [
            ".claude/commands/deep/x.md",
            ".claude/agents/x.md",
            ".claude/skills/x/SKILL.md",
            ".claude/skills/x/scripts/run.py",
            ".agents/skills/x/SKILL.md",
            ".iosm/skills/x/SKILL.md",
            ".iosm/agents/x.md",
            ".mcp.json",
        ] {
            for text in ["one", "two"] {
                put(file, text);
                let now = ProjectFiles::find(work);
                assert!(now.is_some() && now != before, "{file}: {text}");
                before = now;
            }
        }
        let files = before.unwrap();
        let (kept, other) = (work.join(".mcp.json"), work.join(".claude/settings.json"));
        assert!(files.holds(&kept, b"two") && !files.holds(&kept, b"one") && !files.holds(&other, b"x"));
    }

    #[test]
    fn a_huge_folder_is_bounded_and_a_long_file_told_by_its_length() {
        let temp = tempfile::tempdir().unwrap();
        let skills = temp.path().join(".claude/skills");
        for folder in 0..5 {
            let folder = skills.join(format!("s{folder}"));
            std::fs::create_dir_all(&folder).unwrap();
            for file in 0..1000 {
                std::fs::write(folder.join(format!("{file}")), "").unwrap();
            }
        }
        std::os::unix::fs::symlink(&skills, skills.join("s0/circle")).unwrap();
        let found = ProjectFiles::find(temp.path()).unwrap();
        assert!(
            found.files.len() <= MOST_NAMES && found.files.len() > MOST_NAMES / 2,
            "{}",
            found.files.len()
        );
        let work = temp.path().join("other");
        std::fs::create_dir_all(work.join(".agents/skills/x")).unwrap();
        let long = work.join(".agents/skills/x/picture");
        for length in [MOST_READ, MOST_READ + 1] {
            let file = std::fs::File::create(&long).unwrap();
            file.set_len(length).unwrap();
            let digest = ProjectFiles::find(&work).unwrap().digests.into_values().next().unwrap();
            assert_eq!(digest.contains("bytes at"), length > MOST_READ, "{digest}");
            file.set_len(length + 7).unwrap();
            let after = ProjectFiles::find(&work).unwrap().digests.into_values().next().unwrap();
            assert_ne!(digest, after);
        }
    }
}
