//! What a command may read and change.

use std::os::unix::fs::symlink;

use iosm::host::sandbox::{Layers, SandboxError};

use super::{World, best, finish, full, try_finish};

#[test]
fn the_root_can_be_changed_and_nothing_outside() {
    let world = World::new();
    symlink(&world.outside, world.root.join("link")).unwrap();
    let (output, exit) =
        world.run("mkdir -p a/b && echo hello > a/b/c && mv a/b/c a/d && ln a/d a/b/e && cat a/b/e");
    assert_eq!((output.as_str(), exit.success()), ("hello\n", true));
    for line in [
        "echo x > $OUT/new",
        "echo x > ../outside/new",
        "echo x > link/new",
        "cd $OUT && echo x > new",
        "cd / && echo x > $OUT/new",
        "mv a $OUT/new",
        "ln a/d $OUT/new",
        "rm -rf $OUT/secret && false",
        "echo x >> $OUT/secret",
        "truncate -s 0 $OUT/secret",
        "mkdir $OUT/new",
        "ln -s /etc $OUT/new",
        "mkfifo $OUT/new",
        "ln $OUT/secret stolen && cat stolen",
        "mv $OUT/secret stolen",
    ] {
        for layers in [best(), Layers::REDUCED] {
            let mut launch = world.shell(line);
            launch.layers = layers;
            let (output, exit) = finish(launch);
            assert!(!exit.success(), "{line}: {output}");
            assert_eq!(std::fs::read(world.outside.join("secret")).unwrap(), b"sesame", "{line}");
            assert_eq!(std::fs::read_dir(&world.outside).unwrap().count(), 1, "{line}");
        }
    }
    for place in ["/tmp/iosm-new", "/var/tmp/iosm-new", "/dev/shm/iosm-new"] {
        let mut launch = world.shell(&format!("echo x > {place}"));
        launch.layers = Layers::REDUCED;
        assert!(!finish(launch).1.success(), "{place}");
        assert_eq!(world.run(&format!("echo x > {place}")).1.success(), full(), "{place}");
        assert!(!std::path::Path::new(place).exists(), "{place}");
    }
}

#[test]
fn credentials_cannot_be_read() {
    let world = World::new();
    let home = std::path::PathBuf::from(std::env::var("HOME").unwrap());
    // Tried by real names, whether or not they exist here: what does not exist cannot be read either.
    let mut places = vec![world.outside.join("secret"), "/etc/shadow".into(), "/etc/ssl/private".into()];
    places
        .extend([".ssh", ".ssh/id_rsa", ".cargo/credentials.toml", ".bashrc", ".aws"].map(|p| home.join(p)));
    for place in places {
        let (output, exit) = world.run(&format!("cat {0} || ls {0}/", place.display()));
        assert!(!exit.success() && !output.contains("sesame"), "{}: {output}", place.display());
    }
    // With namespaces there is a folder above the root, which holds only what was granted.
    let mut launch = world.shell(&format!("ls .. || ls / || ls {}", home.display()));
    launch.layers = Layers::REDUCED;
    let (output, exit) = finish(launch);
    assert!(!exit.success(), "{output}");
    let (output, _) = world.run(&format!("ls -a .. / {}; ls -a /etc /run /var", home.display()));
    for hidden in ["outside", "shadow", "sudoers", ".ssh", ".bashrc", "docker.sock", "log\n"] {
        assert!(!output.contains(hidden), "{hidden}: {output}");
    }
}

#[test]
fn a_file_beside_a_readable_folder_stays_closed() {
    let world = World::new();
    let cargo = world.outside.join("cargo");
    std::fs::create_dir_all(cargo.join("registry")).unwrap();
    std::fs::write(cargo.join("registry/crate"), "code").unwrap();
    std::fs::write(cargo.join("credentials.toml"), "sesame").unwrap();
    let mut launch = world.shell("cat $OUT/cargo/registry/crate; cat $OUT/cargo/credentials.toml");
    launch.read = vec![cargo.join("registry"), "/nowhere/at/all".into()];
    let (output, exit) = finish(launch);
    assert!(output.starts_with("code") && !output.contains("sesame") && !exit.success(), "{output}");
    let mut launch = world.shell("echo x > $OUT/cargo/registry/crate");
    launch.read = vec![cargo.join("registry")];
    assert!(!finish(launch).1.success());
    assert_eq!(std::fs::read(cargo.join("registry/crate")).unwrap(), b"code");
}

#[test]
fn a_root_swapped_for_a_link_opens_nothing() {
    let world = World::new();
    let cache = world.root.join("cache");
    symlink("/", &cache).unwrap();
    let mut launch = world.shell("echo x > $OUT/new");
    launch.write.push(cache.clone());
    let error = try_finish(launch).unwrap_err();
    assert!(matches!(&error, SandboxError::Root { path, .. } if *path == cache), "{error}");
    let mut launch = world.shell("true");
    launch.write.push(world.root.join("absent"));
    assert!(matches!(try_finish(launch).unwrap_err(), SandboxError::Root { .. }));
}

#[test]
fn iosm_itself_cannot_be_looked_into() {
    let world = World::new();
    let me = std::process::id();
    for part in ["environ", "mem", "maps", "root/etc/shadow", "cwd/Cargo.toml", "fd"] {
        let (output, exit) = world.run(&format!("ls -l /proc/{me}/{part}/ || head -c 9 /proc/{me}/{part}"));
        assert!(!exit.success(), "{part}: {output}");
    }
    let (output, exit) = world.run(&format!("kill -0 {me} || kill -0 $PPID"));
    assert!(!exit.success(), "{output}");
}

#[test]
fn everyday_devices_work_and_terminals_of_others_do_not() {
    let world = World::new();
    let (output, exit) = world.run(
        "echo x > /dev/null && head -c 4 /dev/urandom | wc -c && echo e > /dev/stderr && cat < /dev/null",
    );
    assert_eq!((output.as_str(), exit.success()), ("4\ne\n", true), "{exit:?}");
    let (output, exit) = world.run("echo x > /dev/tty");
    assert!(!exit.success(), "{output}");
    let (output, _) = world.run("ls /dev/pts | grep -v ptmx");
    assert!(!output.contains(|letter: char| letter.is_ascii_digit()), "{output}");
    let (output, exit) = world.run("mknod disk b 254 0");
    assert!(!exit.success(), "{output}");
}

#[test]
fn landlock_alone_fences_files_and_seccomp_alone_does_not() {
    let world = World::new();
    let write = |layers| {
        let mut launch = world.shell("echo x > $OUT/new");
        launch.layers = layers;
        finish(launch).1.success()
    };
    assert!(!write(Layers { landlock: true, ..Layers::NONE }));
    assert!(!world.outside.join("new").exists());
    assert!(write(Layers { seccomp: true, ..Layers::NONE }));
    assert!(world.outside.join("new").exists());
}
