//! A workspace, a home and a kernel over them.

use std::path::PathBuf;

use iosm::base::{BlobStore, StateDir};
use iosm::config::Policy;
use iosm::kernel::{
    Capability, Charter, Granted, Journal, Judgement, Kernel, Keys, Question, Refused, SandboxStrength,
};
use iosm::protocol::{Effect, EffectRule, ToolCall, ToolSpec};
use serde_json::json;

pub struct World {
    _temp: tempfile::TempDir,
    pub root: PathBuf,
    pub charter: Charter,
}

fn tool(name: &'static str, arg: &'static str, effects: EffectRule) -> ToolSpec {
    let schema = json!({
        "type": "object", "additionalProperties": false, "required": [arg],
        "properties": {arg: {"type": "string"}},
    });
    ToolSpec { name, description: "", schema, effects, read_only: false, aliases: &[] }
}

impl World {
    pub fn new() -> Self {
        let temp = tempfile::tempdir().unwrap();
        let root = temp.path().canonicalize().unwrap();
        for dir in ["work/src", "outside", "home", "tmp", "cache", "config"] {
            std::fs::create_dir_all(root.join(dir)).unwrap();
        }
        std::fs::write(root.join("work/src/a.rs"), "inside").unwrap();
        std::fs::write(root.join("outside/a.rs"), "outside").unwrap();
        let tools = vec![
            tool("read", "path", EffectRule::ReadPath { arg: "path" }),
            tool("write", "path", EffectRule::WritePath { arg: "path" }),
            tool("bash", "command", EffectRule::Shell { arg: "command" }),
        ];
        let charter = Charter {
            session: "s_it".to_owned(),
            workspace: root.join("work"),
            extra_roots: Vec::new(),
            git: Vec::new(),
            readable: Vec::new(),
            skills: Vec::new(),
            temp: root.join("tmp"),
            cache: root.join("cache"),
            home: root.join("home"),
            own_dirs: vec![root.join("state"), root.join("config")],
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
        Self { _temp: temp, root, charter }
    }

    pub fn journals(&self) -> StateDir {
        StateDir::open(self.root.join("state/journal")).unwrap()
    }

    pub fn keys(&self) -> Keys {
        Keys::open(&StateDir::open(self.root.join("state/keys")).unwrap(), None).unwrap()
    }

    pub fn kernel(&self) -> Kernel {
        let journal = Journal::open(self.journals(), &self.charter.session, &self.keys()).unwrap();
        let blobs = BlobStore::new(StateDir::open(self.root.join("state/blobs")).unwrap());
        Kernel::new(self.charter.clone(), journal, blobs).unwrap()
    }
}

pub fn call(tool: &str, argument: &str) -> ToolCall {
    let name = if tool == "bash" { "command" } else { "path" };
    ToolCall { id: "t1".to_owned(), tool: tool.to_owned(), args: json!({name: argument}) }
}

#[track_caller]
pub fn granted(judgement: Judgement) -> Granted {
    match judgement {
        Judgement::Granted(granted) => granted,
        other => panic!("not granted: {other:#?}"),
    }
}

#[track_caller]
pub fn asked(judgement: Judgement) -> Question {
    match judgement {
        Judgement::Asked(question) => question,
        other => panic!("not asked: {other:#?}"),
    }
}

#[track_caller]
pub fn refused(judgement: Judgement) -> Refused {
    match judgement {
        Judgement::Refused(refused) => refused,
        other => panic!("not refused: {other:#?}"),
    }
}
