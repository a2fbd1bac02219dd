//! The key that seals journals, as people handle it.

use std::path::Path;

use super::ground::Ground;
use super::options::SharedEnv;
use crate::kernel::{KEY_VARIABLE, KeyError, Keys, PublicKey, trusted_keys};
use crate::protocol::{Report, ReportKind};

pub(super) fn unusable(error: KeyError) -> Report {
    Report::from_error(ReportKind::State, &error)
        .cause("nothing runs without a journal, and no journal without a key to seal it")
        .hint("mend the file (`iosm kernel key show` says where), or give a key in IOSM_JOURNAL_KEY")
}

/// What is shown of the key: never the private part.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct KeyInfo {
    pub id: String,
    /// The public key, in hexadecimal.
    pub public: String,
    /// `IOSM_JOURNAL_KEY`, or the file.
    pub from: String,
    /// Ids of keys whose seals count too: those it replaced.
    pub former: Vec<String>,
}

fn given(env: &SharedEnv) -> Option<String> {
    env(KEY_VARIABLE).filter(|value| !value.is_empty())
}

/// The key that seals here, made when there is none.
pub(super) fn open(ground: &Ground, env: &SharedEnv) -> Result<Keys, Report> {
    Keys::open(&ground.keys()?, given(env).as_deref()).map_err(unusable)
}

/// Keys whose seals count here. Makes none.
pub(super) fn trusted(ground: &Ground, env: &SharedEnv) -> Result<Vec<PublicKey>, Report> {
    trusted_keys(&ground.keys()?, given(env).as_deref()).map_err(unusable)
}

pub fn key_show(ground: &Ground, env: &SharedEnv) -> Result<KeyInfo, Report> {
    let keys = open(ground, env)?;
    let public = keys.signer().public();
    let mut former: Vec<String> = Vec::new();
    for key in keys.trusted().iter().filter(|key| **key != public) {
        if !former.contains(&key.id()) {
            former.push(key.id());
        }
    }
    let from = match given(env) {
        Some(_) => KEY_VARIABLE.to_owned(),
        None => Keys::path(&ground.keys()?).display().to_string(),
    };
    Ok(KeyInfo { id: public.id(), public: public.hex(), from, former })
}

/// The public key as PEM.
pub fn key_public(ground: &Ground, env: &SharedEnv) -> Result<String, Report> {
    Ok(open(ground, env)?.signer().public().pem())
}

/// Writes the private key to a new file that only the user may open.
pub fn key_private(ground: &Ground, env: &SharedEnv, to: &Path) -> Result<(), Report> {
    open(ground, env)?.export_private(to).map_err(|error| {
        Report::from_error(ReportKind::Host, &error).hint("name a file that does not exist yet")
    })
}

/// Makes a key that the user brings the machine's own; the one before goes on to count.
pub fn key_import(ground: &Ground, file: &Path) -> Result<PublicKey, Report> {
    let failed = |why: String| {
        Report::new(ReportKind::Usage, format!("{} is no key", file.display()))
            .cause(why)
            .hint("a PKCS#8 PEM, as `iosm kernel key export --private FILE` and `openssl genpkey -algorithm ed25519` write it")
    };
    let bytes = crate::base::read_private(file).map_err(|error| failed(error.to_string()))?;
    let text = String::from_utf8(bytes).map_err(|_| failed("it is no text".to_owned()))?;
    Keys::import(&ground.keys()?, &text, &file.display().to_string()).map_err(|error| match error {
        KeyError::Form { why, .. } => failed(why),
        error => unusable(error),
    })
}
