//! Placeholders in a call: put back where they came from, refused everywhere else.

use serde_json::Value;

use super::vault::{Lost, PLACEHOLDER, Vault};
use crate::base::plural;
use crate::kernel::effects::Prepared;
use crate::kernel::rung::Finding;
use crate::protocol::{Effect, EffectRule, Reason, ToolSpec, Verdict, VerdictKind};

/// A call whose placeholders were put back.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::kernel) struct Restored {
    /// The arguments to run with. Never shown, logged or journaled.
    pub args: Value,
    /// How many secrets were put back.
    pub count: usize,
}

const RUNG: &str = "admission";

/// Puts placeholders in the text of a file back. `Ok(None)` when the call has none.
pub(in crate::kernel) fn restore(
    vault: Option<&Vault>,
    spec: &ToolSpec,
    args: &Value,
    prepared: &Prepared,
) -> Result<Option<Restored>, Box<Finding>> {
    let path_arg = match &spec.effects {
        EffectRule::WritePath { arg } => *arg,
        EffectRule::Shell { arg } => {
            let line = args.get(arg).and_then(Value::as_str).unwrap_or_default();
            return match PLACEHOLDER.find(line) {
                Some(mark) => Err(in_a_command(mark.as_str())),
                None => Ok(None),
            };
        }
        _ => return Ok(None),
    };
    let target = prepared.facts.iter().find_map(|fact| match &fact.effect {
        Effect::Write { path } => Some(path),
        _ => None,
    });
    let Some(target) = target else { return Ok(None) };
    let mut restored = Restored { args: args.clone(), count: 0 };
    let Value::Object(map) = &mut restored.args else { return Ok(None) };
    for (name, value) in map.iter_mut().filter(|(name, _)| *name != path_arg) {
        let _ = name;
        put_back(vault, value, target, &mut restored.count)?;
    }
    Ok((restored.count > 0).then_some(restored))
}

fn put_back(
    vault: Option<&Vault>,
    value: &mut Value,
    target: &std::path::Path,
    count: &mut usize,
) -> Result<(), Box<Finding>> {
    match value {
        Value::String(text) => {
            let Some(first) = PLACEHOLDER.find(text) else { return Ok(()) };
            let Some(vault) = vault else { return Err(lost(&Lost::Unknown(first.as_str().to_owned()))) };
            let (whole, more) = vault.restore(text, target).map_err(|why| lost(&why))?;
            *text = whole;
            *count += more;
            Ok(())
        }
        Value::Array(items) => items.iter_mut().try_for_each(|item| put_back(vault, item, target, count)),
        Value::Object(map) => map.values_mut().try_for_each(|item| put_back(vault, item, target, count)),
        Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
    }
}

fn lost(why: &Lost) -> Box<Finding> {
    let (mark, rule, user, instead) = match why {
        Lost::Unknown(mark) => (
            mark,
            "unknown_placeholder",
            "stands for no secret of this session",
            "Copy placeholders exactly as they were shown.",
        ),
        Lost::Elsewhere(mark) => (
            mark,
            "secret_elsewhere",
            "stands for a secret of another file",
            "A secret can only be put back into the file it was read from. Read this file first if it holds it; else leave the place for the user to fill in.",
        ),
    };
    let finding = Finding::deny(RUNG, rule, Reason::SecretExfil).retryable().about(mark);
    Box::new(finding.says(format!("{mark} {user}"), format!("Refused: {mark} {user}. {instead}")))
}

fn in_a_command(mark: &str) -> Box<Finding> {
    Box::new(Finding::deny(RUNG, "placeholder_in_command", Reason::SecretExfil).retryable().about(mark).says(
        format!("{mark} stands for a secret, and commands are not given secrets"),
        format!(
            "Refused: {mark} stands for a secret, and no command is given one. Change files that hold it with edit or write; let the program read it from its own configuration."
        ),
    ))
}

/// An allowed call whose secrets were put back is a transform, and says so.
pub(in crate::kernel) fn say_restored(verdict: &mut Verdict, restored: Option<&Restored>) {
    let Some(restored) = restored.filter(|_| verdict.kind == VerdictKind::Allow) else { return };
    verdict.kind = VerdictKind::Transform;
    verdict.rung = "admission".to_owned();
    verdict.rule = "restore".to_owned();
    verdict.user_line = format!("{} put back where it came from", plural(restored.count, "secret"));
}
