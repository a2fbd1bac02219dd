//! What a session's front desk offers to choose from.

use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

use iosm::engine::{Ground, Options, Session, SessionChoice, SharedEnv};

use crate::world::World;

fn env(world: &World, more: &'static [(&'static str, &'static str)]) -> SharedEnv {
    let state = world.state();
    Arc::new(move |name: &str| match name {
        "IOSM_HOME" => Some(state.display().to_string()),
        "HOME" => Some(state.join("home").display().to_string()),
        _ => more.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()),
    })
}

async fn open(world: &World, session: SessionChoice) -> Session {
    let model = world.script("rules:\n  - reply:\n      - text: hello\n");
    world.settings(&format!("model: {model}\n"));
    let env = env(world, &[("OPENAI_API_KEY", "sk-test")]);
    let ground = Ground::survey(&world.repo(), &*env, Vec::new()).unwrap();
    let options = Options { session, human: true, ..Options::of(env) };
    Session::open(&ground, options).await.unwrap()
}

#[tokio::test]
async fn files_are_those_the_project_does_not_ignore() {
    let world = World::new();
    world.write(".gitignore", "target/\n");
    world.write("target/debug/big.o", "x");
    world.write("docs/two words.md", "x");
    let session = open(&world, SessionChoice::New).await;
    let files = session.desk.files().unwrap();
    assert_eq!(*files, [".gitignore", "a.txt", "docs/two words.md", "src/b.txt"]);
    // The list counts for some seconds.
    world.write("new.txt", "x");
    assert!(Arc::ptr_eq(&files, &session.desk.files().unwrap()));
}

#[tokio::test]
async fn prompts_are_remembered_for_the_project_without_their_secrets() {
    let world = World::new();
    let first = open(&world, SessionChoice::New).await;
    let key = ["AKIA", "QLCBBU76DQTO", "EDHN"].concat();
    for text in ["fix the bug", "two\nlines", "two\nlines", "  ", &format!("use {key} for it")] {
        first.desk.remember(text).unwrap();
    }
    let second = open(&world, SessionChoice::New).await;
    let kept = second.desk.history();
    assert_eq!(kept[..2], ["fix the bug", "two\nlines"]);
    assert!(kept[2].starts_with("use [secret left out: ") && kept[2].ends_with("] for it"), "{kept:?}");
    assert_eq!(kept.len(), 3);
    let unkept = open(&world, SessionChoice::Unkept).await;
    unkept.desk.remember("leaves no trace").unwrap();
    assert_eq!(second.desk.history().len(), 3);
    let file = second.desk.ground().state().unwrap().path().join("prompts.jsonl");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!std::fs::read_to_string(&file).unwrap().contains(&key));
    // Neither file nor list grows without bound.
    for n in 0..40 {
        second.desk.remember(&format!("{n} {}", "x".repeat(60_000))).unwrap();
    }
    assert!(std::fs::metadata(&file).unwrap().len() <= 2 * 1024 * 1024);
    assert!(second.desk.history().last().unwrap().starts_with("39 "));
    second.desk.remember(&"x".repeat(65_537)).unwrap();
    assert!(second.desk.history().last().unwrap().starts_with("39 "));
}

#[tokio::test]
async fn models_with_a_key_come_first_and_own_profiles_before_shipped_ones() {
    let world = World::new();
    let own = world.state().join("config/profiles");
    std::fs::create_dir_all(&own).unwrap();
    std::fs::write(
        own.join("mine.yaml"),
        "description: my own\ntools: [read]\neffects: [read]\nprompt: hi\n",
    )
    .unwrap();
    std::fs::write(own.join("broken.yaml"), "descriptoin: slip\n").unwrap();
    let session = open(&world, SessionChoice::New).await;
    let models = session.desk.models().unwrap();
    let model = |provider: &str| models.iter().find(|model| model.name.starts_with(provider)).unwrap();
    assert!(model("openai/").ready && !model("anthropic/").ready, "{models:?}");
    let profiles = session.desk.profiles();
    let find = |name: &str| profiles.iter().find(|profile| profile.name == name).unwrap();
    assert_eq!(find("mine").description, "my own");
    assert!(find("broken").description.contains("did you mean `description`"), "{:?}", find("broken"));
    assert!(find("full").effects.iter().any(|effect| effect == "write"));
}
