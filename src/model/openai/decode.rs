//! Chat Completions chunks as deltas, tolerant of what compatible servers leave out.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::Value;

use crate::model::ModelError;
use crate::model::delta::{Delta, Stop};
use crate::model::status::{error_in_stream, shorten};
use crate::model::stream::{Decoder, Out};
use crate::protocol::Usage;

/// Text that is borrowed from the event wherever it holds no escapes.
#[derive(Deserialize)]
struct Str<'a>(#[serde(borrow)] Cow<'a, str>);

/// A chunk of a stream, or a whole answer: they differ in `delta` and `message` only.
#[derive(Deserialize)]
struct Chunk<'a> {
    #[serde(borrow, default)]
    choices: Option<Vec<Choice<'a>>>,
    usage: Option<Tokens>,
    error: Option<Value>,
}

#[derive(Deserialize)]
struct Choice<'a> {
    #[serde(borrow, alias = "message")]
    delta: Option<Piece<'a>>,
    #[serde(borrow)]
    finish_reason: Option<Str<'a>>,
}

#[derive(Deserialize)]
struct Piece<'a> {
    #[serde(borrow)]
    content: Option<Str<'a>>,
    /// DeepSeek, vLLM, llama-server, …
    #[serde(borrow)]
    reasoning_content: Option<Str<'a>>,
    /// OpenRouter, newer vLLM, …
    #[serde(borrow)]
    reasoning: Option<Str<'a>>,
    #[serde(borrow)]
    refusal: Option<Str<'a>>,
    #[serde(borrow, default)]
    tool_calls: Option<Vec<CallPiece<'a>>>,
}

#[derive(Deserialize)]
struct CallPiece<'a> {
    index: Option<u32>,
    #[serde(borrow)]
    id: Option<Str<'a>>,
    #[serde(borrow)]
    function: Option<FunctionPiece<'a>>,
}

#[derive(Deserialize)]
struct FunctionPiece<'a> {
    #[serde(borrow)]
    name: Option<Str<'a>>,
    /// A string by the letter of the API; some servers send the object itself.
    arguments: Option<Value>,
}

#[derive(Deserialize)]
struct Tokens {
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
    prompt_tokens_details: Option<PromptDetails>,
    /// DeepSeek's spelling of cached tokens.
    prompt_cache_hit_tokens: Option<u64>,
    /// OpenRouter states the price, in US dollars.
    cost: Option<f64>,
}

#[derive(Deserialize)]
struct PromptDetails {
    cached_tokens: Option<u64>,
    cache_write_tokens: Option<u64>,
}

/// A call whose arguments may still be coming.
struct Call {
    index: Option<u32>,
    id: Option<String>,
    tool: String,
    arguments: Arguments,
}

enum Arguments {
    Text(String),
    Whole(Value),
}

pub(in crate::model) struct Decode {
    provider: String,
    calls: Vec<Call>,
    usage: Option<(Usage, Option<f64>)>,
    stop: Option<Stop>,
    begun: bool,
}

impl Decode {
    pub(in crate::model) fn new(provider: &str) -> Self {
        Self { provider: provider.to_owned(), calls: Vec::new(), usage: None, stop: None, begun: false }
    }

    fn chunk(&mut self, chunk: Chunk<'_>, out: &mut Out) -> Result<(), ModelError> {
        if let Some(error) = chunk.error.filter(|error| !error.is_null()) {
            return Err(self.fault(&error));
        }
        if let Some(tokens) = chunk.usage {
            self.usage = Some(count(&tokens));
        }
        self.begun = true;
        // We ask for one answer; a second choice is not ours.
        let Some(choice) = chunk.choices.and_then(|choices| choices.into_iter().next()) else {
            return Ok(());
        };
        if let Some(piece) = choice.delta {
            self.piece(piece, out);
        }
        if let Some(reason) = choice.finish_reason.filter(|reason| !reason.0.is_empty()) {
            self.stop = Some(stop(&reason.0));
        }
        Ok(())
    }

    fn piece(&mut self, piece: Piece<'_>, out: &mut Out) {
        if let Some(text) = piece.reasoning_content.or(piece.reasoning) {
            out.thinking(&text.0);
        }
        for text in [piece.content, piece.refusal].into_iter().flatten() {
            out.text(&text.0);
        }
        for call in piece.tool_calls.into_iter().flatten() {
            self.call_piece(call);
        }
    }

    /// Finds the call that a piece belongs to: by index; without one, by id; without either, it
    /// goes on with the last call unless it names a tool, which begins a new one. A new id under an
    /// old index begins a new one too: some servers send every call whole under index 0.
    fn call_piece(&mut self, piece: CallPiece<'_>) {
        let (name, arguments) = piece.function.map_or((None, None), |it| (it.name, it.arguments));
        let id = piece.id.map(|id| id.0.into_owned()).filter(|id| !id.is_empty());
        let name = name.map(|name| name.0.into_owned()).filter(|name| !name.is_empty());
        let known = match (piece.index, &id) {
            (Some(index), _) => self.calls.iter().rposition(|call| call.index == Some(index)),
            (None, Some(id)) => self.calls.iter().rposition(|call| call.id.as_ref() == Some(id)),
            (None, None) if name.is_none() => self.calls.len().checked_sub(1),
            (None, None) => None,
        };
        let same = |call: &Call| match (&id, &call.id) {
            (Some(new), Some(old)) => new == old,
            _ => true,
        };
        let at = known.filter(|at| same(&self.calls[*at])).unwrap_or_else(|| {
            self.calls.push(Call {
                index: piece.index,
                id: id.clone(),
                tool: String::new(),
                arguments: Arguments::Text(String::new()),
            });
            self.calls.len() - 1
        });
        let call = &mut self.calls[at];
        // The name comes once, in the first piece; a server that repeats it means the same one.
        if let Some(name) = name.filter(|_| call.tool.is_empty()) {
            call.tool = name;
        }
        match (arguments, &mut call.arguments) {
            (Some(Value::String(more)), Arguments::Text(text)) => text.push_str(&more),
            (None | Some(Value::Null | Value::String(_)), _) => {}
            (Some(whole), arguments) => *arguments = Arguments::Whole(whole),
        }
    }

    fn end(&mut self, out: &mut Out) {
        let stop = self.stop.take().unwrap_or(Stop::EndTurn);
        // Servers exist that finish with "stop" after having called a tool.
        let stop = if stop == Stop::EndTurn && !self.calls.is_empty() { Stop::ToolUse } else { stop };
        for call in self.calls.drain(..) {
            let args = match call.arguments {
                Arguments::Whole(args) => args,
                Arguments::Text(text) if text.trim().is_empty() => Value::Object(serde_json::Map::new()),
                Arguments::Text(text) => serde_json::from_str(&text).unwrap_or(Value::String(text)),
            };
            out.push(Delta::ToolCall { tool: call.tool, args });
        }
        if let Some((usage, cost_usd)) = self.usage.take() {
            out.push(Delta::Usage { usage, cost_usd });
        }
        out.push(Delta::End(stop));
    }

    fn fault(&self, error: &Value) -> ModelError {
        let text = |key: &str| error.get(key).and_then(Value::as_str).unwrap_or_default();
        let message = error.as_str().unwrap_or_else(|| text("message"));
        let by_number = match error.get("code").and_then(Value::as_u64) {
            Some(429) => "rate_limit_exceeded",
            Some(400) => "invalid_request_error",
            Some(401) => "authentication_error",
            Some(403) => "permission_error",
            _ => "",
        };
        let names = [text("code"), by_number, text("type")];
        let kind = names.into_iter().find(|name| !name.is_empty()).unwrap_or("error");
        error_in_stream(&self.provider, kind, message)
    }

    fn garbage(&self, error: &serde_json::Error, data: &str) -> ModelError {
        let message = format!("{error}, in: {}", shorten(data));
        ModelError::Garbage { provider: self.provider.clone(), message }
    }
}

/// `prompt_tokens` counts cached tokens too; ours does not.
fn count(tokens: &Tokens) -> (Usage, Option<f64>) {
    let details = tokens.prompt_tokens_details.as_ref();
    let read = details.and_then(|it| it.cached_tokens).or(tokens.prompt_cache_hit_tokens).unwrap_or(0);
    let written = details.and_then(|it| it.cache_write_tokens).unwrap_or(0);
    let usage = Usage {
        input_tokens: tokens.prompt_tokens.unwrap_or(0).saturating_sub(read.saturating_add(written)),
        output_tokens: tokens.completion_tokens.unwrap_or(0),
        cache_read_tokens: read,
        cache_write_tokens: written,
    };
    (usage, tokens.cost)
}

fn stop(reason: &str) -> Stop {
    match reason {
        "stop" => Stop::EndTurn,
        "tool_calls" | "function_call" => Stop::ToolUse,
        "length" => Stop::MaxTokens,
        "content_filter" => Stop::ContentFilter,
        other => Stop::Other(other.to_owned()),
    }
}

impl Decoder for Decode {
    fn event(&mut self, data: &str, out: &mut Out) -> Result<(), ModelError> {
        if data.trim() == "[DONE]" {
            if self.begun {
                self.end(out);
            }
            return Ok(());
        }
        let chunk: Chunk<'_> = serde_json::from_str(data).map_err(|error| self.garbage(&error, data))?;
        self.chunk(chunk, out)
    }

    fn body(&mut self, json: &str, out: &mut Out) -> Result<(), ModelError> {
        let chunk: Chunk<'_> = serde_json::from_str(json).map_err(|error| self.garbage(&error, json))?;
        let answered = chunk.choices.as_ref().is_some_and(|choices| !choices.is_empty());
        if !answered && chunk.error.is_none() {
            let message = format!("a JSON body without an answer: {}", shorten(json));
            return Err(ModelError::Garbage { provider: self.provider.clone(), message });
        }
        self.chunk(chunk, out)?;
        self.end(out);
        Ok(())
    }

    fn finish(&mut self, out: &mut Out) -> Result<(), ModelError> {
        if self.stop.is_some() {
            self.end(out);
            return Ok(());
        }
        let message = if !self.begun {
            "nothing came".to_owned()
        } else if let Some(call) = self.calls.last() {
            format!("the stream ended within a call of `{}`", call.tool)
        } else {
            "the stream ended without a finish_reason".to_owned()
        };
        Err(ModelError::Cut { provider: self.provider.clone(), message })
    }
}
