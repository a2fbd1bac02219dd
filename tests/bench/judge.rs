//! What judging costs: a path tool and a 200-byte shell line with lookups and journal row, and the
//! fold alone as `explain` measures it. Bars: 30 µs, 150 µs, 2 µs.
#![allow(clippy::disallowed_methods, reason = "a bench makes its own small world")]
#![allow(clippy::disallowed_macros, reason = "a bench reports")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use iosm::base::{BlobStore, StateDir};
use iosm::config::Policy;
use iosm::kernel::{Capability, Charter, Journal, Judgement, Kernel, Keys, Row, SandboxStrength};
use iosm::protocol::{Actor, Effect, EffectRule, ToolCall, ToolSpec};
use serde_json::json;

/// 200 bytes: a list, a pipe, a redirection, git and paths.
const LINE: &str = "cd crates/core && cargo test --workspace --no-fail-fast 2>&1 | tee target/test.log | grep -E 'FAILED|panicked' | head -n 9; git status --short && git diff --stat HEAD~1 -- src/kernel src/syntax | tail";

fn tool(name: &'static str, arg: &'static str, effects: EffectRule) -> ToolSpec {
    let schema = json!({
        "type": "object", "additionalProperties": false, "required": [arg],
        "properties": {arg: {"type": "string"}, "limit": {"type": "integer"}},
    });
    ToolSpec { name, description: "", schema, effects, read_only: false, aliases: &[] }
}

fn kernel(root: &std::path::Path) -> Kernel {
    for dir in ["work/src/kernel/rung", "work/crates/core/target", "home", "tmp", "cache"] {
        std::fs::create_dir_all(root.join(dir)).unwrap();
    }
    std::fs::write(root.join("work/src/kernel/rung/scope.rs"), "").unwrap();
    let tools = vec![
        tool("write", "path", EffectRule::WritePath { arg: "path" }),
        tool("bash", "command", EffectRule::Shell { arg: "command" }),
    ];
    let charter = Charter {
        session: "s_bench".to_owned(),
        workspace: root.join("work"),
        extra_roots: Vec::new(),
        git: Vec::new(),
        readable: vec!["/usr/share".into(), root.join("home/.cargo/registry")],
        skills: Vec::new(),
        temp: root.join("tmp"),
        cache: root.join("cache"),
        home: root.join("home"),
        own_dirs: vec![root.join("state")],
        registries: Vec::new(),
        remotes: Vec::new(),
        capability: Capability {
            profile: "coder".to_owned(),
            tools: tools.iter().map(|tool| tool.name.to_owned()).collect(),
            effects: Effect::KINDS.iter().map(|kind| (*kind).to_owned()).collect(),
        },
        tools,
        policy: Policy::default(),
        sandbox: SandboxStrength::Full,
        unsandboxed_by_user: false,
        human: true,
        checkpoints: false,
    };
    let journal =
        Journal::open(StateDir::open(root.join("state/journal")).unwrap(), "s_bench", &Keys::throwaway())
            .unwrap();
    let blobs = BlobStore::new(StateDir::open(root.join("state/blobs")).unwrap());
    Kernel::new(charter, journal, blobs).unwrap()
}

fn bench(criterion: &mut Criterion) {
    let temp = tempfile::tempdir().unwrap();
    let kernel = kernel(&temp.path().canonicalize().unwrap());
    let call = |tool: &str, args| ToolCall { id: "t1".to_owned(), tool: tool.to_owned(), args };
    let path = call("write", json!({"path": "src/kernel/rung/scope.rs"}));
    let shell = call("bash", json!({"command": LINE}));
    assert_eq!(LINE.len(), 200);
    for (name, call) in [("judge/path", &path), ("judge/shell-200", &shell)] {
        criterion.bench_function(name, |bencher| {
            bencher.iter(|| {
                let judgement = kernel.judge("main", black_box(call)).unwrap();
                assert!(matches!(judgement, Judgement::Granted(_)));
                judgement
            });
        });
    }
    // The mean above carries every 64th call, which flushes the journal to the disk.
    for (name, call) in [("path", &path), ("shell-200", &shell)] {
        let mut each: Vec<f64> = (0..3_000)
            .map(|_| {
                let since = std::time::Instant::now();
                black_box(kernel.judge("main", call).unwrap());
                since.elapsed().as_secs_f64() * 1e6
            })
            .collect();
        each.sort_by(f64::total_cmp);
        println!(
            "judge/{name}: median {:.1} µs, 90 % {:.1} µs, 98 % {:.1} µs, worst {:.0} µs (flushing)",
            each[1_500], each[2_700], each[2_940], each[2_999]
        );
    }
    let dir = StateDir::open(temp.path().join("rows")).unwrap();
    let mut journal = Journal::open(dir, "s_rows", &Keys::throwaway()).unwrap();
    let mut each: Vec<f64> = (0..3_000)
        .map(|_| {
            let row = Row {
                tool: Some("write".into()),
                args_digest: Some("0".repeat(64)),
                ..Row::by(Actor::Agent)
            };
            let since = std::time::Instant::now();
            journal.append(row).unwrap();
            since.elapsed().as_secs_f64() * 1e6
        })
        .collect();
    each.sort_by(f64::total_cmp);
    println!(
        "journal/append: median {:.1} µs, 90 % {:.1} µs, 98 % {:.1} µs",
        each[1_500], each[2_700], each[2_940]
    );
    for (name, call) in [("path", &path), ("shell-200", &shell)] {
        let mut totals: Vec<f64> = (0..2_000).map(|_| kernel.explain(call).unwrap().fold_micros).collect();
        totals.sort_by(f64::total_cmp);
        println!("fold/{name}: median {:.2} µs over 2000 runs", totals[1_000]);
        let steps = kernel.explain(call).unwrap().steps;
        let told: Vec<String> =
            steps.iter().map(|step| format!("{} {:.1}", step.name, step.micros)).collect();
        println!("  {}", told.join(", "));
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(30).measurement_time(std::time::Duration::from_secs(2)).without_plots();
    targets = bench
}
criterion_main!(benches);
