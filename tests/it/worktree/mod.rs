//! The binary in work trees whose repository lies elsewhere: linked ones, submodules, separate git
//! directories, and those that only say so.

use std::path::PathBuf;
use std::process::Command;

use crate::screen::Terminal;
use crate::world::{Ended, World};

/// Writes, commits and looks; `why` and `audit` are asked about it afterwards.
const WORK: &str = r#"
rules:
  - when: {turn: 1}
    reply: [{tool_call: {tool: write, args: {path: poem.txt, content: "roses\nviolets\n"}}}]
  - when: {turn: 2}
    reply: [{tool_call: {tool: bash, args: {command: "git add poem.txt && git commit -q -m 'Add a poem'"}}}]
  - when: {turn: 3}
    reply: [{tool_call: {tool: read, args: {path: sub/code.txt}}}]
  - when: {turn: 4}
    reply: [{tool_call: {tool: bash, args: {command: "git status --short --branch && git log -1 --format=%s && git switch -qc later && git switch -q -"}}}]
  - reply: [{text: Done.}]
"#;

/// The same without a word about git.
const LOOK: &str = r#"
rules:
  - when: {turn: 1}
    reply: [{tool_call: {tool: bash, args: {command: "git status --short; cat $(sed 's/gitdir: //' .git)/config; git commit --allow-empty -qm x"}}}]
  - reply: [{text: Done.}]
"#;

/// The repository that [`World`] makes is replaced: `base/NAME` are made by git.
struct Trees {
    world: World,
}

impl Trees {
    /// `main`, and `repo` as what `line` makes of it; the line runs in the base.
    fn new(line: &str) -> Self {
        let world = World::new();
        std::fs::remove_dir_all(world.repo()).unwrap();
        let trees = Self { world };
        trees.sh(
            "git init -q -b main main && cd main && git config user.name Ann && git config user.email a@b.c && \
             echo '# Rules of main' > AGENTS.md && mkdir sub && echo '# Rules of sub' > sub/AGENTS.md && echo x > sub/code.txt && git add . && \
             git commit -qm Begin",
        );
        trees.sh(line);
        trees
    }

    fn linked() -> Self {
        Self::new("git -C main worktree add -q -b work ../repo && git -C main worktree add -q ../other")
    }

    fn base(&self) -> PathBuf {
        self.world.base()
    }

    /// Outside of any sandbox, in the base; wants success.
    #[track_caller]
    fn sh(&self, line: &str) -> String {
        let mut sh = Command::new("sh");
        sh.args(["-c", line]).current_dir(self.base()).env_clear();
        sh.env("PATH", std::env::var_os("PATH").unwrap()).env("HOME", self.base().join("home"));
        let output = sh.output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(output.status.success(), "{line}: {}{}", text(&output.stdout), text(&output.stderr));
        text(&output.stdout)
    }

    fn play(&self, script: &str, args: &[&str]) -> Ended {
        let model = self.world.script(script);
        self.world.stream(&model, &[&["Write me a poem"], args].concat())
    }

    /// What `iosm ARGS` says, errors too.
    fn says(&self, args: &[&str]) -> String {
        let ended = self.world.iosm(args).run();
        ended.out + &ended.err
    }
}

#[test]
fn all_of_a_working_day_goes_in_a_linked_work_tree() {
    let trees = Trees::linked();
    let ended = trees.play(WORK, &[]);
    assert_eq!(ended.code(), 0, "{} {}", ended.out, ended.err);
    assert!(ended.out.contains("Add a poem"), "{}", ended.out);
    assert!(!ended.out.contains("self_modify"), "{}", ended.out);
    // The commit is in the one repository, and main stands where it stood.
    assert!(trees.sh("git -C main log -1 work").contains("Iosm-Journal:"));
    assert_eq!(trees.sh("git -C main status --short --branch"), "## main\n");
    assert_eq!(trees.sh("git -C repo status --short --branch"), "## work\n");
    // Instructions are found as anywhere.
    assert!(ended.out.contains("1 line; with AGENTS.md"), "{}", ended.out);
    let why = trees.says(&["why", "poem.txt:1"]);
    assert!(why.contains("Write me a poem") && why.contains("Add a poem"), "{why}");
    let audit = trees.says(&["audit"]);
    assert!(audit.contains("Add a poem") && audit.contains("intact"), "{audit}");
    let checked = trees.says(&["kernel", "verify"]);
    assert!(checked.contains("signed by"), "{checked}");
    let doctor = trees.says(&["doctor"]);
    assert!(doctor.contains("main/.git/worktrees/repo)"), "{doctor}");
    // A checkpoint of this work tree, and none of it in another.
    let checkpoints = trees.says(&["checkpoints"]);
    assert!(checkpoints.contains("before turn 1"), "{checkpoints}");
    let restored = trees.says(&["checkpoints", "restore", "1"]);
    assert!(!trees.world.repo().join("poem.txt").exists(), "{restored}");
    assert!(trees.base().join("main/AGENTS.md").exists());
}

#[test]
fn hooks_configuration_and_other_work_trees_stay_as_they_are() {
    let trees = Trees::linked();
    trees.sh("echo mine > other/staged && git -C other add staged");
    let line = "G=$(git rev-parse --git-common-dir); git config core.fsmonitor evil; \
                echo evil > $G/hooks/post-commit; echo evil > $G/worktrees/other/HEAD; rm -f $G/index; \
                git worktree prune; git commit -q --allow-empty -m still; git log -1 --format=%s";
    let script = format!(
        "rules:\n  - when: {{turn: 1}}\n    reply: [{{tool_call: {{tool: bash, args: {{command: \"{line}\"}}}}}}]\n  - reply: [{{text: Done.}}]\n"
    );
    let ended = trees.play(&script, &[]);
    assert!(ended.out.contains("still"), "{}", ended.out);
    assert_eq!(trees.sh("git -C main config --list | grep -c evil || true"), "0\n");
    assert!(!trees.base().join("main/.git/hooks/post-commit").exists());
    assert_eq!(trees.sh("git -C other status --short; git -C main status --short"), "A  staged\n");
    // The file tools have no business there at all.
    let config = trees.base().join("main/.git/description");
    let explained =
        |tool: &str, args: String| trees.says(&["kernel", "explain", "--tool", tool, "--args", &args]);
    let path = format!("{{\"path\": {:?}, \"content\": \"x\"}}", config.display().to_string());
    assert!(explained("write", path).contains("git_internals"));
}

#[test]
fn a_submodule_is_a_workspace_like_any_other() {
    let trees = Trees::new(
        "git init -q -b main super && git -C super config user.name A && git -C super config user.email a@b.c && \
         git -C super -c protocol.file.allow=always submodule --quiet add ../main inner && \
         git -C super/inner config user.name A && git -C super/inner config user.email a@b.c && ln -s super/inner repo",
    );
    let ended = trees.play(WORK, &[]);
    assert_eq!(ended.code(), 0, "{} {}", ended.out, ended.err);
    assert_eq!(trees.sh("git -C super/inner log -1 --format=%s"), "Add a poem\n");
    assert!(trees.says(&["why", "poem.txt:1"]).contains("Write me a poem"));
}

#[test]
fn a_separate_git_directory_is_the_user_s_to_open() {
    let trees = Trees::new(
        "git clone -q --separate-git-dir store.git main repo && git -C repo config user.name A && \
         git -C repo config user.email a@b.c",
    );
    let store = trees.base().join("store.git").display().to_string();
    let hint = format!("--add-dir {store}");
    let ended = trees.play(WORK, &[]);
    assert!(ended.out.contains(&hint), "{}", ended.out);
    // Once where the session begins, and once where the command failed.
    let model = trees.world.script(WORK);
    let said = trees.world.text(&model, &["x"]);
    assert!(said.err.contains(&hint), "{}", said.err);
    assert_eq!(trees.sh("git -C repo log -1 --format=%s"), "Begin\n");
    let doctor = trees.says(&["doctor"]);
    assert!(doctor.contains(&hint) && doctor.contains("nothing in it names this work tree"), "{doctor}");
    let ended = trees.play(WORK, &["--add-dir", &store]);
    assert_eq!(trees.sh("git -C repo log -1 --format=%s"), "Add a poem\n", "{}", ended.out);
    assert!(!ended.out.contains(&hint), "{}", ended.out);
    trees.world.settings(&format!("add_dirs: [{store}]\n"));
    assert!(trees.says(&["doctor"]).contains("store.git)"), "{}", trees.says(&["doctor"]));
    let write = format!("{{\"path\": {:?}, \"content\": \"x\"}}", format!("{store}/config"));
    let args = ["kernel", "explain", "--tool", "write", "--args", &write];
    assert!(trees.says(&args).contains("git_internals"), "{}", trees.says(&args));
}

/// Somebody's `.git` file that leads to what is not its opens nothing, and takes nobody's name.
#[test]
fn a_hostile_git_file_opens_nothing() {
    let trees = Trees::linked();
    let base = trees.base();
    trees.sh(
        "mkdir -p home/.ssh other2 && echo sesame > home/.ssh/id_rsa && echo sesame > home/.ssh/config && \
         git init -q mine && echo sesame >> mine/.git/config && git init -q --bare home/.ssh/repo.git && \
         echo sesame >> home/.ssh/repo.git/config",
    );
    let honest = trees.says(&["paths"]);
    let at = |path: &str| base.join(path).display().to_string();
    let own_state = trees.world.state().join("state").display().to_string();
    let claims = [
        (at("home/.ssh"), None),
        ("/".to_owned(), None),
        (at("home"), None),
        (own_state, None),
        (at("mine/.git"), None),
        (at("main/.git"), None),
        (at("main/.git/worktrees/other"), None),
        // Proved by whoever made it, and still among credentials.
        (
            at("home/.ssh/repo.git"),
            Some("git --git-dir home/.ssh/repo.git config core.worktree \"$PWD/repo\""),
        ),
    ];
    for (target, rig) in claims {
        if let Some(rig) = rig {
            trees.sh(rig);
        }
        std::fs::write(base.join("repo/.git"), format!("gitdir: {target}\n")).unwrap();
        let ended = trees.play(LOOK, &[]);
        assert!(!ended.out.contains("sesame"), "{target}: {}", ended.out);
        assert!(
            ended.out.contains("git does not work") || ended.out.contains("stays closed"),
            "{target}: {}",
            ended.out
        );
        assert_ne!(trees.says(&["paths"]), honest, "{target}");
        let checked = trees.says(&["doctor"]);
        assert!(checked.contains("warn  workspace"), "{target}: {checked}");
        assert_eq!(
            trees.sh("git -C main log -1 --format=%s; git -C main status --short"),
            "Begin\n",
            "{target}"
        );
        assert_eq!(trees.sh("git -C mine log -1 2>&1 | grep -c x || true").trim(), "0", "{target}");
    }
}

#[test]
fn the_footer_names_the_work_tree_s_branch_and_whether_it_is_clean() {
    let trees = Trees::linked();
    std::fs::write(trees.base().join("other/new.txt"), "x").unwrap();
    trees.sh("git -C repo switch -qc violet");
    let model = trees.world.script("rules:\n  - reply: [{text: done}]\n");
    let clean = Terminal::start_with(&trees.world, 100, 30, &["-m", &model], &[]);
    let screen = clean.shows("violet");
    assert!(!screen.contains("violet*"), "{screen}");
    std::fs::write(trees.world.repo().join("new.txt"), "x").unwrap();
    Terminal::start_with(&trees.world, 100, 30, &["-m", &model], &[]).shows("violet*");
}
