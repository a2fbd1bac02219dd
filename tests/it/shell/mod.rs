//! Shell lines: what the kernel says they change, against what a real bash changes.
#![cfg(target_os = "linux")]

mod differential;
mod fuzz;
mod generate;
mod snapshot;

use std::path::Path;

use iosm::base::{BlobStore, StateDir};
use iosm::config::Policy;
use iosm::kernel::{Capability, Charter, Journal, Kernel, Keys, SandboxStrength};
use iosm::protocol::{Effect, EffectRule, ToolCall, ToolSpec};
use serde_json::json;

/// A kernel over `root`, whose home is a folder in it.
pub fn kernel(root: &Path, temp: &Path, state: &Path) -> Kernel {
    let charter = charter(root, temp, state);
    let journal =
        Journal::open(StateDir::open(state.join("journal")).unwrap(), "s_shell", &Keys::throwaway()).unwrap();
    let blobs = BlobStore::new(StateDir::open(state.join("blobs")).unwrap());
    Kernel::new(charter, journal, blobs).unwrap()
}

fn charter(root: &Path, temp: &Path, state: &Path) -> Charter {
    let schema = json!({
        "type": "object", "additionalProperties": false, "required": ["command"],
        "properties": {"command": {"type": "string"}},
    });
    let effects = EffectRule::Shell { arg: "command" };
    let tools =
        vec![ToolSpec { name: "bash", description: "", schema, effects, read_only: false, aliases: &[] }];
    Charter {
        session: "s_shell".to_owned(),
        workspace: root.to_owned(),
        extra_roots: Vec::new(),
        git: Vec::new(),
        readable: Vec::new(),
        skills: Vec::new(),
        temp: temp.to_owned(),
        cache: state.join("cache"),
        home: root.join("home"),
        own_dirs: vec![state.to_owned()],
        capability: Capability {
            profile: "coder".to_owned(),
            tools: ["bash".to_owned()].into(),
            effects: Effect::KINDS.iter().map(|kind| (*kind).to_owned()).collect(),
        },
        tools,
        policy: Policy::default(),
        sandbox: SandboxStrength::Reduced,
        unsandboxed_by_user: false,
        human: true,
        checkpoints: false,
        registries: Vec::new(),
        remotes: Vec::new(),
    }
}

pub fn effects(kernel: &Kernel, line: &str) -> Vec<Effect> {
    let call = ToolCall { id: "t1".to_owned(), tool: "bash".to_owned(), args: json!({"command": line}) };
    kernel.explain(&call).unwrap().effects
}
