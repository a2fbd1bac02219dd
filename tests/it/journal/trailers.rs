//! The `git` that commands find first: trailers on commits, and git's own words and exit codes else.

use std::process::{Command, Output};

use super::world::Repo;

/// The shim as the kernel sets it up, without the kernel.
struct Bench {
    repo: Repo,
    bin: tempfile::TempDir,
}

const TRAILERS: &str = "Iosm-Run=r_2\nIosm-Model=a/b c:d\nIosm-Journal=2-5:abc";

impl Bench {
    fn new() -> Self {
        use std::os::unix::fs::PermissionsExt;
        let bin = tempfile::tempdir().unwrap();
        let shim = bin.path().join("git");
        std::fs::write(&shim, include_str!("../../../templates/git.sh")).unwrap();
        std::fs::set_permissions(&shim, std::fs::Permissions::from_mode(0o755)).unwrap();
        Self { repo: Repo::new(), bin }
    }

    fn line(&self, line: &str, shimmed: bool) -> Output {
        let path = std::env::var("PATH").unwrap();
        let path = if shimmed { format!("{}:{path}", self.bin.path().display()) } else { path };
        let mut shell = Command::new("sh");
        shell.args(["-c", line]).current_dir(self.repo.world.repo()).env_clear();
        shell.env("PATH", path).env("HOME", self.repo.world.base().join("home"));
        shell.env("IOSM_TRAILERS", TRAILERS).env("LANG", "C.UTF-8").output().unwrap()
    }

    fn message(&self) -> String {
        self.repo.git(&["log", "-1", "--format=%B"]).trim_end().to_owned()
    }
}

const STAMP: &str = "Iosm-Run: r_2\nIosm-Model: a/b c:d\nIosm-Journal: 2-5:abc";

#[test]
fn commits_are_stamped_however_they_are_spelled() {
    let bench = Bench::new();
    bench.repo.world.write("message", "From a file\n");
    let table = [
        ("git commit -q --allow-empty -m one", "one"),
        ("git commit -q --allow-empty -mone", "one"),
        ("git commit --quiet --allow-empty --message='one two'", "one two"),
        ("git commit -q --allow-empty -m one -m 'More of it'", "one\n\nMore of it"),
        ("git -C . -c core.abbrev=9 commit -q --allow-empty -m one", "one"),
        ("git --git-dir=.git --work-tree . commit -q --allow-empty -m one", "one"),
        ("cd src && git -C .. commit -q --allow-empty -m one", "one"),
        ("printf 'From a pipe\\n' | git commit -q --allow-empty -F -", "From a pipe"),
        ("git commit -q --allow-empty -F message", "From a file"),
        ("git commit -q --allow-empty -C HEAD", "From a file"),
        ("echo x >> a.txt; git commit -qam 'Change a'", "Change a"),
        ("echo y >> a.txt; git commit -q -m 'Only a' -- a.txt", "Only a"),
        ("git commit -q --allow-empty -m \"it's 'quoted' \\$HOME * \"", "it's 'quoted' $HOME *"),
    ];
    for (line, message) in table {
        let done = bench.line(line, true);
        assert!(done.status.success() && done.stderr.is_empty(), "{line}: {done:?}");
        assert_eq!(bench.message(), format!("{message}\n\n{STAMP}"), "{line}");
    }
}

#[test]
fn an_amended_commit_has_ours_once_and_keeps_the_others() {
    let bench = Bench::new();
    let earlier = "git commit -q --allow-empty -m one --trailer Iosm-Run=r_1 --trailer Reviewed-by=Bo --trailer Reviewed-by=Cy";
    assert!(bench.line(earlier, false).status.success());
    for line in
        ["git commit -q --allow-empty --amend --no-edit", "git commit -q --allow-empty --amend --no-edit"]
    {
        assert!(bench.line(line, true).status.success());
        assert_eq!(bench.message(), format!("one\n\nReviewed-by: Bo\nReviewed-by: Cy\n{STAMP}"), "{line}");
    }
}

/// What git says and returns is what it says without us.
#[test]
fn gits_own_words_and_exit_codes_stay() {
    let (ours, theirs) = (Bench::new(), Bench::new());
    let table = [
        "git commit -m ''",
        "git commit --allow-empty -m ' '",
        "git commit --allow-empty --message=",
        "printf '' | git commit --allow-empty -F -",
        "git commit --allow-empty -F empty",
        "EDITOR=true git commit --allow-empty",
        "git commit --allow-empty",
        "git commit -m 'nothing to do'",
        "git commit -h",
        "git commit --no-such-option -m x",
        "git commit --dry-run -m x",
        "git status --short",
        "git log --format=%s",
        "git rev-parse --show-toplevel | wc -l",
        "git",
        "git no-such-command",
        "git -C nowhere status",
        "git merge --abort",
        "git cherry-pick --quit",
        "git diff --exit-code -- a.txt",
        "echo z >> a.txt; git diff --exit-code -- a.txt",
        "git add -A && git commit -m 'A commit in full words' | sed 's/[0-9a-f]\\{7,\\}//'",
        "git stash list",
    ];
    for bench in [&ours, &theirs] {
        bench.repo.world.write("empty", "\n");
    }
    let shown = |bench: &Bench, bytes: &[u8]| {
        String::from_utf8_lossy(bytes).replace(&bench.repo.world.base().display().to_string(), "BASE")
    };
    for line in table {
        let (a, b) = (ours.line(line, true), theirs.line(line, false));
        assert_eq!(a.status.code(), b.status.code(), "{line}: {a:?} {b:?}");
        assert_eq!(shown(&ours, &a.stdout), shown(&theirs, &b.stdout), "{line}");
        assert_eq!(shown(&ours, &a.stderr), shown(&theirs, &b.stderr), "{line}");
    }
}

#[test]
fn hooks_of_the_user_run_and_may_refuse() {
    use std::os::unix::fs::PermissionsExt;
    let bench = Bench::new();
    let hook = bench.repo.world.repo().join(".git/hooks/commit-msg");
    std::fs::create_dir_all(hook.parent().unwrap()).unwrap();
    std::fs::write(
        &hook,
        "#!/bin/sh\ncp \"$1\" seen\ngrep -q good \"$1\" || { echo 'not good' >&2; exit 3; }\n",
    )
    .unwrap();
    std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).unwrap();
    let refused = bench.line("git commit -q --allow-empty -m bad", true);
    assert!(!refused.status.success() && String::from_utf8_lossy(&refused.stderr).contains("not good"));
    assert!(bench.line("git commit -q --allow-empty -m good", true).status.success());
    assert!(
        bench.repo.world.read("seen").contains("Iosm-Run: r_2"),
        "the hook sees the message as it will be"
    );
}

/// Through the kernel and the sandbox.
#[test]
fn an_agents_commit_names_its_rows_and_the_shim_cannot_be_changed() {
    let repo = Repo::new();
    repo.play().expect(0);
    let message = repo.git(&["log", "-1", "--format=%B"]);
    let rows = std::fs::read_to_string(repo.journal()).unwrap();
    let claim = message.lines().find_map(|line| line.strip_prefix("Iosm-Journal: ")).unwrap();
    let (range, hash) = claim.split_once(':').unwrap();
    let (first, last) = range.split_once('-').unwrap();
    let line = |number: &str| rows.lines().nth(number.parse::<usize>().unwrap() - 1).unwrap();
    assert!(line(last).contains(&format!("\"hash\":\"{hash}\"")) && line(last).contains("\"tool\":\"bash\""));
    assert!(line(first).contains("\"rule\":\"prompt\""));
    let run = message.lines().find_map(|line| line.strip_prefix("Iosm-Run: ")).unwrap();
    assert!(line(last).contains(&format!("\"run\":\"{run}\"")), "{message}");
    assert!(message.contains("\nIosm-Model: scripted/") && !message.contains("Iosm-Task"));
    let after = rows.lines().nth(last.parse::<usize>().unwrap()).unwrap();
    assert!(after.contains(&format!("\"commit\":\"{}\"", repo.head())), "the kernel saw the commit: {after}");

    let model = repo.world.script(
        "rules:\n  - when: {turn: 1}\n    reply: [{tool_call: {tool: bash, args: {command: 'shim=$(command -v git); echo boo >> \"$shim\" || echo refused; rm \"$shim\" || echo kept'}}}]\n  - reply: [{text: Done.}]\n",
    );
    repo.world.text(&model, &["try"]).expect(0);
    assert!(repo.world.session_holds("refused") && repo.world.session_holds("kept"));
}

#[test]
fn a_setting_leaves_commits_as_they_are() {
    let repo = Repo::new();
    repo.world.settings("commit_trailers: false\n");
    repo.play().expect(0);
    assert_eq!(repo.git(&["log", "-1", "--format=%B"]).trim(), "Add a poem");
}
