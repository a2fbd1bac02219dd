//! What opening and listing sessions costs: a log of 100 MB with its index and without, and a list of
//! 1,000. Bars: 500 ms to open, 100 ms to list. `cargo bench --bench sessions`.
#![allow(clippy::disallowed_methods, reason = "a bench makes its own small world")]
#![allow(clippy::disallowed_macros, reason = "a bench reports")]

use std::time::{Duration, Instant};

use iosm::base::StateDir;
use iosm::protocol::{Block, Item, Part, ToolCall, ToolResult, ToolStatus};
use iosm::session::{Payload, SessionLog, Start, list, tree};
use serde_json::json;

const SIZE: u64 = 100_000_000;
const SESSIONS: usize = 1_000;
/// Times each thing is done; the median counts.
const TIMES: usize = 9;

fn start(id: &str) -> Start {
    Start {
        session: id.to_owned(),
        workspace: "/home/ann/work".into(),
        model: "anthropic/x".into(),
        profile: "full".into(),
        thinking: None,
        version: 1,
        origin: None,
    }
}

/// One exchange: words, an answer with a call, what it gave (`bytes` of source text), a last word.
fn exchange(log: &mut SessionLog, number: usize, bytes: usize) -> u64 {
    let item = |item| Payload::Item { item };
    let said = log.append(item(Item::user(format!("please look into number {number} and mend it")))).unwrap();
    let call =
        ToolCall { id: format!("t{number}"), tool: "read".into(), args: json!({"path": "src/lib.rs"}) };
    let text = Block::Text { text: "I look at the file first, then I change what is wrong in it.".into() };
    let blocks = vec![text, Block::ToolCall(call)];
    log.append(item(Item::Assistant { blocks, model: "anthropic/x".into() })).unwrap();
    let line = "    let value = self.items.get(\"name\").map(|item| item.text());\n";
    let result = ToolResult {
        call_id: format!("t{number}"),
        tool: "read".into(),
        status: ToolStatus::Ok,
        parts: vec![Part::text(line.repeat(bytes / line.len() + 1))],
    };
    log.append(item(Item::ToolResult(result))).unwrap();
    let blocks = vec![Block::Text { text: "Done: the value is looked up once now.".into() }];
    log.append(item(Item::Assistant { blocks, model: "anthropic/x".into() })).unwrap();
    log.append(Payload::TurnEnd { status: "success".into() }).unwrap();
    said
}

fn median(what: &str, mut run: impl FnMut() -> usize) -> Duration {
    let mut times: Vec<Duration> = Vec::new();
    let mut count = 0;
    for _ in 0..TIMES {
        let since = Instant::now();
        count = run();
        times.push(since.elapsed());
    }
    times.sort();
    println!("{what:<58} {:>8.1} ms   ({count})", times[TIMES / 2].as_secs_f64() * 1e3);
    times[TIMES / 2]
}

fn main() {
    let temp = tempfile::tempdir().unwrap();
    let large = StateDir::open(temp.path().join("large")).unwrap();
    let id = "s_0000000000000001";
    let mut log = SessionLog::create(&large, start(id)).unwrap();
    let (mut number, mut first) = (0, 0);
    let path = large.path().join(format!("{id}.jsonl"));
    while std::fs::metadata(&path).unwrap().len() < SIZE {
        number += 1;
        let said = exchange(&mut log, number, 8_000);
        first = if number == 20 { said } else { first };
        if number % 10 == 0 {
            log.sync().unwrap();
        }
    }
    drop(log);
    let resume = || SessionLog::resume(&large, id).unwrap().items.len();
    println!("one session of {} MB, {number} exchanges", SIZE / 1_000_000);
    median("open, all of it on the current branch (items)", resume);
    median("tree (messages)", || tree(&large, id).unwrap().nodes.len());
    median("list, 1 large (sessions)", || list(&large).unwrap().len());
    let index = large.path().join(format!("{id}.idx"));
    median("open without an index (items)", || {
        std::fs::remove_file(&index).unwrap();
        resume()
    });
    let mut log = SessionLog::resume(&large, id).unwrap().log;
    log.rewind(first).unwrap();
    exchange(&mut log, number + 1, 8_000);
    drop(log);
    median("open, 20 exchanges on the current branch (items)", resume);

    let many = StateDir::open(temp.path().join("many")).unwrap();
    for at in 0..SESSIONS {
        let mut log = SessionLog::create(&many, start(&format!("s_{at:016}"))).unwrap();
        (0..5).for_each(|number| {
            exchange(&mut log, number + 1, 1_000);
        });
    }
    println!("{SESSIONS} sessions of 5 exchanges");
    median("list (sessions)", || list(&many).unwrap().len());
    for at in 0..SESSIONS {
        std::fs::remove_file(many.path().join(format!("s_{at:016}.idx"))).unwrap();
    }
    median("list without any index (sessions)", || list(&many).unwrap().len());
}
