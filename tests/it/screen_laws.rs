//! The whole program in a pseudo-terminal: scrollback and screen, unwrapped, are the transcript, every line once
//! and in order; no clear, no scroll region, nothing at all while nothing happens.

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

use crate::tui_term::joined;
use crate::world::World;

/// Longer than anything here may take, on a slow and busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
const BEGIN: &str = "\x1b[?2026h";
const END: &str = "\x1b[?2026l";

struct Seen {
    terminal: vt100::Parser,
    bytes: Vec<u8>,
    ended: bool,
}

/// `iosm` in a terminal that keeps everything.
struct Pane {
    seen: Arc<(Mutex<Seen>, Condvar)>,
    writer: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
}

fn count(value: u16) -> NonZeroU16 {
    NonZeroU16::new(value).unwrap()
}

fn size(cols: u16, rows: u16) -> PtySize {
    PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }
}

impl Pane {
    fn start(world: &World, cols: u16, rows: u16, script: &str) -> Self {
        let pair = native_pty_system().openpty(size(cols, rows)).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_iosm"));
        command.env_clear();
        for (name, value) in [
            ("PATH", std::env::var("PATH").unwrap_or_default()),
            ("HOME", world.base().join("home").display().to_string()),
            ("IOSM_HOME", world.state().display().to_string()),
            ("TERM", "xterm-256color".to_owned()),
            ("LANG", "C.UTF-8".to_owned()),
        ] {
            command.env(name, value);
        }
        command.cwd(world.repo());
        command.args(["-m", &world.script(script)]);
        let child = pair.slave.spawn_command(command).unwrap();
        let mut reader = pair.master.try_clone_reader().unwrap();
        let terminal = vt100::Parser::new(count(rows), count(cols), 100_000);
        let seen = Arc::new((Mutex::new(Seen { terminal, bytes: Vec::new(), ended: false }), Condvar::new()));
        let theirs = seen.clone();
        std::thread::spawn(move || {
            let mut chunk = [0; 65536];
            loop {
                let read = reader.read(&mut chunk);
                let mut seen = theirs.0.lock().unwrap();
                let Ok(length @ 1..) = read else {
                    seen.ended = true;
                    return theirs.1.notify_all();
                };
                seen.bytes.extend_from_slice(&chunk[..length]);
                seen.terminal.process(&chunk[..length]);
                theirs.1.notify_all();
            }
        });
        let writer = pair.master.take_writer().unwrap();
        Self { seen, writer, child, master: pair.master }
    }

    fn write(&mut self, text: &str) {
        self.writer.write_all(text.as_bytes()).and_then(|()| self.writer.flush()).unwrap();
    }

    /// Types a message and sends it. In one piece with its text, Enter would be part of a paste.
    fn types(&mut self, text: &str) {
        self.write(text);
        self.shows(text);
        std::thread::sleep(Duration::from_millis(100));
        self.write("\r");
    }

    /// As a terminal does it: its own screen first, then the program is told.
    fn resize(&self, cols: u16, rows: u16) {
        self.seen.0.lock().unwrap().terminal.set_size(count(rows), count(cols));
        self.master.resize(size(cols, rows)).unwrap();
    }

    fn bytes(&self) -> usize {
        self.seen.0.lock().unwrap().bytes.len()
    }

    fn shows(&self, words: &str) {
        self.waits(words, |seen| seen.terminal.screen().contents().contains(words));
    }

    /// Waits until these words have come, however soon they have left the screen.
    fn sent(&self, words: &str) {
        let has = |seen: &Seen| seen.bytes.windows(words.len()).any(|part| part == words.as_bytes());
        self.waits(words, has);
    }

    fn waits(&self, what: &str, fits: impl Fn(&Seen) -> bool) {
        let since = Instant::now();
        let mut seen = self.seen.0.lock().unwrap();
        while !fits(&seen) {
            assert!(since.elapsed() < PATIENCE, "never: {what}\n{}", seen.terminal.screen().contents());
            seen = self.seen.1.wait_timeout(seen, Duration::from_millis(20)).unwrap().0;
        }
    }

    /// Scrollback and screen as logical lines, blanks at the ends left out.
    fn lines(&self) -> Vec<String> {
        let mut seen = self.seen.0.lock().unwrap();
        let screen = seen.terminal.screen_mut();
        let mut rows = Vec::new();
        for back in (1..=screen.scrollback_len()).rev() {
            screen.set_scrollback(back);
            rows.push(row(screen, 0));
        }
        screen.set_scrollback(0);
        rows.extend((0..screen.size().0.get()).map(|at| row(screen, at)));
        joined(rows)
    }

    /// Leaves as one does; everything it ever wrote.
    fn leave(mut self) -> (Vec<String>, String) {
        self.write("\x04");
        self.waits("the end", |seen| seen.ended);
        assert!(self.child.wait().unwrap().success());
        let lines = self.lines();
        let bytes = String::from_utf8(self.seen.0.lock().unwrap().bytes.clone()).unwrap();
        (lines, bytes)
    }
}

impl Drop for Pane {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The text of a row, and whether it goes on in the next.
fn row(screen: &vt100::Screen, at: u16) -> (String, bool) {
    let mut text = String::new();
    for column in 0..screen.size().1.get() {
        match screen.cell(at, column) {
            Some(cell) if cell.is_wide_continuation() => {}
            Some(cell) if cell.has_contents() => text.push_str(cell.contents()),
            _ => text.push(' '),
        }
    }
    let wrapped = screen.row_wrapped(at);
    if !wrapped {
        text.truncate(text.trim_end().len());
    }
    (text, wrapped)
}

/// An answer of many blocks, and the logical lines it must become.
fn answer(name: &str, parts: usize) -> (String, Vec<String>) {
    let (mut text, mut lines) = (String::new(), Vec::new());
    for n in 0..parts {
        let sentence =
            format!("{name}{n} a paragraph that is longer than the screen is wide. ").repeat(1 + n % 4);
        let sentence = sentence.trim_end();
        let wide = "漢字".repeat(30);
        let (source, shown): (String, Vec<String>) = match n % 6 {
            0 => (format!("{sentence}\n"), vec![sentence.to_owned()]),
            1 => (
                format!("- {name}{n} one\n- two\n  1. inner\n- {sentence}\n"),
                vec![
                    format!("• {name}{n} one"),
                    "• two".into(),
                    "  1. inner".into(),
                    format!("• {sentence}"),
                ],
            ),
            2 => (
                format!("```rust\nfn {name}{n}() {{\n    let wide = \"{wide}\";\n\n}}\n```\n"),
                vec![
                    "```rust".into(),
                    format!("fn {name}{n}() {{"),
                    format!("    let wide = \"{wide}\";"),
                    String::new(),
                    "}".into(),
                    "```".into(),
                ],
            ),
            3 => (
                format!("| {name}{n} | what |\n|---|---|\n| ab | 日本語 |\n"),
                vec![
                    format!("{name}{n} │ what"),
                    format!("{}─┼─{}", "─".repeat(name.len() + n.to_string().len()), "─".repeat(6)),
                    format!("ab{} │ 日本語", " ".repeat(name.len() + n.to_string().len() - 2)),
                ],
            ),
            4 => (format!("{wide}{name}{n}\n"), vec![format!("{wide}{name}{n}")]),
            _ => (
                format!("> {name}{n} quoted 👩‍💻 é\n\n## {name}{n} 題名\n"),
                vec![format!("│ {name}{n} quoted 👩‍💻 é"), String::new(), format!("## {name}{n} 題名")],
            ),
        };
        if n > 0 {
            text.push('\n');
            lines.push(String::new());
        }
        text.push_str(&source);
        lines.extend(shown);
    }
    (text, lines)
}

/// The screen's rows that are no part of the transcript: where one writes, and the footer.
const TAIL: usize = 3;

#[test]
fn scrollback_and_screen_are_the_transcript_each_line_once() {
    let world = World::new();
    let (first, first_lines) = answer("Alpha", 60);
    let (second, second_lines) = answer("Beta", 24);
    let json = |text: &str| serde_json::to_string(text).unwrap();
    let script = format!(
        "rules:\n  - when: {{turn: 1}}\n    reply:\n      - {{text: {}, chunk: 61, every_ms: 2}}\n      - tool_call: {{tool: read, args: {{path: a.txt}}}}\n      - tool_call: {{tool: read, args: {{path: nowhere.txt}}}}\n  - reply:\n      - {{text: {}, chunk: 13, every_ms: 1}}\n",
        json(&first),
        json(&second),
    );
    let mut pane = Pane::start(&world, 100, 30, &script);
    pane.shows("iosm scripted/");
    pane.types("Tell me everything");
    pane.sent("Alpha12");
    pane.resize(100, 18);
    pane.sent("Alpha30");
    pane.resize(100, 44);
    // A key now and then: what is typed stands in the tail alone.
    for letter in "never sent".chars() {
        pane.write(&letter.to_string());
        std::thread::sleep(Duration::from_millis(20));
    }
    pane.shows("done · ");
    pane.write("\x15");
    pane.waits("an empty line", |seen| !seen.terminal.screen().contents().contains("never sent"));

    let mut wanted: Vec<String> =
        ["iosm scripted/…", "/…", "sandbox …", "", "❯ Tell me everything", ""].map(str::to_owned).to_vec();
    wanted.extend(first_lines);
    wanted.extend(["", "✓ read a.txt…", "✗ read nowhere.txt…", ""].map(str::to_owned));
    wanted.extend(second_lines);
    wanted.extend([String::new(), "done · …".into()]);
    let lines = pane.lines();
    assert!(lines.len() <= wanted.len() + TAIL + 1, "{:#?}", &lines[wanted.len()..]);
    let (lines, bytes) = pane.leave();
    same(&lines, &wanted);
    nothing_violent(&bytes);
}

/// A line that ends in `…` stands for those that begin so.
fn same(lines: &[String], wanted: &[String]) {
    for (at, wanted) in wanted.iter().enumerate() {
        let line = lines.get(at).map(String::as_str).unwrap_or("(nothing)");
        let fits = wanted.strip_suffix('…').map_or(line == wanted, |begins| line.starts_with(begins));
        let before = &lines[at.saturating_sub(3)..at.min(lines.len())];
        assert!(fits, "line {at}: {line:?}, not {wanted:?}, after {before:#?}");
    }
    assert_eq!(&lines[wanted.len()..], &[] as &[String], "nothing is left of the tail");
}

/// Control sequences as their parameters and last byte.
fn sequences(bytes: &str) -> Vec<(&str, char)> {
    let rest = bytes.split("\x1b[").skip(1);
    rest.filter_map(|rest| {
        let end = rest.find(|c: char| ('\x40'..='\x7e').contains(&c))?;
        Some((&rest[..end], rest[end..].chars().next()?))
    })
    .collect()
}

fn nothing_violent(bytes: &str) {
    for (parameters, last) in sequences(bytes) {
        let bad = match last {
            // All of the screen, or the scrollback.
            'J' => matches!(parameters, "2" | "3"),
            // A scroll region, or the end of one; a place counted from the screen's corner.
            'r' | 'H' | 'f' | 'd' => true,
            _ => false,
        };
        assert!(!bad, "CSI {parameters}{last}");
    }
    assert!(!bytes.contains("\x1bc"), "the terminal is never reset");
    assert!(!bytes.contains("\x1b[?1049h"), "nothing needed the alternate screen");
}

#[test]
fn the_first_frame_is_whole_and_idle_is_silent() {
    let world = World::new();
    let mut pane = Pane::start(&world, 80, 24, "rules: [{reply: [{text: 'heard you'}]}]");
    pane.shows("iosm scripted/");
    {
        let seen = pane.seen.0.lock().unwrap();
        let bytes = String::from_utf8_lossy(&seen.bytes).into_owned();
        let (before, frame) = bytes.split_once(BEGIN).expect("frames are synchronized");
        let (frame, _) = frame.split_once(END).expect("and end");
        let written: String = before.split('\x1b').map(plain).collect();
        assert_eq!(written, "", "nothing is drawn before the first frame: {before:?}");
        assert!(frame.contains("Ask, or /"), "one can write from the first frame on: {frame:?}");
        assert!(!frame.contains(BEGIN));
    }
    pane.types("hello");
    pane.shows("done · ");
    // What is looked up when a run ends has come by then.
    std::thread::sleep(Duration::from_secs(1));
    let before = pane.bytes();
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(pane.bytes(), before, "an idle screen is silent");
    // Everything that was drawn, was drawn within synchronized frames, but for moves of the cursor alone.
    let bytes = String::from_utf8(pane.seen.0.lock().unwrap().bytes.clone()).unwrap();
    assert_eq!(bytes.matches(BEGIN).count(), bytes.matches(END).count());
    let outside: String =
        bytes.split(BEGIN).map(|part| part.split_once(END).map_or(part, |(_, after)| after)).collect();
    let written: String = outside.split('\x1b').map(plain).collect();
    assert_eq!(written, "", "{outside:?}");
}

/// What a terminal shows of a sequence behind its escape.
fn plain(sequence: &str) -> String {
    let rest = match sequence.strip_prefix('[') {
        Some(rest) => rest.find(|c: char| ('\x40'..='\x7e').contains(&c)).map_or("", |end| &rest[end + 1..]),
        None => sequence.get(1..).unwrap_or_default(),
    };
    rest.chars().filter(|c| !c.is_control()).collect()
}
