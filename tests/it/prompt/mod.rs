//! What a model is told costs little, and never changes under it.

use iosm::agent::{Brief, Epoch, Instruction};
use iosm::config::{Profile, SHIPPED_PROFILES};
use iosm::host::net::Outward;
use iosm::host::process::Processes;
use iosm::host::sandbox::{Environment, Layers};
use iosm::model::ToolSchema;
use iosm::tools::{Registry, register_bash, register_fetch, register_leaf_tools};

/// Most tokens of prompt and schemas for the default profile, by the o200k vocabulary.
const MOST_TOKENS: usize = 2_000;

fn registry() -> Registry {
    let mut registry = Registry::default();
    register_leaf_tools(&mut registry);
    register_bash(&mut registry, &Processes::new(None, Environment::default(), Layers::ALL));
    register_fetch(&mut registry, &Outward::default());
    registry
}

fn brief(profile: &str, instructions: Vec<Instruction>) -> Brief {
    let profile = Profile::load(profile, &[]).unwrap();
    let tools = registry().narrowed(|name| profile.tools.contains(name));
    Brief {
        profile_prompt: profile.prompt,
        workspace: "/home/someone/projects/a-project".into(),
        cwd: None,
        sandbox: "sandbox reduced: landlock 7 and seccomp".into(),
        contract: None,
        instructions,
        skills: Vec::new(),
        tools: tools.specs().map(ToolSchema::from).collect(),
        window: 200_000,
    }
}

#[test]
fn the_default_profile_costs_less_than_two_thousand_tokens() {
    let epoch = Epoch::lay_out(brief("full", Vec::new())).unwrap();
    let vocabulary = tiktoken_rs::o200k_base().unwrap();
    let tools = serde_json::to_string(&epoch.tools).unwrap();
    let prompt: usize = epoch.system.iter().map(|text| vocabulary.encode_ordinary(text).len()).sum();
    let schemas = vocabulary.encode_ordinary(&tools).len();
    assert!(prompt + schemas < MOST_TOKENS, "{prompt} + {schemas}");
    // The estimate that layouts rest on is not far off.
    let off = epoch.tokens as f64 / (prompt + schemas) as f64;
    assert!((0.75..1.5).contains(&off), "estimate is {off:.2} of the count");
}

#[test]
fn every_shipped_profile_lays_out_and_names_tools_that_exist() {
    let known = registry();
    for (name, _) in SHIPPED_PROFILES {
        let profile = Profile::load(name, &[]).unwrap();
        for tool in &profile.tools {
            assert!(known.get(tool).is_some(), "{name} names the tool {tool}");
        }
        Epoch::lay_out(brief(name, Vec::new())).unwrap();
    }
}

#[test]
fn the_same_brief_gives_the_same_bytes() {
    let files = || vec![Instruction { path: "AGENTS.md".into(), text: "Use tabs.".into() }];
    let one = Epoch::lay_out(brief("full", files())).unwrap();
    assert_eq!(one, Epoch::lay_out(brief("full", files())).unwrap());
    assert!(one.system.last().unwrap().contains("Use tabs."));
}

#[test]
fn long_instructions_are_shortened_and_said_so_and_a_tiny_window_fails_before_any_request() {
    let files = vec![Instruction { path: "AGENTS.md".into(), text: "Mind the gap. ".repeat(20_000) }];
    let mut small = brief("full", files);
    small.window = 16_384;
    let epoch = Epoch::lay_out(small.clone()).unwrap();
    assert!(epoch.tokens <= 16_384 / 3 && epoch.notices.len() == 1);
    small.window = 1_024;
    let error = Epoch::lay_out(small).unwrap_err();
    assert!(error.message.starts_with("ContextCriticalOverflow: system ("), "{}", error.message);
}
