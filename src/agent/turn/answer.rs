//! A final answer that must be JSON of a given shape: what the model is told of it, and whether an answer is it.

use std::sync::Arc;

use jsonschema::Validator;
use serde_json::Value;

/// Faults that are told at once; the rest follow from them as a rule.
const MOST_FAULTS: usize = 10;
/// Characters of one fault: it quotes the value it is about, which may be a whole answer.
const LONGEST_FAULT: usize = 300;

/// A JSON Schema that the final answer must be valid against.
#[derive(Debug, Clone)]
pub struct AnswerSchema {
    /// As it is shown to the model.
    text: String,
    validator: Arc<Validator>,
}

/// Two are the same when they say the same.
impl PartialEq for AnswerSchema {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl AnswerSchema {
    /// `Err` says what is wrong with the schema, and where in it. What it refers to elsewhere is not fetched.
    pub fn new(schema: &Value) -> Result<Self, String> {
        let validator = jsonschema::validator_for(schema).map_err(|error| {
            let place = error.instance_path().to_string();
            if place.is_empty() {
                shortened(&error.to_string())
            } else {
                format!("at {place}: {}", shortened(&error.to_string()))
            }
        })?;
        Ok(Self { text: schema.to_string(), validator: Arc::new(validator) })
    }

    /// What follows the user's message.
    pub(super) fn request(&self) -> String {
        format!(
            "When the work is done, end with one message that holds the answer as JSON and nothing else: no words around it. It must be valid against this JSON Schema:\n{}",
            self.text
        )
    }

    /// What is said to a model whose answer is not valid.
    pub(super) fn repair(&self, faults: &[String]) -> String {
        let faults: String = faults.iter().map(|fault| format!("- {fault}\n")).collect();
        format!(
            "That answer is not valid against the JSON Schema:\n{faults}Answer again with the whole JSON, mended, and nothing else. The schema:\n{}",
            self.text
        )
    }

    /// The value of an answer: all of the text, or the last block of code that is JSON.
    pub(super) fn check(&self, answer: &str) -> Result<Value, Vec<String>> {
        let value = json_of(answer).map_err(|why| vec![why])?;
        let faults: Vec<String> = self
            .validator
            .iter_errors(&value)
            .take(MOST_FAULTS)
            .map(|error| match error.instance_path().to_string() {
                place if place.is_empty() => shortened(&error.to_string()),
                place => format!("{place}: {}", shortened(&error.to_string())),
            })
            .collect();
        if faults.is_empty() { Ok(value) } else { Err(faults) }
    }
}

fn shortened(text: &str) -> String {
    let short: String = text.chars().take(LONGEST_FAULT).collect();
    if short.len() < text.len() { format!("{short}…") } else { short }
}

fn json_of(answer: &str) -> Result<Value, String> {
    if answer.trim().is_empty() {
        return Err("there is no answer".to_owned());
    }
    let whole = serde_json::from_str(answer.trim());
    let fault = match whole {
        Ok(value) => return Ok(value),
        Err(fault) => fault,
    };
    match blocks(answer).iter().rev().find_map(|block| serde_json::from_str(block).ok()) {
        Some(value) => Ok(value),
        None => Err(format!("it is no JSON: {fault}")),
    }
}

/// The contents of fenced code blocks, in order.
fn blocks(text: &str) -> Vec<String> {
    let (mut blocks, mut open): (Vec<String>, Option<String>) = (Vec::new(), None);
    for line in text.lines() {
        let fence = line.trim_start().starts_with("```");
        match open.take() {
            Some(block) if fence => blocks.push(block),
            Some(block) => open = Some(block + line + "\n"),
            None if fence => open = Some(String::new()),
            None => {}
        }
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn json_alone_or_in_a_fence_is_taken_and_faults_are_placed() {
        let schema = AnswerSchema::new(&json!({
            "type": "object", "required": ["name"], "additionalProperties": false,
            "properties": {"name": {"type": "string"}, "parts": {"type": "array", "items": {"type": "integer"}}},
        }));
        let schema = schema.unwrap();
        let good = json!({"name": "x"});
        for answer in [
            " {\"name\": \"x\"}\n",
            "```json\n{\"name\": \"x\"}\n```",
            "Here it is:\n\n```\n{\"name\":\n\"x\"}\n```\nDone.",
            "```sh\nls\n```\n```json\n{\"name\": \"x\"}\n```\n",
        ] {
            assert_eq!(schema.check(answer), Ok(good.clone()), "{answer}");
        }
        for (answer, told) in [
            ("", "there is no answer"),
            ("It is x.", "it is no JSON"),
            ("```json\n{\"name\": \"x\"", "it is no JSON"),
            ("{}", "\"name\" is a required property"),
            ("{\"name\": \"x\", \"parts\": [1, \"2\"]}", "/parts/1: \"2\" is not of type \"integer\""),
        ] {
            let faults = schema.check(answer).unwrap_err();
            assert!(faults[0].contains(told), "{answer}: {faults:?}");
            assert!(schema.repair(&faults).contains(told));
        }
        let many = format!("{{\"name\": \"x\", \"parts\": [{}]}}", vec!["\"x\""; 40].join(","));
        assert_eq!(schema.check(&many).unwrap_err().len(), MOST_FAULTS);
        let bad = AnswerSchema::new(&json!({"type": "objekt"})).unwrap_err();
        assert!(bad.contains("/type") && bad.contains("objekt"), "{bad}");
    }
}
