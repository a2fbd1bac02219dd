//! `iosm` in a real terminal: a server of tmux of its own for every test.

use std::path::PathBuf;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use crate::world::World;

/// Longer than anything here may take, on a slow and busy machine.
const PATIENCE: Duration = Duration::from_secs(30);
const A_MOMENT: Duration = Duration::from_millis(20);

/// A terminal with one shell in it, or with `iosm`.
pub struct Terminal {
    socket: PathBuf,
    _folder: tempfile::TempDir,
}

impl Terminal {
    /// Starts `iosm` with these arguments in the world's repository.
    pub fn start(world: &World, cols: u16, rows: u16, args: &[&str]) -> Self {
        Self::start_with(world, cols, rows, args, &[])
    }

    /// The same with more variables. After `iosm` has ended its exit code is printed, and the terminal stays.
    pub fn start_with(
        world: &World,
        cols: u16,
        rows: u16,
        args: &[&str],
        variables: &[(&str, &str)],
    ) -> Self {
        let quoted: Vec<String> = args.iter().map(|arg| format!("'{}'", arg.replace('\'', r"'\''"))).collect();
        let line = format!("{} {}; echo ended-with-$?", env!("CARGO_BIN_EXE_iosm"), quoted.join(" "));
        Self::shell(world, cols, rows, &line, variables)
    }

    /// Starts a shell that runs `line` and then waits.
    pub fn shell(world: &World, cols: u16, rows: u16, line: &str, variables: &[(&str, &str)]) -> Self {
        // A path of a socket may not be long.
        let folder = tempfile::Builder::new().prefix("tm").tempdir_in("/tmp").unwrap();
        let terminal = Self { socket: folder.path().join("s"), _folder: folder };
        let size = (cols.to_string(), rows.to_string());
        let script = format!("stty -echo; {line}; exec cat");
        let mut command = terminal.tmux();
        command.env_clear().current_dir(world.repo());
        for (name, value) in [
            ("PATH", std::env::var("PATH").unwrap_or_default()),
            ("HOME", world.base().join("home").display().to_string()),
            ("IOSM_HOME", world.state().display().to_string()),
            ("LANG", "C.UTF-8".to_owned()),
            ("TERM", "xterm-256color".to_owned()),
        ] {
            command.env(name, value);
        }
        command.envs(variables.iter().copied());
        command.args(["-f", "/dev/null", "new-session", "-d", "-x", &size.0, "-y", &size.1, "sh", "-c", &script]);
        command.args([";", "set-option", "-g", "history-limit", "20000", ";", "set-option", "-g", "status", "off"]);
        command.args([";", "set-option", "-g", "escape-time", "20", ";", "set-option", "-g", "focus-events", "on"]);
        told(command.output().expect("tmux is installed (.ci/run installs it)"));
        // The status line had one row.
        terminal.resize(cols, rows);
        terminal
    }

    fn tmux(&self) -> Command {
        let mut command = Command::new("tmux");
        command.arg("-S").arg(&self.socket);
        command
    }

    fn do_it(&self, args: &[&str]) -> String {
        told(self.tmux().args(args).output().unwrap())
    }

    /// Keys by tmux's names: `Enter`, `C-c`, `M-Enter`, `Escape`.
    pub fn keys(&self, keys: &[&str]) {
        self.do_it(&[&["send-keys"], keys].concat());
    }

    /// Types text as it is.
    pub fn types(&self, text: &str) {
        self.do_it(&["send-keys", "-l", text]);
    }

    /// Pastes as a terminal does, bracketed where that was asked for.
    pub fn paste(&self, text: &str) {
        let file = self.socket.with_extension("paste");
        std::fs::write(&file, text).unwrap();
        self.do_it(&["load-buffer", file.to_str().unwrap(), ";", "paste-buffer", "-p", "-r"]);
    }

    pub fn resize(&self, cols: u16, rows: u16) {
        self.do_it(&["resize-window", "-x", &cols.to_string(), "-y", &rows.to_string()]);
    }

    /// The rows on the screen.
    pub fn screen(&self) -> String {
        self.do_it(&["capture-pane", "-p"])
    }

    /// The same with its colours.
    pub fn coloured(&self) -> String {
        self.do_it(&["capture-pane", "-p", "-e"])
    }

    /// Scrollback and screen, rows that the terminal wrapped joined again.
    pub fn history(&self) -> String {
        self.do_it(&["capture-pane", "-p", "-J", "-S", "-"])
    }

    /// Waits until the screen has these words.
    pub fn shows(&self, words: &str) -> String {
        self.waits(words, |screen| screen.contains(words))
    }

    /// Waits until the screen has them no longer.
    pub fn loses(&self, words: &str) -> String {
        self.waits(words, |screen| !screen.contains(words))
    }

    /// Waits until the scrollback or the screen has these words.
    pub fn told(&self, words: &str) -> String {
        let since = Instant::now();
        loop {
            let history = self.history();
            if history.contains(words) {
                return history;
            }
            assert!(since.elapsed() < PATIENCE, "never told: {words}\n{history}");
            std::thread::sleep(A_MOMENT);
        }
    }

    fn waits(&self, what: &str, fits: impl Fn(&str) -> bool) -> String {
        let since = Instant::now();
        loop {
            let screen = self.screen();
            if fits(&screen) {
                return screen;
            }
            assert!(since.elapsed() < PATIENCE, "waited for: {what}\n{screen}");
            std::thread::sleep(A_MOMENT);
        }
    }

    /// Waits for the end of `iosm`; its exit code.
    pub fn ends(&self) -> i32 {
        let screen = self.shows("ended-with-");
        let code = screen.rsplit("ended-with-").next().unwrap_or_default();
        code.split_whitespace().next().unwrap_or_default().parse().unwrap()
    }

    /// The process ids of everything that runs in the terminal.
    pub fn pid(&self) -> u32 {
        self.do_it(&["display-message", "-p", "#{pane_pid}"]).trim().parse().unwrap()
    }

    /// Whether the terminal is as a shell wants it: echo of lines, no reports of any kind, cursor shown.
    pub fn flags(&self) -> String {
        let wanted = "#{cursor_flag} #{alternate_on} #{mouse_any_flag} #{bracket_paste_flag}";
        self.do_it(&["display-message", "-p", wanted]).trim().to_owned()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.tmux().arg("kill-server").output();
    }
}

fn told(output: Output) -> String {
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "tmux: {error}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}
