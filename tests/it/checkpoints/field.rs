//! A work tree with checkpoints, without a session; and trees as values.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use iosm::agent::Moment;
use iosm::base::{BlobStore, StateDir};
use iosm::config::Policy;
use iosm::engine::{Checkpoints, Rolled};
use iosm::host::git::snapshot::{Checkpoint, Reason};
use iosm::kernel::{Capability, Charter, Journal, Kernel, Keys, SandboxStrength};
use iosm::protocol::Effect;

/// By bytes of the path below the root: mode, content (or target), and time of change in nanoseconds.
pub type Shape = BTreeMap<Vec<u8>, (u32, Vec<u8>, i128)>;

pub struct Field {
    pub temp: tempfile::TempDir,
    pub checkpoints: Checkpoints,
    pub kernel: Arc<Kernel>,
}

impl Field {
    pub fn new() -> Self {
        let temp = tempfile::tempdir().unwrap();
        let base = temp.path().canonicalize().unwrap();
        for dir in ["work", "home", "tmp", "cache"] {
            std::fs::create_dir_all(base.join(dir)).unwrap();
        }
        let state = |name: &str| StateDir::open(base.join("state").join(name)).unwrap();
        let charter = Charter {
            session: "s_it".to_owned(),
            workspace: base.join("work"),
            extra_roots: Vec::new(),
            git: Vec::new(),
            readable: Vec::new(),
            temp: base.join("tmp"),
            cache: base.join("cache"),
            home: base.join("home"),
            own_dirs: vec![base.join("state")],
            registries: Vec::new(),
            remotes: Vec::new(),
            skills: Vec::new(),
            capability: Capability {
                profile: "full".to_owned(),
                tools: Default::default(),
                effects: Effect::KINDS.iter().map(|kind| (*kind).to_owned()).collect(),
            },
            tools: Vec::new(),
            policy: Policy::default(),
            sandbox: SandboxStrength::Full,
            unsandboxed_by_user: false,
            human: true,
            checkpoints: true,
        };
        let journal = Journal::open(state("journal"), "s_it", &Keys::throwaway()).unwrap();
        let kernel = Kernel::new(charter, journal, BlobStore::new(state("blobs"))).unwrap();
        let dir = state("checkpoints");
        let session = Some("s_it".to_owned());
        let kernel = Arc::new(kernel);
        let checkpoints = Checkpoints::at(dir, base.join("work"), Vec::new(), kernel.clone(), session);
        Self { temp, checkpoints, kernel }
    }

    pub fn root(&self) -> PathBuf {
        self.temp.path().canonicalize().unwrap().join("work")
    }

    pub fn state(&self) -> PathBuf {
        self.temp.path().canonicalize().unwrap().join("state/checkpoints")
    }

    pub fn put(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.root().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub fn read(&self, path: &str) -> Option<String> {
        std::fs::read_to_string(self.root().join(path)).ok()
    }

    /// A line of shell in the work tree.
    pub fn shell(&self, line: &str) {
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", line]).current_dir(self.root());
        let home = self.temp.path().join("home");
        shell.env("HOME", home).env("GIT_CONFIG_NOSYSTEM", "1");
        for (name, value) in [("AUTHOR", "a"), ("COMMITTER", "a")] {
            shell.env(format!("GIT_{name}_NAME"), value).env(format!("GIT_{name}_EMAIL"), "a@b.test");
        }
        let ended = shell.output().unwrap();
        assert!(ended.status.success(), "{line}: {}", String::from_utf8_lossy(&ended.stderr));
    }

    pub fn take(&self, name: &str) -> Checkpoint {
        self.checkpoints.take(Reason::Asked, Some(name.to_owned()), Moment::default()).unwrap()
    }

    #[track_caller]
    pub fn restore(&self, given: &str) -> Rolled {
        let rolled = self.roll(given, &[]);
        assert!(rolled.failed.is_empty(), "{:?}", rolled.failed);
        rolled
    }

    pub fn roll(&self, given: &str, only: &[&str]) -> Rolled {
        let one = self.checkpoints.find(given).unwrap();
        let only: Vec<Vec<u8>> = only.iter().map(|path| path.as_bytes().to_vec()).collect();
        self.checkpoints.restore(&one, &only, Moment::default()).unwrap()
    }

    /// Everything but `.git`.
    pub fn shape(&self) -> Shape {
        shape(&self.root(), |name| name != ".git")
    }
}

pub fn shape(root: &Path, wanted: impl Fn(&OsStr) -> bool + Copy) -> Shape {
    let mut found = Shape::new();
    walk(root, root, wanted, &mut found);
    found
}

fn walk(root: &Path, at: &Path, wanted: impl Fn(&OsStr) -> bool + Copy, found: &mut Shape) {
    for entry in std::fs::read_dir(at).unwrap().flatten().filter(|entry| wanted(&entry.file_name())) {
        let path = entry.path();
        let meta = path.symlink_metadata().unwrap();
        let name = path.strip_prefix(root).unwrap().as_os_str().as_bytes().to_vec();
        let content = if meta.is_symlink() {
            std::fs::read_link(&path).unwrap().into_os_string().into_vec()
        } else if meta.is_file() {
            std::fs::read(&path).unwrap()
        } else {
            Vec::new()
        };
        let at_ns = i128::from(meta.mtime()) * 1_000_000_000 + i128::from(meta.mtime_nsec());
        found.insert(name, (meta.mode(), content, at_ns));
        if meta.is_dir() {
            walk(root, &path, wanted, found);
        }
    }
}

/// A shape without times.
pub fn bare(shape: &Shape) -> BTreeMap<&[u8], (u32, &[u8])> {
    shape.iter().map(|(path, (mode, content, _))| (path.as_slice(), (*mode, content.as_slice()))).collect()
}

#[track_caller]
pub fn same(left: &Shape, right: &Shape) {
    let (left, right) = (bare(left), bare(right));
    for (path, entry) in &left {
        assert_eq!(right.get(path), Some(entry), "{}", String::from_utf8_lossy(path));
    }
    for path in right.keys() {
        assert!(left.contains_key(path), "new: {}", String::from_utf8_lossy(path));
    }
}
