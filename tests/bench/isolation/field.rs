//! Agents that try to write outside their own roots, with nothing but the sandbox to stop them.
//!
//! Every agent has a checkout of its own beside the parent checkout, a folder that is nobody's, and the
//! checkouts of the others. It fires hostile lines at them: by absolute path, by `cd`, through links,
//! through `/proc`, with `git -C` and its like. Lines come in batches, one shell script a launch; after
//! each batch everything outside the agents' own working folders is compared with how it was.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use iosm::host::sandbox::{Launch, Launcher, Layers, Limits};

/// `{v}` is a folder of a victim, `{p}` the parent checkout, `{n}` the number of the call.
pub const CONTENTS: [&str; 26] = [
    "echo evil > {v}/f",
    "echo evil >> {v}/f",
    "rm -f {v}/f",
    "rm -rf {v}",
    "mv {v}/f stolen.{n}",
    "mv {v} ./taken.{n}",
    "mkdir {v}/made.{n}",
    "mkfifo {v}/pipe.{n}",
    "touch {v}/touched.{n}",
    "cp own {v}/copy.{n}",
    "cd {v} && echo evil > made.{n}",
    "cd {v}/.. && rm -rf keep",
    "ln -s {v} link.{n} && echo evil > link.{n}/made.{n}",
    "ln {v}/f hard.{n} && echo evil > hard.{n}",
    "ln -s /etc/passwd {v}/link.{n}",
    "truncate -s 0 {v}/f",
    "dd if=own of={v}/f status=none",
    "sed -i s/kept/evil/ {v}/f",
    "(setsid sh -c 'sleep 0.02; echo evil > {v}/late.{n}' &)",
    "git -C {p} checkout -qf HEAD~1",
    "git -C {p} stash -q",
    "git -C {p} commit -qam evil",
    "git -C {p} config evil.{n} yes",
    "git --git-dir={p}/.git --work-tree=. add -A",
    "git -C {p} worktree add -q ../tree.{n}",
    "GIT_DIR={p}/.git git update-ref refs/heads/evil.{n} HEAD",
];

pub const METADATA: [&str; 6] = [
    "chmod 777 {v}/f",
    "chmod 777 {v}",
    "touch -d @0 {v}/f",
    "touch -a -d @0 {v}",
    "chmod u+s {v}/f",
    "chgrp $(id -g) {v}/f; touch -m {v}/f",
];

/// How often something outside was found changed, of how many calls.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    pub calls: usize,
    pub contents: usize,
    pub metadata: usize,
}

/// What a file was, and how it was marked.
type Seen = BTreeMap<PathBuf, (Vec<u8>, (u32, i64, u32, u32))>;

pub struct Field {
    _temp: tempfile::TempDir,
    base: PathBuf,
    agents: usize,
}

impl Field {
    pub fn new(agents: usize) -> Self {
        let temp = tempfile::tempdir().unwrap();
        let base = temp.path().canonicalize().unwrap();
        let field = Self { _temp: temp, base, agents };
        sh(
            &field.base,
            "git init -qb main parent && cd parent && git config user.email a@b && git config user.name n \
             && mkdir keep && echo first > keep/f && git add . && git commit -qm one \
             && echo kept > keep/f && git commit -qam two && echo dirty >> keep/f; mkdir -p ../nobody/keep && echo kept > ../nobody/keep/f",
        );
        for agent in 0..agents {
            sh(
                &field.base,
                &format!(
                    "git clone -q parent agent{agent} && mkdir agent{agent}/work && echo own > agent{agent}/work/own"
                ),
            );
        }
        field
    }

    pub fn root(&self, agent: usize) -> PathBuf {
        self.base.join(format!("agent{agent}"))
    }

    pub fn agents(&self) -> usize {
        self.agents
    }

    pub fn base(&self) -> &Path {
        &self.base
    }

    /// A line of an agent, aimed at a folder that is not its own. `up` leads from where it runs to the
    /// folder that holds all roots, which a link there named `escape` names too.
    pub fn line(&self, template: &str, agent: usize, number: usize, up: &str) -> String {
        let parent = self.base.join("parent");
        let round = number / (CONTENTS.len() + METADATA.len());
        let victim = match (round + agent) % 3 {
            0 => parent.join("keep"),
            1 => self.base.join("nobody/keep"),
            _ => self.root((agent + 1 + number % (self.agents - 1)) % self.agents).join("keep"),
        };
        let spelled = |path: &Path| {
            let below = path.strip_prefix(&self.base).unwrap().display();
            match (round / 3) % 4 {
                0 => path.display().to_string(),
                1 => format!("{up}/{below}"),
                2 => format!("/proc/self/root{}", path.display()),
                _ => format!("escape/{below}"),
            }
        };
        let (victim, parent) = (spelled(&victim), spelled(&parent));
        template.replace("{n}", &number.to_string()).replace("{v}", &victim).replace("{p}", &parent)
    }

    /// One batch of one agent.
    fn script(&self, agent: usize, first: usize, calls: usize) -> String {
        let templates: Vec<&str> = CONTENTS.into_iter().chain(METADATA).collect();
        // Numbers that share no factor, so that every line meets every victim and spelling.
        let line = |number: usize| {
            let text = self.line(templates[number % templates.len()], agent, number, "../..");
            format!("( {text} ) > /dev/null 2>&1")
        };
        let lines: Vec<String> = (first..first + calls).map(line).collect();
        format!("ln -sfn {} escape\n{}\nwait; sleep 0.03; true", self.base.display(), lines.join("\n"))
    }

    /// Everything outside the agents' working folders.
    fn look(&self) -> Seen {
        let mut seen = Seen::new();
        let mut open = vec![self.base.clone()];
        while let Some(folder) = open.pop() {
            for entry in std::fs::read_dir(&folder).unwrap().flatten() {
                let (path, kind) = (entry.path(), entry.metadata().unwrap());
                if path.file_name().unwrap() == "work" {
                    continue;
                }
                let bytes =
                    if kind.is_file() { std::fs::read(&path).unwrap_or_default() } else { Vec::new() };
                // An agent's own root changes its time when its working folder does not.
                let marks = (kind.mode(), kind.mtime(), kind.uid(), kind.gid());
                if kind.is_dir() {
                    open.push(path.clone());
                }
                seen.insert(path, (bytes, marks));
            }
        }
        seen
    }

    /// Every agent makes `calls` calls in batches of `batch`, all agents at once.
    pub async fn attack(&self, launcher: &Launcher, layers: Layers, calls: usize, batch: usize) -> Tally {
        let mut before = self.look();
        let mut tally = Tally::default();
        for first in (0..calls).step_by(batch) {
            let count = batch.min(calls - first);
            let batches = (0..self.agents).map(|agent| {
                let work = self.root(agent).join("work");
                let mut launch = Launch::shell(self.script(agent, first, count), &work);
                // Only its working folder: the rest of its checkout is one more place to watch.
                launch.write = vec![work];
                launch.read = vec![self.base.clone()];
                launch.env =
                    vec![("PATH".into(), "/usr/local/bin:/usr/bin:/bin".into()), ("HOME".into(), "/".into())];
                launch.layers = layers;
                launch.limits = Limits { cpu_s: Some(120), ..Limits::default() };
                async { launcher.spawn(launch).await.unwrap().finish(1 << 16).await.unwrap() }
            });
            for (output, exit) in futures::future::join_all(batches).await {
                assert!(exit.success(), "{exit:?} {}", String::from_utf8_lossy(&output));
            }
            tally.calls += count * self.agents;
            let after = self.look();
            for path in before.keys().chain(after.keys()).collect::<std::collections::BTreeSet<_>>() {
                match (before.get(path), after.get(path)) {
                    (Some(one), Some(other)) => {
                        tally.contents += usize::from(one.0 != other.0);
                        tally.metadata += usize::from(one.0 == other.0 && one.1 != other.1);
                    }
                    _ => tally.contents += 1,
                }
            }
            before = after;
        }
        tally
    }
}

fn sh(at: &Path, line: &str) {
    let done = Command::new("sh").args(["-c", line]).current_dir(at).env_remove("GIT_DIR").output().unwrap();
    assert!(done.status.success(), "{line}: {}", String::from_utf8_lossy(&done.stderr));
}
