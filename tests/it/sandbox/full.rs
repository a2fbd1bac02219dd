//! What namespaces add: a network, processes and files of a command's own.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use iosm::host::sandbox::{Launch, Layers, Network, SandboxError};

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
