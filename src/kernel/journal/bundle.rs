//! A journal read as a whole: its rows, and what proves them.

use std::path::Path;

use super::key::PublicKey;
use super::row::Row;
use super::verify::{Against, Broken, Verified, head_name, rows, verify};

/// A journal's lines with its head, as they lie on the disk: what an export carries.
#[derive(Debug, Clone, PartialEq)]
pub struct Sealed {
    pub rows: Vec<Row>,
    /// Each row as it is written, without its line end.
    pub lines: Vec<String>,
    /// The head as it is written.
    pub head: Option<String>,
    pub verified: Verified,
}

impl Sealed {
    /// Hash of the row numbered `seq`.
    pub fn hash_of(&self, seq: u64) -> Option<&str> {
        let line = self.lines.get(usize::try_from(seq.checked_sub(1)?).ok()?)?;
        line.rsplit_once("\"hash\":\"")?.1.strip_suffix("\"}")
    }

    /// Checks lines and head that came from elsewhere, signed by one of `trusted`.
    pub fn check(lines: Vec<String>, head: Option<String>, trusted: &[PublicKey]) -> Result<Self, Broken> {
        let mut text = Vec::new();
        for (at, line) in lines.iter().enumerate() {
            if line.contains('\n') {
                return Err(Broken { row: at as u64 + 1, why: "it is more than one line".to_owned() });
            }
            text.extend_from_slice(line.as_bytes());
            text.push(b'\n');
        }
        read_rows(&text, head, trusted)
    }
}

/// Reads the journal at `path`, checked against its head and the index beside it.
pub fn read(path: &Path, trusted: &[PublicKey]) -> Result<Sealed, Broken> {
    let open = verify(path, trusted)?.open;
    let whole = |why: std::io::Error| Broken { row: 0, why: format!("{}: {why}", path.display()) };
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let head = path.with_file_name(head_name(name));
    let head = if head.exists() { Some(std::fs::read_to_string(head).map_err(whole)?) } else { None };
    let text = std::fs::read(path).map_err(whole)?;
    let mut sealed = read_rows(&text, head, trusted)?;
    sealed.verified.open = open;
    Ok(sealed)
}

fn read_rows(text: &[u8], head: Option<String>, trusted: &[PublicKey]) -> Result<Sealed, Broken> {
    let (mut found, mut lines) = (Vec::new(), Vec::new());
    let against = Against { head: head.as_deref().map(str::as_bytes), trusted, ..Against::default() };
    let verified = rows(text, &against, |row, line| {
        found.push(row);
        lines.push(line.to_owned());
    })?;
    Ok(Sealed { rows: found, lines, head, verified })
}
