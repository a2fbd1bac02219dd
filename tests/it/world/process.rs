//! One run of `iosm`, watched.

use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use super::World;

/// Longer than any run here may take, on a slow and busy machine.
const PATIENCE: Duration = Duration::from_secs(45);

/// What a process leaves behind may keep its pipes open this long and no longer.
const AFTER_THE_END: Duration = Duration::from_secs(10);

/// A run that has not begun.
pub struct Iosm {
    args: Vec<String>,
    folder: PathBuf,
    variables: Vec<(String, String)>,
    input: Input,
    before: Option<String>,
    instead: Option<String>,
    patience: Duration,
}

enum Input {
    Null,
    Bytes(Vec<u8>),
    /// A pipe that stays open and says nothing.
    Silent,
}

impl Iosm {
    pub(super) fn new(world: &World, args: &[&str]) -> Self {
        let home = world.base().join("home").display().to_string();
        let variables = [
            ("PATH", std::env::var("PATH").unwrap_or_default()),
            ("HOME", home),
            ("IOSM_HOME", world.base().join("iosm").display().to_string()),
            ("LANG", "C.UTF-8".to_owned()),
        ];
        Self {
            args: args.iter().map(|arg| (*arg).to_owned()).collect(),
            folder: world.repo(),
            variables: variables.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
            input: Input::Null,
            before: None,
            instead: None,
            patience: PATIENCE,
        }
    }

    pub fn var(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// For work that takes its time on a busy machine.
    pub fn patient(mut self, seconds: u64) -> Self {
        self.patience = Duration::from_secs(seconds);
        self
    }

    pub fn within(mut self, folder: &Path) -> Self {
        self.folder = folder.to_owned();
        self
    }

    /// What is piped in.
    pub fn input(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.input = Input::Bytes(bytes.into());
        self
    }

    /// A pipe whose writer never writes.
    pub fn silent_input(mut self) -> Self {
        self.input = Input::Silent;
        self
    }

    /// A line of shell that runs first, in the same process (`ulimit …`, `exec <&-`).
    pub fn after(mut self, line: &str) -> Self {
        self.before = Some(line.to_owned());
        self
    }

    /// A line of shell that runs in its place, with the binary as `$IOSM`.
    pub(super) fn instead(mut self, line: &str) -> Self {
        self.instead = Some(line.to_owned());
        self
    }

    pub fn run(self) -> Ended {
        self.start().wait()
    }

    pub fn start(self) -> Running {
        let line = self.before.as_ref().map(|line| format!("{line}; exec \"$IOSM\" \"$@\""));
        let mut command = match self.instead.clone().or(line) {
            None => Command::new(env!("CARGO_BIN_EXE_iosm")),
            Some(line) => {
                let mut shell = Command::new("/bin/sh");
                shell.args(["-c", &line, "sh"]);
                shell
            }
        };
        command.args(&self.args).current_dir(&self.folder).env_clear().envs(self.variables);
        if self.before.is_some() || self.instead.is_some() {
            command.env("IOSM", env!("CARGO_BIN_EXE_iosm"));
        }
        command.stdin(if matches!(self.input, Input::Null) { Stdio::null() } else { Stdio::piped() });
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let pipe = child.stdin.take();
        let mut held = None;
        match (self.input, pipe) {
            // On a thread: a child that does not read must not stop the test.
            (Input::Bytes(bytes), Some(mut pipe)) => {
                std::thread::spawn(move || drop(pipe.write_all(&bytes)));
            }
            (_, pipe) => held = pipe,
        }
        let out = gather(child.stdout.take().unwrap());
        let err = gather(child.stderr.take().unwrap());
        let shown = self.args.join(" ");
        Running { child, out, err, _held: held, patience: self.patience, begun: Instant::now(), shown }
    }
}

fn gather(mut pipe: impl Read + Send + 'static) -> Receiver<Vec<u8>> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = pipe.read_to_end(&mut bytes);
        let _ = sender.send(bytes);
    });
    receiver
}

/// A run that goes on.
pub struct Running {
    child: Child,
    out: Receiver<Vec<u8>>,
    err: Receiver<Vec<u8>>,
    _held: Option<std::process::ChildStdin>,
    patience: Duration,
    begun: Instant,
    shown: String,
}

impl Running {
    pub fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id() as i32), signal).unwrap();
    }

    /// Waits until it ends by itself; fails the test when it does not.
    pub fn wait(mut self) -> Ended {
        let status = loop {
            match self.child.try_wait().unwrap() {
                Some(status) => break status,
                None if self.begun.elapsed() > self.patience => {
                    let _ = self.child.kill();
                    let _ = self.child.wait();
                    let said = self.err.recv_timeout(AFTER_THE_END).unwrap_or_default();
                    let said = String::from_utf8_lossy(&said).into_owned();
                    panic!(
                        "`iosm {}` did not end within {:?}; it had said: {said}",
                        self.shown, self.patience
                    );
                }
                None => std::thread::sleep(Duration::from_millis(2)),
            }
        };
        let took = self.begun.elapsed();
        let text = |bytes| String::from_utf8(bytes).expect("output is UTF-8");
        let out = self.out.recv_timeout(AFTER_THE_END).expect("standard output was left open");
        let err = self.err.recv_timeout(AFTER_THE_END).expect("standard error was left open");
        Ended { status, out: text(out), err: text(err), took }
    }
}

/// A run that has ended.
#[derive(Debug)]
pub struct Ended {
    pub status: ExitStatus,
    pub out: String,
    pub err: String,
    pub took: Duration,
}

impl Ended {
    /// The exit code; a signal that nobody caught fails the test.
    pub fn code(&self) -> i32 {
        self.status.code().unwrap_or_else(|| panic!("killed by {:?}: {self:?}", self.status.signal()))
    }

    /// Fails unless it ended with this code.
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code(), code, "\nstdout: {}\nstderr: {}", self.out, self.err);
        self
    }

    /// Fails unless standard error holds these words.
    pub fn says(self, words: &str) -> Self {
        assert!(self.err.contains(words), "{words:?} is not in standard error:\n{}", self.err);
        self
    }

    /// Fails unless standard output holds these words.
    pub fn prints(self, words: &str) -> Self {
        assert!(self.out.contains(words), "{words:?} is not in standard output:\n{}", self.out);
        self
    }

    /// The one object of json mode, checked against the exit code.
    pub fn result(&self) -> Value {
        let lines: Vec<&str> = self.out.lines().collect();
        assert_eq!(lines.len(), 1, "one object on one line: {}\n{}", self.out, self.err);
        self.checked(lines[0])
    }

    /// The lines of stream-json; the last one is the result.
    pub fn events(&self) -> Vec<Value> {
        let lines: Vec<Value> = self
            .out
            .lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
            .collect();
        let seqs: Vec<u64> = lines.iter().map(|line| line["seq"].as_u64().unwrap()).collect();
        assert_eq!(seqs, (1..=lines.len() as u64).collect::<Vec<_>>(), "seq counts the lines");
        let results = lines.iter().filter(|line| line["type"] == "result").count();
        assert_eq!((results, &lines.last().unwrap()["type"]), (1, &Value::from("result")), "{}", self.out);
        self.checked(self.out.lines().last().unwrap());
        lines
    }

    fn checked(&self, line: &str) -> Value {
        let value: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        let object = value.as_object().unwrap();
        for key in ["status", "result", "session_id", "model", "turns", "tool_calls", "usage", "cost"] {
            assert!(object.contains_key(key), "{key} is missing in {line}");
        }
        assert_eq!(value["type"], "result");
        assert!(value["findings"].is_array() && value["errors"].is_array());
        assert_eq!(value["exit_code"], self.code(), "the result names the exit code: {line}");
        value
    }
}

/// Waits until it holds; fails the test when it does not within ten seconds.
pub fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(10), "never: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Live processes whose arguments hold `mark`.
pub fn with_mark(mark: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let stat = std::fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        let dead = stat.rsplit_once(')').is_none_or(|(_, rest)| rest.trim_start().starts_with('Z'));
        let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        if !dead && line.contains(mark) {
            found.push(format!("{} {line}", entry.file_name().display()));
        }
    }
    found
}
