//! The in-toto statement about a bundle, and the DSSE envelope that signs it.
//!
//! Formats: in-toto Attestation Framework, Statement v1
//! (`https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md`), and DSSE 1.0
//! (`https://github.com/secure-systems-lab/dsse/blob/master/protocol.md`).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::bundle::Bundle;
use crate::kernel::{PublicKey, Signer, Verified};

const STATEMENT: &str = "https://in-toto.io/Statement/v1";
/// Ours; it names a format and no place.
pub(super) const PREDICATE: &str = "urn:iosm:audit:v1";
const PAYLOAD: &str = "application/vnd.in-toto+json";

/// A DSSE envelope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Envelope {
    #[serde(rename = "payloadType")]
    pub payload_type: String,
    /// Base64 of the statement.
    pub payload: String,
    pub signatures: Vec<Signature>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Signature {
    pub keyid: String,
    /// In base64.
    pub sig: String,
}

/// DSSE's pre-authentication encoding: what is really signed.
fn encoded(payload: &[u8]) -> Vec<u8> {
    let mut out = format!("DSSEv1 {} {PAYLOAD} {} ", PAYLOAD.len(), payload.len()).into_bytes();
    out.extend_from_slice(payload);
    out
}

impl Envelope {
    pub fn sign(statement: &Value, signer: &Signer) -> Self {
        let payload = serde_json::to_vec(statement).expect("a statement is plain data");
        let sig = signer.sign(&encoded(&payload));
        Self {
            payload_type: PAYLOAD.to_owned(),
            payload: STANDARD.encode(payload),
            signatures: vec![Signature { keyid: signer.public().id(), sig }],
        }
    }

    /// The statement, when `key` signed it.
    pub fn open(&self, key: &PublicKey) -> Result<Value, String> {
        if self.payload_type != PAYLOAD {
            return Err(format!("the envelope holds {}, not {PAYLOAD}", self.payload_type));
        }
        let payload = STANDARD.decode(&self.payload).map_err(|_| "the envelope's payload is no base64")?;
        let signed = encoded(&payload);
        if !self.signatures.iter().any(|signature| key.verifies(&signed, &signature.sig)) {
            return Err("the signature of the envelope does not fit".to_owned());
        }
        serde_json::from_slice(&payload).map_err(|error| format!("the statement is no JSON: {error}"))
    }
}

/// What is said of a bundle. Made from the bundle alone, so that it can be made again and compared.
pub(super) fn statement(bundle: &Bundle, verified: &Verified, key: &PublicKey) -> Value {
    let journal = json!({
        "name": format!("journal/{}", bundle.session), "digest": {"sha256": bundle.journal_digest()},
    });
    let mut subject = vec![journal];
    for commit in &bundle.commits {
        subject.push(json!({
            "name": format!("commit/{}", commit.id), "digest": {"gitCommit": commit.id, "gitTree": commit.tree},
        }));
        subject.push(json!({
            "name": format!("patch/{}", commit.id), "digest": {"sha256": commit.patch_sha256},
        }));
    }
    json!({
        "_type": STATEMENT,
        "subject": subject,
        "predicateType": PREDICATE,
        "predicate": {
            "session": bundle.session,
            "runs": bundle.runs,
            "model": bundle.model,
            "bundleSha256": bundle.digest(),
            "journal": {
                "rows": verified.rows,
                "sealed": verified.sealed,
                "lastHash": verified.last_hash,
                "key": key.id(),
            },
            "checks": bundle.checks,
            "filesChanged": bundle.files_changed,
        },
    })
}
