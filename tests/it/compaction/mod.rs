//! A conversation that outgrows its window goes on, loses nothing, and is asked with stable bytes.

mod commands;
mod rig;

use iosm::model::{Provider, Request};
use iosm::protocol::{Event, Item, Part, Status};

use crate::model::provider;
use rig::Rig;

/// Reads file after file, as each says; then ends.
const CHAIN: &str = r#"
rules:
  - when: {prompt: {regex: "open out_[0-9a-f]+ from"}, result: {tool: read}}
    reply: [{text: "So it was."}]
  - when: {result: {regex: "next: (f[0-9]+\\.txt)"}}
    reply: [{text: "On to $1."}, {tool_call: {tool: read, args: {path: "$1"}}}]
  - when: {result: {text: "the end"}}
    reply: [{text: "All read."}]
  - when: {user: {regex: "open (out_[0-9a-f]{16}) from ([0-9]+)"}}
    reply: [{tool_call: {tool: read, args: {path: "$1", offset: "$2"}}}]
  - when: {user: {regex: "^Please begin"}}
    reply: [{tool_call: {tool: read, args: {path: f1.txt}}}]
  - reply: [{text: "Yes."}]
"#;

const WISH: &str = "Please begin. Never write to vendor/, and keep the tests as they are.";

fn chain(rig: &Rig, files: usize) {
    for n in 1..=files {
        let filler: String =
            (0..120).map(|line| format!("file {n} line {line} says this and that\n")).collect();
        let next = if n < files { format!("next: f{}.txt\n", n + 1) } else { "the end\n".to_owned() };
        rig.write(&format!("f{n}.txt"), &format!("{filler}{next}"));
    }
}

fn text_of(request: &Request) -> String {
    let parts = request.items.iter().map(|item| match item {
        Item::User { parts } => parts.iter().map(text).collect::<String>(),
        Item::ToolResult(result) => result.text(),
        Item::Assistant { blocks, .. } => format!("{blocks:?}"),
    });
    parts.collect::<Vec<_>>().join("\n")
}

fn text(part: &Part) -> String {
    match part {
        Part::Text { text } => text.clone(),
        Part::Image { .. } => String::new(),
    }
}

fn compactions(told: &[Event]) -> Vec<(u64, u64)> {
    let made = told.iter().filter_map(|event| match event {
        Event::Compacted { before_tokens, after_tokens, .. } => Some((*before_tokens, *after_tokens)),
        _ => None,
    });
    made.collect()
}

/// Both adapters; what they send is what a provider's cache compares.
fn adapters() -> Vec<Box<dyn Provider>> {
    vec![provider("anthropic/m", None), provider("openai_compatible/m", Some("http://localhost"))]
}

/// The conversation of a body without cache marks and closing brackets.
fn conversation(provider: &dyn Provider, request: &Request) -> String {
    let body = String::from_utf8(provider.encode(request)).unwrap();
    let plain = body[body.find("\"messages\":[").unwrap()..]
        .replace(",\"cache_control\":{\"type\":\"ephemeral\"}", "");
    plain.trim_end_matches(['}', ']']).to_owned()
}

#[tokio::test]
async fn a_run_that_outgrows_its_window_goes_on_and_ends() {
    let rig = Rig::new(CHAIN, 12_000);
    chain(&rig, 30);
    let mut running = rig.begin();
    let outcome = running.prompt(WISH).await;
    assert_eq!(
        (outcome.status, outcome.text.as_str()),
        (Status::Success, "All read."),
        "{:?}",
        outcome.errors
    );
    let told = running.told();
    let made = compactions(&told);
    assert!(made.len() > 2, "30 files do not fit into one window: {made:?}");
    assert!(made.iter().all(|(before, after)| after < before), "{made:?}");
    let notices: Vec<String> = told
        .iter()
        .filter_map(|event| match event {
            Event::Notice { report } => Some(format!("{report} {:?}", report.causes)),
            _ => None,
        })
        .collect();
    assert!(
        notices.iter().any(|notice| notice.contains("cached of the conversation is not used again")),
        "{notices:?}"
    );
    let asked = running.asked();
    assert_eq!(asked.len(), 31);
    let mut folded = false;
    for request in &asked {
        let tokens = iosm::base::estimate_tokens(&text_of(request));
        assert!(tokens < 12_000, "{tokens}");
        assert!(text_of(request).contains(WISH), "the wish stands in every request, word for word");
        assert!(request.system[0].contains("- No new dependency, ever."));
        folded |= text_of(request).contains("has folded the beginning");
        // The newest output is never cut before it was read.
        if let Some(Item::ToolResult(result)) = request.items.last() {
            assert!(result.text().lines().count() > 120, "{}", result.text());
        }
    }
    assert!(folded);
    // The log keeps everything.
    assert!((1..=30).all(|n| rig.log().contains(&format!("file {n} line 60 says"))));
}

#[tokio::test]
async fn between_compactions_every_adapter_sends_what_it_sent_before() {
    let rig = Rig::new(CHAIN, 12_000);
    chain(&rig, 30);
    let mut running = rig.begin();
    running.prompt(WISH).await;
    let breaks = compactions(&running.told()).len();
    let asked = running.asked();
    for adapter in adapters() {
        let sent: Vec<String> = asked.iter().map(|request| conversation(&*adapter, request)).collect();
        let broken = sent.windows(2).filter(|pair| !pair[1].starts_with(&pair[0])).count();
        assert_eq!(
            broken,
            breaks,
            "{}: the prefix breaks when it is announced and at no other time",
            adapter.name()
        );
    }
}

#[tokio::test]
async fn a_session_resumed_after_a_compaction_asks_with_the_same_bytes() {
    let rig = Rig::new(CHAIN, 12_000);
    chain(&rig, 20);
    let mut running = rig.begin();
    running.prompt(WISH).await;
    assert!(!compactions(&running.told()).is_empty());
    running.agent.compact(Some("mind the parser")).await.unwrap();
    running.prompt("and now?").await;
    let here = running.asked().pop().unwrap();
    assert!(text_of(&here).contains("<user>\nmind the parser\n</user>"));
    assert!(text_of(&here).contains(WISH));
    let spent = running.agent.spending().to_vec();
    drop(running);

    let again = rig.resume();
    assert_eq!(again.agent.spending(), spent, "what was paid for stands in the log");
    let mut again = again;
    again.prompt("once more").await;
    let there = again.asked().pop().unwrap();
    assert!(compactions(&again.told()).is_empty());
    for adapter in adapters() {
        let (before, after) = (conversation(&*adapter, &here), conversation(&*adapter, &there));
        assert!(after.starts_with(&before), "{}", adapter.name());
    }
    assert_eq!(there.items[..here.items.len()], here.items[..]);
}

#[tokio::test]
async fn what_was_folded_opens_as_it_was_and_brings_no_mark() {
    let rig = Rig::new(CHAIN, 12_000);
    chain(&rig, 20);
    let mut running = rig.begin();
    running.prompt(WISH).await;
    running.agent.compact(None).await.unwrap();
    let brief = text_of(&Request { items: running.agent.shown_items(), ..running.asked().pop().unwrap() });
    let handle = brief.split("in full: ").nth(1).unwrap()[..20].to_owned();
    let whole = String::from_utf8(running.blobs.get(&handle).unwrap()).unwrap();
    assert!(whole.contains(WISH) && whole.contains("file 3 line 60 says"));
    drop(running);
    // Also in another process: the log says where it came from.
    let mut again = rig.resume();
    let (mut read, mut line) = (String::new(), 1);
    while line <= whole.lines().count() {
        again.prompt(&format!("open {handle} from {line}")).await;
        let result = again.agent.items().iter().rev().find_map(|item| match item {
            Item::ToolResult(result) => Some(result.clone()),
            _ => None,
        });
        let page = text(&result.unwrap().parts[0]);
        line += page.lines().count();
        read.push_str(&page);
    }
    assert_eq!(read, whole);
    assert!(again.kernel.taint("main").is_empty(), "{:?}", again.kernel.taint("main"));
}

#[tokio::test]
async fn a_secret_that_was_taken_out_never_comes_back() {
    let rig = Rig::new(CHAIN, 12_000);
    chain(&rig, 20);
    let key = ["AKIA", "Q3EGRZL2VQ7XMKDT"].concat();
    let file = std::fs::read_to_string(rig.root().join("work/f2.txt")).unwrap();
    rig.write("f2.txt", &format!("aws_access_key_id = {key}\n{file}"));
    let mut running = rig.begin();
    running.prompt(WISH).await;
    running.agent.compact(Some(&format!("use {key}"))).await.unwrap();
    let asked = running.asked();
    let shown = running.agent.shown_items();
    assert!(asked.iter().all(|request| !text_of(request).contains(&key)));
    let kept: Vec<_> = std::fs::read_dir(rig.root().join("state/blobs")).unwrap().flatten().collect();
    assert!(kept.len() > 10);
    for entry in kept.iter().filter(|entry| entry.path().is_file()) {
        let text = String::from_utf8_lossy(&std::fs::read(entry.path()).unwrap()).into_owned();
        assert!(!text.contains(&key), "{}", entry.path().display());
    }
    let placeholders = asked.iter().filter(|request| text_of(request).contains("[secret:")).count();
    assert!(placeholders > 0, "it was taken out, not lost");
    // What the user says themselves is theirs to say.
    assert!(format!("{shown:?}").contains(&key));
}

#[tokio::test]
async fn what_cannot_fit_fails_before_it_is_sent_and_says_what_is_too_large() {
    let long = "one and two and three ".repeat(4_000);
    let mut rig = Rig::new(CHAIN, 12_000);
    rig.known = false;
    assert_eq!(rig.begin().prompt(&long).await.status, Status::Success, "nothing fails by what is assumed");
    let rig = Rig::new(CHAIN, 12_000);
    let mut running = rig.begin();
    let outcome = running.prompt(&long).await;
    assert_eq!(outcome.status, Status::Error);
    let report = &outcome.errors[0];
    assert!(report.message.starts_with("ContextCriticalOverflow: "), "{report}");
    assert!(report.message.contains("the newest messages ("), "{report}");
    assert!(running.asked().is_empty());
}

#[tokio::test]
async fn the_estimate_follows_what_the_provider_counts() {
    // Counts four times what the text comes to.
    let script = CHAIN.replace(
        "reply: [{text: \"On to $1.\"}",
        "usage: {input_tokens: 40000, output_tokens: 10}\n    reply: [{text: \"On to $1.\"}",
    );
    let compacted = async |script: &str| {
        let rig = Rig::new(script, 24_000);
        chain(&rig, 8);
        let mut running = rig.begin();
        let outcome = running.prompt(WISH).await;
        assert_eq!(outcome.status, Status::Success, "{:?}", outcome.errors);
        compactions(&running.told()).len()
    };
    assert_eq!(compacted(CHAIN).await, 0, "as estimated it fits");
    assert!(compacted(&script).await > 0, "as counted it does not");
}

#[test]
fn a_headless_run_says_when_it_was_folded_and_the_threshold_is_a_setting() {
    for (percent, folded) in [(80, false), (20, true)] {
        let world = crate::world::World::new();
        let filler: String = (0..150).map(|line| format!("line {line} says this and that\n")).collect();
        for n in 1..=6 {
            world.write(&format!("f{n}.txt"), &format!("{filler}next: f{}.txt\n", n + 1));
        }
        world.write("f7.txt", "the end\n");
        world.settings(&format!("limits: {{context_tokens: 20000, compact_percent: {percent}}}\n"));
        let model = world.script(CHAIN);
        let ended = world.stream(&model, &[WISH]).expect(0);
        assert_eq!(ended.out.contains("\"type\":\"compacted\""), folded, "at {percent} %: {}", ended.out);
        assert_eq!(world.session_holds("\"type\":\"compacted\""), folded);
        if folded {
            let ended = world.text(&model, &["-c", "well?"]).expect(0);
            assert_eq!(ended.out, "Yes.\n");
        }
    }
}
