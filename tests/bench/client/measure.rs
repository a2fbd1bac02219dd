//! Runs the binary in a world of its own and takes its measure.
//!
//! Processor time and peak come from the kernel's own account of ended children, so each run happens in a
//! fresh process of this bench, the meter, which has no other children: what the binary starts is counted
//! once it has been waited for, orphans included, because the meter adopts them.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use nix::sys::resource::{Usage, UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use nix::sys::wait::wait;

/// Set for a process that is to be the meter of one run.
const METER: &str = "IOSM_BENCH_METER";
const BINARY: &str = env!("CARGO_BIN_EXE_iosm");

/// A repository, a home and a state folder, all temporary.
pub struct World {
    temp: tempfile::TempDir,
}

/// What one run cost.
#[derive(Debug, Clone, Copy)]
pub struct Cost {
    /// User and system time of the process and all it started.
    pub cpu_s: f64,
    /// Largest resident size of any one of the processes.
    pub peak_mb: f64,
    pub started: SystemTime,
}

impl World {
    pub fn new() -> Self {
        let temp = tempfile::tempdir().expect("folder");
        for folder in ["repo/.git/objects", "repo/.git/refs/heads", "home"] {
            std::fs::create_dir_all(temp.path().join(folder)).expect("folder");
        }
        std::fs::write(temp.path().join("repo/.git/HEAD"), "ref: refs/heads/main\n").expect("file");
        std::fs::write(temp.path().join("repo/a.txt"), "one\ntwo\n".repeat(50)).expect("file");
        Self { temp }
    }

    fn command(&self, program: PathBuf) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.temp.path().join("repo")).env_clear();
        command.env("PATH", std::env::var("PATH").unwrap_or_default());
        command.env("HOME", self.temp.path().join("home"));
        command.env("IOSM_HOME", self.temp.path().join("iosm"));
        command.stdin(Stdio::null()).stderr(Stdio::inherit());
        command
    }

    /// Runs the binary to its end under a meter.
    pub fn run(&self, args: &[&str]) -> Cost {
        let mut command = self.command(std::env::current_exe().expect("own path"));
        let output = command.args(args).env(METER, "1").stdout(Stdio::piped()).output().expect("meter");
        assert!(output.status.success(), "iosm {args:?} failed");
        let text = String::from_utf8(output.stdout).expect("numbers");
        let mut numbers = text.split_whitespace().map(|word| word.parse::<u64>().expect("a number"));
        let mut next = || numbers.next().expect("three numbers");
        Cost {
            cpu_s: next() as f64 / 1e6,
            peak_mb: next() as f64 / 1024.0,
            started: UNIX_EPOCH + Duration::from_nanos(next()),
        }
    }
}

pub fn is_meter() -> bool {
    std::env::var_os(METER).is_some()
}

/// Starts the binary with this process's own arguments; prints CPU microseconds, peak kilobytes and when
/// it started.
pub fn meter() {
    nix::sys::prctl::set_child_subreaper(true).expect("adopts orphans");
    let started = SystemTime::now();
    let mut command = Command::new(BINARY);
    command.args(std::env::args_os().skip(1)).env_remove(METER).stdout(Stdio::null());
    let status = command.spawn().and_then(|mut child| child.wait()).expect("runs");
    while wait().is_ok() {}
    let usage: Usage = getrusage(UsageWho::RUSAGE_CHILDREN).expect("account");
    let micros = (usage.user_time() + usage.system_time()).num_microseconds();
    let nanos = started.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
    println!("{micros} {} {nanos}", usage.max_rss());
    std::process::exit(status.code().unwrap_or(1));
}

/// Largest proportional size of the process and its children together, looked at every few
/// milliseconds; megabytes.
pub fn peak_memory(world: &World, args: &[String]) -> f64 {
    let mut child =
        world.command(PathBuf::from(BINARY)).args(args).stdout(Stdio::null()).spawn().expect("runs");
    let mut peak = 0.0_f64;
    while child.try_wait().expect("waits").is_none() {
        peak = peak.max(pss_kb(child.id()) as f64 / 1024.0);
        std::thread::sleep(Duration::from_millis(2));
    }
    peak
}

fn pss_kb(pid: u32) -> u64 {
    let rollup = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
    let own = rollup.lines().find_map(|line| line.strip_prefix("Pss:")).unwrap_or_default();
    let own: u64 = own.trim().trim_end_matches(" kB").parse().unwrap_or(0);
    let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    own + children.split_whitespace().filter_map(|pid| pid.parse().ok()).map(pss_kb).sum::<u64>()
}

pub fn median<T>(values: &[T], of: impl Fn(&T) -> f64) -> f64 {
    let mut numbers: Vec<f64> = values.iter().map(of).collect();
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}
