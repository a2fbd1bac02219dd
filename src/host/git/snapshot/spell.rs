//! Paths of any bytes as text that can be stored, shown and read back.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Control characters, `%` and bytes that are no UTF-8 become `%XX`; everything else stays.
pub fn spell(path: impl AsRef<OsStr>) -> String {
    let mut out = String::new();
    for chunk in path.as_ref().as_bytes().utf8_chunks() {
        for c in chunk.valid().chars() {
            if c == '%' || c.is_control() {
                let mut bytes = [0; 4];
                c.encode_utf8(&mut bytes).bytes().for_each(|byte| out.push_str(&format!("%{byte:02X}")));
            } else {
                out.push(c);
            }
        }
        chunk.invalid().iter().for_each(|byte| out.push_str(&format!("%{byte:02X}")));
    }
    out
}

/// The bytes that [`spell`] was given. What is no `%XX` stays as it is.
pub fn unspell(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let code = bytes.get(at + 1..at + 3).filter(|_| *byte == b'%');
        match code.and_then(|code| hex::decode(code).ok()) {
            Some(decoded) => {
                out.extend(decoded);
                at += 3;
            }
            None => {
                out.push(*byte);
                at += 1;
            }
        }
    }
    out
}

pub(super) fn path(bytes: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_bytes_come_back() {
        for (bytes, text) in [
            (&b"src/a b.rs"[..], "src/a b.rs"),
            (b"100%", "100%25"),
            (b"line\nend\x1b[2J", "line%0Aend%1B[2J"),
            (b"\xff\xfe/x", "%FF%FE/x"),
            ("größe/日本".as_bytes(), "größe/日本"),
            ("\u{85}".as_bytes(), "%C2%85"),
        ] {
            assert_eq!(spell(OsStr::from_bytes(bytes)), text);
            assert_eq!(unspell(text), bytes);
        }
        assert_eq!(unspell("50% off %zz %"), b"50% off %zz %");
    }
}
