//! What a line was judged not to do, its sandbox does not let it do: roots that are only to be read, and
//! files below them that are not even that.

use std::collections::BTreeMap;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use iosm::host::sandbox::{Exit, Launch, Layers};

use super::{World, best, finish, full};

const NAMESPACES: Layers = Layers { namespaces: true, ..Layers::NONE };
const LANDLOCK: Layers = Layers { landlock: true, ..Layers::NONE };

/// Each layer that holds files alone, and both modes.
fn modes() -> Vec<Layers> {
    let all = [NAMESPACES, LANDLOCK, Layers::REDUCED, Layers::ALL];
    all.into_iter().filter(|layers| !layers.namespaces || full()).collect()
}

/// A workspace that is only to be read.
fn look(world: &World, line: &str, layers: Layers) -> Launch {
    let mut launch = world.shell(line);
    launch.write = vec![world.tmp.clone()];
    launch.read = vec![world.root.clone()];
    launch.layers = layers;
    launch
}

type Tree = BTreeMap<PathBuf, (u32, i64, Vec<u8>)>;

/// Names, modes, times of names and contents of everything below a folder.
fn tree(folder: &Path) -> Tree {
    let mut found = Tree::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in std::fs::read_dir(next).unwrap().flatten() {
            let (path, stat) = (entry.path(), entry.metadata().unwrap());
            if stat.is_dir() {
                open.push(path.clone());
            }
            found.insert(path.clone(), (stat.mode(), stat.mtime(), std::fs::read(path).unwrap_or_default()));
        }
    }
    found
}

fn workspace() -> World {
    let world = World::new();
    let line = "git init -q -b main . && git config user.email a@b && git config user.name n && \
                mkdir -p src/deep && echo one > src/a && echo two > src/deep/b && git add . && git commit -qm one";
    let (output, exit) = world.run(line);
    assert!(exit.success(), "{output}");
    for (path, text) in [(".env", "sesame"), ("src/deep/.env.local", "sesame"), (".npmrc", "sesame")] {
        std::fs::write(world.root.join(path), text).unwrap();
    }
    symlink(".env", world.root.join("link")).unwrap();
    world
}

#[test]
fn a_root_that_is_not_to_be_written_stays_as_it_is_under_each_layer() {
    let world = workspace();
    let before = tree(&world.root);
    for layers in modes() {
        for line in [
            "touch new",
            "echo x > src/a",
            "echo x >> src/a",
            "rm -f src/a",
            "rm -rf src",
            "mv src src2",
            "mv src/a $TMPDIR/a",
            "ln src/a src/hard",
            "ln src/a $TMPDIR/hard && echo x > $TMPDIR/hard",
            "ln -s a src/soft",
            "mkdir d",
            "sed -i s/one/1/ src/a",
            "cp src/a src/c",
            "truncate -s 0 src/a",
            "git reset -q --hard HEAD~1",
            "git commit -q --allow-empty -m x",
            "exec 3<>src/a && echo x >&3",
            "x='a[$(rm -rf src; echo gone > notes)]'; echo $((x)); false",
            "cd src && find . -delete",
        ] {
            let (output, exit) = finish(look(&world, line, layers));
            assert!(!exit.success(), "{layers:?} {line}: {output}");
            assert_eq!(tree(&world.root), before, "{layers:?} {line}: {output}");
        }
        for line in ["chmod 777 src/a", "touch -d 2001-01-01 src/a"] {
            if layers.namespaces {
                assert!(!finish(look(&world, line, layers)).1.success(), "{layers:?} {line}");
                assert_eq!(tree(&world.root), before, "{layers:?} {line}");
            }
        }
        for line in [
            "git status --short && git diff --stat && git log --oneline && git stash list",
            "cat src/a > $TMPDIR/copy && grep -r one src && cp -r src $TMPDIR/src && rm -r $TMPDIR/src",
            "cat <<< here && diff <(echo a) <(echo a) && ls -la",
        ] {
            let (output, exit) = finish(look(&world, line, layers));
            assert!(exit.success(), "{layers:?} {line}: {output}");
        }
    }
}

fn closing(world: &World, line: &str, layers: Layers) -> (String, Exit) {
    let mut launch = look(world, line, layers);
    launch.closed = [".env", "src/deep/.env.local", ".npmrc"].map(|path| world.root.join(path)).to_vec();
    finish(launch)
}

#[test]
fn a_closed_file_is_read_under_no_layer_and_all_others_are() {
    let world = workspace();
    let before = tree(&world.root);
    for layers in modes() {
        for line in [
            "cat .env",
            "cat link",
            "cat ./src/../.env",
            "cat src/deep/.env.local",
            "cp .env $TMPDIR/out && cat $TMPDIR/out",
            "ln .env $TMPDIR/hard && cat $TMPDIR/hard",
            "mv .env $TMPDIR/moved && cat $TMPDIR/moved",
            "chmod 644 .env; cat .env",
            "exec 3< .env && cat <&3",
            "cat /proc/self/cwd/.env",
            "umount .env; cat .env",
            "git hash-object -w .env && false",
            "git diff --no-index /dev/null .env | grep sesame",
        ] {
            let (output, exit) = closing(&world, line, layers);
            assert!(!exit.success() && !output.contains("sesame"), "{layers:?} {line}: {output}");
            assert_eq!(tree(&world.root), before, "{layers:?} {line}: {output}");
        }
        let (output, _) =
            closing(&world, "grep -r . . --exclude-dir=.git | sort; find . -type f | xargs cat", layers);
        assert!(!output.contains("sesame"), "{layers:?}: {output}");
        assert!(
            output.contains("src/a:one\n") && output.contains("src/deep/b:two\n"),
            "{layers:?}: {output}"
        );
        assert!(output.contains(".env: Permission denied"), "{layers:?}: {output}");
        let (output, exit) = closing(&world, "ls -a . src/deep && cat src/a && git status --short", layers);
        assert!(exit.success() && output.contains("b\n") && output.contains("one\n"), "{layers:?}: {output}");
        // The next command without it finds them as they are.
        assert_eq!(finish(look(&world, "cat .env link", layers)).0, "sesamesesame", "{layers:?}");
    }
}

#[test]
fn a_file_in_the_stead_of_a_closed_one_is_closed_too() {
    for layers in modes() {
        let world = workspace();
        let env = world.root.join(".env");
        for round in 0..5 {
            assert!(!closing(&world, "cat .env", layers).0.contains("sesame"), "{layers:?} {round}");
            std::fs::remove_file(&env).unwrap();
            // Some file systems hand out the number of the old one again.
            std::fs::write(&env, "sesame").unwrap();
            std::fs::set_permissions(&env, std::fs::Permissions::from_mode(0o644)).unwrap();
        }
        std::fs::remove_file(&env).unwrap();
        let (output, exit) = closing(&world, "ls -a && cat src/a", layers);
        assert!(exit.success(), "{layers:?}: one that is gone is no obstacle: {output}");
    }
}

#[test]
fn mounts_close_files_below_a_root_that_is_written() {
    if !full() {
        return;
    }
    for layers in [NAMESPACES, Layers::ALL] {
        for line in [
            "grep -rh . . > out; cat out",
            "mv src src2; cat src2/deep/.env.local",
            "rm -f .env; mv .env x; cat .env x",
            "echo y > .env; cat .env",
            "cp -r . $TMPDIR/copy; cat $TMPDIR/copy/.env $TMPDIR/copy/src/deep/.env.local",
        ] {
            let world = workspace();
            let mut launch = world.shell(line);
            launch.layers = layers;
            launch.closed =
                [".env", "src/deep/.env.local", ".npmrc"].map(|path| world.root.join(path)).to_vec();
            let (output, _) = finish(launch);
            assert!(!output.contains("sesame"), "{layers:?} {line}: {output}");
            assert_eq!(std::fs::read(world.root.join(".env")).unwrap(), b"sesame", "{layers:?} {line}");
        }
    }
}

#[test]
fn what_a_line_puts_into_the_private_tmp_a_line_that_only_looks_finds() {
    if !full() {
        return;
    }
    let world = workspace();
    let mut write = world.shell("echo kept > /tmp/note");
    write.read = vec![world.root.clone()];
    assert!(finish(write).1.success());
    assert_eq!(finish(look(&world, "cat /tmp/note && echo more > /tmp/note", best())).0, "kept\n");
    let mut write = world.shell("cat /tmp/note");
    write.read = vec![world.root.clone()];
    assert_eq!(finish(write).0, "more\n");
}
