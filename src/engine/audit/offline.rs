//! Proves an exported audit with nothing but the file, and perhaps the key it should be signed with.

use std::path::Path;

use serde::Serialize;

use super::bundle::{Bundle, FORMAT, File, VERSION};
use super::statement::statement;
use crate::base::sha256_hex;
use crate::host::git::read_object;
use crate::kernel::{PublicKey, Sealed};
use crate::protocol::{Report, ReportKind};

/// What an exported audit proves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Proved {
    pub session: String,
    pub runs: Vec<String>,
    pub rows: u64,
    pub sealed: u64,
    pub commits: Vec<String>,
    /// Id of the key.
    pub signed_by: String,
    /// Whether it is the key that was asked for; false when none was.
    pub key_known: bool,
}

/// Reads a file and proves it. The first thing that is wrong is an error of kind `Check`.
pub fn prove_file(path: &Path, key: Option<&str>) -> Result<Proved, Report> {
    let usage = |message: String, cause: String| Report::new(ReportKind::Usage, message).cause(cause);
    let bytes = std::fs::read(path)
        .map_err(|error| usage(format!("{} cannot be read", path.display()), error.to_string()))?;
    let key = key.map(key_of).transpose()?;
    prove(&bytes, key.as_ref()).map_err(|why| {
        Report::new(ReportKind::Check, format!("{}: {why}", path.display()))
            .hint("the file was changed since it was exported, or by whoever exported it; it proves nothing")
    })
}

/// A key as text, or the path of a file with one.
fn key_of(given: &str) -> Result<PublicKey, Report> {
    let text = match std::fs::read_to_string(given) {
        Ok(text) => text,
        Err(_) => given.to_owned(),
    };
    PublicKey::parse(&text).map_err(|why| {
        Report::new(ReportKind::Usage, "--key is no public key")
            .cause(why)
            .hint("the output of `iosm kernel key export` on the machine it stems from, or a file with it")
    })
}

fn prove(bytes: &[u8], wanted: Option<&PublicKey>) -> Result<Proved, String> {
    let file: File =
        serde_json::from_slice(bytes).map_err(|error| format!("it is no exported audit: {error}"))?;
    let bundle = &file.bundle;
    if bundle.format != FORMAT || bundle.version != VERSION {
        return Err(format!(
            "it is {} version {}, not {FORMAT} version {VERSION}",
            bundle.format, bundle.version
        ));
    }
    let key = PublicKey::parse(&bundle.public_key).map_err(|why| format!("its public key: {why}"))?;
    if let Some(wanted) = wanted
        && *wanted != key
    {
        return Err(format!("it is signed with the key {}, not with {}", key.id(), wanted.id()));
    }
    let said = file.envelope.open(&key)?;
    let journal = Sealed::check(bundle.rows.clone(), bundle.head.clone(), &[key])
        .map_err(|broken| format!("the journal in it: {broken}"))?;
    if let Some(row) = journal.rows.iter().find(|row| row.session != bundle.session) {
        return Err(format!("row {} is of session {}, not {}", row.seq, row.session, bundle.session));
    }
    for commit in &bundle.commits {
        let told = |why: String| format!("commit {}: {why}", commit.id);
        if sha256_hex(commit.patch.as_bytes()) != commit.patch_sha256 {
            return Err(told("its patch has another digest".to_owned()));
        }
        let object = read_object(&commit.object).map_err(told)?;
        if object.id != commit.id || object.tree != commit.tree {
            return Err(told(format!("the object in it is {} with the tree {}", object.id, object.tree)));
        }
        claim_fits(&object.trailers, &journal).map_err(told)?;
    }
    prompts_fit(bundle, &journal)?;
    if said != statement(bundle, &journal.verified, &key) {
        return Err("the signed statement says something else than the file".to_owned());
    }
    Ok(Proved {
        session: bundle.session.clone(),
        runs: bundle.runs.clone(),
        rows: journal.verified.rows,
        sealed: journal.verified.sealed,
        commits: bundle.commits.iter().map(|commit| commit.id.clone()).collect(),
        signed_by: key.id(),
        key_known: wanted.is_some(),
    })
}

/// A commit that names rows must name those that are here.
fn claim_fits(trailers: &[(String, String)], journal: &Sealed) -> Result<(), String> {
    for (_, claim) in trailers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("Iosm-Journal")) {
        let row = claim
            .split_once(':')
            .and_then(|(rows, hash)| Some((rows.split_once('-')?.1.parse().ok()?, hash)));
        let Some((row, hash)) = row else {
            return Err(format!("its trailer {claim} is not of the right form"));
        };
        if journal.hash_of(row) != Some(hash) {
            return Err(format!("its trailer names row {row} with another hash"));
        }
    }
    Ok(())
}

fn prompts_fit(bundle: &Bundle, journal: &Sealed) -> Result<(), String> {
    for prompt in &bundle.prompts {
        let journaled = journal
            .rows
            .iter()
            .any(|row| row.run.as_ref() == Some(&prompt.run) && row.args_digest == prompt.digest);
        let fits = prompt.text.as_ref().is_none_or(|text| prompt.digest == Some(sha256_hex(text.as_bytes())));
        if !journaled || !fits {
            return Err(format!("the prompt of run {} is not the one that was journaled", prompt.run));
        }
    }
    Ok(())
}
