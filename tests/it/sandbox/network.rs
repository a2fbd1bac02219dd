//! Sockets, and the calls that would undo the fence.

use std::net::{TcpListener, UdpSocket};
use std::os::unix::net::UnixListener;
use std::time::Duration;

use iosm::host::sandbox::Layers;

use super::{World, finish};

const LANDLOCK: Layers = Layers { landlock: true, seccomp: false };
const SECCOMP: Layers = Layers { landlock: false, seccomp: true };

/// Runs python under the given layers.
fn python(world: &World, code: &str, layers: Layers, network: bool) -> (String, bool) {
    let mut launch = world.argv(&["/usr/bin/env", "python3", "-c", code]);
    super::build::toolchains(world, &mut launch);
    launch.layers = layers;
    launch.network = network;
    let (output, exit) = finish(launch);
    (output, exit.success())
}

#[test]
fn tcp_is_refused_by_either_layer_and_open_when_granted() {
    let world = World::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let code = format!("import socket; socket.create_connection(('127.0.0.1', {port}), 2)");
    for layers in [Layers::ALL, LANDLOCK, SECCOMP] {
        let (output, success) = python(&world, &code, layers, false);
        assert!(!success && output.contains("Permission"), "{layers:?}: {output}");
    }
    let bind = "import socket; s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen()";
    assert!(!python(&world, bind, Layers::ALL, false).1);
    listener.set_nonblocking(true).unwrap();
    assert!(listener.accept().is_err(), "something came through");
    let (output, success) = python(&world, &code, Layers::ALL, true);
    assert!(success, "{output}");
    assert!(listener.accept().is_ok());
}

#[test]
fn udp_is_refused() {
    let world = World::new();
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    let port = socket.local_addr().unwrap().port();
    let code = format!(
        "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', {port}))"
    );
    let (output, success) = python(&world, &code, Layers::ALL, false);
    assert!(!success && output.contains("not permitted"), "{output}");
    assert!(socket.recv(&mut [0; 8]).is_err(), "something came through");
    // What Landlock does not know is why seccomp is there.
    assert!(python(&world, &code, LANDLOCK, false).1);
    assert!(socket.recv(&mut [0; 8]).is_ok());
}

#[test]
fn unix_sockets_are_refused_and_pairs_are_not() {
    let world = World::new();
    let path = world.root.join("door");
    let listener = UnixListener::bind(&path).unwrap();
    listener.set_nonblocking(true).unwrap();
    let code = format!("import socket; socket.socket(socket.AF_UNIX).connect('{}')", path.display());
    for network in [false, true] {
        let (output, success) = python(&world, &code, Layers::ALL, network);
        assert!(!success && output.contains("not permitted"), "{output}");
    }
    assert!(listener.accept().is_err(), "something came through");
    let pair = "import socket; a, b = socket.socketpair(); a.send(b'x'); print(b.recv(1))";
    assert_eq!(python(&world, pair, Layers::ALL, false), ("b'x'\n".to_owned(), true));
}

#[test]
fn calls_that_undo_the_fence_are_refused() {
    let world = World::new();
    let header = "import ctypes, os\nlibc = ctypes.CDLL(None, use_errno=True)\n\
                  def call(*a):\n    r = libc.syscall(*a); return ctypes.get_errno() if r < 0 else 0\n";
    #[cfg(target_arch = "x86_64")]
    let calls = [
        ("unshare user", "call(272, 0x10000000)", 1),
        ("unshare files only", "call(272, 0x400)", 0),
        ("clone3", "call(435, 0, 0)", 38),
        ("io_uring", "call(425, 1, 0)", 1),
        ("bpf", "call(321, 0, 0, 0)", 1),
        ("mount", "call(165, 0, 0, 0, 0, 0)", 1),
        ("keyctl", "call(250, 0, 0)", 1),
        ("raw socket", "call(41, 2, 3, 1)", 1),
        ("packet socket", "call(41, 17, 3, 0)", 1),
        ("socket by x32 number", "call(41 | 0x40000000, 2, 1, 0)", 38),
        ("typing into a terminal", "call(16, 0, 0x5412, 0)", 1),
        ("getpid", "call(39)", 0),
    ];
    #[cfg(not(target_arch = "x86_64"))]
    let calls = [("unshare user", "call(97, 0x10000000)", 1), ("clone3", "call(435, 0, 0)", 38)];
    for network in [false, true] {
        for (name, call, errno) in calls {
            let code = format!("{header}print({call})");
            let (output, _) = python(&world, &code, Layers::ALL, network);
            assert_eq!(output.trim(), errno.to_string(), "{name}, network {network}");
        }
    }
}
