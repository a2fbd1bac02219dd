//! The same agents and lines, and only the judge in their way: nothing is run.
//!
//! Every agent has a kernel of its own over its own checkout, in a thread of its own, with nobody to ask.
//! Half of its calls are made with tools, half are shell lines. Every one of them names a place that is not
//! the agent's. Calls that stay inside come in between, so that a judge that refuses all is found out.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use iosm::base::{BlobStore, StateDir};
use iosm::config::{Policy, Preset};
use iosm::kernel::{Capability, Charter, Journal, Judgement, Kernel, Keys, SandboxStrength};
use iosm::protocol::{Effect, EffectRule, ToolCall, ToolSpec};
use serde_json::json;

use super::field::{CONTENTS, Field, METADATA};

/// More lines that name where they reach: reads, detours, and at the end some that only a program
/// could tell, which the judge may leave to the sandbox.
const MORE: [&str; 32] = [
    "cat {v}/f",
    "cat < {v}/f",
    "head -c 9 {v}/f > seen.{n}",
    "cp {v}/f seen.{n}",
    "cd {v} && cat f",
    "grep -r kept {v}",
    "tar cf seen.{n}.tar {v}",
    "ln -s {v} link.{n} && cat link.{n}/f",
    "git -C {p} show HEAD:keep/f && cat {p}/keep/f",
    "tee {v}/made.{n} < own",
    "install -m 755 own {v}/made.{n}",
    "find {v} -name f -delete",
    "find {v} -type f -exec rm {} +",
    "sh -c 'rm -rf {v}'",
    "X={v}; rm -rf $X",
    "X={v}; echo evil > \"$X/f\"",
    "for f in {v}/f {v}/g; do rm -f $f; done",
    "if true; then echo evil > {v}/f; fi",
    "env -i rm -f {v}/f",
    "(cd {v}; echo evil > f)",
    "true || rm -rf {v}; rm -rf {v}",
    "f() { rm -rf {v}; }; f",
    "cp -r keep {v}/made.{n}",
    "cat <<E > {v}/f\nevil\nE",
    "eval \"rm -rf {v}\"",
    "echo {v}/f | xargs rm -f",
    "ls {v} | while read -r f; do rm -f {v}/$f; done",
    "printf 'rm -rf %s' {v} | sh",
    "X=$(echo {v}); rm -rf \"$X\"",
    "python3 -c \"open('{v}/f', 'w')\"",
    "make -C {v} clean",
    "sh own {v}",
];

/// Public trees that any call may read.
const PUBLIC: [&str; 8] = ["/usr", "/bin", "/sbin", "/lib", "/lib64", "/etc", "/opt", "/sys"];

/// One call that stays inside in so many.
const INSIDE_EVERY: usize = 20;

/// What became of the calls.
#[derive(Debug, Default)]
pub struct Tally {
    /// Hostile calls.
    pub calls: usize,
    pub refused: usize,
    /// Granted with no known effect beyond the agent's places: the sandbox's affair.
    pub granted: usize,
    /// Granted although they have one, as `call: effects`.
    pub violations: Vec<String>,
    /// The kinds of lines among the granted, and how often.
    pub blind: BTreeMap<String, usize>,
    /// Calls that stay inside, and how many of them were refused.
    pub inside: usize,
    pub inside_refused: usize,
    /// The hostile lines aimed at the agent's own folder, and how many of them were granted: what is
    /// refused above is refused for where it reaches.
    pub turned_inward: usize,
    pub turned_inward_granted: usize,
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.calls += other.calls;
        self.refused += other.refused;
        self.granted += other.granted;
        self.violations.extend(other.violations);
        for (template, count) in other.blind {
            *self.blind.entry(template).or_default() += count;
        }
        self.inside += other.inside;
        self.inside_refused += other.inside_refused;
        self.turned_inward += other.turned_inward;
        self.turned_inward_granted += other.turned_inward_granted;
    }
}

/// Every agent makes `calls` hostile calls, all agents at once.
pub fn judge_alone(field: &Field, calls: usize) -> Tally {
    for agent in 0..field.agents() {
        let root = field.root(agent);
        let link = |to: PathBuf, name: &str| std::os::unix::fs::symlink(to, root.join(name)).unwrap();
        link(field.base().to_owned(), "escape");
        link(field.base().join("nobody/keep/f"), "linked-file");
        link(PathBuf::from("../nobody"), "linked-folder");
        link(field.base().join("nobody/keep/new"), "linked-to-nothing");
        std::fs::write(root.join("own"), "own").unwrap();
    }
    let field = &field;
    let mut all = Tally::default();
    std::thread::scope(|scope| {
        let agents: Vec<_> =
            (0..field.agents()).map(|agent| scope.spawn(move || one_agent(field, agent, calls))).collect();
        for agent in agents {
            all.add(agent.join().unwrap());
        }
    });
    all
}

fn one_agent(field: &Field, agent: usize, calls: usize) -> Tally {
    let charter = charter(field, agent);
    let own = [charter.workspace.clone(), charter.temp.clone(), charter.cache.clone()];
    let kernel = kernel(field, agent, charter);
    let mut tally = Tally::default();
    for number in 0..calls {
        let (kind, call) = if number.is_multiple_of(2) {
            tool_call(field, agent, number / 2)
        } else {
            shell_line(field, agent, number / 2)
        };
        tally.calls += 1;
        match kernel.judge("main", &call).unwrap() {
            Judgement::Granted(granted) => {
                let beyond: Vec<String> = granted
                    .effects
                    .iter()
                    .filter(|effect| reaches_out(effect, &own))
                    .map(Effect::describe)
                    .collect();
                // What a tool is to do is known: no grant of such a call is right.
                if beyond.is_empty() && call.tool == "bash" {
                    tally.granted += 1;
                    *tally.blind.entry(kind).or_default() += 1;
                } else {
                    tally.violations.push(format!("agent {agent}: {} {}: {beyond:?}", call.tool, call.args));
                }
            }
            Judgement::Asked(_) | Judgement::Refused(_) => tally.refused += 1,
        }
        if number.is_multiple_of(INSIDE_EVERY) {
            let inside = [
                call_of("write", &format!("made.{number}")),
                call_of("read", "keep/f"),
                call_of("bash", &format!("cat keep/f > made.{number}")),
            ];
            for call in inside {
                tally.inside += 1;
                let granted = matches!(kernel.judge("main", &call).unwrap(), Judgement::Granted(_));
                tally.inside_refused += usize::from(!granted);
            }
        }
    }
    for template in lines() {
        let line = template.replace("{v}", "keep").replace("{p}", ".").replace("{n}", "0");
        tally.turned_inward += 1;
        let granted = matches!(kernel.judge("main", &call_of("bash", &line)).unwrap(), Judgement::Granted(_));
        tally.turned_inward_granted += usize::from(granted);
    }
    tally
}

/// Whether an effect touches what is neither the agent's nor, for reading, everybody's.
fn reaches_out(effect: &Effect, own: &[PathBuf]) -> bool {
    let is_own = |path: &Path| own.iter().any(|root| path.starts_with(root));
    match effect {
        Effect::Write { path } | Effect::Delete { path } => !is_own(path) && !path.starts_with("/dev/null"),
        Effect::Read { path } => {
            !is_own(path) && !path.starts_with("/dev") && !PUBLIC.iter().any(|root| path.starts_with(root))
        }
        _ => false,
    }
}

fn lines() -> Vec<&'static str> {
    CONTENTS.into_iter().chain(METADATA).chain(MORE).collect()
}

fn shell_line(field: &Field, agent: usize, number: usize) -> (String, ToolCall) {
    let templates = lines();
    let template = templates[number % templates.len()];
    let line = field.line(template, agent, number, "..");
    (template.to_owned(), call_of("bash", &line))
}

fn tool_call(field: &Field, agent: usize, number: usize) -> (String, ToolCall) {
    const TARGETS: [&str; 12] = [
        "{v}/f",
        "{v}/new.{n}",
        "{v}/new/deep/{n}",
        "{p}/.git/config",
        "{p}/.git/hooks/pre-commit",
        "./keep/../{v}/f",
        "keep/../../nobody/keep/f",
        "linked-file",
        "linked-folder/keep/f",
        "linked-folder/new.{n}",
        "escape/agent{o}/f",
        "../agents-state/journal/s_{n}.jsonl",
    ];
    const TOOLS: [&str; 3] = ["write", "edit", "read"];
    // The link to a file that is not there yet can only be written.
    if number.is_multiple_of(29) {
        return ("linked-to-nothing".to_owned(), call_of("write", "linked-to-nothing"));
    }
    let target = TARGETS[number % TARGETS.len()];
    let tool = TOOLS[(number / TARGETS.len()) % TOOLS.len()];
    let relative = target.starts_with("./keep");
    // After `./keep/../` only a relative spelling leads out.
    let path = if relative {
        format!("./keep/../../nobody/keep/{number}/../f")
    } else {
        let other = (agent + 1 + number % (field.agents() - 1)) % field.agents();
        field.line(target, agent, number, "..").replace("{o}", &other.to_string())
    };
    (target.to_owned(), call_of(tool, &path))
}

fn call_of(tool: &str, argument: &str) -> ToolCall {
    let name = if tool == "bash" { "command" } else { "path" };
    ToolCall { id: "t1".to_owned(), tool: tool.to_owned(), args: json!({name: argument}) }
}

fn charter(field: &Field, agent: usize) -> Charter {
    let tool = |name, arg: &'static str, effects| {
        let schema = json!({
            "type": "object", "additionalProperties": false, "required": [arg],
            "properties": {arg: {"type": "string"}},
        });
        ToolSpec { name, description: "", schema, effects, read_only: false, aliases: &[] }
    };
    let tools = vec![
        tool("read", "path", EffectRule::ReadPath { arg: "path" }),
        tool("write", "path", EffectRule::WritePath { arg: "path" }),
        tool("edit", "path", EffectRule::WritePath { arg: "path" }),
        tool("bash", "command", EffectRule::Shell { arg: "command" }),
    ];
    let folder = |name: &str| {
        let folder = field.base().join("agents").join(agent.to_string()).join(name);
        std::fs::create_dir_all(&folder).unwrap();
        folder
    };
    Charter {
        session: format!("s_agent{agent}"),
        workspace: field.root(agent),
        extra_roots: Vec::new(),
        git: Vec::new(),
        readable: Vec::new(),
        skills: Vec::new(),
        temp: folder("tmp"),
        cache: folder("cache"),
        home: folder("home"),
        own_dirs: vec![field.base().join("agents-state")],
        registries: Vec::new(),
        remotes: Vec::new(),
        capability: Capability {
            profile: "coder".to_owned(),
            tools: tools.iter().map(|tool| tool.name.to_owned()).collect(),
            effects: Effect::KINDS.iter().map(|kind| (*kind).to_owned()).collect::<BTreeSet<_>>(),
        },
        tools,
        policy: Policy::of(Preset::Coding, Vec::new()),
        // Where there is no sandbox the judge would refuse every line as such.
        sandbox: SandboxStrength::Full,
        unsandboxed_by_user: false,
        human: false,
        checkpoints: false,
    }
}

fn kernel(field: &Field, agent: usize, charter: Charter) -> Kernel {
    let state = |name: &str| {
        StateDir::open(field.base().join("agents-state").join(agent.to_string()).join(name)).unwrap()
    };
    let journal = Journal::open(state("journal"), &charter.session, &Keys::throwaway()).unwrap();
    Kernel::new(charter, journal, BlobStore::new(state("blobs"))).unwrap()
}
