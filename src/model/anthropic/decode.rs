//! Messages API events as deltas.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::Value;

use crate::model::ModelError;
use crate::model::delta::{Delta, Stop};
use crate::model::status::{error_in_stream, shorten};
use crate::model::stream::{Decoder, Out};
use crate::protocol::Usage;

const PROVIDER: &str = "anthropic";

/// Text that is borrowed from the event wherever it holds no escapes.
#[derive(Deserialize)]
struct Str<'a>(#[serde(borrow)] Cow<'a, str>);

/// One flat shape for every kind of event: serde then needs no intermediate tree to choose one.
#[derive(Deserialize)]
struct Event<'a> {
    #[serde(borrow)]
    r#type: Cow<'a, str>,
    /// Of the content block that it is about.
    index: Option<u64>,
    #[serde(borrow)]
    delta: Option<Piece<'a>>,
    #[serde(borrow)]
    content_block: Option<Start<'a>>,
    #[serde(borrow)]
    message: Option<Message<'a>>,
    usage: Option<Tokens>,
    #[serde(borrow)]
    error: Option<Fault<'a>>,
}

#[derive(Deserialize)]
struct Piece<'a> {
    #[serde(borrow)]
    text: Option<Str<'a>>,
    #[serde(borrow)]
    thinking: Option<Str<'a>>,
    #[serde(borrow)]
    signature: Option<Str<'a>>,
    #[serde(borrow)]
    partial_json: Option<Str<'a>>,
    #[serde(borrow)]
    stop_reason: Option<Str<'a>>,
}

#[derive(Deserialize)]
struct Start<'a> {
    #[serde(borrow)]
    r#type: Cow<'a, str>,
    #[serde(borrow)]
    text: Option<Str<'a>>,
    #[serde(borrow)]
    thinking: Option<Str<'a>>,
    #[serde(borrow)]
    name: Option<Str<'a>>,
    #[serde(borrow)]
    data: Option<Str<'a>>,
    input: Option<Value>,
}

#[derive(Deserialize)]
struct Message<'a> {
    usage: Option<Tokens>,
    #[serde(borrow)]
    stop_reason: Option<Str<'a>>,
    #[serde(borrow, default)]
    content: Vec<Whole<'a>>,
}

/// A content block of an answer that came whole.
#[derive(Deserialize)]
struct Whole<'a> {
    #[serde(borrow, flatten)]
    start: Start<'a>,
    signature: Option<String>,
}

#[derive(Deserialize)]
struct Fault<'a> {
    #[serde(borrow)]
    r#type: Option<Str<'a>>,
    #[serde(borrow)]
    message: Option<Str<'a>>,
}

/// Counts; those that an event leaves out keep their earlier value.
#[derive(Deserialize)]
struct Tokens {
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    cache_read_input_tokens: Option<u64>,
    cache_creation_input_tokens: Option<u64>,
}

#[derive(Default)]
pub(in crate::model) struct Decode {
    usage: Usage,
    /// Tool calls whose arguments are coming, in the order in which they began.
    calls: Vec<Call>,
    stop: Option<Stop>,
    begun: bool,
}

struct Call {
    index: Option<u64>,
    /// Whether its block has ended; it is told once those before it have.
    whole: bool,
    tool: String,
    /// What the block began with; used where no piece follows.
    input: Option<Value>,
    json: String,
}

impl Decode {
    fn count(&mut self, tokens: &Tokens) {
        let take = |slot: &mut u64, count: Option<u64>| *slot = count.unwrap_or(*slot);
        take(&mut self.usage.input_tokens, tokens.input_tokens);
        take(&mut self.usage.output_tokens, tokens.output_tokens);
        take(&mut self.usage.cache_read_tokens, tokens.cache_read_input_tokens);
        take(&mut self.usage.cache_write_tokens, tokens.cache_creation_input_tokens);
    }

    fn start(&mut self, index: Option<u64>, block: Start<'_>, out: &mut Out) {
        match &*block.r#type {
            "tool_use" => {
                let tool = block.name.map_or_else(String::new, |name| name.0.into_owned());
                let (input, json) = (block.input, String::new());
                self.calls.push(Call { index, whole: false, tool, input, json });
            }
            "redacted_thinking" => {
                if let Some(data) = block.data {
                    out.push(Delta::RedactedThinking(data.0.into_owned()));
                }
            }
            _ => {
                if let Some(text) = block.text {
                    out.text(&text.0);
                }
                if let Some(thinking) = block.thinking {
                    out.thinking(&thinking.0);
                }
            }
        }
    }

    fn piece(&mut self, index: Option<u64>, piece: &Piece<'_>, out: &mut Out) {
        if let Some(text) = &piece.text {
            out.text(&text.0);
        }
        if let Some(thinking) = &piece.thinking {
            out.thinking(&thinking.0);
        }
        if let Some(signature) = &piece.signature {
            out.push(Delta::ThinkingSignature(signature.0.to_string()));
        }
        if let Some(json) = &piece.partial_json
            && let Some(call) = self.calls.iter_mut().rfind(|call| call.index == index)
        {
            call.json.push_str(&json.0);
        }
        if let Some(reason) = &piece.stop_reason {
            self.stop = Some(stop(&reason.0));
        }
    }

    fn end_block(&mut self, index: Option<u64>, out: &mut Out) {
        self.calls.iter_mut().filter(|call| call.index == index).for_each(|call| call.whole = true);
        let told = self.calls.iter().take_while(|call| call.whole).count();
        for call in self.calls.drain(..told) {
            out.push(call.delta());
        }
    }

    fn end(&mut self, out: &mut Out) {
        for call in self.calls.drain(..) {
            out.push(call.delta());
        }
        out.push(Delta::Usage { usage: self.usage, cost_usd: None });
        out.push(Delta::End(self.stop.take().unwrap_or(Stop::EndTurn)));
    }
}

impl Call {
    fn delta(self) -> Delta {
        let args = if self.json.trim().is_empty() {
            self.input.unwrap_or_else(|| Value::Object(serde_json::Map::new()))
        } else {
            serde_json::from_str(&self.json).unwrap_or(Value::String(self.json))
        };
        Delta::ToolCall { tool: self.tool, args }
    }
}

fn stop(reason: &str) -> Stop {
    match reason {
        "end_turn" | "stop_sequence" => Stop::EndTurn,
        "tool_use" => Stop::ToolUse,
        "max_tokens" | "model_context_window_exceeded" => Stop::MaxTokens,
        "refusal" => Stop::ContentFilter,
        other => Stop::Other(other.to_owned()),
    }
}

fn fault(fault: Option<Fault<'_>>) -> ModelError {
    let (kind, message) = fault.map_or((None, None), |fault| (fault.r#type, fault.message));
    let text =
        |part: Option<Str<'_>>, other: &str| part.map_or_else(|| other.to_owned(), |it| it.0.into_owned());
    error_in_stream(PROVIDER, &text(kind, "error"), &text(message, ""))
}

fn garbage(error: &serde_json::Error, data: &str) -> ModelError {
    let message = format!("{error}, in: {}", shorten(data));
    ModelError::Garbage { provider: PROVIDER.to_owned(), message }
}

impl Decoder for Decode {
    fn event(&mut self, data: &str, out: &mut Out) -> Result<(), ModelError> {
        let event: Event<'_> = serde_json::from_str(data).map_err(|error| garbage(&error, data))?;
        if let Some(tokens) = &event.usage {
            self.count(tokens);
        }
        match &*event.r#type {
            "content_block_delta" | "message_delta" => {
                if let Some(piece) = &event.delta {
                    self.piece(event.index, piece, out);
                }
            }
            "content_block_start" => {
                if let Some(block) = event.content_block {
                    self.start(event.index, block, out);
                }
            }
            "content_block_stop" => self.end_block(event.index, out),
            "message_start" => {
                self.begun = true;
                if let Some(tokens) = event.message.and_then(|message| message.usage) {
                    self.count(&tokens);
                }
            }
            "message_stop" => self.end(out),
            "error" => return Err(fault(event.error)),
            // `ping`, and whatever is added later: the API promises that unknown events may be skipped.
            _ => {}
        }
        Ok(())
    }

    fn body(&mut self, json: &str, out: &mut Out) -> Result<(), ModelError> {
        #[derive(Deserialize)]
        struct Answer<'a> {
            #[serde(borrow)]
            r#type: Cow<'a, str>,
            #[serde(borrow)]
            error: Option<Fault<'a>>,
            #[serde(borrow, flatten)]
            message: Message<'a>,
        }
        let answer: Answer<'_> = serde_json::from_str(json).map_err(|error| garbage(&error, json))?;
        if answer.r#type == "error" {
            return Err(fault(answer.error));
        }
        if let Some(tokens) = &answer.message.usage {
            self.count(tokens);
        }
        for block in answer.message.content {
            self.start(None, block.start, out);
            if let Some(signature) = block.signature {
                out.push(Delta::ThinkingSignature(signature));
            }
            self.end_block(None, out);
        }
        self.stop = answer.message.stop_reason.map(|reason| stop(&reason.0));
        self.end(out);
        Ok(())
    }

    fn finish(&mut self, _out: &mut Out) -> Result<(), ModelError> {
        let message = match (self.begun, self.calls.last()) {
            (false, _) => "nothing came".to_owned(),
            (true, Some(call)) => format!("the stream ended within a call of `{}`", call.tool),
            (true, None) => "the stream ended before the message did".to_owned(),
        };
        Err(ModelError::Cut { provider: PROVIDER.to_owned(), message })
    }
}
