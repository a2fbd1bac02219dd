//! `kernel check | explain | replay | stats` and where rules come from.

use serde_json::Value;

use super::face::{script, write_call};
use crate::world::World;

fn json(ended: &crate::world::Ended) -> Value {
    serde_json::from_str(&ended.out).unwrap_or_else(|error| panic!("{error}: {}", ended.out))
}

fn put(world: &World, name: &str, text: &str) -> String {
    let path = world.base().join(name);
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

#[test]
fn check_says_what_a_file_would_change() {
    let world = World::new();
    let good = put(
        &world,
        "good.yaml",
        "preset: strict\nrules:\n  - name: vendor\n    action: deny\n    path: vendor/\n    match: [write: vendor/x]\n",
    );
    let ended = world.iosm(&["kernel", "check", &good]).run().expect(0);
    ended.prints("+ deny `vendor`").prints("preset coding becomes strict").prints("1 examples as they say");
    let told = json(&world.iosm(&["kernel", "check", &good, "--json"]).run().expect(0));
    assert_eq!(
        (&told["added"][0]["name"], &told["preset"][1]),
        (&Value::from("vendor"), &Value::from("strict"))
    );
    assert_eq!(told["policy"]["rules"][0]["origin"], format!("user ({good}:3)"));
    for (text, words) in [
        (
            "rules: [{name: a, action: deny, tool: write, match: [read: x]}]\n",
            "`a` must match its example `read: x`",
        ),
        (
            "rules: [{name: a, action: allow, tool: read, not_match: [read: x]}]\n",
            "`a` must not match its example",
        ),
        ("rules: [{name: a, action: deny, tool: raed}]\n", "did you mean `read`"),
        ("preset: [\n", "bad.yaml"),
    ] {
        let bad = put(&world, "bad.yaml", text);
        world.iosm(&["kernel", "check", &bad]).run().expect(5).says(words);
    }
    // The project's own file is held to what a project may say.
    world.write(".iosm/policy.yaml", "rules: [{name: open, action: allow, tool: read}]\n");
    world.iosm(&["kernel", "check", ".iosm/policy.yaml"]).run().expect(5).says("may only tighten");
    world.write(".iosm/policy.yaml", "rules: [{name: shut, action: deny, tool: read}]\n");
    world.iosm(&["kernel", "check", ".iosm/policy.yaml"]).run().expect(0).prints("+ deny `shut`");
    world.iosm(&["kernel", "check", "absent.yaml"]).run().expect(2).says("there is no file");
}

#[test]
fn explain_and_show_name_layers_and_origins() {
    let world = World::new();
    std::fs::create_dir_all(world.state().join("config")).unwrap();
    let own = world.state().join("config/policy.yaml");
    std::fs::write(&own, "rules:\n  - {name: vendor, action: deny, path: vendor/}\n").unwrap();
    let args = ["kernel", "explain", "--tool", "write", "--args", r#"{"path":"vendor/x","content":""}"#];
    let told = world.iosm(&args).run().expect(0);
    told.prints("user_policy").prints("the rule `vendor` of user").prints("policy.yaml:2").prints("built in");
    let told = json(&world.iosm(&[args.as_slice(), &["--json"]].concat()).run().expect(0));
    assert_eq!(told["verdict"]["kind"], "deny");
    assert_eq!(told["policy"]["layers"][0]["layer"], "user");
    let names: Vec<&str> =
        told["steps"].as_array().unwrap().iter().map(|s| s["name"].as_str().unwrap()).collect();
    assert!(
        ["budget", "lease", "contract", "witness", "publish"].iter().all(|name| names.contains(name)),
        "{names:?}"
    );
    world
        .iosm(&["config", "show", "--origin"])
        .run()
        .expect(0)
        .prints("policy rule: vendor")
        .prints("policy.yaml:2");
    world.iosm(&["config", "check"]).run().expect(0).prints("policy: ok (preset coding, 1 rules)");
}

#[test]
fn replay_tells_differences_up_to_the_first_that_leads_elsewhere() {
    let world = World::new();
    let calls = ["{tool: read, args: {path: a.txt}}".to_owned(), write_call("src/x"), write_call("src/y")];
    let calls: Vec<&str> = calls.iter().map(String::as_str).collect();
    let result = world.json(&script(&world, &calls), &["x"]).expect(0).result();
    let session = result["session_id"].as_str().unwrap();
    let replay = |policy: &str| {
        let file = put(&world, "p.yaml", policy);
        json(&world.iosm(&["kernel", "replay", session, "--policy", &file, "--json"]).run().expect(0))
    };
    let same = replay("preset: coding\n");
    assert_eq!((same["calls"].as_array().unwrap().len(), &same["first_divergence"]), (3, &Value::Null));
    assert!(same["calls"].as_array().unwrap().iter().all(|call| call["differs"].is_null()), "{same}");
    // What was written since makes no difference: the effects of then are judged.
    let told = replay("rules: [{name: a, action: deny, effect: write, path: src/}]\n");
    assert_eq!(told["first_divergence"], "t2");
    let calls = told["calls"].as_array().unwrap();
    let of = |at: usize| (calls[at]["differs"].as_str(), calls[at]["certain"].as_bool().unwrap());
    assert_eq!(
        [of(0), of(1), of(2)],
        [(None, true), (Some("now refused"), true), (Some("now refused"), false)]
    );
    let file = put(&world, "p.yaml", "rules: [{name: a, action: deny, effect: write, path: src/}]\n");
    let text = world.iosm(&["kernel", "replay", session, "--policy", &file]).run().expect(0);
    text.prints("1 verdicts differ").prints("nothing is said of it");
    world.iosm(&["kernel", "replay", "s_nothere", "--policy", &file]).run().expect(2);
}

#[test]
fn stats_count_journals() {
    let world = World::new();
    let model =
        script(&world, &["{tool: read, args: {path: a.txt}}", &write_call(".git/config"), &write_call("b")]);
    for _ in 0..2 {
        world.json(&model, &["x"]).expect(0);
    }
    let all = json(&world.iosm(&["kernel", "stats", "--json"]).run().expect(0));
    assert_eq!((&all["sessions"], &all["calls"], &all["questions"]), (&2.into(), &6.into(), &0.into()));
    assert_eq!((&all["by_verdict"]["allow"], &all["by_reason"]["SelfModify"]), (&4.into(), &2.into()));
    assert!(all["median_us"].as_u64().unwrap() > 0 && all["slowest"].as_array().unwrap().len() == 5);
    let session = all["slowest"][0]["session"].as_str().unwrap();
    let one = json(&world.iosm(&["kernel", "stats", session, "--json"]).run().expect(0));
    assert_eq!((&one["sessions"], &one["calls"]), (&1.into(), &3.into()));
    world.iosm(&["kernel", "stats"]).run().expect(0).prints("reason: SelfModify").prints("per 100 calls");
    world.iosm(&["kernel", "stats", "s_nothere"]).run().expect(2);
}
