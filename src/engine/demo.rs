//! `iosm demo`: the main job on a small repository of its own, with a scripted model.
//!
//! The model is a script; everything else is the real engine: kernel, tools, sandbox, journal.

use std::io;
use std::path::PathBuf;

use crate::config::{Rule, RuleAction, RuleOrigin};
use crate::host::temp::PrivateTemp;

const STATS: &str = include_str!("../../templates/demo/src/stats.sh");

/// What the demo's repository is made of: `(name, text)`.
const FILES: [(&str, &str); 7] = [
    ("README.md", include_str!("../../templates/demo/README.md")),
    ("src/stats.sh", STATS),
    ("src/report.sh", include_str!("../../templates/demo/src/report.sh")),
    ("tests/run.sh", include_str!("../../templates/demo/tests/run.sh")),
    (".git/HEAD", "ref: refs/heads/main\n"),
    (".git/config", "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = false\n"),
    (".git/description", "The repository of `iosm demo`.\n"),
];

/// The script of the demo's model, among the shipped ones.
pub const DEMO_MODEL: &str = "scripted/demo";

/// What the user is said to have asked.
pub const DEMO_PROMPT: &str = "The tests fail. Find out why, fix it, and report what was wrong.";

/// The command the demo runs, allowed by name where no sandbox layer loads: it is ours, and it works
/// in a folder of its own.
const COMMAND: &str = "sh tests/run.sh";

#[derive(Debug, thiserror::Error)]
#[error("the demo's repository cannot be made: {0}")]
pub struct DemoError(#[from] io::Error);

/// A repository with a failing test, in a private temporary folder.
#[derive(Debug)]
pub struct Demo {
    temp: PrivateTemp,
}

impl Demo {
    pub fn prepare() -> Result<Self, DemoError> {
        let temp = PrivateTemp::new("iosm-demo-")?;
        for (name, text) in FILES {
            temp.put(&format!("shop/{name}"), text)?;
        }
        // An empty repository needs these two folders to be one.
        temp.folder("shop/.git/objects")?;
        temp.folder("shop/.git/refs/heads")?;
        Ok(Self { temp })
    }

    /// The repository.
    pub fn repository(&self) -> PathBuf {
        self.temp.path().join("shop")
    }

    /// Where the demo's own state goes, so that the user's stays as it is.
    pub fn home(&self) -> PathBuf {
        self.temp.path().join("home")
    }

    /// Rules under which the demo's own command runs even without a sandbox.
    pub fn rules() -> Vec<Rule> {
        let mut rule = Rule::new("the demo's own tests", RuleAction::Allow, RuleOrigin::FLAG);
        rule.tools = vec!["bash".to_owned()];
        rule.argument = Some(COMMAND.to_owned());
        vec![rule]
    }

    /// Whether the file was really changed.
    pub fn is_fixed(&self) -> bool {
        let text = std::fs::read_to_string(self.repository().join("src/stats.sh"));
        text.is_ok_and(|text| text != STATS)
    }

    /// Leaves the repository behind and says where it is.
    pub fn keep(self) -> PathBuf {
        self.temp.keep().join("shop")
    }
}
