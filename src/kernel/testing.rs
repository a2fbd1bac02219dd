//! A small world for the kernel's unit tests: a workspace, a home, and things outside.

use std::collections::BTreeSet;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::{Capability, Charter, Journal, Judgement, Kernel, Keys, SandboxStrength};
use crate::base::{BlobStore, StateDir};
use crate::config::{Layer, Policy, PolicyFile, Reading, Rule, RuleAction};
use crate::protocol::{Effect, EffectRule, ToolCall, ToolSpec, Verdict, VerdictKind};

pub(super) struct World {
    temp: tempfile::TempDir,
    pub charter: Charter,
}

pub(super) fn kinds(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn tool(name: &'static str, arg: &'static str, effects: EffectRule) -> ToolSpec {
    let schema = json!({
        "type": "object", "additionalProperties": false,
        "properties": {arg: {"type": "string"}, "limit": {"type": "integer"}, "method": {"type": "string"}},
    });
    let aliases: &[(&str, &str)] = if arg == "path" { &[("file", "path")] } else { &[] };
    ToolSpec { name, description: "", schema, effects, read_only: false, aliases }
}

pub(super) fn tools() -> Vec<ToolSpec> {
    vec![
        tool("read", "path", EffectRule::ReadPath { arg: "path" }),
        tool("grep", "path", EffectRule::ReadTree { arg: "path" }),
        tool("write", "path", EffectRule::WritePath { arg: "path" }),
        tool("edit", "path", EffectRule::WritePath { arg: "path" }),
        tool("bash", "command", EffectRule::Shell { arg: "command" }),
        tool("todo", "text", EffectRule::Note("todo")),
        tool("background", "name", EffectRule::Background { arg: "name" }),
        tool("ask", "text", EffectRule::Ask),
        tool("fetch", "url", EffectRule::Fetch { arg: "url" }),
    ]
}

impl World {
    pub fn new() -> Self {
        let temp = tempfile::tempdir().unwrap();
        let root = temp.path().canonicalize().unwrap();
        // One level deeper than the home, so that the parent of the workspace is not the home.
        for dir in [
            "top/work/src",
            "top/work/vendor",
            "top/work/sub",
            "outside",
            "top/outside",
            "home/own",
            "home/.ssh",
            "tmp",
            "cache",
            "deps",
        ] {
            std::fs::create_dir_all(root.join(dir)).unwrap();
        }
        let work = root.join("top/work");
        for dir in [".git/hooks", ".iosm", "sub/.git"] {
            std::fs::create_dir_all(work.join(dir)).unwrap();
        }
        std::fs::write(work.join("src/a.rs"), "a").unwrap();
        std::fs::write(root.join("top/outside/secret"), "s").unwrap();
        symlink(".git", work.join("linked-git")).unwrap();
        symlink("src", work.join("linked-inside")).unwrap();
        symlink("../outside", work.join("linked-out")).unwrap();
        symlink(root.join("top/outside/secret"), work.join("linked-file")).unwrap();
        symlink("vendor", work.join("linked-vendor")).unwrap();
        let tools = tools();
        let charter = Charter {
            session: "s_test".to_owned(),
            workspace: work,
            extra_roots: Vec::new(),
            git: Vec::new(),
            readable: vec![root.join("deps")],
            skills: Vec::new(),
            temp: root.join("tmp"),
            cache: root.join("cache"),
            home: root.join("home"),
            own_dirs: vec![root.join("home/own"), root.join("state")],
            registries: Vec::new(),
            remotes: Vec::new(),
            capability: Capability {
                profile: "coder".to_owned(),
                tools: tools.iter().map(|tool| tool.name.to_owned()).collect(),
                effects: kinds(&Effect::KINDS),
            },
            tools,
            policy: Policy::default(),
            sandbox: SandboxStrength::Reduced,
            unsandboxed_by_user: false,
            human: true,
            checkpoints: false,
        };
        Self { temp, charter }
    }

    /// Reads rules such as `deny bash(make*)`, or `{name: …}` as in a file of the user's.
    pub fn rules(rules: &[&str]) -> Vec<Rule> {
        let read = |rule: &&str| {
            if rule.starts_with('{') {
                let reading =
                    Reading { layer: Layer::User, file: None, tools: &["read", "write", "edit", "bash"] };
                return PolicyFile::read(&format!("rules: [{rule}]"), reading).unwrap().rules.remove(0);
            }
            let (action, text) = rule.split_once(' ').unwrap();
            let action = match action {
                "allow" => RuleAction::Allow,
                "ask" => RuleAction::Ask,
                _ => RuleAction::Deny,
            };
            Rule::parse(action, text).unwrap()
        };
        rules.iter().map(read).collect()
    }

    /// With user rules added.
    pub fn with(mut self, rules: &[&str]) -> Self {
        self.charter.policy.rules.extend(Self::rules(rules));
        self
    }

    /// The folder that holds workspace and `outside`.
    pub fn root(&self) -> PathBuf {
        self.charter.workspace.parent().unwrap().to_owned()
    }

    pub fn text(&self, path: &Path) -> String {
        path.to_str().unwrap().to_owned()
    }

    pub fn state(&self) -> StateDir {
        StateDir::open(self.temp.path().canonicalize().unwrap().join("state")).unwrap()
    }

    pub fn blobs(&self) -> BlobStore {
        BlobStore::new(self.state().sub("blobs").unwrap())
    }

    pub fn kernel(&self) -> Kernel {
        self.kernel_of(self.charter.clone())
    }

    pub fn kernel_of(&self, charter: Charter) -> Kernel {
        let session = crate::base::new_id("s");
        let journal =
            Journal::open(self.state().sub("journal").unwrap(), &session, &Keys::throwaway()).unwrap();
        Kernel::new(charter, journal, self.blobs()).unwrap()
    }

    pub fn call(&self, tool: &str, argument: &str) -> ToolCall {
        let spec = self.charter.tools.iter().find(|spec| spec.name == tool).unwrap();
        let name = spec.schema["properties"].as_object().unwrap().keys().next().unwrap();
        ToolCall { id: "t1".to_owned(), tool: tool.to_owned(), args: json!({name: Value::from(argument)}) }
    }

    pub fn judge(&self, tool: &str, argument: &str) -> Judgement {
        self.kernel().judge("main", &self.call(tool, argument)).unwrap()
    }

    pub fn verdict(&self, tool: &str, argument: &str) -> Verdict {
        match self.judge(tool, argument) {
            Judgement::Granted(granted) => granted.verdict,
            Judgement::Asked(question) => question.verdict,
            Judgement::Refused(refused) => refused.verdict,
        }
    }

    #[track_caller]
    pub fn allows(&self, tool: &str, argument: &str) -> Verdict {
        let verdict = self.verdict(tool, argument);
        assert_eq!(verdict.kind, VerdictKind::Allow, "{tool}({argument}): {verdict:#?}");
        verdict
    }

    #[track_caller]
    pub fn asks(&self, tool: &str, argument: &str, rung: &str, rule: &str) -> Verdict {
        self.decided(tool, argument, VerdictKind::RequireApproval, rung, rule)
    }

    #[track_caller]
    pub fn refuses(&self, tool: &str, argument: &str, rung: &str, rule: &str) -> Verdict {
        self.decided(tool, argument, VerdictKind::Deny, rung, rule)
    }

    #[track_caller]
    fn decided(&self, tool: &str, argument: &str, kind: VerdictKind, rung: &str, rule: &str) -> Verdict {
        let verdict = self.verdict(tool, argument);
        let got = (verdict.kind, verdict.rung.as_str(), verdict.rule.as_str());
        assert_eq!(got, (kind, rung, rule), "{tool}({argument}): {verdict:#?}");
        assert!(!verdict.user_line.is_empty() && !verdict.model_line.is_empty(), "{verdict:?}");
        verdict
    }

    /// Rung and rule of every objection.
    pub fn rules_hit(&self, tool: &str, argument: &str) -> Vec<(String, String)> {
        let explanation = self.kernel().explain(&self.call(tool, argument)).unwrap();
        let objections =
            explanation.steps.iter().filter(|step| step.name != "effects" && step.name != "intake");
        let rule = |said: &String| said.split(['(', ')']).nth(1).unwrap().to_owned();
        objections.flat_map(|step| step.said.iter().map(|said| (step.name.clone(), rule(said)))).collect()
    }
}
