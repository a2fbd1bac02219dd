//! A pane of a real tmux, which rewraps its rows when it is resized, fed with bytes through a pipe.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::world::joined;

pub(super) struct Pane {
    folder: TempDir,
    pipe: std::fs::File,
    marks: usize,
}

impl Pane {
    /// `None` where there is no tmux.
    pub(super) fn open(cols: u16, rows: u16) -> Option<Self> {
        Command::new("tmux").arg("-V").output().ok()?;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pipe");
        assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
        let shown = format!("stty raw -echo; exec cat '{}'", path.display());
        tmux(
            folder.path(),
            &[
                "-f",
                "/dev/null",
                "new-session",
                "-d",
                "-s",
                "s",
                "-x",
                &cols.to_string(),
                "-y",
                &rows.to_string(),
                &shown,
            ],
        );
        for option in [["status", "off"], ["window-size", "manual"], ["history-limit", "100000"]] {
            tmux(folder.path(), &["set", "-g", option[0], option[1]]);
        }
        // Waits for the reader.
        let pipe = OpenOptions::new().write(true).open(&path).unwrap();
        let mut pane = Self { folder, pipe, marks: 0 };
        pane.resize(cols, rows);
        Some(pane)
    }

    /// Sends `bytes`, and waits until tmux has worked them off: a title that it then shows stands behind them.
    pub(super) fn send(&mut self, bytes: &[u8]) {
        self.marks += 1;
        let mark = format!("mark-{}", self.marks);
        self.pipe.write_all(bytes).unwrap();
        self.pipe.write_all(format!("\x1b]2;{mark}\x07").as_bytes()).unwrap();
        self.wait("#{pane_title}", &mark);
    }

    pub(super) fn resize(&mut self, cols: u16, rows: u16) {
        tmux(
            self.folder.path(),
            &["resize-window", "-t", "s", "-x", &cols.to_string(), "-y", &rows.to_string()],
        );
        self.wait("#{pane_width}x#{pane_height}", &format!("{cols}x{rows}"));
    }

    fn wait(&self, format: &str, wanted: &str) {
        let until = Instant::now() + Duration::from_secs(10);
        loop {
            let shown = tmux(self.folder.path(), &["display-message", "-p", "-t", "s", format]);
            let shown = String::from_utf8_lossy(&shown.stdout).trim().to_owned();
            if shown == wanted {
                return;
            }
            assert!(Instant::now() < until, "{format} is `{shown}`, not `{wanted}`");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// History and screen as logical lines.
    pub(super) fn lines(&self) -> Vec<String> {
        let shown = tmux(self.folder.path(), &["capture-pane", "-p", "-J", "-t", "s", "-S", "-", "-E", "-"]);
        let text = String::from_utf8(shown.stdout).unwrap();
        joined(text.lines().map(|line| (line.to_owned(), false)).collect())
    }
}

impl Drop for Pane {
    fn drop(&mut self) {
        tmux(self.folder.path(), &["kill-server"]);
    }
}

fn tmux(folder: &Path, arguments: &[&str]) -> Output {
    let output = Command::new("tmux")
        .args(["-L", "iosm-screen"])
        .args(arguments)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("TMUX_TMPDIR", folder)
        .env("LC_ALL", "C.UTF-8")
        .env("TERM", "xterm-256color")
        .env("SHELL", "/bin/sh")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let quiet = arguments == ["kill-server"];
    assert!(quiet || output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}
