//! The guard in a real terminal: this test program runs itself there, as [`child`].

use std::io::{Read, Write};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use iosm::tui::term::{Background, Frames, Inputs, Kind, Tty};
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

use super::world::draw;

const PART: &str = "IOSM_TEST_TERMINAL_PART";

/// What the child does, by the part it was given; nothing when it runs as one of the tests.
#[test]
fn child() {
    let Ok(part) = std::env::var(PART) else { return };
    let mut tty = Tty::open(Kind::detect(|name| std::env::var(name).ok()).unwrap()).unwrap();
    let mut count = 0;
    let mut show = |tty: &mut Tty| {
        count += 1;
        tty.frame(
            |_| 2,
            |buffer| {
                draw(buffer, &["the tail", &format!("ready {count}")]);
                Some((3, 0))
            },
        )
        .unwrap();
    };
    tty.print(["printed".into()]);
    show(&mut tty);
    let nap = || std::thread::sleep(Duration::from_millis(20));
    match part.as_str() {
        "panic" => panic!("this is the message"),
        "drop" => {}
        "close" => tty.close(true).unwrap(),
        "board" => {
            tty.alternate(true);
            show(&mut tty);
            panic!("this is the message");
        }
        "task" => {
            std::thread::spawn(|| panic!("this is the message")).join().unwrap_err();
            assert_eq!(tty.happened().borrow().lost, 1);
            show(&mut tty);
        }
        "deaf" => loop {
            nap();
        },
        "stops" => {
            let stopped = tty.suspend().unwrap();
            tty.print([format!("stopped: {stopped}").into()]);
            show(&mut tty);
        }
        "stopped" => {
            while tty.happened().borrow().lost == 0 {
                nap();
            }
            show(&mut tty);
            nap();
        }
        "editor" => {
            let said =
                tty.with_released(|| std::process::Command::new("stty").arg("-a").status().unwrap()).unwrap();
            assert!(said.success());
            show(&mut tty);
        }
        "asks" => {
            let (background, typed) = tty.background(Duration::from_secs(5)).unwrap();
            let light = background == Some(Background::Light);
            tty.print([format!("light: {light}, typed {:?}", String::from_utf8_lossy(&typed)).into()]);
            show(&mut tty);
        }
        "inputs" => inputs(&mut tty),
        other => unreachable!("{other}"),
    }
}

/// Prints each input until `q`.
fn inputs(tty: &mut Tty) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (mut frames, requester) = Frames::new();
        let mut inputs = Inputs::new(b"");
        requester.request();
        loop {
            tokio::select! {
                input = inputs.next() => {
                    let told = format!("{:?}", input.unwrap().unwrap());
                    let last = told.contains("Char('q')");
                    tty.print([told.into()]);
                    requester.request();
                    if last {
                        break;
                    }
                }
                () = frames.next() => tty.frame(|_| 1, |buffer| {
                    draw(buffer, &["LISTENS"]);
                    None
                }).unwrap(),
            }
        }
    });
}

struct Pty {
    master: Box<dyn MasterPty + Send>,
    child: Box<dyn Child + Send + Sync>,
    writer: Box<dyn Write + Send>,
    read: Arc<Mutex<Vec<u8>>>,
}

impl Pty {
    fn run(part: &str) -> Self {
        let program = std::env::current_exe().unwrap();
        let mut command = CommandBuilder::new(program);
        command.args(["tui_term::guard::child", "--exact", "--nocapture", "--test-threads=1"]);
        Self::start(command, part)
    }

    fn start(mut command: CommandBuilder, part: &str) -> Self {
        let pair = native_pty_system()
            .openpty(PtySize { rows: 24, cols: 100, pixel_width: 0, pixel_height: 0 })
            .unwrap();
        command.env_clear();
        command.env(PART, part);
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("TERM", "xterm-256color");
        let child = pair.slave.spawn_command(command).unwrap();
        let mut reader = pair.master.try_clone_reader().unwrap();
        let read = Arc::new(Mutex::new(Vec::new()));
        let all = read.clone();
        std::thread::spawn(move || {
            let mut part = [0; 4096];
            while let Ok(count @ 1..) = reader.read(&mut part) {
                all.lock().unwrap().extend_from_slice(&part[..count]);
            }
        });
        let writer = pair.master.take_writer().unwrap();
        Self { master: pair.master, child, writer, read }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.read.lock().unwrap()).into_owned()
    }

    /// Waits until `wanted` was written, and gives all that was.
    fn until(&self, wanted: &str) -> String {
        let until = Instant::now() + Duration::from_secs(20);
        loop {
            let text = self.text();
            if text.contains(wanted) {
                return text;
            }
            assert!(Instant::now() < until, "no {wanted:?} in {text:?}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn end(&mut self) -> (u32, String) {
        let until = Instant::now() + Duration::from_secs(20);
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                std::thread::sleep(Duration::from_millis(50));
                return (status.exit_code(), self.text());
            }
            if Instant::now() > until {
                self.child.kill().unwrap();
                panic!("it does not end: {:?}", self.text());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(self.child.process_id().unwrap().try_into().unwrap())
    }

    /// Whether lines are edited and shown by the system, as a shell expects it.
    fn is_cooked(&self) -> bool {
        let bits = self.master.get_termios().unwrap().local_flags.bits();
        // ICANON and ECHO of Linux' termbits.h.
        bits & 0o2 != 0 && bits & 0o10 != 0
    }

    fn until_cooked(&self) {
        let until = Instant::now() + Duration::from_secs(10);
        while !self.is_cooked() {
            assert!(Instant::now() < until, "still raw: {:?}", self.text());
            std::thread::sleep(Duration::from_millis(5));
        }
        // What was written before may come through later.
        self.until("\x1b[?2026l\x1b[?25h");
    }

    /// Rows of the screen after all that was written.
    fn rows(&self) -> Vec<String> {
        let mut terminal = vt100::Parser::new(24.try_into().unwrap(), 100.try_into().unwrap(), 1000);
        terminal.process(&self.read.lock().unwrap());
        let screen = terminal.screen();
        assert!(!screen.alternate_screen() && !screen.hide_cursor() && !screen.bracketed_paste());
        let rows = screen.rows(0, 100).map(|row| row.trim_end().to_owned());
        rows.filter(|row| !row.is_empty() && !row.starts_with("running") && !row.starts_with("test"))
            .collect()
    }
}

/// Every mode that was set was taken back, later.
fn is_restored(text: &str) {
    for (on, off) in [
        ("\x1b[>1u", "\x1b[<1u"),
        ("\x1b[?2004h", "\x1b[?2004l"),
        ("\x1b[?1004h", "\x1b[?1004l"),
        ("\x1b[22;2t", "\x1b[23;2t"),
        ("\x1b[?25l", "\x1b[?25h"),
        ("\x1b[?2026h", "\x1b[?2026l"),
        ("\x1b[?7l", "\x1b[?7h"),
    ] {
        let (on, off) = (text.rfind(on).unwrap(), text.rfind(off));
        assert!(off.is_some_and(|off| off > on), "{text:?}");
    }
    assert_eq!(text.matches("\x1b[>1u").count(), text.matches("\x1b[<1u").count(), "{text:?}");
    assert_eq!(text.matches("\x1b[?1049h").count(), text.matches("\x1b[?1049l").count(), "{text:?}");
}

#[test]
fn a_panic_restores_the_terminal_and_then_tells_its_message() {
    for part in ["panic", "board"] {
        let mut pty = Pty::run(part);
        let (code, text) = pty.end();
        assert_eq!(code, 101, "{text:?}");
        is_restored(&text);
        let told = text.find("this is the message").unwrap();
        assert!(
            text.rfind("\x1b[?25h").unwrap() < told && text.rfind("\x1b[?2004l").unwrap() < told,
            "{text:?}"
        );
        assert!(pty.is_cooked());
        let rows = pty.rows();
        let at = |wanted: &str| rows.iter().position(|row| row.contains(wanted));
        assert!(at("printed") < at("this is the message"), "{rows:?}");
        assert_eq!(at("the tail").is_some(), part == "panic", "{rows:?}");
    }
}

#[test]
fn the_end_restores_the_terminal() {
    for (part, kept) in [("drop", false), ("close", true)] {
        let mut pty = Pty::run(part);
        let (code, text) = pty.end();
        assert_eq!(code, 0, "{text:?}");
        is_restored(&text);
        assert!(pty.is_cooked());
        let rows = pty.rows();
        assert!(rows.contains(&"printed".to_owned()), "{rows:?}");
        assert_eq!(rows.contains(&"the tail".to_owned()), kept, "{rows:?}");
    }
}

#[test]
fn signals_that_end_the_process_restore_the_terminal_first() {
    let parts =
        [(Signal::SIGTERM, 143), (Signal::SIGHUP, 129), (Signal::SIGINT, 130), (Signal::SIGQUIT, 131)];
    for (signal, status) in parts {
        let mut pty = Pty::run("deaf");
        pty.until("ready 1\x1b");
        assert!(!pty.is_cooked());
        kill(pty.pid(), signal).unwrap();
        // A program that does not listen is ended only after its grace.
        pty.until_cooked();
        is_restored(&pty.text());
        assert!(pty.child.try_wait().unwrap().is_none());
        kill(pty.pid(), Signal::SIGTERM).unwrap();
        let (code, text) = pty.end();
        assert_eq!(code, status, "{text:?}");
    }
}

#[test]
fn a_panic_of_a_task_leaves_a_screen_below_its_message() {
    let mut pty = Pty::run("task");
    pty.until("ready 2");
    let (code, text) = pty.end();
    assert_eq!(code, 0, "{text:?}");
    is_restored(&text);
    let (told, again) = (text.find("this is the message").unwrap(), text.find("ready 2").unwrap());
    assert!(told < again, "{text:?}");
}

#[test]
fn a_stop_from_outside_restores_the_terminal_until_it_goes_on() {
    for signal in [Signal::SIGTSTP, Signal::SIGSTOP] {
        let mut pty = Pty::run("stopped");
        pty.until("ready 1\x1b");
        kill(pty.pid(), signal).unwrap();
        let stat = format!("/proc/{}/stat", pty.pid());
        let until = Instant::now() + Duration::from_secs(10);
        while !std::fs::read_to_string(&stat).unwrap().contains(") T ") {
            assert!(Instant::now() < until, "it does not stop");
            std::thread::sleep(Duration::from_millis(5));
        }
        if signal == Signal::SIGTSTP {
            pty.until_cooked();
            is_restored(&pty.text());
        }
        kill(pty.pid(), Signal::SIGCONT).unwrap();
        let text = pty.until("ready 2");
        assert_eq!(text.matches("\x1b[?2004h").count(), 2, "{text:?}");
        let (code, text) = pty.end();
        assert_eq!(code, 0, "{text:?}");
        is_restored(&text);
    }
}

#[test]
fn a_suspended_session_goes_on_where_a_shell_is_there_to_say_so() {
    // Alone on its terminal, nobody could wake it.
    let mut pty = Pty::run("stops");
    let (_, text) = pty.end();
    assert!(text.contains("stopped: false"), "{text:?}");

    let program = std::env::current_exe().unwrap();
    let mut command = CommandBuilder::new("/bin/sh");
    let line = format!(
        "'{}' tui_term::guard::child --exact --nocapture --test-threads=1; exit $?",
        program.display()
    );
    command.args(["-c", &line]);
    let mut pty = Pty::start(command, "stops");
    pty.until("ready 1\x1b");
    pty.until_cooked();
    std::thread::sleep(Duration::from_millis(100));
    let text = pty.text();
    is_restored(&text);
    assert!(!text.contains("ready 2"), "{text:?}");
    killpg(pty.pid(), Signal::SIGCONT).unwrap();
    pty.until("stopped: true");
    let (code, text) = pty.end();
    assert_eq!(code, 0, "{text:?}");
    is_restored(&text);
    let rows = pty.rows();
    assert_eq!(rows.iter().filter(|row| *row == "printed").count(), 1, "{rows:?}");
}

#[test]
fn an_editor_gets_the_terminal_as_a_shell_would_give_it() {
    let mut pty = Pty::run("editor");
    let (code, text) = pty.end();
    assert_eq!(code, 0, "{text:?}");
    assert!(text.contains(" icanon") && text.contains(" echo "), "{text:?}");
    let released = text.find("icanon").unwrap();
    is_restored(&text[..released]);
    assert!(text[released..].contains("ready 2"), "{text:?}");
    is_restored(&text);
}

#[test]
fn the_background_is_asked_for_and_what_is_typed_meanwhile_kept() {
    let mut pty = Pty::run("asks");
    pty.until("\x1b]11;?");
    pty.writer.write_all(b"a\x1b]11;rgb:ffff/fafa/f0f0\x07b\x1b[?62;4c").unwrap();
    pty.until("light: true, typed \"ab\"");
    pty.end();
}

#[test]
fn inputs_are_told_apart_and_an_idle_screen_writes_nothing() {
    let mut pty = Pty::run("inputs");
    pty.until("LISTENS");
    for (typed, wanted) in [
        ("a", "Key(KeyEvent { code: Char('a')"),
        ("\r", "Key(KeyEvent { code: Enter, modifiers: KeyModifiers(0x0)"),
        ("\x1b[13;2u", "Key(KeyEvent { code: Enter, modifiers: KeyModifiers(SHIFT)"),
        ("\x1b\r", "Key(KeyEvent { code: Enter, modifiers: KeyModifiers(ALT)"),
        ("unmarked\rpaste\r", "Paste(\"unmarked\\npaste\\n\")"),
        ("\x1b[200~marked\rpaste\x1b[201~", "Paste(\"marked\\npaste\")"),
        ("\x1b[I", "Focus(true)"),
        ("\x1b[O", "Focus(false)"),
    ] {
        pty.writer.write_all(typed.as_bytes()).unwrap();
        pty.until(wanted);
    }
    pty.master.resize(PtySize { rows: 10, cols: 60, pixel_width: 0, pixel_height: 0 }).unwrap();
    pty.until("Resize(Size { cols: 60, rows: 10 })");
    std::thread::sleep(Duration::from_millis(100));
    let before = pty.text().len();
    let spent = spent(pty.pid());
    std::thread::sleep(Duration::from_millis(1000));
    assert_eq!(pty.text().len(), before, "{:?}", pty.text());
    assert!(self::spent(pty.pid()) - spent <= 1, "an idle screen keeps the processor busy");
    pty.writer.write_all(b"q").unwrap();
    let (code, text) = pty.end();
    assert_eq!(code, 0, "{text:?}");
    is_restored(&text);
}

/// Processor time, in hundredths of a second: fields 14 and 15 of proc(5)'s stat.
fn spent(pid: Pid) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}
