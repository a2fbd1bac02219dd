//! Every example of `docs/POLICY.md` is what it says it is.

use std::path::Path;

use crate::world::World;

/// Blocks of the page by the word after `yaml`: `policy` or `constraints`.
fn blocks(kind: &str) -> Vec<String> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/POLICY.md");
    let text = std::fs::read_to_string(page).unwrap();
    let fence = format!("```yaml {kind}\n");
    text.split(&fence).skip(1).map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

#[test]
fn every_policy_of_the_page_loads_and_its_rules_do_as_their_examples_say() {
    let world = World::new();
    let policies = blocks("policy");
    assert!(policies.len() >= 4, "{}", policies.len());
    for policy in policies {
        let file = world.base().join("p.yaml");
        std::fs::write(&file, &policy).unwrap();
        let ended = world.iosm(&["kernel", "check", file.to_str().unwrap()]).run();
        assert_eq!(ended.code(), 0, "{policy}\n{}", ended.err);
    }
}

#[test]
fn the_constraints_of_the_page_load() {
    let world = World::new();
    let all = blocks("constraints");
    assert!(!all.is_empty());
    for constraints in all {
        world.write(".iosm/constraints.yaml", &constraints);
        world.iosm(&["config", "check"]).run().expect(0);
    }
}
