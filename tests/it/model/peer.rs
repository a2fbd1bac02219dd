//! The OpenAI adapter against an independent server, when one is named: `tests/peer/llama_server.sh`
//! starts one and runs this with `IOSM_PEER_URL` set. Without it nothing is asked and nothing proved.

use std::io::Write;

use iosm::model::{Delta, Request, ToolSchema};
use iosm::protocol::{Block, Item, Part, ToolCall, ToolResult, ToolStatus};
use serde_json::json;

use super::{ask, provider, request, text};

#[tokio::test]
async fn an_independent_server_answers() {
    let Ok(url) = std::env::var("IOSM_PEER_URL") else {
        writeln!(std::io::stderr(), "not asked: IOSM_PEER_URL names no server").unwrap();
        return;
    };
    let model = std::env::var("IOSM_PEER_MODEL").unwrap_or_else(|_| "tiny".into());
    let provider = provider(&format!("openai_compatible/{model}"), Some(&url));
    let mut asked = Request { max_tokens: 24, ..request(&model) };
    let mut report = Vec::new();
    for turn in 1..=2 {
        let (deltas, error) = ask(&*provider, &asked).await;
        assert_eq!(error, None, "turn {turn}: {deltas:?}");
        assert!(matches!(deltas.last(), Some(Delta::End(_))), "turn {turn}: {deltas:?}");
        let usage = deltas.iter().find(|delta| matches!(delta, Delta::Usage { .. }));
        report.push(format!("turn {turn}: {} bytes, {:?}, {usage:?}", text(&deltas).len(), deltas.last()));
        let blocks = vec![Block::Text { text: text(&deltas) }];
        asked.items.push(Item::Assistant { blocks, model: provider.name().to_owned() });
        asked.items.push(Item::user("Go on."));
    }
    // A turn with tools, as it looks after a call.
    asked.tools = vec![ToolSchema {
        name: "read".into(),
        description: "Reads a file.".into(),
        schema: json!({"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]}),
    }];
    let call = ToolCall { id: "t1".into(), tool: "read".into(), args: json!({"path": "a"}) };
    asked
        .items
        .push(Item::Assistant { blocks: vec![Block::ToolCall(call)], model: provider.name().to_owned() });
    asked.items.push(Item::ToolResult(ToolResult {
        call_id: "t1".into(),
        tool: "read".into(),
        status: ToolStatus::Ok,
        parts: vec![Part::text("one line")],
    }));
    let (deltas, error) = ask(&*provider, &asked).await;
    report.push(format!("with tools: {:?}, {error:?}", deltas.last()));
    assert_eq!(error, None);
    if let Some(path) = std::env::var_os("IOSM_PEER_REPORT") {
        std::fs::write(path, report.join("\n") + "\n").unwrap();
    }
}
