//! The file that `iosm audit export` writes: everything that proves a run, in one place.

use serde::{Deserialize, Serialize};

use super::shape::CheckAudit;
use super::statement::Envelope;
use crate::base::sha256_hex;

pub(super) const FORMAT: &str = "iosm-audit";
pub(super) const VERSION: u32 = 1;

/// The file: what is told, and the signed statement about it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub bundle: Bundle,
    pub envelope: Envelope,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Bundle {
    pub format: String,
    pub version: u32,
    pub session: String,
    /// The runs that it is about; rows of others are there because the chain needs them.
    pub runs: Vec<String>,
    pub model: Option<String>,
    /// Rows of the session's journal as they were written: digests, never contents.
    pub rows: Vec<String>,
    /// The signed head as it was written.
    pub head: Option<String>,
    /// PEM of the key that signed head and statement.
    pub public_key: String,
    pub prompts: Vec<Prompt>,
    pub commits: Vec<Committed>,
    pub checks: Vec<CheckAudit>,
    pub files_changed: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Prompt {
    pub run: String,
    /// SHA-256 of the words, as journaled.
    pub digest: Option<String>,
    /// Only when they were asked for.
    pub text: Option<String>,
}

/// A commit that a call made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Committed {
    pub id: String,
    pub tree: String,
    /// The commit object itself, in base64: its hash is the id.
    pub object: String,
    /// Against its first parent.
    pub patch: String,
    pub patch_sha256: String,
}

impl Bundle {
    /// SHA-256 of the bundle as compact JSON with its fields in order.
    pub fn digest(&self) -> String {
        sha256_hex(&serde_json::to_vec(self).expect("a bundle is plain data"))
    }

    /// SHA-256 of the rows, each with its line end: of the journal's file, as far as it is here.
    pub fn journal_digest(&self) -> String {
        let text: String = self.rows.iter().map(|row| format!("{row}\n")).collect();
        sha256_hex(text.as_bytes())
    }
}
