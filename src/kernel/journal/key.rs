//! Ed25519 keys: signing and checking, and the forms a key is written in.
//!
//! PEM is PKCS#8 (RFC 8410) for the private key and SPKI for the public one, so `openssl pkey` reads
//! both. A private key is shown by nothing but [`Signer::private_pem`].

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};

use crate::base::sha256_hex;

/// What stands before the 32 bytes of a private key in DER (RFC 8410, section 7).
const PRIVATE_DER: [u8; 16] = [48, 46, 2, 1, 0, 48, 5, 6, 3, 43, 101, 112, 4, 34, 4, 32];
/// The same in version 2, which carries the public key behind it.
const PRIVATE_DER_2: [u8; 16] = [48, 81, 2, 1, 1, 48, 5, 6, 3, 43, 101, 112, 4, 34, 4, 32];
/// What stands before the 32 bytes of a public key in DER (RFC 8410, section 4).
const PUBLIC_DER: [u8; 12] = [48, 42, 48, 5, 6, 3, 43, 101, 112, 3, 33, 0];

/// A public key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

impl std::fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PublicKey({})", self.id())
    }
}

impl PublicKey {
    /// 64 hexadecimal characters.
    pub fn hex(&self) -> String {
        hex::encode(self.0.as_bytes())
    }

    /// 16 hexadecimal characters that name it: the start of the SHA-256 of its 32 bytes.
    pub fn id(&self) -> String {
        sha256_hex(self.0.as_bytes())[..16].to_owned()
    }

    pub fn pem(&self) -> String {
        pem("PUBLIC KEY", &[PUBLIC_DER.as_slice(), self.0.as_bytes()].concat())
    }

    /// Reads PEM, hexadecimal or base64; `Err` says what was wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        let bytes = match unpem(text, "PUBLIC KEY")? {
            Some(der) => match der.strip_prefix(PUBLIC_DER.as_slice()) {
                Some(key) => key.to_vec(),
                None => return Err("it is no Ed25519 public key".to_owned()),
            },
            None => bare(text)?,
        };
        let bytes: [u8; 32] = bytes.try_into().map_err(|_| "a public key has 32 bytes".to_owned())?;
        VerifyingKey::from_bytes(&bytes).map(Self).map_err(|_| "it is no point of the curve".to_owned())
    }

    /// Whether `signature` (base64) is this key's over `bytes`.
    pub fn verifies(&self, bytes: &[u8], signature: &str) -> bool {
        let signature = STANDARD.decode(signature).ok().and_then(|bytes| Signature::from_slice(&bytes).ok());
        signature.is_some_and(|signature| self.0.verify_strict(bytes, &signature).is_ok())
    }
}

/// A private key. Wiped from memory when dropped; its debug form is that of its public key.
#[derive(Clone)]
pub struct Signer(SigningKey);

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Signer({})", self.public().id())
    }
}

impl Signer {
    /// A new key from the system's random source.
    pub fn make() -> Self {
        let mut seed = [0u8; 32];
        // A key that could be guessed proves nothing; there is no sensible way to go on.
        getrandom::fill(&mut seed).expect("the operating system's random source answers");
        Self(SigningKey::from_bytes(&seed))
    }

    /// Reads PKCS#8 PEM, hexadecimal or base64 of the 32-byte seed. The text is in no error.
    pub fn parse(text: &str) -> Result<Self, String> {
        let bytes = match unpem(text, "PRIVATE KEY")? {
            Some(der) => [PRIVATE_DER, PRIVATE_DER_2]
                .iter()
                .find_map(|start| der.strip_prefix(start.as_slice())?.get(..32))
                .ok_or("it is no Ed25519 private key in PKCS#8")?
                .to_vec(),
            None => bare(text)?,
        };
        let seed: [u8; 32] = bytes.try_into().map_err(|_| "a seed has 32 bytes".to_owned())?;
        Ok(Self(SigningKey::from_bytes(&seed)))
    }

    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    /// The signature over `bytes`, in base64.
    pub fn sign(&self, bytes: &[u8]) -> String {
        STANDARD.encode(self.0.sign(bytes).to_bytes())
    }

    /// The private key itself, as PKCS#8 PEM.
    pub fn private_pem(&self) -> String {
        pem("PRIVATE KEY", &[PRIVATE_DER.as_slice(), self.0.as_bytes()].concat())
    }
}

fn pem(what: &str, der: &[u8]) -> String {
    format!("-----BEGIN {what}-----\n{}\n-----END {what}-----\n", STANDARD.encode(der))
}

/// The bytes inside PEM of this kind; `None` when the text is no PEM at all.
fn unpem(text: &str, what: &str) -> Result<Option<Vec<u8>>, String> {
    let text = text.trim();
    if !text.starts_with("-----BEGIN") {
        return Ok(None);
    }
    let inner = text
        .strip_prefix(&format!("-----BEGIN {what}-----"))
        .and_then(|rest| rest.strip_suffix(&format!("-----END {what}-----")))
        .ok_or_else(|| format!("it is no PEM of one {}", what.to_lowercase()))?;
    let inner: String = inner.split_whitespace().collect();
    STANDARD.decode(inner).map(Some).map_err(|_| "the PEM holds no base64".to_owned())
}

fn bare(text: &str) -> Result<Vec<u8>, String> {
    let text = text.trim();
    if text.len() == 64
        && let Ok(bytes) = hex::decode(text)
    {
        return Ok(bytes);
    }
    STANDARD.decode(text).map_err(|_| "it is neither PEM, nor hexadecimal, nor base64".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_key_is_the_same_key() {
        let signer = Signer::make();
        let seed = signer.0.to_bytes();
        for form in [signer.private_pem(), hex::encode(seed), format!(" {}\n", STANDARD.encode(seed))] {
            assert_eq!(Signer::parse(&form).unwrap().public(), signer.public());
        }
        let public = signer.public();
        for form in [public.pem(), public.hex()] {
            assert_eq!(PublicKey::parse(&form).unwrap(), public);
        }
        assert!(!format!("{signer:?}").contains(&hex::encode(seed)));
    }

    #[test]
    fn what_openssl_writes_is_read() {
        // RFC 8410, section 10.3.
        let pem = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n";
        let public = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n";
        assert_eq!(Signer::parse(pem).unwrap().public(), PublicKey::parse(public).unwrap());
        assert_eq!(PublicKey::parse(public).unwrap().pem(), public);
    }

    #[test]
    fn a_slip_is_told_without_the_text() {
        for text in [
            "",
            "sesame-sesame",
            "00",
            "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----",
        ] {
            let why = Signer::parse(text).unwrap_err();
            assert!(!why.contains("sesame"), "{why}");
        }
        let signature = Signer::make().sign(b"a");
        assert!(!Signer::make().public().verifies(b"a", &signature));
        assert!(!Signer::make().public().verifies(b"a", "no base64"));
    }
}
