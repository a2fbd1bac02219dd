//! A small hermetic world for the real binary: its own home, its own state, a repository, nothing of
//! the user's environment, and a watchdog so that what hangs fails.

mod process;
pub mod server;
mod tree;

use std::path::{Path, PathBuf};

pub use process::{Ended, Iosm, wait_until, with_mark};
pub use tree::{Tree, tree};

/// A picture of one pixel.
pub const PNG: &[u8] = b"\x89\x50\x4e\x47\x0d\x0a\x1a\x0a\x00\x00\x00\x0d\x49\x48\x44\x52\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89\x00\x00\x00\x0d\x49\x44\x41\x54\x78\xda\x63\xf8\xcf\xc0\xf0\x1f\x00\x05\x00\x01\xff\x56\xc7\x2f\x0d\x00\x00\x00\x00\x49\x45\x4e\x44\xae\x42\x60\x82";

/// Everything lies in one temporary folder that goes with the value.
pub struct World {
    temp: tempfile::TempDir,
}

impl World {
    /// A repository with a few files and an empty home.
    pub fn new() -> Self {
        let world = Self { temp: tempfile::tempdir().unwrap() };
        // What `git init` makes, as far as it takes to be a repository, without asking for git.
        world.write(".git/HEAD", "ref: refs/heads/main\n");
        world.write(".git/config", "[core]\n\trepositoryformatversion = 0\n\tbare = false\n");
        for folder in [".git/objects", ".git/refs/heads"] {
            std::fs::create_dir_all(world.repo().join(folder)).unwrap();
        }
        std::fs::create_dir_all(world.base().join("home")).unwrap();
        world.write("a.txt", "one\ntwo\n");
        world.write("src/b.txt", "three\n");
        world
    }

    pub fn base(&self) -> PathBuf {
        self.temp.path().canonicalize().unwrap()
    }

    pub fn repo(&self) -> PathBuf {
        self.temp.path().join("repo")
    }

    /// Where all state goes (`IOSM_HOME`).
    pub fn state(&self) -> PathBuf {
        self.temp.path().join("iosm")
    }

    pub fn write(&self, path: &str, text: &str) {
        put(&self.repo().join(path), text);
    }

    /// A file of the repository that is no text.
    pub fn put(&self, path: &str, bytes: &[u8]) {
        std::fs::write(self.repo().join(path), bytes).unwrap();
    }

    pub fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.repo().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// The user's own settings.
    pub fn settings(&self, text: &str) {
        put(&self.state().join("config/settings.yaml"), text);
    }

    /// Writes a script outside the repository; returns the model that plays it.
    pub fn script(&self, rules: &str) -> String {
        let path = self.base().join("script.yaml");
        put(&path, rules);
        format!("scripted/{}", path.display())
    }

    pub fn tree(&self) -> Tree {
        tree(&self.repo())
    }

    /// `iosm` with these arguments, in the repository.
    pub fn iosm(&self, args: &[&str]) -> Iosm {
        Iosm::new(self, args)
    }

    /// `iosm -p -m MODEL --output-format json …`, run to its end.
    pub fn json(&self, model: &str, args: &[&str]) -> Ended {
        self.iosm(&[&["-p", "-m", model, "--output-format", "json"], args].concat()).run()
    }

    /// `iosm -p -m MODEL …`, run to its end.
    pub fn text(&self, model: &str, args: &[&str]) -> Ended {
        self.iosm(&[&["-p", "-m", model], args].concat()).run()
    }

    /// `iosm -p -m MODEL --output-format stream-json …`, run to its end.
    pub fn stream(&self, model: &str, args: &[&str]) -> Ended {
        self.iosm(&[&["-p", "-m", model, "--output-format", "stream-json"], args].concat()).run()
    }

    /// A line of shell with the binary as `$IOSM`, in the repository.
    pub fn shell(&self, line: &str) -> Ended {
        self.iosm(&[]).instead(line).run()
    }

    /// Whether the newest session has these words in it.
    pub fn session_holds(&self, words: &str) -> bool {
        let newest = self.session_files().pop();
        newest.is_some_and(|path| std::fs::read_to_string(path).unwrap_or_default().contains(words))
    }

    /// The files of this project's sessions, oldest first.
    pub fn session_files(&self) -> Vec<PathBuf> {
        let projects = self.state().join("state/projects");
        let mut files = Vec::new();
        for project in std::fs::read_dir(projects).into_iter().flatten().flatten() {
            let folder = std::fs::read_dir(project.path().join("sessions"));
            files.extend(folder.into_iter().flatten().flatten().map(|entry| entry.path()));
        }
        files.retain(|path| path.extension().is_some_and(|extension| extension == "jsonl"));
        files.sort();
        files
    }
}

fn put(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}
