//! An incremental parser for the WHATWG event-stream format, over bytes.
//!
//! <https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream>: lines
//! end in LF, CR or CRLF; a leading byte order mark is dropped; a line that starts with a colon is a
//! comment; an event is what stands before an empty line, and one that the stream's end cuts off is
//! dropped. `id` and `retry` mean nothing here, since we never reconnect.

/// One event may take this many bytes; a server that sends more is not speaking the protocol.
pub(super) const MAX_EVENT_BYTES: usize = 16 << 20;

/// The event grew past [`MAX_EVENT_BYTES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an event of more than {MAX_EVENT_BYTES} bytes")]
pub(super) struct TooLong;

#[derive(Default)]
pub(super) struct Parser {
    /// The start of a line whose end has not come yet.
    line: Vec<u8>,
    /// Data lines of the event so far, each followed by a line feed.
    data: Vec<u8>,
    event: Vec<u8>,
    /// The last byte was a CR: a LF that follows belongs to it.
    after_cr: bool,
    /// The byte order mark, if any, stands behind us.
    started: bool,
    dispatched: usize,
}

impl Parser {
    /// Takes the next bytes and hands every event they complete to `sink` as `(name, data)`; the
    /// name is empty where the stream gave none. Bytes that are not UTF-8 become U+FFFD.
    pub(super) fn feed<E: From<TooLong>>(
        &mut self,
        mut bytes: &[u8],
        sink: &mut dyn FnMut(&str, &str) -> Result<(), E>,
    ) -> Result<(), E> {
        loop {
            if self.after_cr && !bytes.is_empty() {
                self.after_cr = false;
                bytes = bytes.strip_prefix(b"\n").unwrap_or(bytes);
            }
            let Some(end) = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r')) else {
                if self.line.len() + self.data.len() + bytes.len() > MAX_EVENT_BYTES {
                    return Err(TooLong.into());
                }
                self.line.extend_from_slice(bytes);
                return Ok(());
            };
            self.after_cr = bytes[end] == b'\r';
            if self.line.is_empty() {
                // The common case: the line lies whole in this chunk, nothing is copied.
                self.take_line(&bytes[..end], sink)?;
            } else {
                let mut line = std::mem::take(&mut self.line);
                line.extend_from_slice(&bytes[..end]);
                self.take_line(&line, sink)?;
                line.clear();
                self.line = line;
            }
            bytes = &bytes[end + 1..];
        }
    }

    /// Events handed over so far.
    pub(super) fn dispatched(&self) -> usize {
        self.dispatched
    }

    fn take_line<E: From<TooLong>>(
        &mut self,
        line: &[u8],
        sink: &mut dyn FnMut(&str, &str) -> Result<(), E>,
    ) -> Result<(), E> {
        let line = if self.started { line } else { line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line) };
        self.started = true;
        if line.is_empty() {
            return self.dispatch(sink);
        }
        let (field, value) = match line.iter().position(|byte| *byte == b':') {
            Some(colon) => {
                let value = &line[colon + 1..];
                (&line[..colon], value.strip_prefix(b" ").unwrap_or(value))
            }
            None => (line, &[][..]),
        };
        match field {
            b"data" => {
                if self.data.len() + value.len() > MAX_EVENT_BYTES {
                    return Err(TooLong.into());
                }
                self.data.extend_from_slice(value);
                self.data.push(b'\n');
            }
            b"event" => {
                self.event.clear();
                self.event.extend_from_slice(value);
            }
            _ => {}
        }
        Ok(())
    }

    fn dispatch<E>(&mut self, sink: &mut dyn FnMut(&str, &str) -> Result<(), E>) -> Result<(), E> {
        let outcome = if self.data.is_empty() {
            Ok(())
        } else {
            self.dispatched += 1;
            let data = String::from_utf8_lossy(&self.data[..self.data.len() - 1]);
            sink(&String::from_utf8_lossy(&self.event), &data)
        };
        self.data.clear();
        self.event.clear();
        outcome
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(chunks: &[&[u8]]) -> Vec<(String, String)> {
        let mut parser = Parser::default();
        let mut events = Vec::new();
        for chunk in chunks {
            parser
                .feed(chunk, &mut |name, data| {
                    events.push((name.to_owned(), data.to_owned()));
                    Ok::<(), TooLong>(())
                })
                .unwrap();
        }
        assert_eq!(parser.dispatched(), events.len());
        events
    }

    fn event(name: &str, data: &str) -> (String, String) {
        (name.to_owned(), data.to_owned())
    }

    #[test]
    fn fields_comments_and_line_ends() {
        let stream =
            b"\xef\xbb\xbf: hello\nevent: a\ndata: one\ndata:two\n\ndata\r\rid: 7\r\ndata:  x\r\n\r\n";
        assert_eq!(parse(&[stream]), [event("a", "one\ntwo"), event("", ""), event("", " x")]);
    }

    #[test]
    fn an_event_without_data_or_without_an_end_is_dropped() {
        assert_eq!(parse(&[b"event: ping\n\ndata: x\n\ndata: cut\n"]), [event("", "x")]);
    }

    #[test]
    fn a_carriage_return_and_its_line_feed_may_come_apart() {
        assert_eq!(
            parse(&[b"data: x\r", b"\n\r", b"\ndata: y\r\n", b"\r\n"]),
            [event("", "x"), event("", "y")]
        );
    }

    #[test]
    fn a_carriage_return_and_a_line_feed_end_one_line() {
        assert_eq!(parse(&[b"data: a\r\ndata: b\r\n\r\n"]), [event("", "a\nb")]);
    }

    #[test]
    fn an_endless_event_is_refused() {
        let mut parser = Parser::default();
        let chunk = vec![b'x'; 1 << 20];
        let mut sink = |_: &str, _: &str| Ok::<(), TooLong>(());
        let refused = (0..17).find_map(|_| parser.feed(&chunk, &mut sink).err());
        assert_eq!(refused, Some(TooLong));
    }

    proptest! {
        #[test]
        fn neither_cuts_nor_line_ends_matter(
            lines in proptest::collection::vec("(data: ?[a-zж🦀 ]{0,6}|event: ?[a-c]|: no|)", 0..20),
            ends in proptest::collection::vec(0..3usize, 20),
            cuts in proptest::collection::vec(0..400usize, 0..20),
        ) {
            let mut stream = String::new();
            for (line, end) in lines.iter().zip(&ends) {
                stream.push_str(line);
                stream.push_str(["\n", "\r", "\r\n"][*end]);
            }
            let bytes = stream.as_bytes();
            let whole = parse(&[bytes]);
            let plain = stream.replace("\r\n", "\n").replace('\r', "\n");
            prop_assert_eq!(&parse(&[plain.as_bytes()]), &whole);
            let single: Vec<&[u8]> = bytes.chunks(1).collect();
            prop_assert_eq!(&parse(&single), &whole);
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> = cuts.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect();
            prop_assert_eq!(&parse(&pieces), &whole);
        }

        #[test]
        fn garbage_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            parse(&[&bytes]);
        }
    }
}
