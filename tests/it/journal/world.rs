//! A repository that git really made, with a script that works and commits in it.

use std::path::PathBuf;
use std::process::Command;

use crate::world::{Ended, World};

pub struct Repo {
    pub world: World,
}

/// Writes a file, commits it, is refused, runs a check.
pub const SCRIPT: &str = r#"
rules:
  - when: {turn: 1}
    reply:
      - text: I will.
      - tool_call: {tool: write, args: {path: poem.txt, content: "roses\nviolets\n"}}
  - when: {turn: 2}
    reply:
      - tool_call: {tool: bash, args: {command: "git add poem.txt && git commit -q -m 'Add a poem'"}}
  - when: {turn: 3}
    reply:
      - tool_call: {tool: write, args: {path: .git/config, content: boo}}
  - when: {turn: 4}
    reply:
      - tool_call: {tool: bash, args: {command: "sh tests/run.sh"}}
  - reply: [{text: Done.}]
"#;

impl Repo {
    /// With one commit of a person's.
    pub fn new() -> Self {
        let world = World::new();
        std::fs::remove_dir_all(world.repo().join(".git")).unwrap();
        world.write("tests/run.sh", "grep -q violets poem.txt\n");
        let repo = Self { world };
        repo.git(&["init", "-q", "-b", "main"]);
        repo.git(&["config", "user.name", "Ann"]);
        repo.git(&["config", "user.email", "ann@example.org"]);
        repo.git(&["add", "."]);
        repo.git(&["commit", "-q", "-m", "Begin"]);
        repo
    }

    /// Runs the real git, and wants success.
    #[track_caller]
    pub fn git(&self, args: &[&str]) -> String {
        let mut git = Command::new("git");
        git.args(args).current_dir(self.world.repo()).env_clear();
        git.env("PATH", std::env::var_os("PATH").unwrap()).env("HOME", self.world.base().join("home"));
        let output = git.output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(output.status.success(), "git {args:?}: {}{}", text(&output.stdout), text(&output.stderr));
        text(&output.stdout)
    }

    /// Plays [`SCRIPT`] with the words `Write me a poem`.
    pub fn play(&self) -> Ended {
        let model = self.world.script(SCRIPT);
        self.world.text(&model, &["Write me a poem"])
    }

    pub fn journals(&self) -> PathBuf {
        let projects = self.world.state().join("state/projects");
        let mut found = std::fs::read_dir(projects).unwrap().flatten();
        found.next().unwrap().path().join("journal")
    }

    /// The one journal that is there.
    pub fn journal(&self) -> PathBuf {
        let files = std::fs::read_dir(self.journals()).unwrap().flatten().map(|entry| entry.path());
        let name = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().to_owned();
        let mut files: Vec<PathBuf> =
            files.filter(|path| name(path).starts_with("s_") && name(path).ends_with(".jsonl")).collect();
        assert_eq!(files.len(), 1, "{files:?}");
        files.remove(0)
    }

    pub fn head(&self) -> String {
        self.git(&["rev-parse", "HEAD"]).trim().to_owned()
    }
}
