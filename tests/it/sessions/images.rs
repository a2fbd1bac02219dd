//! Images that go with a message: read as the user's own, kept with it, or nothing is sent at all.

use base64::Engine as _;
use iosm::engine::{ExportFormat, SessionChoice};
use iosm::protocol::{Event, Item, Op, Part, Prompt, Report, ReportKind};

use super::{COUNTS, Open};
use crate::world::{PNG, World};

fn prompt(text: &str, images: &[&str]) -> Prompt {
    Prompt { text: text.into(), images: images.iter().map(|path| (*path).to_owned()).collect() }
}

fn part() -> Part {
    let data = base64::engine::general_purpose::STANDARD.encode(PNG);
    Part::Image { media_type: "image/png".into(), data }
}

/// Sends it, and waits until it has been answered.
async fn send(open: &mut Open, op: Op) {
    open.session.ops.send(op).await.unwrap();
    open.until(|event| matches!(event, Event::Finished(_))).await;
}

/// Sends it, and waits until it comes back.
async fn comes_back(open: &mut Open, prompt: Prompt) -> Report {
    open.session.ops.send(Op::Prompt(prompt.clone())).await.unwrap();
    match open.until(|event| matches!(event, Event::Unsent { .. } | Event::Said { .. })).await {
        Event::Unsent { prompt: back, report } => {
            assert_eq!(back, prompt);
            report
        }
        other => panic!("{prompt:?}: {other:?}"),
    }
}

fn items(open: &Open) -> Vec<Item> {
    open.session.desk.conversation().unwrap()
}

#[tokio::test]
async fn images_go_with_their_message_and_stay_with_it() {
    let world = World::new();
    world.put("shot.png", PNG);
    std::fs::write(world.base().join("home/mine.png"), PNG).unwrap();
    let model = world.script(COUNTS);
    let mut open = Open::new(&world, &model, SessionChoice::New).await;
    let absolute = world.base().join("home/mine.png").display().to_string();
    let all = ["./shot.png", "~/mine.png", &absolute, "./shot.png"];
    send(&mut open, Op::Prompt(prompt("look at these", &all))).await;
    let said = |images: usize, entry: u64, text: &str| Event::Said {
        text: text.into(),
        images: vec!["image/png".into(); images],
        entry,
    };
    let is_said = |event: &&Event| matches!(event, Event::Said { .. });
    let Some(Event::Said { entry, .. }) = open.events.iter().find(is_said) else { panic!("it is told") };
    let entry = *entry;
    assert!(open.events.contains(&said(4, entry, "look at these")), "{:?}", open.events);
    let wanted = Item::User { parts: vec![Part::text("look at these"), part(), part(), part(), part()] };
    assert_eq!(items(&open)[0], wanted);
    assert!(!open.session.desk.is_tainted(), "the user chose them");
    // As a message for after the turn, with nothing but the image.
    send(&mut open, Op::FollowUp(prompt("./shot.png", &["./shot.png"]))).await;
    assert_eq!(items(&open)[2], Item::User { parts: vec![Part::text("./shot.png"), part()] });
    // They count, and are seen in what is exported.
    let shown = open.session.desk.transcript().unwrap().unwrap();
    let markdown = shown.render(ExportFormat::Markdown);
    assert_eq!(markdown.matches("[image: image/png]").count(), 5, "{markdown}");
    let html = shown.render(ExportFormat::Html);
    assert_eq!(html.matches("src=\"data:image/png;base64,").count(), 5);
    // Folded: the words of the first stay, its images give way.
    open.command("compact").await;
    let event = open.until(|event| matches!(event, Event::Compacted { .. } | Event::Notice { .. })).await;
    let Event::Compacted { before_tokens, after_tokens, .. } = event else { panic!("{event:?}") };
    assert!(before_tokens > after_tokens + 4_000, "{before_tokens} {after_tokens}");
    // Back to before the second, and on from there, also in a copy.
    open.command("rewind").await;
    let event = open.until(|event| matches!(event, Event::Rewound { .. })).await;
    assert!(matches!(event, Event::Rewound { text, .. } if text == "./shot.png"));
    assert_eq!(open.say("words").await.1.text, "second");
    open.close().await;
    let fork = SessionChoice::Fork { given: None, entry: None };
    for choice in [SessionChoice::Last, fork] {
        let mut open = Open::new(&world, &model, choice).await;
        assert_eq!(items(&open)[0], wanted);
        assert_eq!(open.say("again").await.1.turns, 1);
        open.close().await;
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_told_and_nothing_is_sent() {
    let world = World::new();
    world.put("shot.png", PNG);
    world.put("words.png", b"just words\n");
    let mut large = PNG.to_vec();
    large.resize(5 * 1024 * 1024 + 1, 0);
    world.put("large.png", &large);
    std::fs::create_dir_all(world.base().join("home/.ssh")).unwrap();
    std::fs::write(world.base().join("home/.ssh/a.png"), PNG).unwrap();
    let model = world.script(COUNTS);
    let mut open = Open::new(&world, &model, SessionChoice::New).await;
    for (path, kind, why) in [
        ("./gone.png", ReportKind::Usage, "gone.png does not exist"),
        ("./words.png", ReportKind::Usage, "is no image but text"),
        ("./large.png", ReportKind::Usage, "5,242,881 bytes"),
        ("./src", ReportKind::Usage, "is a folder"),
        ("/dev/null", ReportKind::Refused, "device"),
        ("~/.ssh/a.png", ReportKind::Refused, "credentials"),
    ] {
        let report = comes_back(&mut open, prompt("look", &["./shot.png", path])).await;
        assert_eq!(report.kind, kind, "{report}");
        assert!(report.message.contains(path) && report.causes.join(" ").contains(why), "{path}: {report:?}");
        assert!(!report.hints.is_empty());
    }
    assert!(items(&open).is_empty());
    // It is mended, and goes.
    send(&mut open, Op::Prompt(prompt("look", &["./shot.png"]))).await;
    assert_eq!(items(&open).len(), 2);
    open.close().await;
}

#[tokio::test]
async fn a_model_that_is_known_to_take_no_images_is_sent_none() {
    let world = World::new();
    world.put("shot.png", PNG);
    let model = world.script(COUNTS);
    let facts = |images: &str| {
        let text = format!("models:\n  '{model}': {{context: 100000, max_output: 8000{images}}}\n");
        let folder = world.state().join("config");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("models.yaml"), text).unwrap();
    };
    facts(", images: false");
    let mut open = Open::new(&world, &model, SessionChoice::New).await;
    let report = comes_back(&mut open, prompt("look", &["./shot.png"])).await;
    assert!(report.message.contains("takes no images"), "{report}");
    assert!(report.hints.join(" ").contains("/model"));
    open.say("words alone").await;
    open.close().await;
    for images in [", images: true", ""] {
        facts(images);
        let mut open = Open::new(&world, &model, SessionChoice::New).await;
        send(&mut open, Op::Prompt(prompt("look", &["./shot.png"]))).await;
        assert_eq!(items(&open).len(), 2, "{images}");
        open.close().await;
    }
}

#[tokio::test]
async fn while_a_turn_runs_an_image_steers_it_and_one_that_is_not_there_does_not() {
    let world = World::new();
    world.put("shot.png", PNG);
    let model = world.script(
        "rules:\n  - when: {turn: 1}\n    reply: [{text: begun}, {delay_ms: 1000}, {text: ' and done'}]\n  - reply: [{text: steered}]\n",
    );
    let mut open = Open::new(&world, &model, SessionChoice::New).await;
    open.session.ops.send(Op::Prompt("one".into())).await.unwrap();
    open.until(|event| matches!(event, Event::TextDelta { .. })).await;
    open.session.ops.send(Op::Prompt(prompt("rather", &["./gone.png"]))).await.unwrap();
    open.session.ops.send(Op::Prompt(prompt("rather this", &["./shot.png"]))).await.unwrap();
    open.session.ops.send(Op::FollowUp(prompt("then this", &["./gone.png"]))).await.unwrap();
    open.session.ops.send(Op::FollowUp(prompt("and then this", &["./shot.png"]))).await.unwrap();
    let event = open.until(|event| matches!(event, Event::Finished(_))).await;
    let Event::Finished(outcome) = event else { unreachable!() };
    assert_eq!(outcome.turns, 3);
    let unsent = open.events.iter().filter(|event| matches!(event, Event::Unsent { .. })).count();
    assert_eq!(unsent, 2);
    let said: Vec<Item> = items(&open).into_iter().filter(|item| matches!(item, Item::User { .. })).collect();
    let with_image = |text: &str| Item::User { parts: vec![Part::text(text), part()] };
    assert_eq!(said, [Item::user("one"), with_image("rather this"), with_image("and then this")]);
    open.close().await;
}
