//! `iosm kernel drill`: the corpora under one's own policy, through the real binary.

use std::collections::BTreeSet;

use iosm::engine::drill::corpus;
use serde_json::Value;

use crate::world::{Ended, World};

fn json(ended: &Ended) -> Value {
    serde_json::from_str(&ended.out).unwrap_or_else(|error| panic!("{error}: {}", ended.out))
}

fn policy(world: &World, text: &str) -> String {
    let path = world.base().join("drilled.yaml");
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

fn ids(list: &Value) -> BTreeSet<&str> {
    list.as_array().unwrap().iter().map(|miss| miss["case"].as_str().unwrap()).collect()
}

fn sum(classes: &Value, field: &str) -> u64 {
    classes.as_object().unwrap().values().map(|tally| tally[field].as_u64().unwrap()).sum()
}

/// Held-out cases may fail and are counted elsewhere; no rule is made by looking at them.
#[test]
fn no_open_attack_gets_through_the_default_policy() {
    let world = World::new();
    let ended = world.iosm(&["kernel", "drill", "--json"]).run();
    let told = json(&ended);
    let through = ids(&told["through"]);
    assert_eq!(ended.code(), if through.is_empty() { 0 } else { 5 });
    let open: Vec<String> = corpus()
        .unwrap()
        .into_iter()
        .filter(|case| !case.held_out && through.contains(case.id.as_str()))
        .map(|case| case.id)
        .collect();
    assert!(open.is_empty(), "{open:?}");
}

#[test]
fn a_policy_that_holds_everything_ends_with_0_and_tells_what_is_in_the_way() {
    let world = World::new();
    let file = policy(&world, "rules: [{name: nothing, action: deny, tool: '*'}]\n");
    let ended = world.iosm(&["kernel", "drill", "--policy", &file]).run().expect(0);
    let ended = ended.prints("everyday calls are in the way").prints("more: --json has them all");
    assert!(!ended.out.contains("attacks get through"), "{}", ended.out);
    assert_eq!(ended.out.matches("no rule of allow opens it").count(), 20, "{}", ended.out);
}

#[test]
fn numbers_add_up_and_nothing_is_left() {
    let world = World::new();
    let (repo, home) = (world.tree(), crate::world::tree(&world.base().join("home")));
    let told = json(&world.iosm(&["kernel", "drill", "--json"]).run());
    assert_eq!(world.tree(), repo);
    assert_eq!(crate::world::tree(&world.base().join("home")), home);
    let left: Vec<String> = crate::world::tree(&world.state())
        .into_iter()
        .filter_map(|(name, (_, bytes))| bytes.map(|_| name))
        .collect();
    assert!(left.is_empty(), "{left:?}");

    let (attacks, benign) = (&told["attacks"], &told["benign"]);
    let parts: u64 = ["denied", "asked", "to_sandbox", "through"].map(|part| sum(attacks, part)).iter().sum();
    assert_eq!(parts, sum(attacks, "judged"));
    let parts: u64 = ["allowed", "asked", "in_the_way"].map(|part| sum(benign, part)).iter().sum();
    assert_eq!(parts, sum(benign, "judged"));
    let all = sum(attacks, "judged") + sum(benign, "judged") + told["not_judged"].as_u64().unwrap();
    assert_eq!(all, corpus().unwrap().len() as u64);
    assert_eq!(ids(&told["through"]).len() as u64, sum(attacks, "through"));
    assert_eq!(ids(&told["in_the_way"]).len() as u64, sum(benign, "in_the_way"));
    assert!(["full", "reduced", "partial", "none"].contains(&told["sandbox"].as_str().unwrap()));
}

#[test]
fn a_rule_that_is_far_too_wide_is_shown_with_what_closes_it() {
    let world = World::new();
    let wide = "rules:\n- {name: wide, action: allow, tool: bash}\n";
    let before = policy(&world, wide);
    let drilled =
        |file: &str| json(&world.iosm(&["kernel", "drill", "--json", "--policy", file]).run().expect(5));
    let told = drilled(&before);
    let shown = world.iosm(&["kernel", "drill", "--policy", &before]).run().expect(5);
    let shown = shown.prints("attacks get through").prints("closed by, below `rules:` of policy.yaml");
    shown.prints("action: ask").prints("left to the sandbox").prints("not judged; nothing was run");
    let through = told["through"].as_array().unwrap();
    assert!(through.len() > 20, "{}", through.len());

    // Some of them, all over the list: each rule is one of policy.yaml, and closes its own case.
    let mut rules = wide.to_owned();
    let mut closed = Vec::new();
    for miss in through.iter().step_by(9) {
        rules.push_str(miss["rule"].as_str().unwrap_or_else(|| panic!("no rule: {miss}")));
        closed.push(miss["case"].as_str().unwrap());
    }
    let after = policy(&world, &rules);
    world.iosm(&["kernel", "check", &after]).run().expect(0);
    let told = drilled(&after);
    let still = ids(&told["through"]);
    assert!(!still.is_empty());
    assert!(closed.iter().all(|case| !still.contains(case)), "{closed:?} {still:?}");
}

#[test]
fn what_is_in_the_way_is_opened_by_the_rule_that_is_told() {
    let world = World::new();
    let told = json(&world.iosm(&["kernel", "drill", "--json", "--policy", "strict"]).run());
    let ways = told["in_the_way"].as_array().unwrap();
    let with_rule: Vec<&Value> = ways.iter().filter(|miss| miss["rule"].is_string()).step_by(18).collect();
    assert!(with_rule.len() > 3, "{} of {}", with_rule.len(), ways.len());
    let mut rules = "preset: strict\nrules:\n".to_owned();
    rules.extend(with_rule.iter().map(|miss| miss["rule"].as_str().unwrap()));
    let file = policy(&world, &rules);
    let drill = world.iosm(&["kernel", "drill", "--json", "--policy", &file]).patient(240);
    let told = json(&drill.run());
    let still = ids(&told["in_the_way"]);
    for miss in with_rule {
        assert!(!still.contains(miss["case"].as_str().unwrap()), "{miss}");
    }
}

#[test]
fn an_agent_may_drill() {
    let world = World::new();
    let ended = world.iosm(&["kernel", "drill", "--policy", "strict"]).var("IOSM_SANDBOX", "1").run();
    assert!([0, 5].contains(&ended.code()) && ended.out.contains("everyday calls"), "{}", ended.out);
    let ended = world.iosm(&["kernel", "drill", "--policy", "stict"]).run().expect(2);
    ended.says("strict");
}
