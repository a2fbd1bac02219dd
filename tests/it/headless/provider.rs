//! Providers that refuse, break off, talk nonsense or say nothing: each ends in time with the right
//! words, the right exit code, one whole result and an untouched repository.

use std::time::Duration;

use serde_json::{Value, json};

use super::{calls, open_calls, says};
use crate::world::World;
use crate::world::server::{Answer, Server};
use crate::world::{Ended, Iosm};

const ANTHROPIC_TEXT: &str = include_str!("../../golden/anthropic/text.sse");
const KEY: &str = "sk-dummy-key-of-the-tests";

/// Both adapters that speak HTTP.
const ADAPTERS: [&str; 2] = ["openai_compatible/x", "anthropic/claude-haiku-5-5"];

fn iosm(world: &World, model: &str, url: &str, format: &str, args: &[&str]) -> Iosm {
    let all = [&["-p", "-m", model, "--output-format", format], args].concat();
    if model.starts_with("anthropic") {
        return world.iosm(&all).var("ANTHROPIC_BASE_URL", url).var("ANTHROPIC_API_KEY", KEY);
    }
    world.iosm(&[&all[..], &["--base-url", &format!("{url}/v1")]].concat()).var("IOSM_API_KEY", KEY)
}

/// What an adapter takes for an answer that says something.
fn answer_of(model: &str) -> Answer {
    let body = if model.starts_with("anthropic") { ANTHROPIC_TEXT.to_owned() } else { says("Hello") };
    Answer::Stream { body, piece: 64 }
}

/// Asks both adapters in json mode; the run fails with this code and these words, and touches nothing.
fn fails(answer: &Answer, args: &[&str], code: i32, words: &str, requests: Option<usize>) {
    for model in ADAPTERS {
        let (world, server) = (World::new(), Server::hosted(vec![answer.clone()]));
        let before = world.tree();
        let ended = iosm(&world, model, &server.url, "json", &[args, &["do it"]].concat()).run();
        let ended = ended.expect(code).says(words);
        told(&ended, words);
        assert_eq!(world.tree(), before, "{model} touched the repository");
        if let Some(requests) = requests {
            assert_eq!(server.asked().len(), requests, "{model}: {}", ended.err);
        }
    }
}

/// The words stand in the result's errors too, and the key nowhere.
fn told(ended: &Ended, words: &str) -> Value {
    let result = ended.result();
    let message = result["errors"][0]["message"].as_str().unwrap_or_default().to_owned();
    let all = result["errors"][0].to_string();
    assert!(all.contains(words), "{words:?} is not in the result's error: {message}");
    assert!(!(ended.out.contains(KEY) || ended.err.contains(KEY)), "the key shows");
    result
}

#[test]
fn a_refused_key_is_not_tried_again() {
    let body = format!(r#"{{"error":{{"message":"invalid key {KEY}"}}}}"#);
    fails(&Answer::status(401, &body), &[], 3, "refused the API key (401)", Some(1));
}

#[test]
fn a_rejected_request_is_not_tried_again() {
    let body = r#"{"error":{"message":"no such model"}}"#;
    fails(&Answer::status(404, body), &[], 3, "rejected the request (404): no such model", Some(1));
}

#[test]
fn a_limit_of_a_second_is_waited_for() {
    for model in ADAPTERS {
        let world = World::new();
        let limited = Answer::status(429, r#"{"error":{"message":"slow"}}"#).with("retry-after", "1");
        let server = Server::hosted(vec![limited, answer_of(model)]);
        let ended =
            iosm(&world, model, &server.url, "text", &["do it"]).run().expect(0).says("trying again in");
        assert!(ended.out.starts_with("Hello"), "{}", ended.out);
        let asked = server.asked();
        let waited = asked[1].came.duration_since(asked[0].came).unwrap();
        assert!(waited >= Duration::from_secs(1), "asked again after {waited:?}");
        assert_eq!(asked[0].body, asked[1].body, "the same request is sent again");
    }
}

#[test]
fn a_limit_of_an_hour_is_not_waited_for() {
    let limited = Answer::status(429, r#"{"error":{"message":"slow"}}"#).with("retry-after", "3600");
    fails(&limited, &[], 3, "longer pause than is worth waiting", Some(1));
}

#[test]
fn an_html_page_names_the_address() {
    let page = "<!doctype html><html><head><title>It works!</title></head></html>";
    let words = "something that is not its protocol";
    fails(&Answer::typed(200, "text/html", page), &[], 3, words, Some(1));
    fails(&Answer::typed(200, "text/html", page), &[], 3, "root of a compatible API", Some(1));
    fails(&Answer::typed(200, "text/plain", "lorem ipsum"), &[], 3, words, Some(1));
}

#[test]
fn silence_ends_at_the_time_limit() {
    fails(&Answer::Mute, &["--max-minutes", "0.02"], 4, "the time limit was reached", Some(1));
}

#[test]
fn an_answer_of_nothing_is_said_to_be_one() {
    let (world, server) =
        (World::new(), Server::hosted(vec![Answer::Stream { body: super::last("stop"), piece: 99 }]));
    let ended = iosm(&world, ADAPTERS[0], &server.url, "json", &["do it"]).run();
    told(&ended.expect(3).says("answered with nothing"), "answered with nothing");
}

/// Side by side, because each waits out the whole back-off: about 7 to 15 seconds.
#[test]
fn what_never_gets_better_is_given_up_after_five_requests_or_three_where_nobody_answers() {
    let unreachable = "http://127.0.0.1:9".to_owned();
    let cases = [
        (Some(Answer::status(500, r#"{"error":{"message":"oops"}}"#)), "failed (500): oops"),
        (Some(Answer::Broken { body: says("Hel")[..60].to_owned() }), "broke off"),
        (Some(Answer::Close), "broke off"),
        (Some(Answer::Noise), "broke off"),
        (Some(Answer::typed(200, "text/event-stream", "")), "broke off"),
        (None, "cannot reach"),
    ];
    let started: Vec<_> = cases
        .into_iter()
        .map(|(answer, words)| {
            let world = World::new();
            let (before, server) = (world.tree(), answer.map(|answer| Server::hosted(vec![answer])));
            let url = server.as_ref().map_or(&unreachable, |server| &server.url);
            let running = iosm(&world, ADAPTERS[0], url, "json", &["do it"]).start();
            (world, before, server, running, words)
        })
        .collect();
    for (world, before, server, running, words) in started {
        let last = if server.is_some() { "attempt 5 of 5" } else { "attempt 3 of 3" };
        let ended = running.wait().expect(3).says(words).says(last);
        let result = told(&ended, words);
        assert_eq!((&result["turns"], &result["errors"][0]["retryable"]), (&json!(1), &json!(true)));
        assert!(server.is_none_or(|server| server.asked().len() == 5), "{words}");
        assert_eq!(world.tree(), before);
    }
}

/// The first stream breaks after a whole call; only the call of the second one may run.
#[test]
fn a_stream_cut_after_a_call_runs_it_once() {
    let append = ("bash", json!({"command": "echo once >> log.txt"}));
    let cut = format!("{}{}", says("Thinking.").lines().next().unwrap(), "\n\n")
        + &open_calls(std::slice::from_ref(&append));
    let answers = vec![
        Answer::Broken { body: cut },
        Answer::Stream { body: calls(&[append]), piece: 50 },
        Answer::Stream { body: says("done"), piece: 50 },
    ];
    let (world, server) = (World::new(), Server::hosted(answers.clone()));
    let ended = iosm(&world, ADAPTERS[0], &server.url, "text", &["do it"]).run().expect(0);
    let ended = ended.says("the answer broke off: what came of it does not count");
    assert_eq!(ended.out, "Thinking.\n\ndone\n");
    assert_eq!(world.read("log.txt"), "once\n");

    let (world, server) = (World::new(), Server::hosted(answers));
    let ended = iosm(&world, ADAPTERS[0], &server.url, "stream-json", &["do it"]).run().expect(0);
    let events = ended.events();
    let kinds = |kind: &str| events.iter().filter(|event| event["type"] == kind).count();
    assert_eq!((kinds("stream_discarded"), kinds("tool_call"), kinds("verdict")), (1, 1, 1));
    assert_eq!(kinds("turn_start"), 2, "a request asked again is the same turn");
    assert_eq!(world.read("log.txt"), "once\n");
}

#[test]
fn an_address_is_for_the_provider_of_the_model_it_was_set_with() {
    let world = World::new();
    let (own, other) = (Server::hosted(vec![answer_of("x")]), Server::hosted(vec![answer_of("anthropic")]));
    world.settings(&format!("model: openai_compatible/qwen\nbase_url: {}/v1\n", own.url));
    let keyed = |args: &[&str]| {
        let iosm = world.iosm(&[&["-p"], args, &["hello"]].concat());
        iosm.var("ANTHROPIC_API_KEY", KEY).var("ANTHROPIC_BASE_URL", &other.url)
    };
    assert!(keyed(&["-m", "anthropic/claude-haiku-5-5"]).run().expect(0).out.starts_with("Hello"));
    assert!(own.asked().is_empty(), "another provider's words went to the server of one's own");
    assert_eq!(other.asked().len(), 1);
    keyed(&[]).run().expect(0);
    assert_eq!(own.asked().len(), 1);
    assert!(!own.asked()[0].head.to_lowercase().contains("x-api-key"));
    // Said with the model, it is the model's, whoever serves it.
    let server = Server::hosted(vec![answer_of("anthropic")]);
    let args = ["-m", "anthropic/claude-haiku-5-5", "--base-url", &server.url];
    keyed(&args).run().expect(0);
    assert_eq!(server.asked().len(), 1);
}

#[test]
fn counts_that_cannot_be_are_no_end() {
    let world = World::new();
    let usage = format!("{{\"prompt_tokens\":{0},\"completion_tokens\":{0}}}", u64::MAX);
    let body = format!(
        "data: {{\"choices\":[{{\"delta\":{{\"content\":\"Hello\"}},\"finish_reason\":\"stop\"}}],\"usage\":{usage}}}\n\ndata: [DONE]\n\n"
    );
    let server = Server::hosted(vec![Answer::Stream { body, piece: 64 }]);
    let ended = iosm(&world, "openai_compatible/x", &server.url, "json", &["hello"]).run().expect(0);
    assert_eq!(ended.result()["usage"]["output_tokens"], json!(u64::MAX));
}

#[test]
fn the_doctor_asks_a_server_of_ones_own() {
    let listing = Answer::status(200, r#"{"data":[{"id":"qwen"}]}"#);
    let refusal = Answer::status(401, r#"{"error":{"message":"no"}}"#);
    for (name, answer, code, words) in [
        ("qwen", listing.clone(), 0, "openai_compatible/qwen at http"),
        ("other", listing, 0, "does not list `other`"),
        ("qwen", refusal, 5, "refused the API key (401)"),
        ("qwen", Answer::status(404, "{}"), 0, "openai_compatible/qwen at http"),
    ] {
        let (world, server) = (World::new(), Server::hosted(vec![answer]));
        world.settings(&format!("model: openai_compatible/{name}\nbase_url: {}/v1\n", server.url));
        world.iosm(&["doctor"]).run().expect(code).prints(words);
    }
    let world = World::new();
    world.settings("model: openai_compatible/x\nbase_url: http://127.0.0.1:9/v1\n");
    world.iosm(&["doctor"]).run().expect(5).prints("127.0.0.1:9");
}
