//! What namespaces add: a network, processes and files of a command's own.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use iosm::host::sandbox::{Launch, Layers, Network, SandboxError, Strength};

use super::probe::Probe;
use super::{World, block_on, finish, full, launcher, try_finish};

/// This binary as the program to run.
pub fn probe(world: &World, probe: &Probe) -> Launch {
    let program = std::env::current_exe().unwrap();
    let mut launch = world.argv(&[program.to_str().unwrap()]);
    launch.read.push(program);
    launch.env.push(probe.variable());
    launch
}

#[test]
fn a_proxied_command_reaches_our_socket_and_nothing_else() {
    if !full() {
        return;
    }
    let world = World::new();
    let outside = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut launch = probe(&world, &Probe::TcpTalk(8118));
    launch.network = Network::Proxied;
    let (said, output, success) = block_on(async {
        let mut running = launcher().spawn(launch).await.unwrap();
        let listener = TcpListener::from(running.proxy.take().unwrap());
        assert_eq!(listener.local_addr().unwrap().to_string(), "127.0.0.1:8118");
        let said = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut said = [0; 5];
            stream.read_exact(&mut said).unwrap();
            stream.write_all(b"world").unwrap();
            said
        });
        let (output, exit) = running.finish(1000).await.unwrap();
        (said.join().unwrap(), String::from_utf8(output).unwrap(), exit.success())
    });
    assert_eq!((&said, output.as_str(), success), (b"hello", "world\n", true));

    // A loopback of its own: neither the machine's, nor the one of the other commands.
    let mut launch = probe(&world, &Probe::TcpConnect(outside.local_addr().unwrap().port()));
    launch.network = Network::Proxied;
    let (output, exit) = finish(launch);
    assert!(!exit.success() && output.contains("ConnectionRefused"), "{output}");
}

#[test]
fn a_proxied_command_needs_namespaces() {
    let world = World::new();
    let mut launch = world.shell("true");
    launch.layers = Layers::REDUCED;
    launch.network = Network::Proxied;
    assert!(matches!(try_finish(launch).unwrap_err(), SandboxError::NeedsNamespaces));
}

/// Started as a program of its own by the test below, with `unshare` refused; nothing to do otherwise.
#[test]
fn without_namespaces() {
    if std::env::var("IOSM_TEST_NO_UNSHARE").is_err() {
        return;
    }
    let world = World::new();
    let mut launch = world.shell("echo ran > ran");
    launch.layers = Layers::ALL;
    let error = try_finish(launch).unwrap_err();
    assert!(matches!(&error, SandboxError::Namespaces { .. }), "{error}");
    assert!(error.to_string().contains("was not run") && !world.root.join("ran").exists(), "{error}");
    let strength = block_on(launcher().strength()).unwrap();
    assert!(
        matches!(&strength, Strength::Reduced { why, .. } if why.contains("user namespace")),
        "{strength}"
    );
    let mut launch = world.shell("echo ran > ran");
    launch.layers = strength.layers();
    assert!(finish(launch).1.success() && world.root.join("ran").exists());
    println!("as it should");
}

#[test]
fn a_layer_that_does_not_load_means_that_nothing_runs() {
    use seccompiler::{SeccompAction, SeccompFilter};
    use std::os::unix::process::CommandExt;
    let filter = SeccompFilter::new(
        [(nix::libc::SYS_unshare, vec![])].into(),
        SeccompAction::Allow,
        SeccompAction::Errno(nix::libc::EPERM as u32),
        std::env::consts::ARCH.try_into().unwrap(),
    );
    let filter: seccompiler::BpfProgram = filter.unwrap().try_into().unwrap();
    let mut command = std::process::Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "sandbox::full::without_namespaces", "--nocapture"]);
    command.env("IOSM_TEST_NO_UNSHARE", "1");
    // SAFETY: loading a filter makes system calls only; the program was compiled before the fork.
    unsafe {
        command.pre_exec(move || seccompiler::apply_filter(&filter).map_err(std::io::Error::other));
    }
    let done = command.output().unwrap();
    let said = String::from_utf8_lossy(&done.stdout);
    assert!(said.contains("as it should"), "{said}{}", String::from_utf8_lossy(&done.stderr));
}

#[test]
fn sockets_of_its_own_work_and_those_of_others_only_when_exposed() {
    if !full() {
        return;
    }
    let world = World::new();
    for place in [world.root.join("s"), world.tmp.join("s"), "/tmp/s".into(), "/dev/shm/s".into()] {
        let (output, exit) = finish(probe(&world, &Probe::UnixTalk(place.display().to_string())));
        assert!(exit.success(), "{}: {output}", place.display());
    }
    let door = world.outside.join("door");
    let listener = std::os::unix::net::UnixListener::bind(&door).unwrap();
    listener.set_nonblocking(true).unwrap();
    for exposed in [false, true] {
        for network in [Network::None, Network::Proxied, Network::All] {
            let mut launch = probe(&world, &Probe::UnixConnect(door.display().to_string()));
            launch.network = network;
            if exposed {
                launch.sockets.push(door.clone());
            }
            let (output, exit) = finish(launch);
            assert_eq!(
                (exit.success(), listener.accept().is_ok()),
                (exposed, exposed),
                "{network:?}: {output}"
            );
        }
    }
}

#[test]
fn a_command_sees_its_own_processes_and_owns_what_it_makes() {
    if !full() {
        return;
    }
    let world = World::new();
    let (output, exit) = world.run("echo /proc/[0-9]*; echo x > mine; test -O mine; id -u");
    let user = nix::unistd::geteuid();
    assert_eq!((output.as_str(), exit.success()), (format!("/proc/1 /proc/2\n{user}\n").as_str(), true));
    let made = std::fs::metadata(world.root.join("mine")).unwrap();
    assert_eq!(std::os::unix::fs::MetadataExt::uid(&made), user.as_raw());
    let (output, exit) = world.run("cat /proc/1/environ || ls -l /proc/1/root /proc/1/fd/ || kill -9 1");
    assert!(output.contains("Permission denied"), "{output} {exit:?}");
    let (output, exit) =
        world.run("echo 0 > /proc/sys/kernel/panic || echo x > /proc/self/comm || touch /iosm");
    assert!(!exit.success(), "{output}");
}

#[test]
fn private_folders_are_kept_from_one_command_to_the_next_and_from_other_roots() {
    if !full() {
        return;
    }
    let (world, other) = (World::new(), World::new());
    assert!(world.run("echo kept > /tmp/note && echo kept > /dev/shm/note").1.success());
    assert_eq!(world.run("cat /tmp/note /dev/shm/note").0, "kept\nkept\n");
    assert!(!other.run("cat /tmp/note || cat /dev/shm/note").1.success());
}

#[test]
fn a_root_that_was_replaced_is_seen_anew() {
    let world = World::new();
    assert!(world.run("echo old > f").1.success());
    std::fs::rename(&world.root, world.outside.join("moved")).unwrap();
    std::fs::create_dir(&world.root).unwrap();
    assert!(world.run("test ! -e f && echo new > f").1.success());
    assert_eq!(std::fs::read(world.root.join("f")).unwrap(), b"new\n");
    assert_eq!(std::fs::read(world.outside.join("moved/f")).unwrap(), b"old\n");
}

#[test]
fn commands_share_a_loopback_that_is_not_the_machines() {
    if !full() {
        return;
    }
    let world = World::new();
    let outside = TcpListener::bind("127.0.0.1:0").unwrap();
    let (output, exit) = finish(probe(&world, &Probe::TcpConnect(outside.local_addr().unwrap().port())));
    assert!(!exit.success() && output.contains("ConnectionRefused"), "{output}");
    const PORT: u16 = 41_871;
    block_on(async {
        let server = launcher().spawn(probe(&world, &Probe::TcpServe(PORT))).await.unwrap();
        let talk = async {
            for _ in 0..200 {
                let talk = launcher().spawn(probe(&world, &Probe::TcpTalk(PORT))).await.unwrap();
                let (output, exit) = talk.finish(1000).await.unwrap();
                if exit.success() {
                    return String::from_utf8(output).unwrap();
                }
            }
            panic!("the server never answers");
        };
        assert_eq!(talk.await, "hello\n");
        assert!(TcpStream::connect(("127.0.0.1", PORT)).is_err());
        server.kill();
        assert!(server.wait().await.is_ok());
    });
}
