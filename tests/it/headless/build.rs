//! Real work through `bash`: a crate with a dependency from the registry is built and tested in the
//! sandbox, from the user's own cache, which stays as it is.

use crate::world::World;

/// A crate that this project itself depends on, so that it lies in the cache of whoever runs the test.
const DEPENDENCY: &str = "strsim";

#[test]
fn a_crate_with_a_dependency_is_built_and_tested_from_a_read_only_cache() {
    let world = World::new();
    let locked = include_str!("../../../Cargo.lock");
    let (_, after) = locked.split_once(&format!("name = \"{DEPENDENCY}\"\nversion = \"")).unwrap();
    let version = after.split('"').next().unwrap();
    world.write(
        "Cargo.toml",
        &format!("[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n[dependencies]\n{DEPENDENCY} = \"={version}\"\n"),
    );
    world.write(
        "src/lib.rs",
        "pub fn distance(a: &str, b: &str) -> usize {\n    strsim::levenshtein(a, b)\n}\n\n#[test]\nfn counts() {\n    assert_eq!(distance(\"kitten\", \"sitting\"), 3);\n}\n",
    );
    let command = "cargo build 2>&1 && cargo test --lib 2>&1; touch $CARGO_HOME/registry/mine 2>&1";
    let model = world.script(&super::script_of(&[&format!(
        "{{tool: bash, args: {{command: '{command}', timeout_s: 300}}}}"
    )]));
    let home = std::env::var("HOME").unwrap();
    let at = |name: &str, usual: &str| std::env::var(name).unwrap_or(format!("{home}/{usual}"));
    let cargo_home = at("CARGO_HOME", ".cargo");
    let ended = world
        .iosm(&["-p", "-m", &model, "--output-format", "stream-json", "--allow", "bash", "--", "build it"])
        .var("CARGO_HOME", &cargo_home)
        .var("RUSTUP_HOME", &at("RUSTUP_HOME", ".rustup"))
        .run()
        .expect(0);
    let output: String = ended
        .events()
        .iter()
        .filter(|event| event["type"] == "tool_output")
        .filter_map(|event| event["delta"].as_str().map(str::to_owned))
        .collect();
    assert!(output.contains("test counts ... ok"), "{output}");
    assert!(output.contains(&format!("Compiling {DEPENDENCY} v{version}")), "{output}");
    let refused = ["Permission denied", "Read-only file system"].iter().any(|why| output.contains(why));
    assert!(refused, "the cache can be written: {output}");
    let changed = ended.events().pop().unwrap()["files_changed"].clone();
    assert!(changed.as_array().unwrap().iter().any(|file| file == "Cargo.lock"), "{changed}");
}
