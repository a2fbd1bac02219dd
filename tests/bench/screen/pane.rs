//! A pseudo-terminal with `iosm` in it, read by a terminal emulator.

use std::io::{Read, Write};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

const BINARY: &str = env!("CARGO_BIN_EXE_iosm");
/// The end of a frame that is shown as a whole (mode 2026).
const FRAME: &[u8] = b"\x1b[?2026l";

/// A repository, a home, a state folder and a script, all temporary.
pub struct World {
    temp: tempfile::TempDir,
}

impl World {
    pub fn new(script: &str) -> Self {
        let temp = tempfile::tempdir().expect("folder");
        for folder in ["repo/.git/objects", "repo/.git/refs/heads", "home"] {
            std::fs::create_dir_all(temp.path().join(folder)).expect("folder");
        }
        std::fs::write(temp.path().join("repo/.git/HEAD"), "ref: refs/heads/main\n").expect("file");
        std::fs::write(temp.path().join("repo/a.txt"), "one\ntwo\n".repeat(50)).expect("file");
        std::fs::write(temp.path().join("script.yaml"), script).expect("file");
        Self { temp }
    }
}

struct Seen {
    terminal: vt100::Parser,
    frames: usize,
    bytes: usize,
    /// The end of what came, in which a frame's end may be cut in two.
    tail: Vec<u8>,
}

pub struct Pane {
    seen: Arc<(Mutex<Seen>, Condvar)>,
    writer: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    _master: Box<dyn MasterPty + Send>,
}

impl Pane {
    pub fn start(world: &World, cols: u16, rows: u16) -> Self {
        Self::start_with(world, cols, rows, &[])
    }

    /// The same with more arguments.
    pub fn start_with(world: &World, cols: u16, rows: u16, more: &[&str]) -> Self {
        let root = world.temp.path();
        let mut command = CommandBuilder::new(BINARY);
        command.env_clear();
        for (name, value) in [
            ("PATH", std::env::var("PATH").unwrap_or_default()),
            ("HOME", root.join("home").display().to_string()),
            ("IOSM_HOME", root.join("iosm").display().to_string()),
            ("TERM", "xterm-256color".to_owned()),
            ("LANG", "C.UTF-8".to_owned()),
        ] {
            command.env(name, value);
        }
        command.cwd(root.join("repo"));
        command.args(["-m", &format!("scripted/{}", root.join("script.yaml").display())]);
        command.args(more);
        Self::run(command, cols, rows)
    }

    /// Runs any command in a terminal of this size.
    pub fn run(command: CommandBuilder, cols: u16, rows: u16) -> Self {
        let size = PtySize { rows, cols, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).expect("a pseudo-terminal");
        let child = pair.slave.spawn_command(command).expect("starts");
        let mut reader = pair.master.try_clone_reader().expect("a reader");
        let terminal = vt100::Parser::new(rows.try_into().unwrap(), cols.try_into().unwrap(), 0);
        let seen = Seen { terminal, frames: 0, bytes: 0, tail: Vec::new() };
        let seen = Arc::new((Mutex::new(seen), Condvar::new()));
        let theirs = seen.clone();
        std::thread::spawn(move || {
            let mut chunk = [0; 65536];
            while let Ok(length @ 1..) = reader.read(&mut chunk) {
                let mut seen = theirs.0.lock().unwrap();
                seen.take(&chunk[..length]);
                theirs.1.notify_all();
            }
        });
        let writer = pair.master.take_writer().expect("a writer");
        Self { seen, writer, child, _master: pair.master }
    }

    pub fn pid(&self) -> u32 {
        self.child.process_id().expect("it runs")
    }

    pub fn write(&mut self, text: &str) {
        self.writer.write_all(text.as_bytes()).and_then(|()| self.writer.flush()).expect("it reads");
    }

    pub fn frames(&self) -> usize {
        self.seen.0.lock().unwrap().frames
    }

    pub fn bytes(&self) -> usize {
        self.seen.0.lock().unwrap().bytes
    }

    /// Looks at the terminal as it is now.
    pub fn look<T>(&self, look: impl FnOnce(&vt100::Screen) -> T) -> T {
        look(self.seen.0.lock().unwrap().terminal.screen())
    }

    pub fn shows(&self, words: &str) -> bool {
        self.look(|screen| screen.contents().contains(words))
    }

    /// Whether the row with the cursor ends in these words.
    pub fn shows_typed(&self, words: &str) -> bool {
        let seen = self.seen.0.lock().unwrap();
        let screen = seen.terminal.screen();
        let (row, column) = screen.cursor_position();
        let line = screen.contents_between(row, 0, row, column);
        line.trim_end().ends_with(words)
    }

    pub fn wait_for(&self, what: &str, fits: impl Fn(&Self) -> bool) {
        self.wait(what, Duration::from_secs(20), fits);
    }

    pub fn wait_long(&self, what: &str, fits: impl Fn(&Self) -> bool) {
        self.wait(what, Duration::from_secs(900), fits);
    }

    fn wait(&self, what: &str, patience: Duration, fits: impl Fn(&Self) -> bool) {
        let since = Instant::now();
        while !fits(self) {
            let seen = self.seen.0.lock().unwrap();
            if since.elapsed() > patience {
                panic!("waited for {what}:\n{}", seen.terminal.screen().contents());
            }
            let _ = self.seen.1.wait_timeout(seen, Duration::from_millis(2)).unwrap();
        }
    }
}

impl Seen {
    fn take(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len();
        self.terminal.process(bytes);
        self.tail.extend_from_slice(bytes);
        self.frames += self.tail.windows(FRAME.len()).filter(|window| *window == FRAME).count();
        let kept = self.tail.len().saturating_sub(FRAME.len() - 1);
        self.tail.drain(..kept);
    }
}

impl Drop for Pane {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Processor time of the process, in hundredths of a second.
pub fn cpu_ticks(pid: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let after = stat.rsplit(')').next().unwrap_or_default();
    let field = |at: usize| after.split_whitespace().nth(at).and_then(|word| word.parse::<u64>().ok());
    field(11).unwrap_or(0) + field(12).unwrap_or(0)
}

pub fn resident_mb(pid: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let kb = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    kb.trim().trim_end_matches(" kB").parse::<f64>().unwrap_or(0.0) / 1024.0
}

/// Proportional size of the process and all below it.
pub fn memory_mb(pid: u32) -> f64 {
    let rollup = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
    let own = rollup.lines().find_map(|line| line.strip_prefix("Pss:")).unwrap_or_default();
    let own = own.trim().trim_end_matches(" kB").parse::<f64>().unwrap_or(0.0) / 1024.0;
    let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    own + children.split_whitespace().filter_map(|pid| pid.parse().ok()).map(memory_mb).sum::<f64>()
}
