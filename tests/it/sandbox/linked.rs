//! A linked work tree whose repository lies elsewhere: git works in it, and what is others' stays theirs.

use std::path::PathBuf;
use std::process::Command;
use std::slice;

use iosm::host::sandbox::{Exit, Launch, Layers, Nested, protected};

use super::protect::modes;
use super::{World, finish};

/// `root` is a work tree of `outside/main`, which has another one in `outside/other`.
fn linked() -> World {
    let world = World::new();
    let line = "set -e; main=$OUT/main; git init -q -b main $main; cd $main; git config user.email a@b; git config user.name n; \
                echo x > f; git add f; git commit -qm one; git worktree add -q $OUT/other; git worktree add -q -b work $ROOT; \
                echo mine > $OUT/other/staged; git -C $OUT/other add staged";
    let done = Command::new("sh")
        .args(["-c", line])
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("OUT", &world.outside)
        .env("ROOT", &world.root)
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    world
}

fn common(world: &World) -> PathBuf {
    world.outside.join("main/.git")
}

/// As a session starts its commands when the git directory was proved.
fn launch(world: &World, line: &str, layers: Layers) -> Launch {
    let mut launch = world.shell(line);
    launch.layers = layers;
    launch.write.push(common(world));
    let roots = [world.root.clone(), common(world)];
    launch.protected = protected(&roots, slice::from_ref(&world.tmp), &Nested::default());
    launch
}

fn outside(world: &World, line: &str) -> String {
    let mut sh = Command::new("sh");
    sh.args(["-c", line]).current_dir(&world.outside).env("OUT", &world.outside);
    let done = sh.output().unwrap();
    assert!(done.status.success(), "{line}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap()
}

#[test]
fn git_works_in_a_linked_work_tree() {
    for layers in modes() {
        let world = linked();
        let run = |line: &str| -> (String, Exit) { finish(launch(&world, line, layers)) };
        for line in [
            "git status --short && echo y >> f && git commit -qam two && git log --oneline | grep -c . | grep -q 2",
            "git switch -qc topic && git switch -q work && git branch -d topic && git tag v1 && git tag -d v1",
            "echo z > g && git add g && git stash -q && git stash pop -q && git commit -qm three",
            "git pack-refs --all && git branch b1 && git branch -d b1",
            "git rebase -q --force-rebase HEAD~1 && git reset -q --hard && git worktree list | grep -q other",
            "git worktree add -q inner && git -C inner commit -q --allow-empty -m in && git worktree remove inner",
            "git diff main --stat && git merge -q main && git cherry-pick --quit; git bisect start -q && git bisect reset",
        ] {
            let (output, exit) = run(line);
            assert!(exit.success(), "{layers:?} {line}: {output} {exit:?}");
            assert_eq!(exit.restored, [] as [PathBuf; 0], "{layers:?} {line}: {output}");
        }
        // Seen from outside, it is all in the one repository, and the others stand where they stood.
        assert!(outside(&world, "git -C main log --format=%s work").starts_with("three\n"));
        assert_eq!(
            outside(&world, "git -C main branch --show-current; git -C main status --short"),
            "main\n"
        );
        assert_eq!(outside(&world, "git -C other status --short"), "A  staged\n");
    }
}

#[test]
fn what_runs_programs_and_what_is_others_stays() {
    for layers in modes() {
        let world = linked();
        let shared =
            ["config", "hooks", "commondir", "info/attributes"].map(|name| common(&world).join(name));
        let own = common(&world).join("worktrees/root");
        let read = |path: &PathBuf| match path.is_dir() {
            true => outside(&world, &format!("ls {} | grep -v set-aside", path.display())).into_bytes(),
            false => std::fs::read(path).unwrap_or_default(),
        };
        let places = [
            &shared[..],
            &["commondir", "gitdir", "config.worktree"].map(|name| own.join(name)),
            &["commondir", "gitdir", "config.worktree"]
                .map(|name| common(&world).join("worktrees/other").join(name)),
            &[world.root.join(".git")],
        ]
        .concat();
        let before: Vec<Vec<u8>> = places.iter().map(read).collect();
        for line in [
            "echo evil >> $G/config",
            "git config core.fsmonitor evil",
            "git config --worktree core.fsmonitor evil",
            "echo evil > $G/hooks/post-commit && chmod +x $G/hooks/post-commit",
            "mv $G/hooks $G/h2; mkdir $G/hooks; echo evil > $G/hooks/post-commit",
            "echo evil > $G/commondir",
            "mkdir -p $G/info; echo '* filter=evil' > $G/info/attributes",
            "echo evil > $G/worktrees/root/commondir",
            "echo evil > $G/worktrees/root/gitdir",
            "echo evil > $G/worktrees/root/config.worktree",
            "mv $G/worktrees/root $G/worktrees/r2; ln -s $TMPDIR $G/worktrees/root",
            "echo evil > $G/worktrees/other/commondir",
            "echo evil > $G/worktrees/other/gitdir",
            "echo gitdir: /nowhere > .git",
            "rm .git; mkdir .git; echo evil > .git/config",
        ] {
            let mut launch = launch(&world, line, layers);
            launch.env.push(("G".into(), common(&world).display().to_string()));
            let (output, exit) = finish(launch);
            assert_eq!(exit.damaged, [] as [PathBuf; 0], "{layers:?} {line}: {output}");
            let after: Vec<Vec<u8>> = places.iter().map(read).collect();
            assert!(after == before, "{layers:?} {line}: {output} {exit:?}");
        }
        let (output, exit) = finish(launch(&world, "git status && git commit -q --allow-empty -m x", layers));
        assert!(exit.success(), "{layers:?}: {output}");
    }
}

/// What other work trees have for themselves is held by mounts; without, others may work there meanwhile.
#[test]
fn other_work_trees_are_not_pruned_switched_or_emptied() {
    for layers in modes().into_iter().filter(|layers| layers.namespaces) {
        let world = linked();
        for line in [
            "git worktree prune",
            "git gc -q --prune=now",
            "git worktree remove --force other",
            "rm -rf $G/worktrees/other",
            "mv $G/worktrees/other $G/worktrees/o2",
            "echo ref: refs/heads/work > $G/worktrees/other/HEAD",
            "rm -f $G/worktrees/other/index",
            "rm -f $G/index",
            "echo ref: refs/heads/work > $G/HEAD",
            "git --git-dir=$G symbolic-ref HEAD refs/heads/work",
        ] {
            let mut launch = launch(&world, line, layers);
            launch.env.push(("G".into(), common(&world).display().to_string()));
            let (output, _) = finish(launch);
            let seen = outside(&world, "git -C other status -sb; git -C main status -sb");
            assert_eq!(seen, "## other\nA  staged\n## main\n", "{layers:?} {line}: {output}");
        }
        // What is gone is pruned all the same.
        outside(&world, "rm -r other");
        let (output, exit) =
            finish(launch(&world, "git worktree prune; git gc -q && git worktree list", layers));
        assert!(exit.success() && !output.contains("other"), "{output}");
    }
}
