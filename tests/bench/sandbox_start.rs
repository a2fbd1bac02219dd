//! What the launcher adds to starting a process, from a parent of 100 MB.
//!
//! Prints medians and 99th percentiles, spawn to exit, of the plain way (the standard library's spawn,
//! itself the fastest there is), of the launcher without layers, of the reduced mode and of the full
//! one; then what it costs to find and close guarded files for a line that reads trees. The bar: the full mode adds at most 3 ms median and 6 ms at the 99th percentile.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "a bench compares with the plain way"
)]

use std::path::Path;
use std::time::{Duration, Instant};

use iosm::host::process::{Guarded, Walls};
use iosm::host::sandbox::{
    Environment, Helper, Launch, Launcher, Layers, Nested, Surroundings, Toolchains, protected,
};
use iosm::kernel::Shut;

const RUNS: usize = 300;
const PARENT_BYTES: usize = 100 << 20;

fn main() {
    let launcher = Launcher::new(Helper::start().expect("helper"));
    // Touched page by page: memory that is only reserved costs a fork nothing.
    let ballast: Vec<u8> = (0..PARENT_BYTES).map(|n| n as u8).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
    let temp = tempfile::tempdir().expect("folder");
    let root = temp.path().canonicalize().expect("folder");
    // A workspace as they are: a repository with the hooks that git puts there.
    let made = std::process::Command::new("git").args(["init", "-q"]).current_dir(&root).status();
    assert!(made.expect("git").success());
    let environment = Environment::new(
        &Surroundings {
            vars: std::env::vars().collect(),
            home: std::env::var("HOME").unwrap_or_default().into(),
            cache: root.clone(),
            tmp: root.clone(),
            network: false,
        },
        &Toolchains::built_in().expect("table"),
    );
    let nested = Nested::default();
    let probe = Instant::now();
    println!("{}", runtime.block_on(launcher.strength()).expect("probe"));
    println!(
        "probe {:.2} ms; {} readable paths",
        probe.elapsed().as_secs_f64() * 1e3,
        environment.read.len()
    );
    println!("helper: {} pages resident", helper_pages().unwrap_or_default());
    for argv in [&["/bin/true"][..], &["/bin/sh", "-c", "true"], &["/bin/bash", "-c", "true"]] {
        let ways = [
            ("bare", None),
            ("no layers", Some(Layers::NONE)),
            ("reduced", Some(Layers::REDUCED)),
            ("full", Some(Layers::ALL)),
        ];
        let mut times = ways.map(|_| Vec::with_capacity(RUNS));
        // Interleaved, so that what else this machine does falls on all alike.
        for _ in 0..RUNS {
            for ((_, layers), times) in ways.iter().zip(&mut times) {
                let start = Instant::now();
                match layers {
                    None => plain(argv),
                    Some(layers) => {
                        let mut launch = Launch::argv(argv.iter().copied(), &root);
                        environment.apply(&mut launch);
                        launch.write.push(root.clone());
                        if layers.any() {
                            launch.protected = protected(std::slice::from_ref(&root), &nested);
                        }
                        launch.layers = *layers;
                        runtime.block_on(run(&launcher, launch));
                    }
                }
                times.push(start.elapsed());
            }
        }
        let mut bare = [0.0; 2];
        for ((name, _), times) in ways.iter().zip(&mut times) {
            times.sort();
            let [median, high] = [50, 99].map(|share| ms(times[times.len() * share / 100]));
            if *name == "bare" {
                bare = [median, high];
            }
            println!(
                "{:24} {name:12} median {median:.2} ms (+{:.2})  p99 {high:.2} ms (+{:.2})",
                argv.join(" "),
                median - bare[0],
                high - bare[1]
            );
        }
    }
    println!("\nbehind walls:");
    let start = |root: &Path, argv: &[&str], layers: Layers| {
        let mut launch = Launch::argv(argv.iter().copied(), root);
        environment.apply(&mut launch);
        launch.write = vec![temp.path().join("tmp")];
        launch.read.push(root.to_owned());
        launch.layers = layers;
        launch
    };
    std::fs::create_dir(root.join("tmp")).expect("folder");
    let large_temp = tempfile::tempdir().expect("folder");
    let large = large_temp.path().canonicalize().expect("folder");
    for folder in 0..1000 {
        let folder = large.join(format!("{}/{folder}", folder % 30));
        std::fs::create_dir_all(&folder).expect("folder");
        (0..10).for_each(|file| std::fs::write(folder.join(file.to_string()), "text\n").expect("file"));
    }
    std::fs::write(large.join(".env"), "A=b").expect("file");
    let shut = Shut { trees: vec![large.clone()], ..Shut::default() };
    for layers in [Layers::REDUCED, Layers::ALL] {
        let name = if layers.namespaces { "full" } else { "reduced" };
        let mut times = [const { Vec::new() }; 4];
        for _ in 0..RUNS {
            let mut time = |at: usize, launch: &dyn Fn() -> Launch| {
                let start = Instant::now();
                runtime.block_on(run(&launcher, launch()));
                times[at].push(start.elapsed());
            };
            time(0, &|| {
                let mut launch = start(&root, &["/bin/ls"], layers);
                launch.write.push(root.clone());
                launch.protected = protected(std::slice::from_ref(&root), &nested);
                launch
            });
            time(1, &|| start(&root, &["/bin/ls"], layers));
            time(2, &|| start(&large, &["/bin/ls"], layers));
            time(3, &|| {
                let mut launch = start(&large, &["/bin/ls"], layers);
                let mut walls = Walls::default();
                // A walk for each: one that is kept does not rest here.
                Guarded::default().close(&shut, &mut walls);
                assert_eq!(walls.closed.len(), 1);
                launch.closed = walls.closed;
                launch
            });
        }
        let what = ["ls that may write", "ls that looks", "in 10,000 files", "the same, walked and closed"];
        for (what, times) in what.iter().zip(&mut times) {
            times.sort();
            let [median, high] = [50, 99].map(|share| ms(times[times.len() * share / 100]));
            println!("{what:28} {name:8} median {median:.2} ms  p99 {high:.2} ms");
        }
    }
    drop(ballast);
}

/// Resident and, after it, shared pages of this process's only child.
fn helper_pages() -> Option<String> {
    let me = std::process::id();
    let child = std::fs::read_to_string(format!("/proc/{me}/task/{me}/children")).ok()?;
    let sizes = std::fs::read_to_string(format!("/proc/{}/statm", child.trim())).ok()?;
    Some(sizes.split(' ').skip(1).take(2).collect::<Vec<_>>().join(", of them shared "))
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn plain(argv: &[&str]) {
    let output = std::process::Command::new(argv[0]).args(&argv[1..]).env_clear().output().expect("runs");
    assert!(output.status.success());
}

async fn run(launcher: &Launcher, launch: Launch) {
    let running = launcher.spawn(launch).await.expect("starts");
    let (_, exit) = running.finish(1 << 20).await.expect("ends");
    assert!(exit.success());
}
