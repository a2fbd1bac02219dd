//! A past call made ready again from the effects that were resolved when it was made.

use serde_json::Value;

use super::path::{fact, shown};
use super::place::{place_for_command, place_of};
use super::{Fact, Prepared, Via};
use crate::kernel::charter::Charter;
use crate::kernel::grant::Reach;
use crate::protocol::{Effect, EffectRule, ToolCall, ToolSpec};
use crate::syntax::shell::scan;

/// No file is looked at; a grant of this opens nothing.
pub(in crate::kernel) fn recall(
    charter: &Charter,
    spec: &ToolSpec,
    call: &ToolCall,
    effects: &[Effect],
) -> Prepared {
    let text = |arg: &str| call.args.get(arg).and_then(Value::as_str).unwrap_or_default().trim().to_owned();
    let line = match &spec.effects {
        EffectRule::Shell { arg } => Some(text(arg)),
        _ => None,
    };
    let made = |effect: &Effect| {
        let whole = matches!(effect, Effect::Contained { .. } | Effect::Opaque { .. });
        let via = match (&line, whole) {
            (None, _) => Via::Argument,
            (Some(_), true) => Via::Line,
            (Some(_), false) => Via::Word,
        };
        match effect {
            // A word of an unknown program was never resolved.
            Effect::Read { path } | Effect::Write { path } | Effect::Delete { path }
                if path.is_absolute() =>
            {
                let deletes = matches!(effect, Effect::Delete { .. });
                let place = match line.is_some() {
                    true => place_for_command(charter, path, deletes),
                    false => place_of(charter, path),
                };
                fact(charter, place, effect.clone(), path, via)
            }
            Effect::Read { .. } | Effect::Write { .. } | Effect::Delete { .. } => {
                Fact::bare(effect.clone(), Via::Mention)
            }
            _ => Fact::bare(effect.clone(), via),
        }
    };
    let facts: Vec<Fact> = effects.iter().map(made).collect();
    let path = facts.iter().find_map(Fact::path).map(|path| shown(charter, path));
    let subject = line.clone().or(path).unwrap_or_default();
    Prepared {
        facts,
        shell: line.as_deref().map(scan),
        doomed: Vec::new(),
        subject,
        written: None,
        reach: Reach::Nothing,
    }
}
