//! Tests of decoders: recorded streams, whole, in bytes, cut anywhere and garbled.

use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::delta::Delta;
use super::error::ModelError;
use super::stream::{Decoder, Pipe};

type Outcome = (Vec<Delta>, Option<ModelError>);

fn decode<D: Decoder>(decoder: D, chunks: impl Iterator<Item = impl AsRef<[u8]>>) -> Outcome {
    let mut pipe = Pipe::new("fixture", decoder);
    let mut deltas = Vec::new();
    for chunk in chunks {
        let fed = pipe.feed(chunk.as_ref());
        deltas.extend(pipe.drain());
        if let Err(error) = fed {
            return (joined(deltas), Some(error));
        }
    }
    let error = pipe.finish().err();
    deltas.extend(pipe.drain());
    (joined(deltas), error)
}

/// Neighbouring text as one: how it is cut into deltas follows the network and means nothing.
fn joined(deltas: Vec<Delta>) -> Vec<Delta> {
    let mut out: Vec<Delta> = Vec::new();
    for delta in deltas {
        match (out.last_mut(), delta) {
            (Some(Delta::Text(last)), Delta::Text(more)) => last.push_str(&more),
            (Some(Delta::Thinking(last)), Delta::Thinking(more)) => last.push_str(&more),
            (_, delta) => out.push(delta),
        }
    }
    out
}

fn fixtures(folder: &str) -> Vec<PathBuf> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(folder);
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|ext| ext == "sse"));
    paths.sort();
    assert!(paths.len() > 4);
    paths
}

fn shown((deltas, error): &Outcome) -> String {
    let mut text: String = deltas.iter().map(|delta| format!("{delta:?}\n")).collect();
    if let Some(error) = error {
        text.push_str(&format!("{error:?}\n"));
    }
    text
}

/// Every `tests/golden/FOLDER/*.sse` decodes to what the `.out` beside it says, however it is cut.
fn each_decodes<D: Decoder>(folder: &str, decoder: impl Fn() -> D) {
    for path in fixtures(folder) {
        let bytes = std::fs::read(&path).unwrap();
        let whole = decode(decoder(), [&bytes].into_iter());
        let expected = path.with_extension("out");
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&expected, shown(&whole)).unwrap();
        }
        let expected = std::fs::read_to_string(&expected).unwrap_or_default();
        assert_eq!(shown(&whole), expected, "{}", path.display());
        assert_eq!(decode(decoder(), bytes.chunks(1)), whole, "{} by bytes", path.display());
        assert_eq!(decode(decoder(), bytes.chunks(7)), whole, "{} by sevens", path.display());
        let crlf = String::from_utf8_lossy(&bytes).replace('\n', "\r\n");
        assert_eq!(decode(decoder(), crlf.as_bytes().chunks(3)), whole, "{} with CRLF", path.display());
        for end in 0..bytes.len() {
            let (deltas, error) = decode(decoder(), [&bytes[..end]].into_iter());
            let ended = deltas.iter().any(|delta| matches!(delta, Delta::End(_)));
            assert!(ended != error.is_some(), "{} cut at {end}: {deltas:?} {error:?}", path.display());
        }
    }
}

fn anthropic() -> impl Decoder {
    super::anthropic::Decode::default()
}

fn openai() -> impl Decoder {
    super::openai::Decode::new("openai")
}

#[test]
fn anthropic_streams() {
    each_decodes("anthropic", anthropic);
}

#[test]
fn openai_streams() {
    each_decodes("openai", openai);
}

#[test]
fn whole_json_bodies_are_answers_too() {
    let body = r#"{"id":"x","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"hi","tool_calls":[{"id":"c","type":"function","function":{"name":"read","arguments":"{\"path\":\"a\"}"}}]},"finish_reason":"tool_calls"}],"usage":{"prompt_tokens":5,"completion_tokens":2}}"#;
    let mut out = super::stream::Out::default();
    openai().body(body, &mut out).unwrap();
    let shown = format!("{:?}", out.drain());
    assert!(shown.contains("Text(\"hi\")") && shown.contains("End(ToolUse)"), "{shown}");
    assert!(matches!(openai().body("{}", &mut out), Err(ModelError::Garbage { .. })));
    let error = r#"{"error":{"message":"full","code":429}}"#;
    assert!(matches!(openai().body(error, &mut out), Err(ModelError::RateLimited { .. })));

    let body = r#"{"type":"message","role":"assistant","content":[{"type":"text","text":"hi"},{"type":"tool_use","id":"t","name":"read","input":{"path":"a"}}],"stop_reason":"tool_use","usage":{"input_tokens":3,"output_tokens":4}}"#;
    let mut out = super::stream::Out::default();
    anthropic().body(body, &mut out).unwrap();
    let shown = format!("{:?}", out.drain());
    assert!(shown.contains("\"path\": String(\"a\")") && shown.contains("output_tokens: 4"), "{shown}");
}

/// 200 kB in 50,000 deltas: what a long reply costs to decode. Generous, for slow machines and
/// builds without optimisation; a quadratic buffer takes minutes.
#[test]
fn a_long_reply_is_cheap() {
    let mut stream = String::new();
    for _ in 0..50_000 {
        stream.push_str("data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"word\"},\"finish_reason\":null}]}\n\n");
    }
    stream.push_str(
        "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n",
    );
    let watch = crate::base::Stopwatch::start();
    let (deltas, error) = decode(openai(), stream.as_bytes().chunks(16 << 10));
    assert!(error.is_none() && matches!(&deltas[0], Delta::Text(text) if text.len() == 200_000));
    assert!(watch.millis() < 5_000, "{} ms", watch.millis());
}

proptest! {
    #[test]
    fn garbled_streams_never_panic_or_end_twice(
        which in any::<proptest::sample::Index>(),
        flips in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 0..6),
        cut in 1..64usize,
    ) {
        for folder in ["anthropic", "openai"] {
            let paths = fixtures(folder);
            let mut bytes = std::fs::read(which.get(&paths)).unwrap();
            for (at, byte) in &flips {
                let at = at.index(bytes.len());
                bytes[at] = *byte;
            }
            let (deltas, error) = match folder {
                "anthropic" => decode(anthropic(), bytes.chunks(cut)),
                _ => decode(openai(), bytes.chunks(cut)),
            };
            let ends = deltas.iter().filter(|delta| matches!(delta, Delta::End(_))).count();
            prop_assert_eq!(ends + usize::from(error.is_some()), 1);
        }
    }
}
