//! `iosm kernel …`: verify journals, handle the key; the rest is about policies.

use super::args::Place;
use super::drill;
use super::policy::{self, Under};
use super::say::{say, say_json, tell};
use super::stand::{bare_ground, environment};
use super::verbs::{KernelVerb, KeyVerb};
use crate::engine::{self, Ground};
use crate::kernel::Verified;
use crate::protocol::Report;

pub(super) fn kernel(verb: &KernelVerb, place: &Place) -> Result<u8, Report> {
    match verb {
        KernelVerb::Verify { journal } => verify(&bare_ground(place)?, journal.as_deref()),
        KernelVerb::Key { verb } => key(verb, &bare_ground(place)?),
        KernelVerb::Check { file, json } => policy::check(file, *json, place),
        KernelVerb::Replay { session, policy, json } => policy::replay(session, policy, *json, place),
        KernelVerb::Stats { session, json } => policy::stats(session.as_deref(), *json, place),
        KernelVerb::Explain { tool, args, profile, policy, json } => {
            let under = Under { profile: profile.as_deref(), policy: policy.as_deref() };
            policy::explain(tool, args, &under, *json, place)
        }
        KernelVerb::Drill { profile, policy, json } => {
            drill::drill(&Under { profile: profile.as_deref(), policy: policy.as_deref() }, *json, place)
        }
    }
}

fn verify(ground: &Ground, journal: Option<&str>) -> Result<u8, Report> {
    let checked = engine::verify(ground, &environment(), journal)?;
    if checked.journals.is_empty() {
        tell(&Report::note("no journals in this project yet"));
    }
    let mut out = String::new();
    for (path, verified) in &checked.journals {
        out.push_str(&format!("{}: {}\n", path.display(), in_words(verified)));
    }
    if let Some(entries) = checked.index {
        out.push_str(&format!("index: {entries} entries, whole and signed\n"));
    }
    say(&out)?;
    Ok(0)
}

fn in_words(verified: &Verified) -> String {
    let signed = match &verified.signed_by {
        Some(key) => format!("signed by {key}"),
        None if verified.sealed > 0 => "unsigned (written before heads were signed)".to_owned(),
        None => "no seal yet".to_owned(),
    };
    let torn = if verified.torn { "; the last line is torn, as after a crash" } else { "" };
    format!(
        "{} rows, {} sealed, {} unsealed, {signed}{torn}; last hash {}",
        verified.rows, verified.sealed, verified.unsealed, verified.last_hash
    )
}

fn key(verb: &KeyVerb, ground: &Ground) -> Result<u8, Report> {
    let env = environment();
    match verb {
        KeyVerb::Show { json } => {
            let info = engine::key_show(ground, &env)?;
            if *json {
                say_json(&info)?;
            } else {
                let former = if info.former.is_empty() { "none".to_owned() } else { info.former.join(", ") };
                say(&format!(
                    "key     {}\npublic  {}\nfrom    {}\nformer  {former}\n",
                    info.id, info.public, info.from
                ))?;
            }
        }
        KeyVerb::Export { private: None } => say(&engine::key_public(ground, &env)?)?,
        KeyVerb::Export { private: Some(file) } => {
            engine::key_private(ground, &env, file)?;
            tell(&Report::note(format!("the private key is in {}, closed to others", file.display())));
        }
        KeyVerb::Import { file } => {
            let id = engine::key_import(ground, file)?.id();
            say(&format!("{id} seals from now on; what the key before it sealed goes on to count\n"))?;
        }
    }
    Ok(0)
}
