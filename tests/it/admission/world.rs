//! A kernel over a small workspace, with file tools, a shell and remote tools.

use std::path::PathBuf;

use iosm::base::{BlobStore, StateDir};
use iosm::config::{Policy, Rule, RuleAction};
use iosm::kernel::{
    Admitted, Capability, Charter, Granted, Journal, Judgement, Kernel, Keys, RawResult, SandboxStrength,
};
use iosm::protocol::{Effect, EffectRule, ToolCall, ToolSpec};
use serde_json::{Value, json};

pub struct World {
    _temp: tempfile::TempDir,
    pub root: PathBuf,
    pub charter: Charter,
}

pub fn tool(name: &'static str, effects: EffectRule) -> ToolSpec {
    ToolSpec {
        name,
        description: "",
        schema: json!({"type": "object"}),
        effects,
        read_only: false,
        aliases: &[],
    }
}

impl World {
    pub fn new() -> Self {
        Self::with_tools(vec![
            tool("read", EffectRule::ReadPath { arg: "path" }),
            tool("search", EffectRule::ReadTree { arg: "path" }),
            tool("write", EffectRule::WritePath { arg: "path" }),
            tool("edit", EffectRule::WritePath { arg: "path" }),
            tool("bash", EffectRule::Shell { arg: "command" }),
            tool("mail_list", EffectRule::Remote { server: "mail", read_only: true, open_world: false }),
            tool("mail_send", EffectRule::Remote { server: "mail", read_only: false, open_world: true }),
        ])
    }

    pub fn with_tools(tools: Vec<ToolSpec>) -> Self {
        // In memory where that can be had: a thousand sessions flush a thousand journals.
        let memory = std::path::Path::new("/dev/shm");
        let temp = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap();
        let root = temp.path().canonicalize().unwrap();
        for dir in ["work/src", "outside", "home", "tmp", "cache", "config"] {
            std::fs::create_dir_all(root.join(dir)).unwrap();
        }
        std::fs::write(root.join("work/a.txt"), "a").unwrap();
        std::fs::write(root.join("work/b.txt"), "b").unwrap();
        std::fs::write(root.join("outside/o.txt"), "o").unwrap();
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
            remotes: vec![("origin".to_owned(), "https://git.acme.test/x.git".to_owned())],
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

    /// With a rule of the user's that allows this.
    pub fn allowing(mut self, rule: &str) -> Self {
        self.charter.policy.rules.push(Rule::parse(RuleAction::Allow, rule).unwrap());
        self
    }

    /// A kernel of the one session; dropping it and asking again resumes.
    pub fn kernel(&self) -> Kernel {
        self.kernel_of(&self.charter.session)
    }

    pub fn kernel_of(&self, session: &str) -> Kernel {
        let journals = StateDir::open(self.root.join("state/journal")).unwrap();
        let journal = Journal::open(journals, session, &self.keys()).unwrap();
        let charter = Charter { session: session.to_owned(), ..self.charter.clone() };
        Kernel::new(charter, journal, self.blobs()).unwrap()
    }

    pub fn keys(&self) -> Keys {
        Keys::open(&StateDir::open(self.root.join("state/keys")).unwrap(), None).unwrap()
    }

    pub fn blobs(&self) -> BlobStore {
        BlobStore::new(StateDir::open(self.root.join("state/blobs")).unwrap())
    }

    /// Everything below the state folder, as one text.
    pub fn journal(&self) -> String {
        std::fs::read_to_string(self.root.join("state/journal/s_it.jsonl")).unwrap()
    }
}

pub fn call(tool: &str, args: Value) -> ToolCall {
    ToolCall { id: "t1".to_owned(), tool: tool.to_owned(), args }
}

/// Judges a call that must be granted, and admits `text` as its result.
#[track_caller]
pub fn shown(kernel: &Kernel, tool: &str, args: Value, text: &str) -> Admitted {
    let call = call(tool, args);
    let granted = match kernel.judge("main", &call).unwrap() {
        Judgement::Granted(granted) => granted,
        Judgement::Asked(question) => match kernel.approve(question, "user", false).unwrap() {
            Judgement::Granted(granted) => granted,
            other => panic!("not granted: {other:?}"),
        },
        Judgement::Refused(refused) => panic!("refused: {refused:?}"),
    };
    kernel.admit("main", &granted.call, RawResult::ok(text, "")).unwrap()
}

#[track_caller]
pub fn granted(judgement: Judgement) -> Granted {
    match judgement {
        Judgement::Granted(granted) => granted,
        other => panic!("not granted: {other:#?}"),
    }
}
