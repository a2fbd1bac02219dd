//! The one question that is ever asked of a terminal: what its background looks like.

use std::io;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// What text stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Background {
    Light,
    Dark,
}

/// OSC 11 asks for the background. What every terminal answers comes second: when that answer is there, the
/// first one will not come any more.
pub(super) const QUESTION: &[u8] = b"\x1b]11;?\x1b\\\x1b[c";

/// The most that is read while waiting.
const MOST_BYTES: usize = 4096;

/// Reads the answer to [`QUESTION`], at most for `patience`. Also what was typed meanwhile.
pub(super) fn answer(patience: Duration) -> (Option<Background>, Vec<u8>) {
    let input = io::stdin();
    let until = Instant::now() + patience;
    let mut read = Vec::new();
    loop {
        let (found, ended, typed) = parse(&read);
        let left = until.saturating_duration_since(Instant::now());
        if ended || left.is_zero() || read.len() >= MOST_BYTES {
            return (found, typed);
        }
        let mut fds = [PollFd::new(input.as_fd(), PollFlags::POLLIN)];
        let timeout = PollTimeout::try_from(left).unwrap_or(PollTimeout::ZERO);
        let mut part = [0; 256];
        match poll(&mut fds, timeout) {
            Ok(0) | Err(nix::errno::Errno::EINTR) => {}
            Ok(_) => match nix::unistd::read(input.as_fd(), &mut part) {
                Ok(count) if count > 0 => read.extend_from_slice(&part[..count]),
                _ => return (found, typed),
            },
            Err(_) => return (found, typed),
        }
    }
}

/// The background, whether the last answer is there, and what belongs to neither.
fn parse(read: &[u8]) -> (Option<Background>, bool, Vec<u8>) {
    let mut rest = read.to_vec();
    let mut background = None;
    if let Some((from, to)) = span(&rest, b"\x1b]11;", &[b"\x07", b"\x1b\\"]) {
        background = colour(&rest[from + 5..to]);
        rest.drain(from..to);
    }
    let attributes = span(&rest, b"\x1b[?", &[b"c"]);
    if let Some((from, to)) = attributes {
        rest.drain(from..to);
    }
    (background, attributes.is_some(), rest)
}

/// Where a sequence begins and ends.
fn span(bytes: &[u8], begin: &[u8], ends: &[&[u8]]) -> Option<(usize, usize)> {
    let from = bytes.windows(begin.len()).position(|part| part == begin)?;
    (from + begin.len()..bytes.len())
        .find_map(|at| ends.iter().find(|end| bytes[at..].starts_with(end)).map(|end| (from, at + end.len())))
}

/// XParseColor's `rgb:` form: one to four hexadecimal digits a part.
fn colour(answer: &[u8]) -> Option<Background> {
    let text = std::str::from_utf8(answer).ok()?.trim_end_matches(['\x07', '\x1b', '\\']);
    let parts = text.strip_prefix("rgb:").or_else(|| text.strip_prefix("rgba:"))?;
    let mut values = parts.split('/').map(|part| {
        let most = 16u32.checked_pow(u32::try_from(part.len()).ok()?)?.checked_sub(1)?;
        let value = u32::from_str_radix(part, 16).ok()?;
        (most > 0).then(|| f64::from(value) / f64::from(most))
    });
    let mut next = || values.next().flatten();
    // ITU-R BT.709: how bright each of the three looks.
    let bright = 0.2126 * next()? + 0.7152 * next()? + 0.0722 * next()?;
    Some(if bright > 0.5 { Background::Light } else { Background::Dark })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_told_from_what_was_typed() {
        for (read, background, ended, typed) in [
            ("", None, false, ""),
            ("abc", None, false, "abc"),
            ("\x1b]11;rgb:ffff/ffff/ffff\x1b\\\x1b[?62;4c", Some(Background::Light), true, ""),
            ("a\x1b]11;rgb:1e1e/1e1e/2e2e\x07b\x1b[?6cc", Some(Background::Dark), true, "abc"),
            ("\x1b]11;rgb:ff/ff/ff\x07", Some(Background::Light), false, ""),
            ("\x1b]11;rgb:0/0/0\x07\x1b[?1c", Some(Background::Dark), true, ""),
            ("\x1b]11;rgba:ffff/ffff/ffff/0000\x07\x1b[?1c", Some(Background::Light), true, ""),
            ("\x1b[?1;2c", None, true, ""),
            ("\x1b]11;nonsense\x07\x1b[?1c", None, true, ""),
            ("\x1b]11;rgb:fffffffff/0/0\x07\x1b[?1c", None, true, ""),
            ("\x1b]11;rgb:zz/\x07\x1b[?1c", None, true, ""),
        ] {
            assert_eq!(parse(read.as_bytes()), (background, ended, typed.as_bytes().to_vec()), "{read:?}");
        }
    }
}
