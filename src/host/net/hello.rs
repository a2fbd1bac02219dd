//! The greeting of a TLS client, read as far as the name it asks for (RFC 8446 section 4.1.2, RFC 6066
//! section 3). Nothing is decrypted; nothing is changed.

/// A longer greeting than this is none, in bytes.
pub(super) const MOST_HELLO: usize = 32 * 1024;

const HANDSHAKE: u8 = 22;
const CLIENT_HELLO: u8 = 1;
const SERVER_NAME: u16 = 0;
const HOST_NAME: u8 = 0;

/// What the first bytes of a connection say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Greeting {
    /// It is not complete yet.
    More,
    /// It is no greeting of a TLS client.
    Other,
    /// It asks for this name; for none.
    Asks(Option<String>),
}

/// Reads the greeting at the start of `bytes`, which may be spread over several records.
pub(super) fn greeting(bytes: &[u8]) -> Greeting {
    let mut message = Vec::new();
    let mut rest = bytes;
    loop {
        if let Some(length) = length_of(&message) {
            match length {
                Ok(length) if message.len() >= length => {
                    let name = name_of(&message[4..length]);
                    return name.map_or(Greeting::Other, Greeting::Asks);
                }
                Ok(_) => {}
                Err(()) => return Greeting::Other,
            }
        }
        // type, version, length
        let [kind, major, _, high, low, body @ ..] = rest else {
            let wrong = rest.first().is_some_and(|kind| *kind != HANDSHAKE)
                || rest.get(1).is_some_and(|major| *major != 3);
            return if wrong { Greeting::Other } else { Greeting::More };
        };
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        if *kind != HANDSHAKE || *major != 3 || length == 0 || length > 1 << 14 {
            return Greeting::Other;
        }
        message.extend_from_slice(&body[..length.min(body.len())]);
        if body.len() < length {
            return match length_of(&message) {
                Some(Err(())) => Greeting::Other,
                Some(Ok(whole)) if message.len() >= whole => Greeting::Other,
                _ => Greeting::More,
            };
        }
        rest = &body[length..];
    }
}

/// The whole length of a handshake message, its head included, once its head is there.
fn length_of(message: &[u8]) -> Option<Result<usize, ()>> {
    let [kind, a, b, c, ..] = message else {
        return message.first().filter(|kind| **kind != CLIENT_HELLO).map(|_| Err(()));
    };
    let length = 4 + usize::from(*a) * 65536 + usize::from(*b) * 256 + usize::from(*c);
    Some(if *kind == CLIENT_HELLO && length <= MOST_HELLO { Ok(length) } else { Err(()) })
}

/// `None` where it does not follow the format.
fn name_of(hello: &[u8]) -> Option<Option<String>> {
    let mut hello = Reader(hello);
    hello.take(2 + 32)?;
    hello.block8()?;
    hello.block16()?;
    hello.block8()?;
    if hello.0.is_empty() {
        return Some(None);
    }
    let mut extensions = Reader(hello.block16()?);
    let mut found = None;
    while !extensions.0.is_empty() {
        let kind = extensions.u16()?;
        let body = extensions.block16()?;
        if kind != SERVER_NAME {
            continue;
        }
        let mut names = Reader(Reader(body).block16()?);
        while !names.0.is_empty() {
            let kind = *names.take(1)?.first()?;
            let name = names.block16()?;
            // Two names would leave open which one counts.
            if kind != HOST_NAME || found.is_some() {
                return None;
            }
            found = Some(std::str::from_utf8(name).ok()?.to_ascii_lowercase());
        }
    }
    Some(found)
}

struct Reader<'b>(&'b [u8]);

impl<'b> Reader<'b> {
    fn take(&mut self, length: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn u16(&mut self) -> Option<u16> {
        Some(u16::from_be_bytes(self.take(2)?.try_into().ok()?))
    }

    fn block8(&mut self) -> Option<&'b [u8]> {
        let length = *self.take(1)?.first()?;
        self.take(length.into())
    }

    fn block16(&mut self) -> Option<&'b [u8]> {
        let length = self.u16()?;
        self.take(length.into())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::Arc;

    use super::*;

    /// The greeting that rustls sends for a host.
    pub(in crate::host::net) fn hello(host: &str, sni: bool) -> Vec<u8> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut config = rustls::ClientConfig::builder()
            .with_root_certificates(rustls::RootCertStore::empty())
            .with_no_client_auth();
        config.enable_sni = sni;
        let name = rustls::pki_types::ServerName::try_from(host.to_owned()).unwrap();
        let mut client = rustls::ClientConnection::new(Arc::new(config), name).unwrap();
        let mut bytes = Vec::new();
        client.write_tls(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn a_real_greeting_is_read_however_it_is_cut() {
        let bytes = hello("Docs.Example.com", true);
        let whole = Greeting::Asks(Some("docs.example.com".to_owned()));
        assert_eq!(greeting(&bytes), whole);
        for cut in 0..bytes.len() {
            assert_eq!(greeting(&bytes[..cut]), Greeting::More, "cut at {cut}");
        }
        // Spread over records of ten bytes, with something behind it.
        let mut spread = Vec::new();
        for piece in bytes[5..].chunks(10) {
            spread.extend([22, 3, 1, 0, piece.len() as u8]);
            spread.extend_from_slice(piece);
        }
        spread.extend([20, 3, 3, 0, 1, 1]);
        assert_eq!(greeting(&spread), whole);
        assert_eq!(greeting(&hello("docs.example.com", false)), Greeting::Asks(None));
    }

    #[test]
    fn anything_else_is_no_greeting_at_its_first_wrong_byte() {
        let mut wrong = hello("a.test", true);
        wrong[5] = 2;
        for bytes in [
            &b"GET / HTTP/1.1\r\n"[..],
            b"SSH-2.0-x\r\n",
            b"\x16\x02",
            b"\x17\x03\x01",
            b"\x16\x03\x01\x00\x00",
            b"\x16\x03\x01\xff\xff",
            b"\x16\x03\x01\x00\x04\x01\xff\xff\xff",
            b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00",
            &wrong,
        ] {
            assert_eq!(greeting(bytes), Greeting::Other, "{bytes:?}");
        }
    }

    proptest::proptest! {
        /// A greeting with bytes changed is read or not, but never names a host that is not in it.
        #[test]
        fn a_damaged_greeting_names_nobody_else(changes in proptest::collection::vec((5usize..300, 0u8..), 1..8)) {
            let mut bytes = hello("a.test", true);
            for (at, byte) in changes {
                let at = at % bytes.len();
                bytes[at] = byte;
            }
            if let Greeting::Asks(Some(name)) = greeting(&bytes) {
                let name = name.as_bytes();
                let lower = bytes.to_ascii_lowercase();
                proptest::prop_assert!(name.is_empty() || lower.windows(name.len()).any(|window| window == name));
            }
        }
    }
}
