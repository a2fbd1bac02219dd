//! Drives one request: bytes from the door, events from the parser, deltas from an adapter's decoder.

use std::collections::VecDeque;
use std::sync::Arc;

use futures::StreamExt;
use futures::stream;

use super::DeltaStream;
use super::delta::Delta;
use super::error::ModelError;
use super::http::{Body, Http};
use super::sse::{Parser, TooLong};
use super::status;

/// Bytes of a body that is not a stream; more is not an answer.
const MAX_JSON_BODY: usize = 32 << 20;
const TOO_LONG: &str = "a body of more than 32 MiB";
/// Neighbouring text of one network read is joined up to this many bytes: fewer, larger deltas cost
/// less on the way to the screen and come no later.
const JOIN_BYTES: usize = 1024;

/// Turns the events of one answer into deltas. A pure state machine.
pub(super) trait Decoder: Send {
    /// One event of the stream.
    fn event(&mut self, data: &str, out: &mut Out) -> Result<(), ModelError>;

    /// A body that came whole, as JSON, in place of a stream.
    fn body(&mut self, json: &str, out: &mut Out) -> Result<(), ModelError>;

    /// The stream has ended. Must push `Delta::End`, unless that has been done, or say what is missing.
    fn finish(&mut self, out: &mut Out) -> Result<(), ModelError>;
}

/// Where decoders put deltas.
#[derive(Default)]
pub(super) struct Out {
    queue: VecDeque<Delta>,
    ended: bool,
}

impl Out {
    pub(super) fn push(&mut self, delta: Delta) {
        match (self.queue.back_mut(), &delta) {
            (Some(Delta::Text(last)), Delta::Text(more)) if last.len() < JOIN_BYTES => last.push_str(more),
            (Some(Delta::Thinking(last)), Delta::Thinking(more)) if last.len() < JOIN_BYTES => {
                last.push_str(more);
            }
            _ => {
                self.ended |= matches!(delta, Delta::End(_));
                self.queue.push_back(delta);
            }
        }
    }

    pub(super) fn text(&mut self, text: &str) {
        match self.queue.back_mut() {
            Some(Delta::Text(last)) if last.len() < JOIN_BYTES => last.push_str(text),
            _ if text.is_empty() => {}
            _ => self.queue.push_back(Delta::Text(text.to_owned())),
        }
    }

    pub(super) fn thinking(&mut self, text: &str) {
        match self.queue.back_mut() {
            Some(Delta::Thinking(last)) if last.len() < JOIN_BYTES => last.push_str(text),
            _ if text.is_empty() => {}
            _ => self.queue.push_back(Delta::Thinking(text.to_owned())),
        }
    }

    pub(super) fn ended(&self) -> bool {
        self.ended
    }

    #[cfg(test)]
    pub(super) fn drain(&mut self) -> Vec<Delta> {
        self.queue.drain(..).collect()
    }
}

/// What the parser's sink may fail with.
enum Fault {
    TooLong(TooLong),
    Model(ModelError),
}

impl From<TooLong> for Fault {
    fn from(fault: TooLong) -> Self {
        Self::TooLong(fault)
    }
}

/// Feeds bytes through the parser into a decoder.
pub(super) struct Pipe<D> {
    provider: String,
    parser: Parser,
    decoder: D,
    out: Out,
    bytes: usize,
}

impl<D: Decoder> Pipe<D> {
    pub(super) fn new(provider: &str, decoder: D) -> Self {
        Self {
            provider: provider.to_owned(),
            parser: Parser::default(),
            decoder,
            out: Out::default(),
            bytes: 0,
        }
    }

    pub(super) fn feed(&mut self, bytes: &[u8]) -> Result<(), ModelError> {
        let Self { parser, decoder, out, .. } = self;
        self.bytes += bytes.len();
        let mut sink = |_: &str, data: &str| {
            // Whatever follows the end of the answer is not part of it.
            if out.ended() { Ok(()) } else { decoder.event(data, out).map_err(Fault::Model) }
        };
        parser.feed(bytes, &mut sink).map_err(|fault| match fault {
            Fault::Model(error) => error,
            Fault::TooLong(fault) => {
                ModelError::Garbage { provider: self.provider.clone(), message: fault.to_string() }
            }
        })
    }

    pub(super) fn finish(&mut self) -> Result<(), ModelError> {
        if self.out.ended() {
            return Ok(());
        }
        if self.bytes > 0 && self.parser.dispatched() == 0 {
            let message = format!("{} bytes without one event of a stream", self.bytes);
            return Err(ModelError::Garbage { provider: self.provider.clone(), message });
        }
        self.decoder.finish(&mut self.out)
    }

    #[cfg(test)]
    pub(super) fn drain(&mut self) -> Vec<Delta> {
        self.out.drain()
    }
}

/// An answer that is nothing but an error.
pub(super) fn failed(error: ModelError) -> DeltaStream {
    stream::once(async { Err(error) }).boxed()
}

/// Sends `body` and streams the answer. Nothing is sent before the stream is polled, and dropping it
/// drops the request.
pub(super) fn ask<D: Decoder + 'static>(http: Arc<Http>, body: Vec<u8>, decoder: D) -> DeltaStream {
    let pipe = Pipe::new(http.provider(), decoder);
    let asking = Asking { http, request: Some(body), answer: None, pipe, outcome: None };
    stream::unfold(asking, |mut asking| async move {
        loop {
            if let Some(delta) = asking.pipe.out.queue.pop_front() {
                return Some((Ok(delta), asking));
            }
            match asking.outcome.take() {
                Some(Ok(())) => return None,
                Some(Err(error)) => {
                    asking.outcome = Some(Ok(()));
                    let error = error.map_message(|message| asking.http.without_secret(message));
                    return Some((Err(error), asking));
                }
                None => {
                    let step = asking.advance().await;
                    if step.is_err() || asking.answer.is_none() {
                        asking.outcome = Some(step);
                    }
                }
            }
        }
    })
    .boxed()
}

struct Asking<D> {
    http: Arc<Http>,
    /// Until it is sent.
    request: Option<Vec<u8>>,
    /// While more of it may come.
    answer: Option<Body>,
    pipe: Pipe<D>,
    /// How the request ended, once it has and until that has been told.
    outcome: Option<Result<(), ModelError>>,
}

impl<D: Decoder> Asking<D> {
    /// Sends the request, or reads once; leaves no `answer` when nothing more will come.
    async fn advance(&mut self) -> Result<(), ModelError> {
        let Some(mut answer) = self.answer.take() else {
            let request = self.request.take().unwrap_or_default();
            return self.open(Http::post(&self.http, request).await?).await;
        };
        let Some(chunk) = answer.chunk().await? else { return self.pipe.finish() };
        self.pipe.feed(chunk.as_ref())?;
        if self.pipe.out.ended() {
            answer.drain().await;
        } else {
            self.answer = Some(answer);
        }
        Ok(())
    }

    /// Looks at what kind of answer has come.
    async fn open(&mut self, mut answer: Body) -> Result<(), ModelError> {
        let kind = answer.content_type();
        if kind.starts_with("application/json") {
            let json = whole(&mut answer).await?.ok_or_else(|| self.garbage(TOO_LONG.to_owned()))?;
            return self.pipe.decoder.body(&json, &mut self.pipe.out);
        }
        if kind.starts_with("text/html") {
            let first = answer.chunk().await?;
            let message = status::message_of(first.as_ref().map_or(&[][..], AsRef::as_ref));
            return Err(self.garbage(message));
        }
        self.answer = Some(answer);
        Ok(())
    }

    fn garbage(&self, message: String) -> ModelError {
        ModelError::Garbage { provider: self.http.provider().to_owned(), message }
    }
}

/// The whole body; nothing if it is too long.
async fn whole(answer: &mut Body) -> Result<Option<String>, ModelError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await? {
        bytes.extend_from_slice(chunk.as_ref());
        if bytes.len() > MAX_JSON_BODY {
            return Ok(None);
        }
    }
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}
