//! The originals of what admission took out of texts: secrets behind their placeholders, and spans that
//! were withheld. Private to one session, kept with our own state, 0600; no handle of a model opens it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use regex::Regex;
use serde::{Deserialize, Serialize};

use super::secrets::Found;
use crate::base::{AppendFile, BlobStore, Digest, StateDir, StoreError, sha256_hex};

/// Hexadecimal characters of a placeholder's digest, more only where two secrets would share them.
const SHORTEST_MARK: usize = 4;
const LONGEST_MARK: usize = 32;
/// A line of a secret of many lines that is told from ordinary text on its own.
const TELLING_LINE: usize = 24;

pub(super) static PLACEHOLDER: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\[secret:[a-z0-9_]{1,40}#[0-9a-f]{4,32}\]").expect("a pattern of our own"));
/// `12⇥` at the start of a line, as `read` numbers them.
static NUMBERED: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\n\d+\t").expect("a pattern of our own"));

/// A span that a model was not shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Withheld {
    /// Names it, such as `kept_9f86d081884c7d65`.
    pub handle: String,
    pub agent: String,
    pub call: String,
    /// Where the text came from, such as `web:example.com`.
    pub source: String,
    /// Which shape of instruction it has.
    pub rule: String,
    pub bytes: u64,
    /// Who let the model see it, if somebody did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub released: Option<String>,
}

/// One line of the vault's file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Line {
    Key(String),
    Secret { placeholder: String, blob: String },
    File { placeholder: String, path: PathBuf },
    Withheld(Withheld),
    Released { handle: String, approver: String },
}

/// A secret behind a placeholder.
#[derive(Debug, Default)]
struct Kept {
    value: String,
    files: BTreeSet<PathBuf>,
}

/// Why a placeholder cannot be put back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::kernel) enum Lost {
    /// No secret of this session has it.
    Unknown(String),
    /// The secret stems from elsewhere.
    Elsewhere(String),
}

pub(in crate::kernel) struct Vault {
    dir: StateDir,
    log: AppendFile,
    key: String,
    by_placeholder: BTreeMap<String, Kept>,
    by_value: HashMap<String, String>,
    withheld: Vec<Withheld>,
}

impl Vault {
    /// The vault of a session that has one.
    pub fn resume(blobs: &BlobStore, session: &str) -> Result<Option<Self>, StoreError> {
        let dir = blobs.private()?;
        if !dir.exists(&file_name(session)) { Ok(None) } else { Self::open(dir, session).map(Some) }
    }

    pub fn create(blobs: &BlobStore, session: &str) -> Result<Self, StoreError> {
        Self::open(blobs.private()?, session)
    }

    fn open(dir: StateDir, session: &str) -> Result<Self, StoreError> {
        let log = dir.append(&file_name(session))?;
        let text = dir.read(&file_name(session))?;
        let mut vault = Self {
            dir,
            log,
            key: String::new(),
            by_placeholder: BTreeMap::new(),
            by_value: HashMap::new(),
            withheld: Vec::new(),
        };
        // A line that cannot be read is a secret that cannot be put back, which refuses the write.
        for line in text.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()) {
            vault.take_up(line);
        }
        if vault.key.is_empty() {
            let mut random = [0u8; 32];
            // As for ids: without a random source there is no sensible way to go on.
            getrandom::fill(&mut random).expect("the operating system's random source answers");
            let key = hex::encode(random);
            vault.write(&Line::Key(key.clone()))?;
            vault.key = key;
        }
        Ok(vault)
    }

    fn take_up(&mut self, line: Line) {
        match line {
            Line::Key(key) => self.key = key,
            Line::Secret { placeholder, blob } => {
                let bytes = self.dir.read(&blob).ok().filter(|bytes| sha256_hex(bytes) == blob);
                if let Some(value) = bytes.and_then(|bytes| String::from_utf8(bytes).ok()) {
                    self.by_value.insert(value.clone(), placeholder.clone());
                    self.by_placeholder.entry(placeholder).or_default().value = value;
                }
            }
            Line::File { placeholder, path } => {
                self.by_placeholder.entry(placeholder).or_default().files.insert(path);
            }
            Line::Withheld(withheld) => self.withheld.push(withheld),
            Line::Released { handle, approver } => {
                for kept in self.withheld.iter_mut().filter(|kept| kept.handle == handle) {
                    kept.released = Some(approver.clone());
                }
            }
        }
    }

    fn write(&mut self, line: &Line) -> Result<(), StoreError> {
        let line = serde_json::to_vec(line).expect("strings and paths that were text before");
        self.log.line(&line)
    }

    fn keep(&mut self, bytes: &[u8]) -> Result<String, StoreError> {
        let name = sha256_hex(bytes);
        if !self.dir.exists(&name) {
            self.dir.replace(&name, bytes)?;
        }
        Ok(name)
    }

    /// The placeholder of a secret seen in `file`: always the same for the same secret in this session.
    pub fn placeholder(&mut self, kind: &str, seen: &str, file: Option<&Path>) -> Result<String, StoreError> {
        let value = bare(seen);
        let known = self.by_value.get(value.as_str()).cloned();
        let placeholder = match known {
            Some(placeholder) => placeholder,
            None => {
                let digest = Digest::default().field(self.key.as_bytes()).field(value.as_bytes()).hex();
                let lengths = (SHORTEST_MARK..=LONGEST_MARK)
                    .map(|length| format!("[secret:{kind}#{}]", &digest[..length]));
                let free = lengths.into_iter().find(|mark| !self.by_placeholder.contains_key(mark));
                let placeholder =
                    free.unwrap_or_else(|| format!("[secret:{kind}#{}]", &digest[..LONGEST_MARK]));
                let blob = self.keep(value.as_bytes())?;
                self.write(&Line::Secret { placeholder: placeholder.clone(), blob })?;
                self.by_value.insert(value.clone(), placeholder.clone());
                self.by_placeholder.entry(placeholder.clone()).or_default().value = value;
                placeholder
            }
        };
        if let Some(file) = file {
            self.seen_in(&placeholder, file)?;
        }
        Ok(placeholder)
    }

    fn seen_in(&mut self, placeholder: &str, file: &Path) -> Result<(), StoreError> {
        let kept = self.by_placeholder.entry(placeholder.to_owned()).or_default();
        if kept.files.insert(file.to_owned()) {
            self.write(&Line::File { placeholder: placeholder.to_owned(), path: file.to_owned() })?;
        }
        Ok(())
    }

    /// Text that merely looks like a placeholder, and stands so in a file: it stands for itself. It never
    /// says that a secret stems from that file.
    pub fn literal(&mut self, text: &str, file: Option<&Path>) -> Result<(), StoreError> {
        let itself = match self.by_placeholder.get(text) {
            None => true,
            Some(kept) => kept.value == text,
        };
        if !itself {
            return Ok(());
        }
        if !self.by_placeholder.contains_key(text) {
            let blob = self.keep(text.as_bytes())?;
            self.write(&Line::Secret { placeholder: text.to_owned(), blob })?;
            self.by_placeholder
                .insert(text.to_owned(), Kept { value: text.to_owned(), files: BTreeSet::new() });
        }
        file.map_or(Ok(()), |file| self.seen_in(text, file))
    }

    /// Secrets of this session in a text whose shape alone would not give them away: in a diff, cut by
    /// a page, in quotes.
    pub(super) fn known(&self, text: &str) -> Vec<Found> {
        let mut found = Vec::new();
        for (placeholder, kept) in self.by_placeholder.iter().filter(|(mark, kept)| **mark != kept.value) {
            let kind = kind_of(placeholder);
            let mut add = |value: &str, kind: &str| {
                found.extend(text.match_indices(value).map(|(at, _)| Found {
                    kind: kind.to_owned(),
                    range: at..at + value.len(),
                    value: value.to_owned(),
                }));
            };
            add(&kept.value, kind);
            if kept.value.contains('\n') {
                let telling = kept.value.lines().map(str::trim);
                let part = format!("{}_line", kind.trim_end_matches("_line"));
                for line in telling.filter(|line| line.len() >= TELLING_LINE && !line.contains("-----")) {
                    add(line, &part);
                }
            }
        }
        found
    }

    /// Whether a known secret stands in `text`; its kind.
    pub fn holds(&self, text: &str) -> Option<String> {
        let hit =
            |(mark, kept): &(&String, &Kept)| **mark != kept.value && text.contains(kept.value.as_str());
        self.by_placeholder.iter().find(hit).map(|(mark, _)| kind_of(mark).to_owned())
    }

    /// The text with every placeholder put back that stems from `file`, and how many there were.
    pub fn restore(&self, text: &str, file: &Path) -> Result<(String, usize), Lost> {
        let crlf = text.contains("\r\n");
        let (mut out, mut at, mut count) = (String::with_capacity(text.len()), 0, 0);
        for mark in PLACEHOLDER.find_iter(text) {
            let kept = self.by_placeholder.get(mark.as_str());
            let kept = kept.ok_or_else(|| Lost::Unknown(mark.as_str().to_owned()))?;
            if !kept.files.contains(file) {
                return Err(Lost::Elsewhere(mark.as_str().to_owned()));
            }
            out.push_str(&text[at..mark.start()]);
            // Line ends are the tool's affair: within one text they are all of a kind.
            if crlf {
                out.push_str(&kept.value)
            } else {
                out.push_str(&kept.value.replace("\r\n", "\n"))
            }
            at = mark.end();
            count += usize::from(kept.value != mark.as_str());
        }
        out.push_str(&text[at..]);
        Ok((out, count))
    }

    /// Keeps a span that is not shown; returns its handle.
    pub fn withhold(&mut self, text: &str, mut entry: Withheld) -> Result<String, StoreError> {
        let blob = self.keep(text.as_bytes())?;
        entry.handle = format!("kept_{}", &blob[..16]);
        let handle = entry.handle.clone();
        if !self.withheld.iter().any(|kept| kept.handle == handle) {
            self.write(&Line::Withheld(entry.clone()))?;
            self.withheld.push(entry);
        }
        Ok(handle)
    }

    /// Keeps an original as it came; nothing names it but its digest.
    pub fn keep_original(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        self.keep(bytes).map(drop)
    }

    pub fn all_withheld(&self) -> &[Withheld] {
        &self.withheld
    }

    /// The text of a withheld span.
    pub fn text_of(&self, handle: &str) -> Option<String> {
        self.withheld.iter().find(|kept| kept.handle == handle)?;
        let short = handle.strip_prefix("kept_")?;
        let name = self.dir.names().ok()?.into_iter().find(|name| name.starts_with(short))?;
        let bytes = self.dir.read(&name).ok().filter(|bytes| sha256_hex(bytes) == name)?;
        String::from_utf8(bytes).ok()
    }

    pub fn released(&mut self, handle: &str, approver: &str) -> Result<(), StoreError> {
        let line = Line::Released { handle: handle.to_owned(), approver: approver.to_owned() };
        self.write(&line)?;
        self.take_up(line);
        Ok(())
    }
}

fn file_name(session: &str) -> String {
    format!("{session}.jsonl")
}

fn kind_of(placeholder: &str) -> &str {
    placeholder.trim_start_matches("[secret:").split('#').next().unwrap_or_default()
}

/// A secret of many lines as its file holds it, without the numbers that `read` can put before lines.
fn bare(seen: &str) -> String {
    let lines = seen.matches('\n').count();
    if lines > 0 && NUMBERED.find_iter(seen).count() == lines {
        return NUMBERED.replace_all(seen, "\n").into_owned();
    }
    seen.to_owned()
}

/// Ranges in order, of which none overlaps one before it.
pub(super) fn apart(mut found: Vec<Found>) -> Vec<Found> {
    found.sort_by_key(|found| (found.range.start, std::cmp::Reverse(found.range.end)));
    let mut end = 0;
    found.retain(|found| {
        let free = found.range.start >= end && !found.range.is_empty();
        end = if free { found.range.end } else { end };
        free
    });
    found
}

/// Whether two ranges share a byte.
pub(super) fn overlap(a: &Range<usize>, b: &Range<usize>) -> bool {
    a.start < b.end && b.start < a.end
}
