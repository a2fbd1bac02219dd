//! This binary again, as a program in the sandbox: does one thing and says how the system answered.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::unix::net::UnixStream;

use nix::libc;

/// Names what to do; set for the program only.
const WHAT: &str = "IOSM_TEST_PROBE";

/// One thing to try.
#[derive(Debug, Clone)]
pub enum Probe {
    TcpConnect(u16),
    TcpListen,
    /// Says hello and prints the answer.
    TcpTalk(u16),
    /// Sends back what one caller after the other says first.
    TcpServe(u16),
    UdpSend(u16),
    UnixConnect(String),
    UnixPair,
    /// A system call by its number; prints the error number, or 0.
    Call(i64, [i64; 4]),
}

impl Probe {
    pub fn variable(&self) -> (String, String) {
        let words = match self {
            Self::TcpConnect(port) => format!("tcp-connect {port}"),
            Self::TcpListen => "tcp-listen".to_owned(),
            Self::TcpTalk(port) => format!("tcp-talk {port}"),
            Self::TcpServe(port) => format!("tcp-serve {port}"),
            Self::UdpSend(port) => format!("udp-send {port}"),
            Self::UnixConnect(path) => format!("unix-connect {path}"),
            Self::UnixPair => "unix-pair".to_owned(),
            Self::Call(number, [a, b, c, d]) => format!("call {number} {a} {b} {c} {d}"),
        };
        (WHAT.to_owned(), words)
    }
}

/// Called before `main`: does what is asked for, if anything is, and ends.
pub fn act_if_asked() {
    let Ok(words) = std::env::var(WHAT) else { return };
    let code = match act(&words) {
        Ok(said) => {
            let _ = io::stdout().write_all(format!("{said}\n").as_bytes());
            0
        }
        Err(error) => {
            let _ = io::stdout().write_all(format!("{:?}: {error}\n", error.kind()).as_bytes());
            1
        }
    };
    std::process::exit(code);
}

fn act(words: &str) -> io::Result<String> {
    let (what, rest) = words.split_once(' ').unwrap_or((words, ""));
    let port = || rest.parse::<u16>().map_err(io::Error::other);
    match what {
        "tcp-connect" => TcpStream::connect(("127.0.0.1", port()?)).map(drop)?,
        "tcp-listen" => TcpListener::bind("127.0.0.1:0").map(drop)?,
        "tcp-talk" => {
            let mut stream = TcpStream::connect(("127.0.0.1", port()?))?;
            stream.write_all(b"hello")?;
            let mut answer = [0; 5];
            stream.read_exact(&mut answer)?;
            return Ok(String::from_utf8_lossy(&answer).into_owned());
        }
        "tcp-serve" => {
            let listener = TcpListener::bind(("127.0.0.1", port()?))?;
            loop {
                let (mut stream, _) = listener.accept()?;
                let mut said = [0; 5];
                stream.read_exact(&mut said)?;
                stream.write_all(&said)?;
            }
        }
        "proxied-get" => {
            // As a program does that heeds the variables.
            let proxy = std::env::var("http_proxy").map_err(io::Error::other)?;
            let mut stream = TcpStream::connect(proxy.trim_start_matches("http://"))?;
            stream.write_all(format!("GET {rest} HTTP/1.1\r\n\r\n").as_bytes())?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer)?;
            return Ok(answer);
        }
        "udp-send" => {
            UdpSocket::bind("127.0.0.1:0")?.send_to(b"x", ("127.0.0.1", port()?))?;
        }
        "unix-connect" => UnixStream::connect(rest).map(drop)?,
        "unix-pair" => {
            let (mut one, mut other) = UnixStream::pair()?;
            one.write_all(b"x")?;
            other.read_exact(&mut [0])?;
        }
        "call" => {
            let numbers: Vec<i64> = rest.split(' ').filter_map(|number| number.parse().ok()).collect();
            let [number, a, b, c, d] = numbers[..] else { return Err(io::Error::other("five numbers")) };
            // SAFETY: the calls tried here take numbers, or pointers given as null.
            let answer = unsafe { libc::syscall(number, a, b, c, d, 0, 0) };
            let error = if answer < 0 { io::Error::last_os_error().raw_os_error() } else { None };
            return Ok(error.unwrap_or(0).to_string());
        }
        other => return Err(io::Error::other(format!("no probe {other}"))),
    }
    Ok("done".to_owned())
}
