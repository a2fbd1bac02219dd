//! `iosm` in a real terminal: a server of tmux of its own for every test.

use std::path::PathBuf;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use crate::world::World;

/// Longer than anything here may take, on a slow and busy machine.
const PATIENCE: Duration = Duration::from_secs(20);
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
        let quoted: Vec<String> =
            args.iter().map(|arg| format!("'{}'", arg.replace('\'', r"'\''"))).collect();
        let line = format!("{} {}; echo ended-with-$?", env!("CARGO_BIN_EXE_iosm"), quoted.join(" "));
        Self::shell(world, cols, rows, &line, variables)
    }

    /// Starts a shell that runs `line` and then waits.
    pub fn shell(world: &World, cols: u16, rows: u16, line: &str, variables: &[(&str, &str)]) -> Self {
        // A path of a socket may not be long.
        let folder = tempfile::Builder::new().prefix("tm").tempdir_in("/tmp").unwrap();
        let terminal = Self { socket: folder.path().join("s"), _folder: folder };
        let size = (cols.to_string(), rows.to_string());
        // The terminal's own name would be that of tmux.
        let given = variables.iter().find(|(name, _)| *name == "TERM");
        let term = given.map_or("xterm-256color", |(_, term)| *term);
        let script = format!("export TERM={term}; stty -echo; {line}; exec cat -v");
        let mut command = terminal.tmux();
        command.env_clear().current_dir(world.repo());
        for (name, value) in [
            ("PATH", std::env::var("PATH").unwrap_or_default()),
            ("HOME", world.base().join("home").display().to_string()),
            ("IOSM_HOME", world.state().display().to_string()),
            ("LANG", "C.UTF-8".to_owned()),
        ] {
            command.env(name, value);
        }
        command.envs(variables.iter().copied());
        command.args([
            "-f",
            "/dev/null",
            "new-session",
            "-d",
            "-x",
            &size.0,
            "-y",
            &size.1,
            "sh",
            "-c",
            &script,
        ]);
        command.args([
            ";",
            "set-option",
            "-g",
            "history-limit",
            "20000",
            ";",
            "set-option",
            "-g",
            "status",
            "off",
        ]);
        command.args([
            ";",
            "set-option",
            "-g",
            "escape-time",
            "20",
            ";",
            "set-option",
            "-g",
            "focus-events",
            "on",
        ]);
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

    /// Waits until scrollback and screen have these words so many times.
    pub fn counts(&self, words: &str, times: usize) -> String {
        let since = Instant::now();
        loop {
            let history = self.history();
            let found = history.matches(words).count();
            if found == times {
                return history;
            }
            assert!(since.elapsed() < PATIENCE, "{words}: {found} times and not {times}\n{history}");
            std::thread::sleep(A_MOMENT);
        }
    }

    /// Writes a line as a person does, who sees it before pressing Enter.
    pub fn say(&self, line: &str) {
        self.types(line);
        self.shows(&format!(" {line}"));
        self.keys(&["Enter"]);
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
        // On what a killed program left there.
        let digits = code.chars().take_while(char::is_ascii_digit);
        digits.collect::<String>().parse().unwrap()
    }

    /// The process id of the `iosm` that the terminal's shell has started.
    pub fn pid(&self) -> i32 {
        let shell = self.do_it(&["display-message", "-p", "#{pane_pid}"]).trim().to_owned();
        let children = std::fs::read_to_string(format!("/proc/{shell}/task/{shell}/children")).unwrap();
        children.split_whitespace().next().expect("the shell runs iosm").parse().unwrap()
    }

    /// Whether the alternate screen is shown.
    pub fn is_alternate(&self) -> bool {
        self.do_it(&["display-message", "-p", "#{alternate_on}"]).trim() == "1"
    }

    /// After the end: the cursor is shown, and the terminal marks and reports nothing any more.
    pub fn is_restored(&self) {
        let wanted = "#{cursor_flag} #{alternate_on} #{mouse_any_flag} #{wrap_flag}";
        assert_eq!(self.do_it(&["display-message", "-p", wanted]).trim(), "1 0 0 1", "{}", self.screen());
        // What runs now shows marks of pastes and of focus, were there any.
        self.paste("probe\n");
        let screen = self.shows("probe");
        assert!(!screen.contains("^["), "{screen}");
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
