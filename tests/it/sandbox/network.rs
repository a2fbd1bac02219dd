//! Sockets, and the calls that would undo the fence.

use std::net::{TcpListener, UdpSocket};
use std::os::unix::net::UnixListener;
use std::time::Duration;

use iosm::host::sandbox::{Layers, Network};

use super::probe::Probe;
use super::{World, best, finish};

const LANDLOCK: Layers = Layers { landlock: true, ..Layers::NONE };
const SECCOMP: Layers = Layers { seccomp: true, ..Layers::NONE };

/// Tries one thing under the given layers: what was said, and whether it went well.
fn attempt(world: &World, probe: &Probe, layers: Layers, network: bool) -> (String, bool) {
    let program = std::env::current_exe().unwrap();
    let mut launch = world.argv(&[program.to_str().unwrap()]);
    launch.read.push(program);
    launch.env.push(probe.variable());
    launch.layers = layers;
    launch.network = if network { Network::All } else { Network::None };
    let (output, exit) = finish(launch);
    (output, exit.success())
}

#[test]
fn tcp_is_refused_by_either_layer_and_open_when_granted() {
    let world = World::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let connect = Probe::TcpConnect(listener.local_addr().unwrap().port());
    for layers in [Layers::REDUCED, LANDLOCK, SECCOMP] {
        let (output, success) = attempt(&world, &connect, layers, false);
        assert!(!success && output.contains("PermissionDenied"), "{layers:?}: {output}");
    }
    let (output, success) = attempt(&world, &Probe::TcpListen, Layers::REDUCED, false);
    assert!(!success && output.contains("PermissionDenied"), "{output}");
    listener.set_nonblocking(true).unwrap();
    assert!(listener.accept().is_err(), "something came through");
    let (output, success) = attempt(&world, &connect, Layers::REDUCED, true);
    assert!(success, "{output}");
    assert!(listener.accept().is_ok());
}

#[test]
fn udp_is_refused() {
    let world = World::new();
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    let send = Probe::UdpSend(socket.local_addr().unwrap().port());
    let (output, success) = attempt(&world, &send, Layers::REDUCED, false);
    assert!(!success && output.contains("not permitted"), "{output}");
    assert!(socket.recv(&mut [0; 8]).is_err(), "something came through");
    // What Landlock does not know is why seccomp is there.
    let (output, success) = attempt(&world, &send, LANDLOCK, false);
    assert!(success, "{output}");
    assert!(socket.recv(&mut [0; 8]).is_ok());
}

#[test]
fn unix_sockets_are_refused_and_pairs_are_not() {
    let world = World::new();
    let path = world.root.join("door");
    let listener = UnixListener::bind(&path).unwrap();
    listener.set_nonblocking(true).unwrap();
    let connect = Probe::UnixConnect(path.display().to_string());
    for network in [false, true] {
        let (output, success) = attempt(&world, &connect, Layers::REDUCED, network);
        assert!(!success && output.contains("not permitted"), "{output}");
    }
    assert!(listener.accept().is_err(), "something came through");
    assert_eq!(attempt(&world, &Probe::UnixPair, Layers::REDUCED, false), ("done\n".to_owned(), true));
}

#[test]
fn calls_that_undo_the_fence_are_refused() {
    let world = World::new();
    #[cfg(target_arch = "x86_64")]
    let calls: [(&str, i64, [i64; 4], i32); 12] = [
        ("unshare user", 272, [0x1000_0000, 0, 0, 0], 1),
        ("unshare files only", 272, [0x400, 0, 0, 0], 0),
        ("clone3", 435, [0; 4], 38),
        ("io_uring", 425, [1, 0, 0, 0], 1),
        ("bpf", 321, [0; 4], 1),
        ("mount", 165, [0; 4], 1),
        ("keyctl", 250, [0; 4], 1),
        ("raw socket", 41, [2, 3, 1, 0], 1),
        ("packet socket", 41, [17, 3, 0, 0], 1),
        ("socket by x32 number", 41 | 0x4000_0000, [2, 1, 0, 0], 38),
        ("typing into a terminal", 16, [0, 0x5412, 0, 0], 1),
        ("getpid", 39, [0; 4], 0),
    ];
    #[cfg(not(target_arch = "x86_64"))]
    let calls: [(&str, i64, [i64; 4], i32); 2] =
        [("unshare user", 97, [0x1000_0000, 0, 0, 0], 1), ("clone3", 435, [0; 4], 38)];
    for (network, layers) in
        [(false, Layers::REDUCED), (true, Layers::REDUCED), (false, best()), (true, best())]
    {
        for (name, number, arguments, errno) in calls {
            let probe = Probe::Call(number, arguments);
            let (output, _) = attempt(&world, &probe, layers, network);
            assert_eq!(output.trim(), errno.to_string(), "{name}, network {network}, {layers:?}");
        }
    }
}
