//! The launcher, really launching: every test here starts processes under the real layers.
//!
//! The helper has to be forked before any thread, and the test harness runs tests in threads. So it
//! is forked by a constructor of this binary, which the system runs before `main`: the same
//! `Helper::start` that `iosm` calls, at the same moment of a process's life.
#![cfg(target_os = "linux")]
#![allow(unsafe_code, reason = "a constructor is placed by naming its section")]

mod alone;
mod build;
mod files;
mod full;
mod isolation;
mod life;
mod limits;
mod network;
mod probe;
mod protect;
mod start;
mod walls;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use iosm::host::sandbox::{Exit, Helper, Launch, Launcher, Layers, SandboxError};

static LAUNCHER: OnceLock<Result<Launcher, SandboxError>> = OnceLock::new();

extern "C" fn start_helper() {
    probe::act_if_asked();
    let _ = LAUNCHER.set(Helper::start().map(Launcher::new));
}

// SAFETY: the section holds pointers to functions of this type, called once each before `main`.
#[used]
#[unsafe(link_section = ".init_array")]
static START: extern "C" fn() = start_helper;

pub fn launcher() -> Launcher {
    LAUNCHER.get().unwrap().as_ref().unwrap().clone()
}

/// Every layer this machine has.
pub fn best() -> Layers {
    static FOUND: OnceLock<Layers> = OnceLock::new();
    *FOUND.get_or_init(|| block_on(launcher().strength()).unwrap().layers())
}

/// Whether commands can have namespaces here. Tests of the full mode do nothing where they cannot, and
/// say so; `the_probe_sees_what_this_machine_can_do` fails where they should.
pub fn full() -> bool {
    let full = best() == Layers::ALL;
    if !full {
        eprintln!("no namespaces here: not tested");
    }
    full
}

/// A workspace to write in, a folder outside it, and a temporary folder.
pub struct World {
    _temp: tempfile::TempDir,
    pub root: PathBuf,
    pub outside: PathBuf,
    pub tmp: PathBuf,
}

impl World {
    pub fn new() -> Self {
        let temp = tempfile::tempdir().unwrap();
        let base = temp.path().canonicalize().unwrap();
        let [root, outside, tmp] = ["root", "outside", "tmp"].map(|name| {
            std::fs::create_dir(base.join(name)).unwrap();
            base.join(name)
        });
        std::fs::write(outside.join("secret"), "sesame").unwrap();
        Self { _temp: temp, root, outside, tmp }
    }

    fn dress(&self, mut launch: Launch) -> Launch {
        launch.write = vec![self.root.clone(), self.tmp.clone()];
        launch.layers = best();
        launch.env = vec![
            ("PATH".into(), std::env::var("PATH").unwrap()),
            ("TMPDIR".into(), self.tmp.to_str().unwrap().into()),
            ("OUT".into(), self.outside.to_str().unwrap().into()),
        ];
        launch
    }

    pub fn shell(&self, line: &str) -> Launch {
        self.dress(Launch::shell(line, &self.root))
    }

    pub fn argv(&self, argv: &[&str]) -> Launch {
        self.dress(Launch::argv(argv.iter().copied(), &self.root))
    }

    /// Runs a shell line to its end.
    pub fn run(&self, line: &str) -> (String, Exit) {
        finish(self.shell(line))
    }
}

pub fn finish(launch: Launch) -> (String, Exit) {
    try_finish(launch).unwrap_or_else(|error| panic!("{error}"))
}

pub fn try_finish(launch: Launch) -> Result<(String, Exit), SandboxError> {
    block_on(async {
        let running = launcher().spawn(launch).await?;
        let (bytes, exit) = running.finish(64 << 20).await?;
        Ok((String::from_utf8_lossy(&bytes).into_owned(), exit))
    })
}

/// Runs on a fresh current-thread runtime; a minute is more than any test here may take.
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let minute = std::time::Duration::from_secs(60);
    runtime.block_on(async { tokio::time::timeout(minute, future).await.expect("hangs") })
}

/// Whether a process lives (a zombie does not).
pub fn lives(pid: i32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat"))
        .is_ok_and(|stat| !stat.rsplit_once(')').unwrap().1.trim_start().starts_with('Z'))
}

pub fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..500 {
        if holds() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    panic!("never: {what}");
}

/// Processes whose arguments hold `mark`.
pub fn with_mark(mark: &str) -> Vec<i32> {
    let pids = std::fs::read_dir("/proc").unwrap().flatten();
    let pids = pids.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|pid: &i32| {
        let line = std::fs::read(Path::new("/proc").join(pid.to_string()).join("cmdline"));
        lives(*pid) && line.is_ok_and(|line| String::from_utf8_lossy(&line).contains(mark))
    })
    .collect()
}
