//! Model servers on this machine, at the ports where they usually listen.
#![expect(clippy::disallowed_methods, reason = "a connection attempt to loopback, nothing is sent")]

use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

/// Ollama, LM Studio, llama-server, vLLM.
const PORTS: [u16; 4] = [11434, 1234, 8080, 8000];
const PATIENCE: Duration = Duration::from_millis(200);

/// Base URLs of what listens there. Only a connection is made: what it serves is asked at first use.
pub async fn local_servers() -> Vec<String> {
    let looked = tokio::task::spawn_blocking(|| {
        let open = PORTS.into_iter().filter(|port| {
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, *port));
            TcpStream::connect_timeout(&address, PATIENCE).is_ok()
        });
        open.map(|port| format!("http://127.0.0.1:{port}/v1")).collect()
    });
    looked.await.unwrap_or_default()
}
