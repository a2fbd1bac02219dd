//! Whatever was said, rewound, forked, cut or killed: every call has an answer, every message can be gone
//! back to, numbers of calls are given once, and the index says what the log says.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::protocol::{TaintSource, ToolCall};
use crate::session::fork;

/// One thing that happens to a session; numbers choose among what there is.
#[derive(Debug, Clone)]
enum Step {
    Say,
    /// An answer with so many calls, of which so many get a result.
    Answer {
        calls: usize,
        results: usize,
    },
    Taint,
    Name,
    Sync,
    Rewind(usize),
    Switch(usize),
    Fork(usize),
    /// The process ends, and the log loses so many bytes.
    Killed {
        lost: usize,
    },
    /// The index beside is torn at this place, or gone.
    Torn(usize),
    /// The index is put back as it was some steps ago.
    Old,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => Just(Step::Say),
        4 => (0usize..3, 0usize..3).prop_map(|(calls, results)| Step::Answer { calls, results }),
        1 => Just(Step::Taint),
        1 => Just(Step::Name),
        2 => Just(Step::Sync),
        2 => any::<usize>().prop_map(Step::Rewind),
        2 => any::<usize>().prop_map(Step::Switch),
        1 => any::<usize>().prop_map(Step::Fork),
        2 => (0usize..600).prop_map(|lost| Step::Killed { lost }),
        1 => any::<usize>().prop_map(Step::Torn),
        1 => Just(Step::Old),
    ]
}

fn start(id: &str) -> Start {
    Start {
        session: id.to_owned(),
        workspace: "/w".into(),
        model: "scripted/x".into(),
        profile: "full".into(),
        thinking: None,
        version: 1,
        origin: None,
    }
}

struct Bench {
    _temp: tempfile::TempDir,
    dir: StateDir,
    id: String,
    log: Option<SessionLog>,
    items: Vec<Item>,
    calls: u64,
    marks: usize,
    old: Option<Vec<u8>>,
    forks: usize,
}

impl Bench {
    fn new() -> Self {
        let temp = tempfile::tempdir().unwrap();
        let dir = StateDir::open(temp.path().join("sessions")).unwrap();
        let id = "s_0000000000000000".to_owned();
        let log = Some(SessionLog::create(&dir, start(&id)).unwrap());
        Self { _temp: temp, dir, id, log, items: Vec::new(), calls: 0, marks: 0, old: None, forks: 0 }
    }

    fn log(&mut self) -> &mut SessionLog {
        self.log.as_mut().unwrap()
    }

    fn append(&mut self, item: Item) {
        self.log().append(Payload::Item { item: item.clone() }).unwrap();
        self.items.push(item);
    }

    fn message(&mut self, pick: usize) -> Option<u64> {
        let nodes = self.log().tree().nodes;
        (!nodes.is_empty()).then(|| nodes[pick % nodes.len()].entry)
    }

    /// Opens the session again and holds it to what was known of it.
    fn reopen(&mut self) {
        self.log = None;
        let loaded = SessionLog::resume(&self.dir, &self.id).unwrap();
        assert!(unanswered(&loaded.items).is_empty());
        assert_eq!(loaded.taint.len(), self.marks, "marks of every branch are kept");
        self.items = loaded.items;
        self.calls = loaded.calls;
        self.log = Some(loaded.log);
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Say => {
                let words = format!("words {}", self.log().index.rows.len());
                self.append(Item::user(words));
            }
            Step::Answer { calls, results } => {
                let made: Vec<ToolCall> = (0..calls)
                    .map(|_| {
                        self.calls += 1;
                        let args = serde_json::json!({"path": "a"});
                        ToolCall { id: format!("t{}", self.calls), tool: "read".into(), args }
                    })
                    .collect();
                let mut blocks = vec![Block::Text { text: "an answer".into() }];
                blocks.extend(made.iter().cloned().map(Block::ToolCall));
                self.append(Item::Assistant { blocks, model: "scripted/x".into() });
                for call in made.iter().take(results) {
                    self.append(Item::ToolResult(ToolResult {
                        call_id: call.id.clone(),
                        tool: call.tool.clone(),
                        status: ToolStatus::Ok,
                        parts: vec![Part::text("a result")],
                    }));
                }
                if results < calls {
                    // Only the end of a process leaves a call without an answer.
                    self.reopen();
                }
            }
            Step::Taint => {
                let mark = TaintMark {
                    source: TaintSource::Web,
                    what: "example.com".into(),
                    call: "t1".into(),
                    since_seq: 1,
                    cleared: None,
                };
                self.log().append(Payload::Taint { agent: "main".into(), mark }).unwrap();
                self.marks += 1;
            }
            Step::Name => drop(self.log().append(Payload::Name { name: "a name".into() }).unwrap()),
            Step::Sync => self.log().sync().unwrap(),
            Step::Rewind(pick) => {
                let Some(entry) = self.message(pick) else { return };
                let known = self.log().index.row(entry).copied().unwrap();
                let moved = self.log().rewind(entry).unwrap();
                assert!(moved.text.starts_with("words "));
                let log = self.log.as_ref().unwrap();
                let before = conversation(&self.id, &log.log, &log.index, known.parent).unwrap().0;
                assert_eq!(moved.items, before);
                self.items = moved.items;
            }
            Step::Switch(pick) => {
                let Some(entry) = self.message(pick) else { return };
                self.items = self.log().switch(entry).unwrap().items;
                assert_eq!(self.log().tree().at, entry);
            }
            Step::Fork(pick) => self.fork(pick),
            Step::Killed { lost } => self.kill(lost),
            Step::Torn(pick) => {
                let name = kept::index_name(&self.id);
                self.log = None;
                let bytes = self.dir.read(&name).unwrap();
                match pick % 3 {
                    0 => self.dir.remove(&name).unwrap(),
                    1 => self.dir.replace(&name, &bytes[..pick % (bytes.len() + 1)]).unwrap(),
                    _ => {
                        let mut garbled = bytes;
                        let at = pick % garbled.len();
                        garbled[at] ^= 1;
                        self.dir.replace(&name, &garbled).unwrap();
                    }
                }
                self.reopen();
            }
            Step::Old => {
                let name = kept::index_name(&self.id);
                let now = self.dir.read(&name).unwrap();
                if let Some(old) = self.old.replace(now) {
                    self.log = None;
                    self.dir.replace(&name, &old).unwrap();
                    self.reopen();
                }
            }
        }
    }

    /// The log as it is after a kill, with the index as it was before the last of it was written.
    fn kill(&mut self, lost: usize) {
        let (log, index) = (file_name(&self.id), kept::index_name(&self.id));
        let beside = self.dir.read(&index).unwrap();
        self.log = None;
        let bytes = self.dir.read(&log).unwrap();
        let first = bytes.iter().position(|byte| *byte == b'\n').unwrap() + 1;
        let until = match &scanned(&self.dir, &self.id).totals.start.as_ref().unwrap().origin {
            // A fork is whole before anybody works in it.
            Some(_) => bytes.len(),
            None => first,
        };
        let keep = bytes.len().saturating_sub(lost).max(until);
        let path = self.dir.path().join(&log);
        #[expect(clippy::disallowed_methods, reason = "a test loses bytes")]
        std::fs::OpenOptions::new().write(true).open(path).unwrap().set_len(keep as u64).unwrap();
        self.dir.replace(&index, &beside).unwrap();
        self.marks = scanned(&self.dir, &self.id).totals.taint.len();
        self.old = None;
        self.reopen();
    }

    fn fork(&mut self, pick: usize) {
        self.forks += 1;
        let entry = self.message(pick).filter(|_| pick.is_multiple_of(2));
        let before = self.dir.read(&file_name(&self.id)).unwrap();
        let id = format!("s_{:016}", self.forks);
        let forked = fork(&self.dir, &self.id, entry, start(&id)).unwrap();
        assert_eq!(self.dir.read(&file_name(&self.id)).unwrap(), before, "the other stays as it is");
        if entry.is_none() {
            assert_eq!(forked.items, self.items);
        }
        assert_eq!((forked.calls, forked.taint.len()), (self.calls, self.marks));
        assert_eq!(forked.start.origin.as_ref().unwrap().session, self.id);
        self.id = id;
        self.items = forked.items;
        self.log = Some(forked.log);
        self.old = None;
    }

    fn holds(&mut self) {
        let id = self.id.clone();
        let dir = self.dir.clone();
        let log = self.log.as_ref().unwrap();
        assert_eq!(conversation(&id, &log.log, &log.index, log.index.tip()).unwrap().0, self.items);
        assert!(unanswered(&self.items).is_empty());
        let fresh = scanned(&dir, &id);
        assert_eq!(log.index, fresh, "the index in memory is that of the log");
        let stored = Stored::open(&dir, &file_name(&id)).unwrap();
        assert_eq!(kept::known(&dir, &id, &stored).unwrap().index, fresh, "so is the one on disk");
        assert_eq!(fresh.totals.branches as usize, fresh.said.iter().filter(|said| !said.followed).count());
        let mut seen = BTreeSet::new();
        for row in &fresh.rows {
            if let Payload::Item { item: Item::Assistant { blocks, .. } } =
                kept::entry(&stored, row).unwrap().payload
            {
                for block in blocks {
                    if let Block::ToolCall(call) = block {
                        assert!(seen.insert(call.id.clone()), "{} was given twice", call.id);
                    }
                }
            }
        }
        let tree = log.tree();
        for node in &tree.nodes {
            let end = fresh.end_of(node.entry).unwrap();
            let (items, _) = conversation(&id, &stored, &fresh, end).unwrap();
            assert!(unanswered(&items).is_empty(), "entry {}", node.entry);
            assert!(items.iter().any(|item| matches!(item, Item::User { .. })));
        }
    }
}

fn scanned(dir: &StateDir, id: &str) -> Index {
    let log = Stored::open(dir, &file_name(id)).unwrap();
    kept::scanned(id, &log).unwrap().index
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_to_a_session_its_laws_hold(steps in prop::collection::vec(step(), 1..40)) {
        let mut bench = Bench::new();
        for step in steps {
            bench.take(step);
            bench.holds();
        }
        bench.reopen();
        bench.holds();
    }
}
