//! Both adapters against a live server: what it sends, and which error that becomes.

use std::time::Duration;

use iosm::model::{Delta, ModelError, Stop};

use super::{ask, provider, request, text};
use crate::world::server::{Answer, Server};

const ANTHROPIC: &str = include_str!("../../golden/anthropic/text.sse");
const OPENAI: &str = include_str!("../../golden/openai/text.sse");

/// Asks a server that gives this answer, with both adapters in turn.
async fn errors(answer: Answer) -> Vec<ModelError> {
    let mut errors = Vec::new();
    for model in ["anthropic/m", "openai_compatible/m"] {
        let server = Server::start(vec![answer.clone()]).await;
        let (_, error) = ask(&*provider(model, Some(&server.url)), &request("m")).await;
        let error = error.unwrap_or_else(|| panic!("{model} took it for an answer"));
        let shown = format!("{error} {error:?} {:?}", error.report());
        assert!(!shown.contains("sk-test-key"), "the key shows in {shown}");
        errors.push(error);
    }
    errors
}

#[tokio::test]
async fn a_stream_is_an_answer_and_the_connection_is_kept() {
    for (model, body) in [("anthropic/m", ANTHROPIC), ("openai_compatible/m", OPENAI)] {
        for piece in [1, 40, 100_000] {
            let server = Server::start(vec![Answer::Stream { body: body.to_owned(), piece }]).await;
            let provider = provider(model, Some(&server.url));
            for _ in 0..3 {
                let (deltas, error) = ask(&*provider, &request("m")).await;
                assert_eq!(error, None);
                assert_eq!(text(&deltas), "Hello, wörld 🦀!\n\"quoted\"");
                assert_eq!(deltas.last(), Some(&Delta::End(Stop::EndTurn)));
            }
            let asked = server.asked();
            assert!(
                asked.iter().all(|asked| asked.connection == 1),
                "{model} opened more than one connection"
            );
            assert_eq!(asked[0].body.as_bytes(), provider.encode(&request("m")));
            let path = asked[0].head.split(' ').nth(1).unwrap().to_owned();
            assert_eq!(provider.address().unwrap(), format!("{}{path}", server.url));
        }
    }
}

#[tokio::test]
async fn keys_go_into_the_header_they_belong_to() {
    let server = Server::start(vec![Answer::status(500, "{}")]).await;
    ask(&*provider("anthropic/m", Some(&server.url)), &request("m")).await;
    ask(&*provider("openai_compatible/m", Some(&server.url)), &request("m")).await;
    let heads: Vec<String> = server.asked().iter().map(|asked| asked.head.to_ascii_lowercase()).collect();
    assert!(
        heads[0].contains("x-api-key: sk-test-key") && heads[0].contains("anthropic-version: 2023-06-01")
    );
    assert!(heads[1].contains("authorization: bearer sk-test-key") && !heads[1].contains("x-api-key"));
    assert!(heads[0].starts_with("post /v1/messages ") && heads[1].starts_with("post /v1/chat/completions "));
}

#[tokio::test]
async fn a_refused_key() {
    let body = r#"{"error":{"message":"Incorrect API key provided: sk-test-key","type":"x"}}"#;
    for error in errors(Answer::status(401, body)).await {
        assert!(
            matches!(&error, ModelError::Refused { status: 401, message, .. } if message.ends_with("[key]")),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn too_many_requests() {
    for error in errors(Answer::status(429, "{}").with("retry-after", "7")).await {
        assert!(matches!(error, ModelError::RateLimited { .. }), "{error:?}");
        assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
    }
}

#[tokio::test]
async fn servers_that_fail() {
    for error in errors(Answer::typed(503, "text/html", "<html><title>Bad Gateway</title>")).await {
        assert!(
            matches!(&error, ModelError::ServerError { status: 503, message, .. }
            if message == "an HTML page: Bad Gateway"),
            "{error:?}"
        );
    }
    for error in errors(Answer::status(400, r#"{"error":{"message":"no such parameter"}}"#)).await {
        assert!(matches!(error, ModelError::Rejected { status: 400, .. }), "{error:?}");
    }
}

#[tokio::test]
async fn streams_that_end_too_early() {
    for (model, body) in [("anthropic/m", ANTHROPIC), ("openai_compatible/m", OPENAI)] {
        let half = body[..body.len() / 2].to_owned();
        for answer in
            [Answer::Broken { body: half.clone() }, Answer::Stream { body: half, piece: 30 }, Answer::Close]
        {
            let server = Server::start(vec![answer]).await;
            let (_, error) = ask(&*provider(model, Some(&server.url)), &request("m")).await;
            assert!(matches!(error, Some(ModelError::Cut { .. })), "{model}: {error:?}");
        }
    }
}

#[tokio::test]
async fn things_that_are_no_answer() {
    let html = Answer::typed(200, "text/html; charset=utf-8", "<html><title>Welcome</title>");
    let answers = [
        html,
        Answer::typed(200, "text/plain", "Ollama is running"),
        Answer::typed(200, "text/event-stream", "data: {not json}\n\n"),
        Answer::status(200, "{\"hello\": 1}"),
        Answer::typed(404, "text/plain", "404 page not found"),
        Answer::status(307, "").with("location", "http://127.0.0.1:9/elsewhere"),
    ];
    for answer in answers {
        for error in errors(answer).await {
            assert!(matches!(error, ModelError::Garbage { .. }), "{error:?}");
        }
    }
    for error in errors(Answer::Noise).await {
        assert!(matches!(error, ModelError::Cut { .. } | ModelError::Garbage { .. }), "{error:?}");
    }
}

#[tokio::test]
async fn a_redirect_within_the_origin_is_followed() {
    let answers = vec![
        Answer::status(307, "").with("location", "/elsewhere"),
        Answer::Stream { body: OPENAI.to_owned(), piece: 100 },
    ];
    let server = Server::start(answers).await;
    let (deltas, error) = ask(&*provider("openai_compatible/m", Some(&server.url)), &request("m")).await;
    assert_eq!((error, deltas.is_empty()), (None, false));
    assert!(server.asked()[1].head.starts_with("POST /elsewhere "));
}

#[tokio::test]
async fn nobody_listens() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let (_, error) = ask(&*provider("openai_compatible/m", Some(&url)), &request("m")).await;
    let Some(ModelError::Unreachable { url: named, .. }) = &error else { panic!("{error:?}") };
    assert!(named.starts_with(&url));
}

#[tokio::test]
async fn a_request_of_another_version_is_refused() {
    let unknown = iosm::model::Request { version: 99, ..request("m") };
    for model in ["anthropic/m", "openai/m", "scripted/hello"] {
        let (deltas, error) = ask(&*provider(model, None), &unknown).await;
        assert!(deltas.is_empty() && matches!(error, Some(ModelError::Config { .. })), "{model}: {error:?}");
    }
}

#[tokio::test]
async fn an_error_in_a_stream_does_not_show_the_key() {
    let body = "data: {\"error\":{\"message\":\"bad key sk-test-key\",\"code\":401}}\n\n".to_owned();
    let server = Server::start(vec![Answer::Stream { body, piece: 999 }]).await;
    let (_, error) = ask(&*provider("openai_compatible/m", Some(&server.url)), &request("m")).await;
    assert!(
        matches!(&error, Some(ModelError::Refused { message, .. }) if message == "bad key [key]"),
        "{error:?}"
    );
}

#[tokio::test]
async fn plain_json_in_place_of_a_stream() {
    let body = r#"{"choices":[{"message":{"role":"assistant","content":"whole"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":1}}"#;
    let server = Server::start(vec![Answer::status(200, body)]).await;
    let (deltas, error) = ask(&*provider("openai_compatible/m", Some(&server.url)), &request("m")).await;
    assert_eq!((error, text(&deltas).as_str()), (None, "whole"));
}
