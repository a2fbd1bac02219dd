//! An agent over a real kernel, real tools, a real log and the scripted provider, whose requests are kept.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use iosm::agent::{Agent, Brief, Epoch, Input, Parts, Setup};
use iosm::base::{BlobStore, StateDir};
use iosm::config::Policy;
use iosm::kernel::{Capability, Charter, Journal, Kernel, Keys, SandboxStrength};
use iosm::model::{Catalog, Connect, DeltaStream, Provider, Request, Thinking, ToolSchema, connect};
use iosm::protocol::{Effect, Event, Item, Op, Outcome, Setup as InForce};
use iosm::session::{Past, SessionLog, Start};
use iosm::tools::{Registry, register_leaf_tools};
use tokio::sync::mpsc;

const SESSION: &str = "s_0000000000000001";

/// A provider that keeps what it was asked.
pub struct Recording {
    inner: Box<dyn Provider>,
    pub asked: Mutex<Vec<Request>>,
}

impl Provider for Recording {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn stream(&self, request: &Request) -> DeltaStream {
        self.asked.lock().unwrap().push(request.clone());
        self.inner.stream(request)
    }

    fn encode(&self, request: &Request) -> Vec<u8> {
        self.inner.encode(request)
    }
}

pub struct Rig {
    temp: tempfile::TempDir,
    script: PathBuf,
    window: usize,
    /// Whether the window is the model's own.
    pub known: bool,
}

/// An agent with what it was asked and what it told.
pub struct Running {
    pub agent: Agent,
    pub provider: Arc<Recording>,
    pub kernel: Arc<Kernel>,
    pub blobs: BlobStore,
    events: mpsc::Receiver<Event>,
}

impl Rig {
    pub fn new(script: &str, window: usize) -> Self {
        let temp = tempfile::tempdir().unwrap();
        for dir in ["work", "home", "tmp", "cache", "config"] {
            std::fs::create_dir_all(temp.path().join(dir)).unwrap();
        }
        let path = temp.path().join("script.yaml");
        std::fs::write(&path, script).unwrap();
        Self { temp, script: path, window, known: true }
    }

    pub fn root(&self) -> PathBuf {
        self.temp.path().canonicalize().unwrap()
    }

    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.root().join("work").join(name), text).unwrap();
    }

    fn sessions(&self) -> StateDir {
        StateDir::open(self.root().join("state/sessions")).unwrap()
    }

    /// The lines of the log.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.root().join(format!("state/sessions/{SESSION}.jsonl"))).unwrap()
    }

    fn kernel(&self, registry: &Registry, blobs: &BlobStore) -> Kernel {
        let root = self.root();
        let charter = Charter {
            session: SESSION.to_owned(),
            workspace: root.join("work"),
            extra_roots: Vec::new(),
            git: Vec::new(),
            readable: Vec::new(),
            temp: root.join("tmp"),
            cache: root.join("cache"),
            home: root.join("home"),
            own_dirs: vec![root.join("state"), root.join("config")],
            registries: Vec::new(),
            remotes: Vec::new(),
            skills: Vec::new(),
            capability: Capability {
                profile: "full".to_owned(),
                tools: registry.names().iter().map(|name| (*name).to_owned()).collect(),
                effects: Effect::KINDS.iter().map(|kind| (*kind).to_owned()).collect(),
            },
            tools: registry.specs().cloned().collect(),
            policy: Policy::default(),
            sandbox: SandboxStrength::Full,
            unsandboxed_by_user: false,
            human: false,
            checkpoints: false,
        };
        let state = |name: &str| StateDir::open(root.join("state").join(name)).unwrap();
        let keys = Keys::open(&state("keys"), None).unwrap();
        let journal = Journal::open(state("journal"), SESSION, &keys).unwrap();
        Kernel::new(charter, journal, blobs.clone()).unwrap()
    }

    /// Begins the session.
    pub fn begin(&self) -> Running {
        let start = Start {
            session: SESSION.to_owned(),
            workspace: self.root().join("work").display().to_string(),
            model: "scripted/x".to_owned(),
            profile: "full".to_owned(),
            thinking: None,
            version: 1,
            origin: None,
        };
        let log = SessionLog::create(&self.sessions(), start).unwrap();
        self.run_with(log, Vec::new(), Past::default(), 0)
    }

    /// Goes on with it, as another process would.
    pub fn resume(&self) -> Running {
        let loaded = SessionLog::resume(&self.sessions(), SESSION).unwrap();
        self.run_with(loaded.log, loaded.items, loaded.past, loaded.calls)
    }

    fn run_with(&self, log: SessionLog, items: Vec<Item>, past: Past, calls: u64) -> Running {
        let catalog = Catalog::load(None).unwrap();
        let model = format!("scripted/{}", self.script.display());
        let env = |_: &str| None;
        let inner = connect(&Connect {
            model: &model,
            base_url: None,
            api_key: None,
            config_dir: None,
            env: &env,
            catalog: &catalog,
        });
        let provider = Arc::new(Recording { inner: inner.unwrap(), asked: Mutex::default() });
        let mut registry = Registry::default();
        register_leaf_tools(&mut registry);
        let blobs = BlobStore::new(StateDir::open(self.root().join("state/blobs")).unwrap());
        let kernel = Arc::new(self.kernel(&registry, &blobs));
        let brief = Brief {
            profile_prompt: "Do it.".to_owned(),
            workspace: "/work".to_owned(),
            cwd: None,
            sandbox: "none".to_owned(),
            contract: Some(
                "The contract of this project holds.\nConstraints:\n- No new dependency, ever.".into(),
            ),
            instructions: Vec::new(),
            skills: Vec::new(),
            tools: registry.specs().map(ToolSchema::from).collect(),
            window: self.window,
        };
        let epoch = Epoch::lay_out(brief.clone()).unwrap();
        let in_force = InForce {
            model: model.clone(),
            profile: "full".to_owned(),
            thinking: "off".to_owned(),
            context_window: self.window as u64,
            base_url: None,
        };
        let (events_in, events) = mpsc::channel(4096);
        let name = model.clone();
        let agent = Agent::new(Parts {
            path: "main".to_owned(),
            session_id: Some(SESSION.to_owned()),
            provider: provider.clone(),
            model,
            kernel: kernel.clone(),
            registry,
            epoch,
            brief,
            in_force,
            setup: Setup { model: name.clone(), max_attempts: 1, ..Setup::default() },
            thinking: Thinking::Off,
            max_tokens: 1_000,
            window_is_known: self.known,
            takes_images: None,
            workspace: self.root().join("work"),
            blobs: blobs.clone(),
            log: Some(log),
            items,
            past,
            compact_percent: 80,
            turns: 0,
            calls,
            price: Arc::new(move |usage, _| catalog.cost(&name, &usage)),
            lawbook: None,
            trailers: false,
            head: None,
            events: events_in,
            desk: None,
            processes: None,
            checkpointer: None,
            nested: None,
        });
        Running { agent, provider, kernel, blobs, events }
    }
}

impl Running {
    pub async fn prompt(&mut self, text: &str) -> Outcome {
        let (_ops, mut waiting) = mpsc::channel::<Op>(1);
        self.agent.run(Input::Prompt(text.into()), &mut waiting).await
    }

    pub fn asked(&self) -> Vec<Request> {
        self.provider.asked.lock().unwrap().clone()
    }

    /// Everything that was told since last asked.
    pub fn told(&mut self) -> Vec<Event> {
        std::iter::from_fn(|| self.events.try_recv().ok()).collect()
    }
}
