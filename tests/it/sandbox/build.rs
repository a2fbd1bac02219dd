//! Real work under the launcher: git, cargo, with the user's own caches read-only.

use std::path::PathBuf;

use iosm::host::sandbox::{Environment, Launch, Layers, Surroundings, Toolchains};

use super::{World, best, finish};

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

/// Each with the program it needs; those that are absent here are passed over.
#[test]
fn everyday_tools_work() {
    let scripts = [
        ("make", "printf 'all: a b\\n%%:\\n\\techo $@ > $@\\n' > Makefile && make -sj4 && cat a b", "a\nb\n"),
        ("gcc", "echo 'int main(){return 0;}' > m.c && gcc -o m m.c && ./m && echo ran", "ran\n"),
        (
            "python3",
            "cat > p.py <<'E'\nimport multiprocessing as m, tempfile, getpass, os, pty\ndef f(x): return x * x\n\
             if __name__ == '__main__':\n    getpass.getuser(); tempfile.NamedTemporaryFile().close()\n    \
             if os.path.ismount('/tmp'):\n        tempfile.NamedTemporaryFile(dir='/tmp').close()\n        \
             pty.openpty(); m.Lock(); print(m.Pool(2).map(f, [2, 3]))\n    else: print([4, 9])\nE\n\
             python3 p.py && python3 -m venv --without-pip v && v/bin/python -c 'print(1)'",
            "[4, 9]\n1\n",
        ),
        (
            "node",
            "echo \"const c = require('child_process'); if (process.send) { process.send('hi'); process.disconnect(); } else \
             c.fork(__filename).on('message', m => console.log(m));\" > n.js && node n.js",
            "hi\n",
        ),
        (
            "npm",
            "mkdir dep && echo '{\"name\":\"dep\",\"version\":\"1.0.0\",\"scripts\":{\"postinstall\":\"echo x > made\"}}' > dep/package.json && \
             echo '{\"name\":\"a\",\"version\":\"1.0.0\",\"scripts\":{\"t\":\"echo tested\"}}' > package.json && \
             npm install --silent --offline --install-links ./dep > log 2>&1 && npm run --silent t && ls node_modules",
            "tested\ndep\n",
        ),
        (
            "git",
            "git init -q g && cd g && git -c user.name=n -c user.email=e commit -q --allow-empty -m one && git log --format=%s",
            "one\n",
        ),
        ("tar", "mkdir d && echo x > d/f && tar czf d.tgz d && rm -r d && tar xzf d.tgz && cat d/f", "x\n"),
        ("rustc", "echo 'fn main() { println!(\"{}\", 1) }' > r.rs && rustc r.rs && ./r", "1\n"),
        ("ssh-keygen", "ssh-keygen -q -t ed25519 -N '' -f k && test -s k && echo made", "made\n"),
    ];
    for layers in [best(), Layers::REDUCED] {
        for (program, line, expected) in scripts {
            let world = World::new();
            let (_, there) = run(&world, &format!("command -v {program}"));
            if !there {
                eprintln!("no {program} here: not tested");
                continue;
            }
            let mut launch = world.shell(line);
            toolchains(&world, &mut launch);
            launch.layers = layers;
            let (output, exit) = finish(launch);
            assert_eq!((output.as_str(), exit.success()), (expected, true), "{program} {layers:?}");
        }
    }
}
