//! The head of a journal: what was sealed last, signed.

use serde::{Deserialize, Serialize};

use super::key::{PublicKey, Signer};

/// The layout of [`Head`]. Version 1 had neither a signature nor a place in the index.
pub(super) const HEAD_VERSION: u32 = 2;

const DOMAIN: &[u8] = b"iosm journal head\n";

/// What was sealed last: how many rows, and the hash of the last of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Head {
    pub version: u32,
    pub session: String,
    pub count: u64,
    pub last_hash: String,
    pub sealed_at: String,
    /// How many entries the index had, and the hash of the last: whoever cuts the index is found out
    /// by the heads that knew it longer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<Place>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed: Option<Signed>,
}

/// How long the index was when a head was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Place {
    pub count: u64,
    pub last_hash: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Signed {
    /// The public key, in hexadecimal.
    pub key: String,
    /// In base64, over the head without this part, behind a line that names what it is.
    pub signature: String,
}

impl Head {
    pub fn sign(mut self, signer: &Signer) -> Self {
        let signature = signer.sign(&self.body());
        self.signed = Some(Signed { key: signer.public().hex(), signature });
        self
    }

    fn body(&self) -> Vec<u8> {
        let unsigned = Self { signed: None, ..self.clone() };
        let bytes = serde_json::to_vec(&unsigned).expect("a head is plain data");
        [DOMAIN, &bytes].concat()
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a head is plain data")
    }

    /// Reads a head back. It must be written exactly as [`to_bytes`](Self::to_bytes) writes it, and be
    /// signed unless it is of version 1; whose key it was is for the caller to judge.
    pub fn read(bytes: &[u8]) -> Result<(Self, Option<PublicKey>), String> {
        let head: Self =
            serde_json::from_slice(bytes).map_err(|error| format!("its head is not readable: {error}"))?;
        if head.to_bytes() != bytes {
            return Err("its head is not as it was written".to_owned());
        }
        match (&head.signed, head.version) {
            (None, 1) => Ok((head, None)),
            (Some(signed), HEAD_VERSION) => {
                let key =
                    PublicKey::parse(&signed.key).map_err(|why| format!("the key of its head: {why}"))?;
                if !key.verifies(&head.body(), &signed.signature) {
                    return Err("the signature of its head does not fit".to_owned());
                }
                Ok((head, Some(key)))
            }
            (_, version @ (1 | HEAD_VERSION)) => {
                Err(format!("its head claims to be of version {version}, and is not"))
            }
            (_, version) => Err(format!("its head is of version {version}, which this iosm does not know")),
        }
    }
}
