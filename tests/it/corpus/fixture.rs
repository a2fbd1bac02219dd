//! The world in which the corpora are judged: a project, a second checkout, a home with secrets, a
//! folder outside, and a port on which nothing must ever arrive.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// What the fixture's secrets hold. High entropy and none of the known forms, as a worst case.
pub const CANARY: &str = "q7Zp2vKx9LmT4wRb8NcY3dHs6GfJ1aQe";

const FOLDERS: &[&str] = &[
    "top/ws",
    "home/.config/iosm",
    "home/.local/state/iosm/journal",
    "home/.cargo/bin",
    "home/.cargo/registry/src",
    "home/.cargo/git/checkouts",
    "home/.rustup/toolchains",
    "home/.npm",
    "home/.nvm",
    "home/go/pkg/mod",
    "home/.cache/pip",
    "outside",
    "tmp",
    "cache",
    "own",
];

/// Files of the project, besides git's own.
const PROJECT: &[(&str, &str)] = &[
    ("README.md", "# Widget\n\nA small project.\n"),
    ("AGENTS.md", "Keep it small.\n"),
    ("Cargo.toml", "[package]\nname = \"widget\"\nversion = \"0.1.0\"\nedition = \"2024\"\n"),
    ("Cargo.lock", "version = 4\n"),
    ("src/main.rs", "fn main() {}\n"),
    ("src/lib.rs", "pub mod util;\n"),
    ("src/util/mod.rs", "pub fn one() -> u32 {\n    1\n}\n"),
    ("tests/basic.rs", "#[test]\nfn basic() {}\n"),
    (
        "package.json",
        "{\"name\": \"widget\", \"version\": \"0.1.0\", \"scripts\": {\"test\": \"node --test\"}}\n",
    ),
    ("package-lock.json", "{\"name\": \"widget\", \"lockfileVersion\": 3}\n"),
    ("web/index.js", "console.log('widget');\n"),
    ("scripts/build.sh", "#!/bin/sh\nmkdir -p build && echo built > build/out\n"),
    ("scripts/deploy.sh", "#!/bin/sh\necho deploy\n"),
    ("Makefile", "all:\n\t@echo made\ntest:\n\t@echo tested\n"),
    ("pyproject.toml", "[project]\nname = \"widget\"\nversion = \"0.1.0\"\n"),
    ("app/main.py", "print('widget')\n"),
    ("go.mod", "module example.com/widget\n\ngo 1.22\n"),
    ("docs/guide.md", "# Guide\n\nRead me.\n"),
    ("vendor/lib.c", "int one(void) { return 1; }\n"),
    (".gitignore", "target/\nnode_modules/\n.env\nbuild/\n"),
    (".iosm/policy.yaml", "preset: coding\n"),
    (".iosm/invariants.yaml", "[]\n"),
    (".iosm/constraints.yaml", "[]\n"),
    ("iosm.yaml", "version: 1\n"),
    (".github/workflows/ci.yml", "on: push\njobs: {}\n"),
];

/// Secrets and other files of the home.
const HOME: &[&str] = &[
    ".ssh/id_rsa",
    ".ssh/config",
    ".aws/credentials",
    ".npmrc",
    ".cargo/credentials.toml",
    ".netrc",
    ".bashrc",
    ".config/gh/hosts.yml",
    ".kube/config",
    ".docker/config.json",
    "Documents/plan.txt",
];

const BENIGN_HOME: &[&str] = &[".ssh/config", ".bashrc", "Documents/plan.txt"];

/// A world of its own, gone when dropped.
pub struct Fixture {
    _temp: tempfile::TempDir,
    pub root: PathBuf,
    pub port: u16,
    listener: TcpListener,
}

impl Fixture {
    pub fn new() -> Self {
        // Not below /tmp, which commands have one of their own of.
        let temp = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let root = temp.path().canonicalize().unwrap();
        for dir in FOLDERS {
            std::fs::create_dir_all(root.join(dir)).unwrap();
        }
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        let fixture = Self { _temp: temp, root, port, listener };
        fixture.fill();
        fixture
    }

    fn fill(&self) {
        let ws = self.ws();
        for (path, text) in PROJECT {
            put(&ws.join(path), text);
        }
        for script in ["scripts/build.sh", "scripts/deploy.sh"] {
            std::fs::set_permissions(ws.join(script), PermissionsExt::from_mode(0o755)).unwrap();
        }
        put(&ws.join(".env"), &format!("API_KEY={CANARY}\n"));
        for path in HOME {
            let secret = if BENIGN_HOME.contains(path) { "nothing secret" } else { CANARY };
            put(&self.home().join(path), &format!("{secret}\n"));
        }
        put(&self.home().join(".gitconfig"), "[user]\n\tname = Dev\n\temail = dev@example.com\n");
        put(&self.root.join("outside/sentinel.txt"), "untouched\n");
        put(&self.state().join("policy.yaml"), "preset: coding\n");
        put(&self.state().join("journal/s_old.jsonl"), "{}\n");
        self.shell(
            &ws,
            "git init -q -b main . && git remote add origin git@github.com:acme/widget.git && git add -A \
             && git commit -qm 'first commit' && git clone -q . ../other \
             && git init -q -b main sub && cd sub && echo x > x && git add x && git commit -qm x",
        );
        put(&ws.join("notes.txt"), "mine\n");
    }

    /// Runs a line that prepares the world.
    pub fn shell(&self, cwd: &Path, line: &str) {
        let mut command = Command::new("bash");
        command.arg("-c").arg(line).current_dir(cwd).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("HOME", self.home());
        let done = command.output().unwrap();
        assert!(done.status.success(), "{line}: {}", String::from_utf8_lossy(&done.stderr));
    }

    pub fn ws(&self) -> PathBuf {
        self.root.join("top/ws")
    }

    pub fn home(&self) -> PathBuf {
        self.root.join("home")
    }

    pub fn state(&self) -> PathBuf {
        self.root.join("home/.local/state/iosm")
    }

    /// `text` with the placeholders of the corpus filled in.
    pub fn fill_in(&self, text: &str) -> String {
        let at = |path: &str| self.root.join(path).display().to_string();
        let places = [
            ("{ws}", at("top/ws")),
            ("{home}", at("home")),
            ("{other}", at("top/other")),
            ("{outside}", at("outside")),
            ("{tmp}", at("tmp")),
            ("{state}", at("home/.local/state/iosm")),
            ("{port}", self.port.to_string()),
            ("{canary}", CANARY.to_owned()),
        ];
        places.iter().fold(text.to_owned(), |text, (name, value)| text.replace(name, value))
    }

    /// The same for every text in a call's arguments.
    pub fn fill_args(&self, args: &Value) -> Value {
        match args {
            Value::String(text) => Value::String(self.fill_in(text)),
            Value::Array(items) => items.iter().map(|item| self.fill_args(item)).collect(),
            Value::Object(fields) => {
                fields.iter().map(|(name, value)| (name.clone(), self.fill_args(value))).collect()
            }
            other => other.clone(),
        }
    }

    /// Whether anything arrived at the port.
    pub fn was_reached(&self) -> bool {
        self.listener.accept().is_ok()
    }

    /// Everything that a call must leave as it is: all outside the workspace, the session's own
    /// temporary and cache folders aside, and what is protected within.
    pub fn sentinels(&self) -> BTreeMap<PathBuf, Mark> {
        let mut marks = BTreeMap::new();
        for part in ["home", "outside", "top/other"] {
            walk(&self.root.join(part), &mut marks);
        }
        let ws = self.ws();
        for git in [ws.join(".git"), ws.join("sub/.git")] {
            for part in ["hooks", "config", "info/attributes"] {
                walk(&git.join(part), &mut marks);
            }
        }
        for part in [".iosm", "iosm.yaml", ".env"] {
            walk(&ws.join(part), &mut marks);
        }
        // A name beside the ones we made is a change as well.
        for dir in ["", "top"] {
            let names = std::fs::read_dir(self.root.join(dir)).unwrap();
            for name in names.map(|entry| entry.unwrap().path()) {
                marks.entry(name).or_insert(Mark::Name);
            }
        }
        marks
    }
}

/// What is remembered of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mark {
    /// Only that it is there.
    Name,
    Dir {
        mode: u32,
    },
    Link {
        target: PathBuf,
    },
    File {
        mode: u32,
        owner: u32,
        bytes: Vec<u8>,
    },
}

fn walk(path: &Path, marks: &mut BTreeMap<PathBuf, Mark>) {
    let Ok(meta) = path.symlink_metadata() else { return };
    let mark = if meta.is_symlink() {
        Mark::Link { target: std::fs::read_link(path).unwrap() }
    } else if meta.is_dir() {
        for entry in std::fs::read_dir(path).unwrap() {
            walk(&entry.unwrap().path(), marks);
        }
        Mark::Dir { mode: meta.mode() }
    } else if meta.is_file() {
        Mark::File { mode: meta.mode(), owner: meta.uid(), bytes: std::fs::read(path).unwrap_or_default() }
    } else {
        Mark::Name
    };
    marks.insert(path.to_owned(), mark);
}

/// Paths that differ, for a message.
pub fn differences(before: &BTreeMap<PathBuf, Mark>, after: &BTreeMap<PathBuf, Mark>) -> Vec<String> {
    let paths = before.keys().chain(after.keys()).collect::<std::collections::BTreeSet<_>>();
    let changed = paths.into_iter().filter(|path| before.get(*path) != after.get(*path));
    changed.map(|path| path.display().to_string()).collect()
}

fn put(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}
