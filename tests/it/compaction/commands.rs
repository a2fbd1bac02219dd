//! The commands that change what holds, and those that say what it costs, in a session of the engine.

use iosm::protocol::{Event, Op, Setup, VerdictKind};

use crate::policy::face::Face;
use crate::world::World;

const SCRIPT: &str = r#"
rules:
  - when: {user: {text: "write"}}
    reply: [{tool_call: {tool: write, args: {path: new.txt, content: hello}}}]
  - when: {user: {text: "accept the plan"}}
    reply: [{tool_call: {tool: write, args: {path: planned.txt, content: hello}}}]
  - when: {user: {text: "big"}}
    reply: [{tool_call: {tool: read, args: {path: big.txt}}}]
  - reply: [{text: "So be it."}]
"#;

struct Talk {
    face: Face,
    world: World,
}

/// What came of one command.
#[derive(Default)]
struct Said {
    markdown: String,
    setup: Option<Setup>,
    notices: Vec<String>,
}

impl Talk {
    async fn open() -> Self {
        let world = World::new();
        world.write("big.txt", &(0..900).map(|n| format!("line {n} of many\n")).collect::<String>());
        let model = world.script(SCRIPT);
        let mut face = Face::open(&world, &model).await;
        while !matches!(face.event().await, Event::Setup(_)) {}
        Self { face, world }
    }

    /// Until it is answered.
    async fn command(&mut self, line: &str) -> Said {
        self.face.say(Op::Command(line.to_owned())).await;
        let mut said = Said::default();
        loop {
            match self.face.event().await {
                Event::Setup(setup) => said.setup = Some(setup),
                Event::Answer { markdown, .. } => {
                    said.markdown = markdown;
                    return said;
                }
                Event::Notice { report } => {
                    said.notices.push(format!("{report} {:?}", report.hints));
                    let note = report.kind == iosm::protocol::ReportKind::Note;
                    if !note || report.message.contains("made smaller") {
                        return said;
                    }
                }
                _ => {}
            }
        }
    }

    /// The verdicts of a run.
    async fn prompt(&mut self, text: &str) -> Vec<(String, VerdictKind)> {
        self.face.say(Op::Prompt(text.into())).await;
        self.verdicts().await
    }

    async fn verdicts(&mut self) -> Vec<(String, VerdictKind)> {
        let mut verdicts = Vec::new();
        loop {
            match self.face.event().await {
                Event::Verdict { tool, verdict, .. } => verdicts.push((tool, verdict.kind)),
                Event::Finished(_) => return verdicts,
                Event::ApprovalAsked(question) => panic!("{question:?}"),
                _ => {}
            }
        }
    }
}

#[tokio::test]
async fn a_plan_changes_nothing_until_it_is_accepted() {
    let mut talk = Talk::open().await;
    let said = talk.command("plan accept").await;
    assert!(said.notices[0].contains("no plan to accept"), "{:?}", said.notices);
    let said = talk.command("plan").await;
    assert_eq!(said.setup.unwrap().profile, "plan");
    let verdicts = talk.prompt("write it").await;
    assert_eq!(verdicts, [("write".to_owned(), VerdictKind::Deny)], "the kernel holds it back");
    assert!(!talk.world.repo().join("new.txt").exists());
    let said = talk.command("profile").await;
    assert!(
        said.markdown.starts_with("Now: `plan`") && said.markdown.contains("| `reviewer` |"),
        "{}",
        said.markdown
    );

    talk.face.say(Op::Command("plan accept".to_owned())).await;
    let verdicts = talk.verdicts().await;
    assert_eq!(verdicts, [("write".to_owned(), VerdictKind::Allow)]);
    assert_eq!(talk.world.read("planned.txt"), "hello");
    // What the kernel enforces was exchanged on record.
    let journal =
        std::fs::read_dir(talk.world.state().join("state/projects")).unwrap().flatten().next().unwrap();
    let rows: String = std::fs::read_dir(journal.path().join("journal"))
        .unwrap()
        .flatten()
        .filter_map(|file| std::fs::read_to_string(file.path()).ok())
        .collect();
    assert_eq!(rows.matches("\"rung\":\"capability\",\"rule\":\"profile\"").count(), 2);
}

#[tokio::test]
async fn an_unknown_profile_model_or_level_leaves_everything_as_it_was() {
    let mut talk = Talk::open().await;
    for (line, hint) in [
        ("profile ful", "did you mean `full`"),
        ("model anthropic/claude-opus-5-5", "ANTHROPIC_API_KEY"),
        ("model nonsense", "nonsense"),
        ("thinking hig", "did you mean high?"),
        ("plan now", "/plan accept"),
    ] {
        let said = talk.command(line).await;
        let told = format!("{:?} {:?}", said.notices, talk.face.notices);
        assert!(said.setup.is_none() && told.contains(hint), "{line}: {told}");
    }
    let said = talk.command("model").await;
    assert!(
        said.markdown.starts_with("Now: `scripted/") && said.markdown.contains("| `fast` ("),
        "{}",
        said.markdown
    );
    assert_eq!(talk.prompt("write it").await, [("write".to_owned(), VerdictKind::Allow)]);
}

#[tokio::test]
async fn another_model_answers_and_what_was_agreed_stays() {
    let mut talk = Talk::open().await;
    talk.prompt("say something").await;
    let other = talk.world.base().join("other.yaml");
    std::fs::write(&other, "rules:\n  - reply: [{text: I am another}]\n").unwrap();
    let said = talk.command(&format!("model scripted/{}", other.display())).await;
    assert!(said.setup.unwrap().model.ends_with("other.yaml"));
    assert!(said.notices[0].contains("the model was changed"), "{:?}", said.notices);
    let said = talk.command("thinking high").await;
    assert_eq!(said.setup.unwrap().thinking, "high");
    talk.face.say(Op::Prompt("who are you?".into())).await;
    assert_eq!(talk.face.end().await.text, "I am another");
    let said = talk.command("cost").await;
    assert!(
        said.markdown.contains("script.yaml` | 1 |") && said.markdown.contains("other.yaml` | 1 |"),
        "{}",
        said.markdown
    );
    assert!(
        said.markdown.contains("| **all** | 2 |") && said.markdown.contains("| local |"),
        "{}",
        said.markdown
    );
    let said = talk.command("context").await;
    assert!(
        said.markdown.contains("It began anew: the model was changed; the thinking level was changed."),
        "{}",
        said.markdown
    );
}

#[tokio::test]
async fn context_says_what_fills_the_window_and_compact_makes_room() {
    let mut talk = Talk::open().await;
    let said = talk.command("compact").await;
    assert!(said.markdown.contains("nothing that folding would make smaller"), "{}", said.markdown);
    talk.prompt("the big one").await;
    for n in 0..3 {
        talk.prompt(&format!("wish {n}")).await;
    }
    let said = talk.command("context").await;
    for part in ["| system prompt |", "| tools |", "| outputs |", "`read` (t1)", "counted, 0 % of them"] {
        assert!(said.markdown.contains(part), "{part}: {}", said.markdown);
    }
    assert!(!said.markdown.contains("| folded"));
    let said = talk.command("compact keep the numbers").await;
    assert!(said.notices[0].contains("old messages folded"), "{:?}", said.notices);
    let said = talk.command("context").await;
    assert!(said.markdown.contains("| folded ("), "{}", said.markdown);
    assert!(talk.world.session_holds("keep the numbers"));
}
