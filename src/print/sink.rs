//! Standard output and standard error, for as long as somebody reads them.

use std::io::{self, Write};

use crate::base::harmless;

/// Where output goes; a closed reader is remembered and everything after it swallowed.
pub struct Sink<W: Write> {
    out: W,
    closed: bool,
    /// Whether a terminal shows it: nothing that a model or a server said is obeyed there.
    shown: bool,
    /// Whether what cannot be written is nobody's loss.
    spare: bool,
}

impl<W: Write> Sink<W> {
    pub fn new(out: W) -> Self {
        Self { out, closed: false, shown: false, spare: false }
    }

    /// For a terminal, where that is so.
    pub fn shown(self, shown: bool) -> Self {
        Self { shown, ..self }
    }

    /// For words beside the result: no fault of theirs ends anything.
    pub fn spare(self) -> Self {
        Self { spare: true, ..self }
    }

    pub fn is_closed(&self) -> bool {
        self.closed
    }

    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.closed {
            return Ok(());
        }
        let written = match self.shown {
            true => self.out.write_all(harmless(&String::from_utf8_lossy(bytes)).as_bytes()),
            false => self.out.write_all(bytes),
        };
        self.done(written)
    }

    fn done(&mut self, done: io::Result<()>) -> io::Result<()> {
        match done {
            Err(error) if self.spare || error.kind() == io::ErrorKind::BrokenPipe => {
                self.closed = true;
                Ok(())
            }
            other => other,
        }
    }

    pub fn flush(&mut self) -> io::Result<()> {
        if self.closed {
            return Ok(());
        }
        let flushed = self.out.flush();
        self.done(flushed)
    }
}
