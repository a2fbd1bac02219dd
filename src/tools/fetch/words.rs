//! Bytes to text, by what the answer says of its characters, and by what the bytes say.

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

/// How far a page's own word on its characters is looked for, as browsers do.
const LOOK: usize = 1024;

/// `None` for what is no text. In order: a byte order mark, the type, the page's `<meta>`, UTF-8 where it
/// is valid, else the characters of most pages that say nothing.
pub(super) fn decode(bytes: &[u8], content_type: &str) -> Option<String> {
    let marked = Encoding::for_bom(bytes).map(|(encoding, _)| encoding);
    let said = || Encoding::for_label(charset(content_type)?.as_bytes());
    let meta = || {
        let start = String::from_utf8_lossy(&bytes[..bytes.len().min(LOOK)]).to_ascii_lowercase();
        let found = Encoding::for_label(charset(&start)?.as_bytes())?;
        // A page whose `<meta>` could be read is not in UTF-16.
        Some(found.output_encoding())
    };
    let valid = || match std::str::from_utf8(bytes) {
        Ok(_) => Some(UTF_8),
        // Cut within a character, after others that were whole.
        Err(error) => {
            let cut = error.error_len().is_none() && !bytes[..error.valid_up_to()].is_ascii();
            cut.then_some(UTF_8)
        }
    };
    let encoding = marked.or_else(said).or_else(meta).or_else(valid).unwrap_or(WINDOWS_1252);
    let (text, _, _) = encoding.decode(bytes);
    (!text.contains('\0')).then(|| text.into_owned())
}

fn charset(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("charset=")?;
    let rest = rest.trim_start_matches(['"', '\'', ' ']);
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && !"-_:.".contains(c)).unwrap_or(rest.len());
    (end > 0).then(|| &rest[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_read_as_meant() {
        for (bytes, content_type, expected) in [
            (&b"caf\xc3\xa9"[..], "text/html", Some("café")),
            (b"caf\xe9", "text/html", Some("café")),
            (b"caf\xe9", "text/html; charset=ISO-8859-1", Some("café")),
            (b"caf\xc3\xa9", "text/html; charset=\"utf-8\"", Some("café")),
            (b"\xc3\xa9caf\xc3", "text/plain", Some("écaf\u{fffd}")),
            (b"\xef\xbb\xbfx", "text/html; charset=latin1", Some("x")),
            (b"\xff\xfeh\0i\0", "text/plain", Some("hi")),
            (b"<meta charset='windows-1251'>\xcf", "text/html", Some("<meta charset='windows-1251'>П")),
            (b"<meta charset=utf-16>x", "text/html", Some("<meta charset=utf-16>x")),
            (b"x\0y", "text/plain", None),
        ] {
            assert_eq!(decode(bytes, content_type).as_deref(), expected, "{bytes:?} {content_type}");
        }
    }
}
