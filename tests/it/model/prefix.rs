//! The prefix law: with cache marks taken out, the conversation of a request, up to its closing
//! brackets, is the beginning of the conversation of every request that goes on from it.

use iosm::model::{Request, Thinking};
use iosm::protocol::{Block, Item, Part, ToolCall, ToolResult, ToolStatus};
use proptest::prelude::*;
use serde_json::json;

use super::{provider, request};

/// What happens between two requests: a user message, or an answer with all of its results.
fn round() -> impl Strategy<Value = Vec<Item>> {
    let text = "[a-z \"\\\\\n\u{e9}]{0,12}";
    let part = prop_oneof![
        4 => text.prop_map(Part::text),
        1 => Just(Part::Image { media_type: "image/png".into(), data: "AA==".into() }),
    ];
    let user = proptest::collection::vec(part.clone(), 0..3).prop_map(|parts| vec![Item::User { parts }]);
    let model = prop_oneof![Just("anthropic/m"), Just("openai_compatible/m"), Just("x/y")];
    let status = prop_oneof![
        Just(ToolStatus::Ok),
        Just(ToolStatus::Error),
        Just(ToolStatus::Denied),
        Just(ToolStatus::Cancelled)
    ];
    let results = proptest::collection::vec((status, proptest::collection::vec(part, 0..3)), 0..4);
    let thinking = proptest::option::of((text, proptest::option::of(Just("sig".to_owned())), any::<bool>()));
    let answer = (text, thinking, model, results).prop_map(|(text, thinking, model, results)| {
        let mut blocks = Vec::new();
        if let Some((text, signature, redacted)) = thinking {
            blocks.push(Block::Thinking { text, signature, redacted });
        }
        blocks.push(Block::Text { text });
        let mut items = Vec::new();
        for (at, (status, parts)) in results.into_iter().enumerate() {
            let call_id = format!("t{at}");
            let call = ToolCall { id: call_id.clone(), tool: "read".into(), args: json!({"n": at}) };
            blocks.push(Block::ToolCall(call));
            items.push(Item::ToolResult(ToolResult { call_id, tool: "read".into(), status, parts }));
        }
        items.insert(0, Item::Assistant { blocks, model: model.into() });
        items
    });
    prop_oneof![user, answer]
}

/// The `messages` of a body without cache marks, and without `close` at its end.
fn conversation(body: &[u8], close: &str) -> String {
    let body = std::str::from_utf8(body).unwrap();
    let at = body.find("\"messages\":[").unwrap();
    let plain = body[at..].replace(",\"cache_control\":{\"type\":\"ephemeral\"}", "");
    plain.strip_suffix(close).map_or_else(|| plain.clone(), str::to_owned)
}

fn holds(model: &str, base: Option<&str>, close: &str, rounds: &[Vec<Item>]) -> Result<(), TestCaseError> {
    let provider = provider(model, base);
    let mut asked = Request { items: vec![Item::user("begin")], thinking: Thinking::Off, ..request("m") };
    let mut earlier = conversation(&provider.encode(&asked), close);
    for round in rounds {
        asked.items.extend(round.iter().cloned());
        let body = provider.encode(&asked);
        let marks = String::from_utf8_lossy(&body).matches("\"cache_control\":{").count();
        prop_assert!(marks <= 4, "{marks} cache marks");
        let later = conversation(&body, close);
        prop_assert!(later.starts_with(&earlier), "\n{earlier}\nis no beginning of\n{later}");
        earlier = later;
    }
    Ok(())
}

proptest! {
    #[test]
    fn anthropic_conversations_only_grow(rounds in proptest::collection::vec(round(), 1..8)) {
        holds("anthropic/m", None, "]}]}", &rounds)?;
    }

    #[test]
    fn openai_conversations_only_grow(rounds in proptest::collection::vec(round(), 1..8)) {
        holds("openai_compatible/m", Some("http://localhost"), "]}", &rounds)?;
    }
}
