//! Bytes from one side to the other, within a time of silence and a total.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::Instant;

use super::head::Framing;

const CHUNK: usize = 16 * 1024;
/// The line before a chunk: a size, and extensions that nobody uses.
const MOST_CHUNK_LINE: usize = 1024;
/// Fields after the last chunk, in bytes.
const MOST_TRAILER: usize = 8 * 1024;

/// What all connections of one command may still move, in bytes.
#[derive(Debug, Clone)]
pub(super) struct Meter(Arc<AtomicU64>);

impl Meter {
    pub(super) fn new(bytes: u64) -> Self {
        Self(Arc::new(AtomicU64::new(bytes)))
    }

    fn take(&self, bytes: usize) -> io::Result<()> {
        let left = |left: u64| left.checked_sub(bytes as u64);
        let taken = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, left);
        taken.map(drop).map_err(|_| io::Error::new(io::ErrorKind::QuotaExceeded, "the limit of bytes"))
    }

    pub(super) fn is_used_up(&self) -> bool {
        self.0.load(Ordering::Relaxed) < CHUNK as u64
    }
}

/// When something last moved.
#[derive(Debug, Clone)]
pub(super) struct Pulse {
    start: Instant,
    last_ms: Arc<AtomicU64>,
}

impl Pulse {
    pub(super) fn new() -> Self {
        Self { start: Instant::now(), last_ms: Arc::default() }
    }

    fn beat(&self) {
        self.last_ms.store(self.start.elapsed().as_millis() as u64, Ordering::Relaxed);
    }

    /// Returns once nothing has moved for `idle`.
    pub(super) async fn stops(&self, idle: Duration) {
        loop {
            let last = Duration::from_millis(self.last_ms.load(Ordering::Relaxed));
            let silent = self.start.elapsed().saturating_sub(last);
            match idle.checked_sub(silent) {
                None | Some(Duration::ZERO) => return,
                Some(left) => tokio::time::sleep(left).await,
            }
        }
    }
}

/// Copies to the end, and passes the end on.
pub(super) async fn copy(
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
    meter: &Meter,
    pulse: &Pulse,
) -> io::Result<()> {
    let mut chunk = vec![0; CHUNK];
    loop {
        let length = from.read(&mut chunk).await?;
        if length == 0 {
            return to.shutdown().await;
        }
        meter.take(length)?;
        pulse.beat();
        to.write_all(&chunk[..length]).await?;
        pulse.beat();
    }
}

/// Passes on the body of a request, and not a byte that follows it. `begun` came with the head.
pub(super) async fn body(
    from: &mut (impl AsyncRead + Unpin),
    begun: Vec<u8>,
    to: &mut (impl AsyncWrite + Unpin),
    framing: Framing,
    meter: &Meter,
    pulse: &Pulse,
) -> io::Result<()> {
    let mut source = Source { from, held: begun, meter, pulse };
    match framing {
        Framing::Length(length) => source.pass(to, length).await?,
        Framing::Chunked => {
            loop {
                let line = source.line(MOST_CHUNK_LINE).await?;
                let size = match httparse::parse_chunk_size(&line) {
                    Ok(httparse::Status::Complete((_, size))) => size,
                    _ => return Err(io::Error::new(io::ErrorKind::InvalidData, "a chunk without a size")),
                };
                to.write_all(&line).await?;
                if size == 0 {
                    break;
                }
                source.pass(to, size).await?;
                let end = source.line(2).await?;
                if end != b"\r\n" {
                    return Err(io::Error::new(io::ErrorKind::InvalidData, "a chunk without an end"));
                }
                to.write_all(&end).await?;
            }
            let mut left = MOST_TRAILER;
            loop {
                let line = source.line(left).await?;
                left -= line.len();
                to.write_all(&line).await?;
                if line == b"\r\n" {
                    break;
                }
            }
        }
    }
    to.flush().await
}

struct Source<'a, R> {
    from: &'a mut R,
    held: Vec<u8>,
    meter: &'a Meter,
    pulse: &'a Pulse,
}

impl<R: AsyncRead + Unpin> Source<'_, R> {
    async fn fill(&mut self) -> io::Result<()> {
        let mut chunk = [0; 4096];
        let length = self.from.read(&mut chunk).await?;
        if length == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.meter.take(length)?;
        self.pulse.beat();
        self.held.extend_from_slice(&chunk[..length]);
        Ok(())
    }

    async fn pass(&mut self, to: &mut (impl AsyncWrite + Unpin), mut length: u64) -> io::Result<()> {
        while length > 0 {
            if self.held.is_empty() {
                self.fill().await?;
            }
            let now = usize::try_from(length).unwrap_or(usize::MAX).min(self.held.len());
            to.write_all(&self.held[..now]).await?;
            self.held.drain(..now);
            length -= now as u64;
        }
        Ok(())
    }

    /// A line with its end, of at most `most` bytes.
    async fn line(&mut self, most: usize) -> io::Result<Vec<u8>> {
        loop {
            if let Some(end) = self.held.iter().take(most).position(|byte| *byte == b'\n') {
                return Ok(self.held.drain(..=end).collect());
            }
            if self.held.len() >= most {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "a line that is too long"));
            }
            self.fill().await?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn passed(text: &str, framing: Framing) -> io::Result<String> {
        let mut out = Vec::new();
        let (meter, pulse) = (Meter::new(10_000), Pulse::new());
        let bytes = text.replace('\n', "\r\n").into_bytes();
        let (begun, later) = bytes.split_at(bytes.len() / 2);
        body(&mut &later[..], begun.to_vec(), &mut out, framing, &meter, &pulse).await?;
        Ok(String::from_utf8(out).unwrap().replace('\r', ""))
    }

    #[tokio::test]
    async fn nothing_behind_a_body_is_passed_on() {
        let second = "GET http://evil.test/ HTTP/1.1\n\n";
        let got = passed(&format!("abc{second}"), Framing::Length(3)).await.unwrap();
        assert_eq!(got, "abc");
        let chunks = "3;x=y\nabc\n1\nd\n0\nA: b\n\n";
        assert_eq!(passed(&format!("{chunks}{second}"), Framing::Chunked).await.unwrap(), chunks);
        for bad in ["x\nabc\n0\n\n", "3\nabcd\n0\n\n", "3\nab", "0\nA: b\n", "ffffffffffffffffff\n"] {
            assert!(passed(bad, Framing::Chunked).await.is_err(), "{bad:?}");
        }
    }

    #[tokio::test]
    async fn the_total_is_shared_and_held() {
        let meter = Meter::new(40_000);
        let pulse = Pulse::new();
        let bytes = vec![7; 30_000];
        assert!(copy(&mut &bytes[..], &mut Vec::new(), &meter, &pulse).await.is_ok());
        let error = copy(&mut &bytes[..], &mut Vec::new(), &meter.clone(), &pulse).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::QuotaExceeded);
    }
}
