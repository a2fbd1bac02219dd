//! Intake: is the tool known, are the arguments valid, and if not, can they be repaired without loss?

mod message;
mod repair;

use std::sync::OnceLock;

use jsonschema::Validator;
use serde_json::Value;

use super::error::KernelError;
use super::rung::Finding;
use crate::base::nearest;
use crate::protocol::{Reason, ToolCall, ToolSpec};

/// The tools of a session, their schemas compiled when first needed.
pub(super) struct Tools(Vec<Tool>);

struct Tool {
    spec: ToolSpec,
    validator: OnceLock<Result<Validator, String>>,
}

/// What intake made of a call.
pub(super) enum Intake<'t> {
    Valid(&'t ToolSpec),
    /// A lossless repair; to be judged from the start.
    Repaired(ToolCall),
    Refused(Box<Finding>),
}

impl Tools {
    pub fn new(specs: &[ToolSpec]) -> Self {
        Self(specs.iter().map(|spec| Tool { spec: spec.clone(), validator: OnceLock::new() }).collect())
    }

    pub fn spec(&self, name: &str) -> Option<&ToolSpec> {
        self.0.iter().map(|tool| &tool.spec).find(|spec| spec.name == name)
    }

    /// Looks at one call. `Err` only when a tool's own schema is broken.
    pub fn intake(&self, call: &ToolCall) -> Result<Intake<'_>, KernelError> {
        let Some(tool) = self.0.iter().find(|tool| tool.spec.name == call.tool) else {
            return Ok(self.unknown(call));
        };
        let validator = tool
            .validator
            .get_or_init(|| jsonschema::validator_for(&tool.spec.schema).map_err(|error| error.to_string()));
        let validator = validator
            .as_ref()
            .map_err(|why| KernelError::Schema { tool: tool.spec.name.to_owned(), why: why.clone() })?;
        if validator.is_valid(&call.args) {
            return Ok(Intake::Valid(&tool.spec));
        }
        let mended = repair::repair(&tool.spec, &call.args);
        if mended != call.args && validator.is_valid(&mended) {
            return Ok(Intake::Repaired(ToolCall { args: mended, ..call.clone() }));
        }
        // What is left after the repairs is what is really wrong.
        let wrong = if mended.is_object() { &mended } else { &call.args };
        Ok(Intake::Refused(Box::new(malformed(&tool.spec, wrong, validator))))
    }

    fn unknown(&self, call: &ToolCall) -> Intake<'_> {
        let plain = repair::plain(&call.tool);
        let mut alike = self.0.iter().filter(|tool| repair::plain(tool.spec.name) == plain);
        if let (Some(tool), None) = (alike.next(), alike.next()) {
            return Intake::Repaired(ToolCall { tool: tool.spec.name.to_owned(), ..call.clone() });
        }
        let names: Vec<&str> = self.0.iter().map(|tool| tool.spec.name).collect();
        let shown: String = call.tool.chars().take(60).collect();
        let hint = nearest(&call.tool, names.iter().copied());
        let hint = hint.map_or(String::new(), |name| format!(" Did you mean `{name}`?"));
        let finding = Finding::deny("intake", "unknown_tool", Reason::UnknownTool).retryable().says(
            format!("there is no tool `{shown}`"),
            format!("There is no tool `{shown}`.{hint} Tools: {}.", names.join(", ")),
        );
        Intake::Refused(Box::new(finding))
    }
}

/// Errors told at once; more would not help.
const MOST_ERRORS: usize = 4;

fn malformed(spec: &ToolSpec, args: &Value, validator: &Validator) -> Finding {
    let errors: Vec<String> =
        validator.iter_errors(args).take(MOST_ERRORS).map(|error| message::plain(&error, spec)).collect();
    let told = errors.join("; ");
    Finding::deny("intake", "malformed", Reason::Malformed).retryable().says(
        format!("the arguments of `{}` are not valid: {told}", spec.name),
        format!("The arguments of `{}` are not valid: {told}. Correct them and call again.", spec.name),
    )
}

#[cfg(test)]
mod tests;
