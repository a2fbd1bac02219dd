//! What bytes are, by their first few.

pub(super) enum Kind {
    Text,
    /// With its media type.
    Image(&'static str),
    /// With a word for it.
    Binary(&'static str),
}

/// How far a NUL byte is looked for, as git does.
const LOOK: usize = 8_000;

const BINARY: [(&[u8], &str); 8] = [
    (b"%PDF-", "a PDF document"),
    (b"PK\x03\x04", "a zip archive"),
    (b"\x1f\x8b", "gzip data"),
    (b"\x28\xb5\x2f\xfd", "zstd data"),
    (b"\x7fELF", "an ELF binary"),
    (b"SQLite format 3\0", "an SQLite database"),
    (b"\xff\xfe", "UTF-16 text (convert it with iconv first)"),
    (b"\xfe\xff", "UTF-16 text (convert it with iconv first)"),
];

pub(super) fn kind(bytes: &[u8]) -> Kind {
    match bytes {
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => return Kind::Image("image/png"),
        [0xff, 0xd8, 0xff, ..] => return Kind::Image("image/jpeg"),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => return Kind::Image("image/gif"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => return Kind::Image("image/webp"),
        _ => {}
    }
    if let Some((_, what)) = BINARY.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        return Kind::Binary(what);
    }
    if bytes[..bytes.len().min(LOOK)].contains(&0) { Kind::Binary("a binary file") } else { Kind::Text }
}
