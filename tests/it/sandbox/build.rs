//! Real work under the launcher: git, cargo, with the user's own caches read-only.

use std::path::PathBuf;

use iosm::host::sandbox::{Environment, Launch, Surroundings, Toolchains};

use super::{World, finish};

/// The environment `iosm` would give, from this process's own.
fn toolchains(world: &World, launch: &mut Launch) {
    let cache = world.root.parent().unwrap().join("cache");
    std::fs::create_dir_all(&cache).unwrap();
    let around = Surroundings {
        vars: std::env::vars().collect(),
        home: PathBuf::from(std::env::var("HOME").unwrap()),
        cache,
        tmp: world.tmp.clone(),
        network: false,
    };
    let environment = Environment::new(&around, &Toolchains::built_in().unwrap());
    launch.env.clear();
    environment.apply(launch);
}

fn run(world: &World, line: &str) -> (String, bool) {
    let mut launch = world.shell(line);
    toolchains(world, &mut launch);
    let (output, exit) = finish(launch);
    (output, exit.success())
}

#[test]
fn git_works_in_its_root() {
    let world = World::new();
    let line = "git init -q . && git config user.email a@b && git config user.name n && echo x > f && \
                git add f && git commit -qm one && git status --short && git log --format=%s";
    assert_eq!(run(&world, line), ("one\n".to_owned(), true));
}

#[test]
fn cargo_builds_and_tests_offline() {
    let world = World::new();
    // A dependency from the user's own registry cache when it is there, as it is after building this.
    let versions =
        std::env::var("CARGO_HOME").unwrap_or(format!("{}/.cargo", std::env::var("HOME").unwrap()));
    let sources =
        std::fs::read_dir(PathBuf::from(versions).join("registry/src")).into_iter().flatten().flatten();
    let itoa = sources
        .flat_map(|index| std::fs::read_dir(index.path()).into_iter().flatten().flatten())
        .find_map(|entry| entry.file_name().to_str()?.strip_prefix("itoa-").map(str::to_owned));
    let (needs, uses) = match &itoa {
        Some(version) => (format!("itoa = \"={version}\""), "itoa::Buffer::new().format(42).to_owned()"),
        None => (String::new(), "42.to_string()"),
    };
    let manifest = format!(
        "[package]\nname = \"tiny\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[workspace]\n[dependencies]\n{needs}\n"
    );
    std::fs::write(world.root.join("Cargo.toml"), manifest).unwrap();
    std::fs::create_dir(world.root.join("src")).unwrap();
    let source =
        format!("pub fn f() -> String {{ {uses} }}\n#[test]\nfn t() {{ assert_eq!(f(), \"42\"); }}\n");
    std::fs::write(world.root.join("src/lib.rs"), source).unwrap();
    let (output, success) = run(&world, "cargo build --offline && cargo test --offline --lib");
    assert!(success && output.contains("1 passed"), "{output}");
}
