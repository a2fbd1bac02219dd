//! Standard output and standard error, for as long as somebody reads them.

use std::io::{self, Write};

/// Where output goes; a closed reader is remembered and everything after it swallowed.
pub struct Sink<W: Write> {
    out: W,
    closed: bool,
}

impl<W: Write> Sink<W> {
    pub fn new(out: W) -> Self {
        Self { out, closed: false }
    }

    pub fn is_closed(&self) -> bool {
        self.closed
    }

    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.closed {
            return Ok(());
        }
        match self.out.write_all(bytes) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => self.closed = true,
            other => return other,
        }
        Ok(())
    }

    pub fn flush(&mut self) -> io::Result<()> {
        if self.closed {
            return Ok(());
        }
        match self.out.flush() {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.closed = true;
                Ok(())
            }
            other => other,
        }
    }
}
