//! `iosm audit …` and `iosm why FILE:LINE`.

use super::args::Place;
use super::look::looking;
use super::say::{say, say_json, tell};
use super::stand::{bare_ground, directory};
use super::verbs::AuditVerb;
use crate::base::plural;
use crate::engine;
use crate::protocol::Report;

pub(super) fn audit(
    verb: Option<AuditVerb>,
    what: Option<&str>,
    json: bool,
    place: &Place,
) -> Result<u8, Report> {
    match verb {
        None => {
            let audit = engine::audit(&bare_ground(place)?, looking(), what)?;
            if json {
                say_json(&audit)?
            } else {
                say(&audit.markdown())?
            }
            Ok(if audit.intact { 0 } else { 5 })
        }
        Some(AuditVerb::Export { run, output, with_prompts }) => {
            let to = output.map(|file| directory(place).map(|here| here.join(file))).transpose()?;
            let ground = bare_ground(place)?;
            let exported = engine::export(&ground, looking(), run.as_deref(), to.as_deref(), with_prompts)?;
            if exported.unsealed > 0 {
                let open = exported.unsealed;
                tell(&Report::note(format!(
                    "{open} of the rows were not sealed; the statement covers them from now on"
                )));
            }
            match to {
                None => say(&exported.text)?,
                Some(to) => tell(&Report::note(format!(
                    "{} and {} are in {}; prove it anywhere with `iosm audit verify`",
                    plural(exported.rows, "row"),
                    plural(exported.commits, "commit"),
                    to.display()
                ))),
            }
            Ok(0)
        }
        Some(AuditVerb::Verify { file, key, json }) => {
            verify(&directory(place)?.join(file), key.as_deref(), json)
        }
    }
}

fn verify(file: &std::path::Path, key: Option<&str>, json: bool) -> Result<u8, Report> {
    let proved = engine::prove_file(file, key)?;
    if json {
        say_json(&proved)?;
        return Ok(0);
    }
    let whose = if proved.key_known {
        "the key that was asked for"
    } else {
        "whose key that is, this file cannot prove: compare it, or give --key"
    };
    say(&format!(
        "proved: session {}, runs {}\n{} ({} sealed), {}\nsigned by {} ({whose})\n",
        proved.session,
        if proved.runs.is_empty() { "none".to_owned() } else { proved.runs.join(", ") },
        plural(proved.rows as usize, "row"),
        proved.sealed,
        plural(proved.commits.len(), "commit"),
        proved.signed_by
    ))?;
    Ok(0)
}

pub(super) fn why(line: &str, json: bool, place: &Place) -> Result<u8, Report> {
    let why = engine::why(&bare_ground(place)?, looking(), line)?;
    if json {
        say_json(&why)?
    } else {
        say(&why.markdown())?
    }
    Ok(if why.fits() { 0 } else { 5 })
}
