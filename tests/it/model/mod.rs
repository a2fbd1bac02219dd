//! The model room against recorded bodies and live servers on loopback.

mod golden;
mod loopback;
mod peer;
mod prefix;
mod process;

use futures::StreamExt;
use iosm::model::{Catalog, Connect, Delta, ModelError, Provider, Request, Secret, Thinking, connect};

/// A provider for `model` at `base`, with the key `sk-test-key`.
pub fn provider(model: &str, base: Option<&str>) -> Box<dyn Provider> {
    let catalog = Catalog::load(None).unwrap();
    let key = Secret::new("sk-test-key");
    let env = |_: &str| None;
    let spec = Connect {
        model,
        base_url: base,
        api_key: Some(&key),
        config_dir: None,
        env: &env,
        catalog: &catalog,
    };
    connect(&spec).unwrap()
}

fn request(model: &str) -> Request {
    Request {
        version: Request::VERSION,
        model: model.into(),
        system: vec!["Be brief.".into()],
        tools: vec![],
        items: vec![iosm::protocol::Item::user("Hello")],
        max_tokens: 1000,
        thinking: Thinking::Off,
        session: Some("s_1".into()),
    }
}

/// Everything an answer holds: its deltas, and the error it ended in.
async fn ask(provider: &dyn Provider, request: &Request) -> (Vec<Delta>, Option<ModelError>) {
    let mut deltas = Vec::new();
    let mut error = None;
    let mut stream = provider.stream(request);
    while let Some(next) = stream.next().await {
        assert!(error.is_none(), "nothing follows an error");
        match next {
            Ok(delta) => deltas.push(delta),
            Err(fault) => error = Some(fault),
        }
    }
    (deltas, error)
}

fn text(deltas: &[Delta]) -> String {
    deltas
        .iter()
        .filter_map(|delta| match delta {
            Delta::Text(text) => Some(text.as_str()),
            _ => None,
        })
        .collect()
}
