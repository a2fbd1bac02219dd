//! Each layer with the others switched off: what it must hold by itself.

use std::net::{TcpListener, UdpSocket};
use std::os::linux::fs::MetadataExt;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::path::{Path, PathBuf};
use std::time::Duration;

use iosm::host::sandbox::{Exit, Layers, Nested, protected};
use nix::libc;

use super::full::probe;
use super::probe::Probe;
use super::{World, finish, full};

const NAMESPACES: Layers = Layers { namespaces: true, ..Layers::NONE };
const LANDLOCK: Layers = Layers { landlock: true, ..Layers::NONE };
const SECCOMP: Layers = Layers { seccomp: true, ..Layers::NONE };

fn attempt(world: &World, what: &Probe, layers: Layers) -> (String, Exit) {
    let mut launch = probe(world, what);
    launch.layers = layers;
    finish(launch)
}

/// Everything about a file that a command could have changed.
fn whole(path: &Path) -> (Vec<u8>, u32, i64, i64) {
    let found = std::fs::symlink_metadata(path).unwrap();
    (
        std::fs::read(path).unwrap(),
        found.st_mode(),
        found.st_mtime(),
        found.st_ctime_nsec() + found.st_ctime(),
    )
}

#[test]
fn what_lies_outside_cannot_be_touched() {
    // What is tried, and which of namespaces, Landlock and seccomp hold alone.
    type Try = fn(PathBuf) -> Probe;
    let table: [(&str, Try, [bool; 3]); 7] = [
        ("write", Probe::Write, [true, true, false]),
        ("read", Probe::Read, [true, true, false]),
        ("stat", Probe::Stat, [true, false, false]),
        ("chmod", Probe::Chmod, [true, false, false]),
        ("times", Probe::Times, [true, false, false]),
        ("attribute", Probe::Attribute, [true, false, false]),
        ("break out and write", Probe::BreakOut, [true, true, false]),
    ];
    for (what, tried, holds) in table {
        for (layers, holds) in [NAMESPACES, LANDLOCK, SECCOMP].into_iter().zip(holds) {
            if layers.namespaces && !full() {
                continue;
            }
            let world = World::new();
            let secret = world.outside.join("secret");
            let before = whole(&secret);
            let (output, exit) = attempt(&world, &tried(secret.clone()), layers);
            assert_eq!(!exit.success(), holds, "{what} {layers:?}: {output}");
            let untouched = whole(&secret) == before && !output.contains("sesame");
            let looks_only = what == "stat";
            assert_eq!(untouched, holds || looks_only, "{what} {layers:?}: {output}");
        }
    }
}

#[test]
fn other_programs_cannot_be_reached() {
    let world = World::new();
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    tcp.set_nonblocking(true).unwrap();
    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    udp.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    let path = world.outside.join("door");
    let unix = UnixListener::bind(&path).unwrap();
    unix.set_nonblocking(true).unwrap();
    let name = format!("iosm-test-{}", std::process::id());
    let nameless = UnixListener::bind_addr(&SocketAddr::from_abstract_name(&name).unwrap()).unwrap();
    nameless.set_nonblocking(true).unwrap();
    let key = 0x105_0000 + std::process::id() as i32 % 0xffff;
    // SAFETY: plain numbers.
    let memory = unsafe { libc::shmget(key, 1, libc::IPC_CREAT | 0o600) };
    let me = std::process::id() as i32;
    let came = || -> bool {
        let mut bytes = [0; 8];
        [tcp.accept().is_ok(), udp.recv(&mut bytes).is_ok(), unix.accept().is_ok(), nameless.accept().is_ok()]
            .contains(&true)
    };
    for (what, holds) in [
        (Probe::TcpConnect(tcp.local_addr().unwrap().port()), [true, true, true]),
        (Probe::UdpSend(udp.local_addr().unwrap().port()), [true, false, true]),
        (Probe::UnixConnect(path.display().to_string()), [true, false, true]),
        (Probe::AbstractConnect(name), [true, true, true]),
        (Probe::Signal(me), [true, true, false]),
        (Probe::Read(format!("/proc/{me}/status").into()), [true, false, false]),
        (Probe::SharedMemory(key), [true, false, false]),
    ] {
        for (layers, holds) in [NAMESPACES, LANDLOCK, SECCOMP].into_iter().zip(holds) {
            if layers.namespaces && !full() {
                continue;
            }
            let (output, exit) = attempt(&world, &what, layers);
            // A datagram to nobody is sent all the same.
            let sent = matches!(what, Probe::UdpSend(_)) && layers.namespaces;
            assert_eq!(!exit.success(), holds && !sent, "{what:?} {layers:?}: {output}");
            let speaks = !matches!(what, Probe::Signal(_) | Probe::Read(_) | Probe::SharedMemory(_));
            assert_eq!(came(), speaks && !holds, "{what:?} {layers:?}: {output}");
        }
    }
    // SAFETY: plain numbers; removes what was made above.
    unsafe { libc::shmctl(memory, libc::IPC_RMID, std::ptr::null_mut()) };
}

#[test]
fn mounts_that_protect_hold_against_a_root_of_its_own_making() {
    if !full() {
        return;
    }
    let world = World::new();
    let config = world.root.join(".git/config");
    assert!(world.run("git init -q .").1.success());
    let before = whole(&config);
    for what in [Probe::Write(config.clone()), Probe::BreakOut(config.clone()), Probe::Chmod(config.clone())]
    {
        let mut launch = probe(&world, &what);
        launch.layers = NAMESPACES;
        launch.protected = protected(std::slice::from_ref(&world.root), &[], &Nested::default());
        let (output, exit) = finish(launch);
        assert!(!exit.success() && exit.restored.is_empty(), "{what:?}: {output} {exit:?}");
        assert_eq!(whole(&config), before, "{what:?}");
    }
}

#[test]
fn nothing_gains_rights_under_any_layer() {
    let world = World::new();
    for layers in [NAMESPACES, LANDLOCK, SECCOMP] {
        if layers.namespaces && !full() {
            continue;
        }
        let (output, _) = attempt(&world, &Probe::Status, layers);
        assert!(output.contains("NoNewPrivs: 1"), "{layers:?}: {output}");
        if layers.namespaces {
            let user = nix::unistd::geteuid();
            assert!(output.contains(&format!("Uid: {user} {user} {user} {user}")), "{output}");
            assert!(output.contains("CapEff: 0000000000000000\nCapBnd: 0000000000000000"), "{output}");
        }
    }
}
