//! Protected files below a writable root: nothing a command does to them lasts, and git still works.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::slice;

use iosm::host::sandbox::{Exit, Launch, Layers, Nested, Status, protected};

use super::{World, best, block_on, finish, full, launcher};

/// A repository with a hook, a policy, a worktree and a nested repository.
fn repository() -> World {
    let world = World::new();
    let line = "git init -q -b main . && git config user.email a@b && git config user.name n && echo x > f && \
                git add f && git commit -qm one && git worktree add -q ../tmp/tree && git worktree list && \
                echo '#!/bin/sh' > .git/hooks/pre-push && chmod 750 .git/hooks/pre-push && \
                git init -q sub && git init -q p/q/r && mkdir .iosm && echo policy > .iosm/policy.yaml && echo notes > .iosm/notes.md";
    let (output, exit) = world.run(line);
    assert!(exit.success(), "{output}");
    world
}

fn guarded(world: &World, line: &str, layers: Layers) -> Launch {
    let mut launch = world.shell(line);
    launch.layers = layers;
    launch.protected =
        protected(slice::from_ref(&world.root), slice::from_ref(&world.tmp), &Nested::default());
    launch
}

/// Every file below a folder with its mode and content.
fn contents(folder: &Path) -> Vec<(String, u32, Vec<u8>)> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in std::fs::read_dir(next).unwrap().flatten() {
            let (path, kind) = (entry.path(), entry.metadata().unwrap());
            if path.to_string_lossy().contains(".set-aside-") {
                continue;
            }
            if kind.is_dir() {
                open.push(path);
            } else {
                let mode = kind.permissions().mode();
                found.push((path.display().to_string(), mode, std::fs::read(&path).unwrap_or_default()));
            }
        }
    }
    found.sort();
    found
}

pub fn modes() -> Vec<Layers> {
    if full() {
        vec![best(), Layers { namespaces: true, ..Layers::NONE }, Layers::REDUCED]
    } else {
        vec![Layers::REDUCED]
    }
}

#[test]
fn nothing_done_to_protected_files_lasts() {
    for layers in modes() {
        let world = repository();
        let before = contents(&world.root);
        for line in [
            "echo evil >> .git/config",
            "echo evil > x; mv x .git/config",
            "rm .git/config",
            "ln -sf /etc/passwd .git/config",
            "echo evil > .git/hooks/pre-push",
            "chmod 777 .git/hooks/pre-push",
            "echo evil > .git/hooks/post-commit && chmod +x .git/hooks/post-commit",
            "rm -r .git/hooks",
            "mv .git/hooks .git/hooks2; mkdir .git/hooks; echo evil > .git/hooks/post-commit",
            "mv .git .git2 && cp -r .git2 .git && echo evil >> .git/config; rm -rf .git2/objects",
            "ln .git/config hard && echo evil >> hard; rm -f hard",
            "echo evil > .git/config.worktree",
            "echo ../evil > .git/commondir",
            "mkdir -p .git/info; echo evil > .git/info/attributes",
            "git config core.fsmonitor evil",
            "git config core.hooksPath evil",
            "echo evil >> sub/.git/config",
            "echo evil > p/q/r/.git/hooks/post-commit && chmod +x p/q/r/.git/hooks/post-commit",
            "rm -r p/q/r/.git/hooks; ln -s /tmp p/q/r/.git/hooks",
            "echo evil >> p/q/r/.git/config",
            "mv sub sub2; mkdir -p sub/.git; echo evil > sub/.git/config; rm -rf sub2",
            "echo evil > .git/worktrees/tree/commondir",
            "echo evil > .git/worktrees/tree/config.worktree",
            "echo evil > iosm.yaml",
            "echo evil > .iosm/policy.yaml",
            "echo evil > .iosm/waivers.yaml",
            "echo evil > .iosm/brand-new.yml",
            "mkdir .iosm/cycles; echo evil > .iosm/cycles/1.json",
            "rm -rf .iosm; mkdir .iosm; echo evil > .iosm/policy.yaml; echo notes > .iosm/notes.md",
            "rm .iosm/policy.yaml; mkdir .iosm/policy.yaml",
            "chmod 000 .iosm/policy.yaml",
        ] {
            let (output, exit) = finish(guarded(&world, line, layers));
            assert_eq!(exit.damaged, [] as [&Path; 0], "{layers:?} {line}: {output}");
            let after = contents(&world.root);
            for place in [
                "/.git/config",
                "/.git/hooks/",
                "/.git/commondir",
                "/.git/info/attributes",
                "/sub/.git/config",
                "/p/q/r/.git/hooks",
            ] {
                let part = |all: &[(String, u32, Vec<u8>)]| -> Vec<_> {
                    all.iter().filter(|(path, ..)| path.contains(place)).cloned().collect::<Vec<_>>()
                };
                assert!(part(&after) == part(&before), "{layers:?} {line} {place}: {output} {exit:?}");
            }
            let evil =
                after.iter().find(|(path, _, bytes)| bytes.starts_with(b"evil") && !path.ends_with("/x"));
            assert_eq!(evil, None, "{layers:?} {line}: {output} {exit:?}");
            assert_eq!(std::fs::read(world.root.join(".iosm/policy.yaml")).unwrap(), b"policy\n", "{line}");
        }
    }
}

#[test]
fn what_was_put_back_is_said() {
    let world = repository();
    let (_, exit) = finish(guarded(
        &world,
        "echo evil >> .git/config; echo evil > iosm.yaml; echo ok > f",
        Layers::REDUCED,
    ));
    assert_eq!(exit.restored, [world.root.join(".git/config"), world.root.join("iosm.yaml")]);
    assert_eq!(std::fs::read(world.root.join("f")).unwrap(), b"ok\n");
    let aside = std::fs::read_dir(&world.root).unwrap().flatten();
    let aside = aside.filter(|entry| entry.file_name().to_string_lossy().starts_with("iosm.yaml.set-aside-"));
    assert_eq!(aside.count(), 1);
    let (_, exit) = finish(guarded(&world, "echo ok >> f", Layers::REDUCED));
    assert!(exit.restored.is_empty(), "{exit:?}");
}

/// A git folder that is renamed away and replaced: the very folder comes back from wherever it lies, and
/// only what is so is called put back.
#[test]
fn a_git_folder_that_something_stands_in_for_comes_back() {
    for layers in modes() {
        let world = repository();
        let line = "git -C sub -c user.name=n -c user.email=a@b commit -q --allow-empty -m inner; mkdir ../tmp/evil; \
                    git init -q ../tmp/evil; mkdir -p deep/er";
        assert!(world.run(line).1.success());
        let git = world.root.join("sub/.git");
        for line in [
            "mv sub/.git sub/g2; ln -s $TMPDIR/evil/.git sub/.git",
            "mv sub/.git deep/er/x; ln -s $TMPDIR/evil/.git sub/.git",
            "mv sub/.git sub/.git2; echo \"gitdir: $TMPDIR/evil/.git\" > sub/.git",
            "mv sub/.git g3; echo evil >> g3/config; ln -s /nowhere sub/.git",
        ] {
            let before = contents(&git);
            let (output, exit) = finish(guarded(&world, line, layers));
            assert!(exit.restored.contains(&git), "{layers:?} {line}: {output} {exit:?}");
            assert_eq!(exit.damaged, [] as [&Path; 0], "{layers:?} {line}: {output}");
            assert_eq!(contents(&git), before, "{layers:?} {line}");
            let (log, _) = world.run("git -C sub log --format=%s; git -C sub rev-parse --show-toplevel");
            assert_eq!(log, format!("inner\n{}\n", world.root.join("sub").display()), "{layers:?} {line}");
        }
        // Nowhere to be found: what was kept is there again, and nobody says that all of it is.
        let config = std::fs::read(git.join("config")).unwrap();
        let (_, exit) = finish(guarded(&world, "rm -rf sub/.git; ln -s $TMPDIR/evil/.git sub/.git", layers));
        assert_eq!(exit.damaged, slice::from_ref(&git), "{layers:?} {exit:?}");
        assert!(!exit.restored.contains(&git), "{exit:?}");
        assert_eq!(std::fs::read(git.join("config")).unwrap(), config);
        // A clone that goes, and one that comes in its stead, are everyday work.
        for line in ["rm -rf p/q/r/.git", "mv p/q p/s", "rm -rf p; git clone -q . p/q"] {
            let (output, exit) = finish(guarded(&world, line, layers));
            assert_eq!((exit.restored, exit.damaged), (vec![], vec![]), "{layers:?} {line}: {output}");
        }
    }
}

/// The workspace's own, where no mount holds it.
#[test]
fn the_workspace_s_git_folder_comes_back_too() {
    let world = repository();
    let git = world.root.join(".git");
    let (_, exit) = finish(guarded(&world, "mv .git g2; ln -s /nowhere .git", Layers::REDUCED));
    assert_eq!((exit.restored, exit.damaged), (vec![git], vec![]));
    assert!(world.run("git log -1 && git worktree list | grep tree").1.success());
}

#[test]
fn a_command_that_overlaps_does_not_take_mischief_for_the_rightful_state() {
    let world = repository();
    let config = world.root.join(".git/config");
    let rightful = std::fs::read(&config).unwrap();
    block_on(async {
        let first = guarded(&world, "echo evil >> .git/config; touch done; sleep 0.3", Layers::REDUCED);
        let first = launcher().spawn(first).await.unwrap();
        super::wait_until("it is done", || world.root.join("done").exists());
        let second = launcher().spawn(guarded(&world, "sleep 0.6", Layers::REDUCED)).await.unwrap();
        assert_eq!(first.wait().await.unwrap().restored, std::slice::from_ref(&config));
        assert_eq!(second.wait().await.unwrap().restored, [] as [&Path; 0]);
    });
    assert_eq!(std::fs::read(&config).unwrap(), rightful);
}

#[test]
fn a_dropped_command_is_put_right_as_well() {
    let world = repository();
    let config = world.root.join(".git/config");
    let rightful = std::fs::read(&config).unwrap();
    block_on(async {
        let launch = guarded(&world, "echo evil >> .git/config; touch done; sleep 20", Layers::REDUCED);
        let running = launcher().spawn(launch).await.unwrap();
        super::wait_until("it is done", || world.root.join("done").exists());
        drop(running);
    });
    super::wait_until("it is put back", || std::fs::read(&config).unwrap() == rightful);
}

#[test]
fn what_the_user_changes_meanwhile_is_kept_and_seen() {
    if !full() {
        return;
    }
    let world = repository();
    let outside = |line: &str| {
        let done = std::process::Command::new("sh").args(["-c", line]).current_dir(&world.root).output();
        assert!(done.unwrap().status.success(), "{line}");
    };
    block_on(async {
        let server = guarded(&world, "touch ready; sleep 20", best());
        let server = launcher().spawn(server).await.unwrap();
        super::wait_until("it runs", || world.root.join("ready").exists());
        outside(
            "git config user.theirs yes && rm -r .git/hooks && rm -r sub && echo more >> .iosm/policy.yaml",
        );
        let seen =
            guarded(&world, "git config user.theirs; ls -d .git/hooks sub; cat .iosm/policy.yaml", best());
        let (output, exit) = launcher().spawn(seen).await.unwrap().finish(10_000).await.unwrap();
        let output = String::from_utf8(output).unwrap();
        assert!(output.starts_with("yes\n") && output.ends_with("policy\nmore\n"), "{output}");
        assert_eq!(output.matches("No such file").count(), 2, "{output}");
        assert_eq!(exit.restored, [] as [&Path; 0]);
        server.kill();
        assert_eq!(server.wait().await.unwrap().restored, [] as [&Path; 0]);
    });
    outside(
        "git config user.theirs && test ! -e .git/hooks && test ! -e sub && grep -q more .iosm/policy.yaml",
    );
}

/// Everyday git, and what it says where it cannot write its configuration.
#[test]
fn git_works_around_what_is_protected() {
    for layers in modes() {
        let world = repository();
        let run = |line: &str| -> (String, Exit) { finish(guarded(&world, line, layers)) };
        for line in [
            "echo y >> f && git add f && git commit -qm two && git log --oneline | wc -l | grep -q 2",
            "git switch -qc topic && git switch -q main && git branch -d topic",
            "git stash -q; echo z > g && git add g && git stash -q && git stash pop -q && git commit -qm three",
            "git worktree add -q ../tmp/second && git worktree remove ../tmp/second && git worktree prune",
            "git worktree remove --force ../tmp/tree && git worktree add -q inner",
            "git worktree remove inner && git clone -q . vendored && git -C vendored log -1 | wc -l",
            "rm -r vendored && git mv f h && git mv h f",
            "git tag v1 && git gc -q && git fsck 2>&1 | grep -vi notice | grep -ci error | grep -q 0",
            "git rebase -q HEAD~1 && git reset -q --hard HEAD && git clean -fdq -e sub -e .iosm",
            "git merge -q main && git cherry-pick --quit && git rm -q --cached g && git reset -q",
            "git clone -q . ../tmp/clone && git init -q ../tmp/fresh",
            "git update-index --refresh -q; git blame f > /dev/null && git bisect start -q; git bisect reset 2> /dev/null",
        ] {
            let (output, exit) = run(line);
            assert!(exit.success(), "{layers:?} {line}: {output} {exit:?}");
            assert_eq!(exit.restored, [] as [&Path; 0], "{layers:?} {line}: {output}");
        }
        for line in [
            "git config x.y z",
            "git remote add origin /nowhere",
            "git branch -q --set-upstream-to=main topic2",
        ] {
            let (output, exit) = run(line);
            let undone = !exit.success() || !exit.restored.is_empty();
            assert!(undone, "{layers:?} {line}: {output} {exit:?}");
            let locks = world.root.join(".git/config.lock").exists();
            assert!(!locks, "{layers:?} {line} leaves a lock: {output}");
        }
        assert!(run("git status --short && git log -1").1.success());
    }
}

/// Git commands that want to note something in `.git/config`: what becomes of their real work.
#[test]
fn git_that_notes_things_in_its_configuration_does_the_rest() {
    for layers in modes() {
        let world = World::new();
        let line = "git init -q --bare -b main ../tmp/origin && git clone -q ../tmp/origin . 2> /dev/null; git config user.email a@b && \
                    git config user.name n && echo x > f && git add f && git commit -qm one && git push -q origin HEAD HEAD:topic && \
                    git fetch -q && git remote set-head origin main && git config protocol.file.allow always";
        let (output, exit) = world.run(line);
        assert!(exit.success(), "{output}");
        // The command, and how its work is seen to be done (or not, with a `!`).
        for (line, seen) in [
            ("git switch -qc topic origin/topic", "git rev-parse -q --verify topic"),
            ("git switch -q --no-track -c plain origin/topic", "test $(git branch --show-current) = plain"),
            (
                "git switch -q main && git push -qu origin main:other",
                "git -C ../tmp/origin rev-parse -q --verify other",
            ),
            ("git push -q origin main:more", "git -C ../tmp/origin rev-parse -q --verify more"),
            ("git pull -q --ff-only origin main", "true"),
            ("git branch -q -D plain", "! git rev-parse -q --verify plain"),
            ("git branch -q b2 && git branch -m b2 b3", "git rev-parse -q --verify b3"),
            ("git remote add evil /nowhere", "! git remote | grep -q evil"),
            (
                "git -c protocol.file.allow=always submodule --quiet add $TMPDIR/origin sub",
                "test -e sub/f && test -e .gitmodules",
            ),
            ("git sparse-checkout set f; git sparse-checkout disable", "test -e f"),
        ] {
            let (output, exit) = finish(guarded(&world, line, layers));
            let (_, check) = world.run(&format!("{seen} > /dev/null 2>&1"));
            let said = (exit.status, output.trim());
            assert_eq!((line, check.status), (line, Status::Code(0)), "{layers:?}: {said:?}");
        }
    }
}
