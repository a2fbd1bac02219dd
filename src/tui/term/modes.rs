//! The modes of a terminal that we set, and the way back out of them from any thread.

use std::io;
use std::os::fd::AsFd;
use std::sync::{Mutex, PoisonError, TryLockError};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::detect::Kind;

/// Kitty's keyboard protocol, level 1: Shift+Enter and Alt+Enter get codes of their own. Terminals without
/// it ignore the request, so nobody is asked first; the keys tell. Each of the two screens has its own state.
/// <https://sw.kovidgoyal.net/kitty/keyboard-protocol/>
const KEYS_ON: &[u8] = b"\x1b[>1u";
const KEYS_OFF: &[u8] = b"\x1b[<1u";

/// Bracketed paste and focus reports.
const REPORTS_ON: &[u8] = b"\x1b[?2004h\x1b[?1004h";
const REPORTS_OFF: &[u8] = b"\x1b[?1004l\x1b[?2004l";

/// Buttons of the mouse, which the wheel is two of, by SGR's numbers (xterm's control sequences, "Mouse Tracking").
const WHEEL_ON: &[u8] = b"\x1b[?1000h\x1b[?1006h";
const WHEEL_OFF: &[u8] = b"\x1b[?1006l\x1b[?1000l";

/// XTWINOPS: the title onto the terminal's stack, and back from it.
const TITLE_PUSH: &[u8] = b"\x1b[22;2t";
const TITLE_POP: &[u8] = b"\x1b[23;2t";

/// How long someone who must restore waits for a write under way: it may never end.
const PATIENCE: Duration = Duration::from_millis(200);

#[derive(Debug, Default)]
struct State {
    /// The modes are set: the terminal is ours.
    held: bool,
    alternate: bool,
    /// Rows from the cursor down to the tail's last.
    below: u16,
    /// It was taken from us, by a panic or while the process was stopped.
    lost: bool,
    /// We stop by ourselves, with the terminal restored: until we go on nothing is set or drawn.
    stopping: bool,
}

/// The standard output as a terminal, and what was done to it.
#[derive(Debug)]
pub(super) struct Modes {
    kind: Kind,
    state: Mutex<State>,
}

impl Modes {
    pub(super) fn new(kind: Kind) -> Self {
        Self { kind, state: Mutex::default() }
    }

    /// What belongs to each entry of the alternate screen, and to each way out of it.
    pub(super) fn of_alternate(&self) -> (&'static [u8], &'static [u8]) {
        if self.kind.modern { (KEYS_ON, KEYS_OFF) } else { (b"", b"") }
    }

    /// Raw mode and reports on.
    pub(super) fn set(&self) -> io::Result<()> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.held {
            return Ok(());
        }
        crossterm::terminal::enable_raw_mode()?;
        *state = State { held: true, stopping: state.stopping, ..State::default() };
        let wheel = if self.kind.wheel { WHEEL_ON } else { b"" };
        if self.kind.modern { write_all(&[TITLE_PUSH, KEYS_ON, REPORTS_ON, wheel].concat()) } else { Ok(()) }
    }

    /// Everything as it was before [`Modes::set`], the cursor shown at the start of a row below the tail. Does
    /// nothing when it was done already. `lost`: someone else decided, and the owner has to notice.
    pub(super) fn restore(&self, lost: bool) {
        let Some(mut state) = self.wait() else {
            // Whoever writes is stuck: the terminal comes first.
            undo(&State { held: true, ..State::default() }, self.kind);
            return;
        };
        if !state.held {
            return;
        }
        undo(&state, self.kind);
        *state = State { lost, stopping: state.stopping, ..State::default() };
    }

    fn wait(&self) -> Option<std::sync::MutexGuard<'_, State>> {
        let until = Instant::now() + PATIENCE;
        loop {
            match self.state.try_lock() {
                Ok(state) => return Some(state),
                Err(TryLockError::Poisoned(poisoned)) => return Some(poisoned.into_inner()),
                Err(TryLockError::WouldBlock) if Instant::now() >= until => return None,
                Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(2)),
            }
        }
    }

    /// Says where the cursor stands after a frame.
    pub(super) fn note(&self, alternate: bool, below: u16) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.alternate = alternate;
        state.below = below;
    }

    /// The terminal was not left by its owner's hand and has to be set up again.
    pub(super) fn is_lost(&self) -> bool {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).lost
    }

    /// Before the process stops itself.
    pub(super) fn stopping(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).stopping = true;
    }

    /// The process is about to stop, or did and has not heard yet that it goes on.
    pub(super) fn is_stopping(&self) -> bool {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).stopping
    }

    /// The process goes on. Where it was stopped by force, others may have changed every mode. Whether the
    /// owner has to set the terminal up again.
    pub(super) fn go_on(&self) -> bool {
        {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            if std::mem::take(&mut state.stopping) {
                return state.lost;
            }
        }
        self.restore(true);
        true
    }

    /// Writes in one piece, unless the terminal is no longer ours: then the bytes are dropped.
    pub(super) fn write(&self, bytes: &[u8]) -> io::Result<()> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.held { write_all(bytes) } else { Ok(()) }
    }
}

fn undo(state: &State, kind: Kind) {
    let mut bytes = b"\x1b[0m\x1b[?7h".to_vec();
    if state.alternate {
        if kind.modern {
            bytes.extend_from_slice(KEYS_OFF);
        }
        // There the tail was taken away before; the cursor comes back to its first row.
        bytes.extend_from_slice(b"\x1b[?1049l\r");
    } else {
        bytes.push(b'\r');
        bytes.extend(std::iter::repeat_n(b'\n', usize::from(state.below)));
    }
    if kind.wheel {
        bytes.extend_from_slice(WHEEL_OFF);
    }
    if kind.modern {
        bytes.extend_from_slice(REPORTS_OFF);
        bytes.extend_from_slice(KEYS_OFF);
        bytes.extend_from_slice(TITLE_POP);
        bytes.extend_from_slice(b"\x1b[?2026l");
    }
    bytes.extend_from_slice(b"\x1b[?25h");
    // A terminal that is gone cannot be restored, and nobody is left to be told.
    let _ = write_all(&bytes);
    let _ = crossterm::terminal::disable_raw_mode();
}

/// Straight to the descriptor: the standard library's own buffer would cut a frame at its last newline.
fn write_all(mut bytes: &[u8]) -> io::Result<()> {
    let out = io::stdout();
    while !bytes.is_empty() {
        match nix::unistd::write(out.as_fd(), bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => bytes = &bytes[written..],
            Err(Errno::EINTR) => {}
            // Another program on this terminal may have made it non-blocking.
            Err(Errno::EAGAIN) => {
                let mut fds = [PollFd::new(out.as_fd(), PollFlags::POLLOUT)];
                poll(&mut fds, PollTimeout::from(1000u16))?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}
