//! The image on the user's clipboard, fetched by a program of theirs.
#![expect(
    clippy::disallowed_methods,
    reason = "starts the program that reads the clipboard, on the user's key"
)]

use std::io::{self, Read};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use super::file::HostError;
use crate::kernel::{Grant, Reach};

/// Whoever owns the clipboard may never answer.
const LONGEST: Duration = Duration::from_secs(3);

#[derive(Debug, thiserror::Error)]
pub enum ClipboardError {
    #[error("no clipboard: neither WAYLAND_DISPLAY nor DISPLAY is set")]
    NoDisplay,
    #[error("no program reads the clipboard ({0})")]
    NoProgram(String),
    #[error("the clipboard holds no image")]
    NoImage,
    #[error("the image on the clipboard has more than {0} bytes")]
    TooLarge(usize),
    #[error("`{program}` gave no answer within {} s", LONGEST.as_secs())]
    Slow { program: &'static str },
    #[error("`{0}` could not be used: {1}")]
    Io(String, io::Error),
    #[error(transparent)]
    Grant(HostError),
}

/// A program that prints the image on the clipboard as PNG.
struct Program {
    name: &'static str,
    args: &'static [&'static str],
    /// It prints `«data PNGf89504E47…»`: the bytes in hex.
    hex: bool,
}

const WAYLAND: Program =
    Program { name: "wl-paste", args: &["--no-newline", "--type", "image/png"], hex: false };
const X11: Program =
    Program { name: "xclip", args: &["-selection", "clipboard", "-t", "image/png", "-o"], hex: false };
const MAC: [Program; 2] = [
    Program { name: "pngpaste", args: &["-"], hex: false },
    Program { name: "osascript", args: &["-e", "the clipboard as «class PNGf»"], hex: true },
];

/// The image on the clipboard as PNG, of at most `most` bytes, from the first program that is there. `env` says
/// which clipboard there is. Nothing of the program goes on after.
pub fn image(
    grant: Grant,
    env: impl Fn(&str) -> Option<String>,
    most: usize,
) -> Result<Vec<u8>, ClipboardError> {
    match grant.into_reach() {
        Reach::Clipboard => first(&programs(env), most),
        other => Err(ClipboardError::Grant(HostError::wrong_grant("the image on the clipboard", &other))),
    }
}

fn programs(env: impl Fn(&str) -> Option<String>) -> Vec<Program> {
    if cfg!(target_os = "macos") {
        return MAC.into();
    }
    let set = |name: &str| env(name).is_some_and(|value| !value.is_empty());
    let here = [("WAYLAND_DISPLAY", WAYLAND), ("DISPLAY", X11)];
    here.into_iter().filter(|(name, _)| set(name)).map(|(_, program)| program).collect()
}

fn first(programs: &[Program], most: usize) -> Result<Vec<u8>, ClipboardError> {
    for program in programs {
        let mut command = Command::new(program.name);
        command.args(program.args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        match command.process_group(0).spawn() {
            Ok(child) => return printed(program, child, most),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(ClipboardError::Io(program.name.to_owned(), error)),
        }
    }
    match programs {
        [] => Err(ClipboardError::NoDisplay),
        missing => {
            let names: Vec<&str> = missing.iter().map(|program| program.name).collect();
            Err(ClipboardError::NoProgram(names.join(", ")))
        }
    }
}

/// What it prints. Where there is no image these programs print nothing, and say so by their exit code alone.
fn printed(program: &Program, mut child: Child, most: usize) -> Result<Vec<u8>, ClipboardError> {
    let failed = |error| ClipboardError::Io(program.name.to_owned(), error);
    // Two digits for a byte, and what stands around them.
    let most_printed = if program.hex { most * 2 + 64 } else { most };
    let (sender, receiver) = mpsc::sync_channel(1);
    if let Some(out) = child.stdout.take() {
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            let read = out.take(most_printed as u64 + 1).read_to_end(&mut bytes);
            // Nobody waits any more for one that was too slow.
            let _ = sender.send(read.map(|_| bytes));
        });
    }
    let read = receiver.recv_timeout(LONGEST);
    let _ = killpg(Pid::from_raw(child.id() as i32), Signal::SIGKILL);
    child.wait().map_err(failed)?;
    let bytes = read.map_err(|_| ClipboardError::Slow { program: program.name })?.map_err(failed)?;
    let bytes = if program.hex { from_hex(&bytes) } else { bytes };
    match bytes.len() {
        0 => Err(ClipboardError::NoImage),
        many if many > most => Err(ClipboardError::TooLarge(most)),
        _ => Ok(bytes),
    }
}

/// The bytes of `«data PNGf89504E47…»`; none of anything else.
fn from_hex(printed: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(printed);
    let digits = text.trim().strip_prefix("«data PNGf").and_then(|rest| rest.strip_suffix('»'));
    let digits = digits.unwrap_or_default().as_bytes().chunks(2);
    let byte = |pair: &[u8]| match pair {
        [_, _] => u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok(),
        _ => None,
    };
    digits.map(byte).collect::<Option<Vec<u8>>>().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(line: &'static [&'static str; 2]) -> Program {
        Program { name: "sh", args: line, hex: false }
    }

    const GONE: Program = Program { name: "iosm-no-such-program", args: &[], hex: false };

    #[test]
    fn the_first_that_is_there_prints_it_within_its_bounds() {
        let four = || shell(&["-c", "printf 1234"]);
        assert_eq!(first(&[GONE, four(), shell(&["-c", "echo other"])], 4).unwrap(), b"1234");
        assert!(matches!(first(&[four()], 3), Err(ClipboardError::TooLarge(3))));
        let endless = shell(&["-c", "while :; do printf 12345678; done"]);
        assert!(matches!(first(&[endless], 4_000), Err(ClipboardError::TooLarge(4_000))));
        // The next is not asked: it reads the same clipboard.
        assert!(matches!(first(&[shell(&["-c", "exit 1"]), four()], 4), Err(ClipboardError::NoImage)));
        assert!(matches!(first(&[GONE], 4), Err(ClipboardError::NoProgram(name)) if name == GONE.name));
        assert!(matches!(first(&[], 4), Err(ClipboardError::NoDisplay)));
    }

    #[test]
    fn one_that_never_answers_is_ended_with_all_it_started() {
        let since = std::time::Instant::now();
        let folder = tempfile::tempdir().unwrap();
        let pid = folder.path().join("pid");
        let line = format!("sleep 60 & echo $! > '{}'; wait", pid.display());
        // The program's words are constants everywhere else.
        let slow = shell(Box::leak(Box::new(["-c", line.leak()])));
        assert!(matches!(first(&[slow], 4), Err(ClipboardError::Slow { .. })));
        assert!(since.elapsed() < LONGEST * 3, "{:?}", since.elapsed());
        let pid: i32 = std::fs::read_to_string(&pid).unwrap().trim().parse().unwrap();
        let stat = || std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let is_gone = || stat().is_empty() || stat().contains(") Z ");
        while !is_gone() {
            assert!(since.elapsed() < LONGEST * 3, "{}", stat());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    #[test]
    fn the_clipboard_that_is_there_decides() {
        let names = |set: &'static [(&str, &str)]| {
            let env = |name: &str| Some(set.iter().find(|(known, _)| *known == name)?.1.to_owned());
            programs(env).iter().map(|program| program.name).collect::<Vec<_>>()
        };
        if cfg!(target_os = "macos") {
            return;
        }
        assert_eq!(names(&[("DISPLAY", ":0"), ("WAYLAND_DISPLAY", "wayland-0")]), ["wl-paste", "xclip"]);
        assert_eq!(names(&[("DISPLAY", ":0"), ("WAYLAND_DISPLAY", "")]), ["xclip"]);
        assert!(names(&[]).is_empty());
    }

    #[test]
    fn a_grant_for_something_else_opens_no_clipboard() {
        let grant = Grant::for_tests("t1", Reach::Nothing);
        assert!(matches!(image(grant, |_| None, 4), Err(ClipboardError::Grant(_))));
    }

    #[test]
    fn hex_is_read_as_it_is_printed() {
        assert_eq!(from_hex("«data PNGf89504E47»\n".as_bytes()), [0x89, 0x50, 0x4e, 0x47]);
        for other in ["", "«data PNGf895»", "«data PNGfxy»", "«data TIFF8950»"] {
            assert!(from_hex(other.as_bytes()).is_empty(), "{other}");
        }
    }
}
