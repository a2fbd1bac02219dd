//! One row of the journal: digests, never contents.

use serde::{Deserialize, Serialize};

use crate::base::sha256_hex;
use crate::protocol::{Actor, Reason, VerdictKind};

/// A row as it is written, without its hash. Fields stand in this order; absent ones are null.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// Counted from 1 within the session.
    pub seq: u64,
    /// RFC 3339 in UTC.
    pub ts: String,
    pub session: String,
    pub run: Option<String>,
    /// The entry of the session's log that it belongs to.
    pub entry: Option<u64>,
    /// The commit that `HEAD` named, as far as was known.
    pub commit: Option<String>,
    pub agent: Option<String>,
    pub actor: Actor,
    pub call: Option<String>,
    pub tool: Option<String>,
    pub effects_digest: Option<String>,
    pub args_digest: Option<String>,
    pub verdict: Option<VerdictKind>,
    pub reason: Option<Reason>,
    pub rung: Option<String>,
    pub rule: Option<String>,
    pub approver: Option<Approver>,
    pub taint: Option<String>,
    pub result_digest: Option<String>,
    pub duration_us: Option<u64>,
    /// Hash of the row before; 64 zeros in the first.
    pub prev: String,
}

/// Who answered for a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Written")]
pub struct Approver {
    /// `user`, `session` (agreed to before), `rule` (of the user's policy), or a name.
    pub by: String,
    /// Their name in the operating system.
    pub user: Option<String>,
    /// `name <email>` as git is configured here.
    pub git: Option<String>,
    /// Where they answered: `print`, `tui` …
    pub face: Option<String>,
}

/// Rows once had a name only.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Name(String),
    Whole { by: String, user: Option<String>, git: Option<String>, face: Option<String> },
}

impl From<Written> for Approver {
    fn from(written: Written) -> Self {
        match written {
            Written::Name(by) => Self { by, user: None, git: None, face: None },
            Written::Whole { by, user, git, face } => Self { by, user, git, face },
        }
    }
}

/// What starts a chain.
pub(super) const NO_HASH: &str = "0000000000000000000000000000000000000000000000000000000000000000";

const HASH_FIELD: &str = ",\"hash\":\"";

impl Row {
    /// A row about nothing yet, by `actor`; number, time, session and chain are set when it is
    /// appended.
    pub fn by(actor: Actor) -> Self {
        Self {
            seq: 0,
            ts: String::new(),
            session: String::new(),
            run: None,
            entry: None,
            commit: None,
            agent: None,
            actor,
            call: None,
            tool: None,
            effects_digest: None,
            args_digest: None,
            verdict: None,
            reason: None,
            rung: None,
            rule: None,
            approver: None,
            taint: None,
            result_digest: None,
            duration_us: None,
            prev: String::new(),
        }
    }

    /// The line to write, and its hash: SHA-256 over the line without the hash field.
    pub(super) fn seal(&self) -> Result<(String, String), serde_json::Error> {
        let mut line = serde_json::to_string(self)?;
        let hash = sha256_hex(line.as_bytes());
        line.pop();
        line.push_str(HASH_FIELD);
        line.push_str(&hash);
        line.push_str("\"}");
        Ok((line, hash))
    }

    /// Reads a line back, checking that it is exactly what [`seal`](Self::seal) wrote.
    pub(super) fn unseal(line: &str) -> Result<(Self, String), String> {
        let (body, rest) = line.rsplit_once(HASH_FIELD).ok_or("it has no hash")?;
        let hash = rest.strip_suffix("\"}").ok_or("its end is not that of a row")?;
        let body = format!("{body}}}");
        if sha256_hex(body.as_bytes()) != hash {
            return Err("its hash does not fit its contents".to_owned());
        }
        let row: Self = serde_json::from_str(&body).map_err(|error| format!("it is not a row: {error}"))?;
        Ok((row, hash.to_owned()))
    }
}
