//! This binary again, as a program in the sandbox: does one thing and says how the system answered.

use std::ffi::CString;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use std::path::PathBuf;

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
    /// A socket without a path, by its name.
    AbstractConnect(String),
    /// Listens at a path and calls itself.
    UnixTalk(String),
    UnixPair,
    Write(PathBuf),
    Read(PathBuf),
    Chmod(PathBuf),
    /// Sets the times of last access and change to the beginning of 1970.
    Times(PathBuf),
    Attribute(PathBuf),
    Stat(PathBuf),
    /// Makes namespaces of its own, mounts as it likes in them, then writes.
    BreakOut(PathBuf),
    /// Whether a process can be signalled.
    Signal(i32),
    /// Whether there is a shared memory of a key.
    SharedMemory(i32),
    /// Prints who it is and what it may.
    Status,
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
            Self::AbstractConnect(name) => format!("abstract-connect {name}"),
            Self::UnixTalk(path) => format!("unix-talk {path}"),
            Self::UnixPair => "unix-pair".to_owned(),
            Self::Write(path) => format!("write {}", path.display()),
            Self::Read(path) => format!("read {}", path.display()),
            Self::Chmod(path) => format!("chmod {}", path.display()),
            Self::Times(path) => format!("times {}", path.display()),
            Self::Attribute(path) => format!("attribute {}", path.display()),
            Self::Stat(path) => format!("stat {}", path.display()),
            Self::BreakOut(path) => format!("break-out {}", path.display()),
            Self::Signal(pid) => format!("signal {pid}"),
            Self::SharedMemory(key) => format!("shared-memory {key}"),
            Self::Status => "status".to_owned(),
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

fn check(result: libc::c_int) -> io::Result<()> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// What root of a user namespace of its own can try against mounts that were made for it. Nothing here
/// has to succeed.
fn break_out() {
    let (user, group) = (nix::unistd::geteuid(), nix::unistd::getegid());
    // SAFETY: plain numbers.
    if unsafe { libc::unshare(libc::CLONE_NEWUSER | libc::CLONE_NEWNS) } < 0 {
        return;
    }
    let _ = std::fs::write("/proc/self/setgroups", "deny");
    let _ = std::fs::write("/proc/self/gid_map", format!("0 {group} 1"));
    let _ = std::fs::write("/proc/self/uid_map", format!("0 {user} 1"));
    let mounts = std::fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    let places = mounts.lines().rev().filter_map(|line| line.split(' ').nth(1));
    for place in places.map(|place| CString::new(place).unwrap()) {
        let writable = libc::MS_REMOUNT | libc::MS_BIND;
        let (none, path) = (std::ptr::null(), place.as_ptr());
        // SAFETY: strings end with NUL, others are null.
        unsafe {
            libc::mount(none, path, none.cast(), writable, std::ptr::null());
            libc::umount2(path, libc::MNT_DETACH);
        }
    }
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
        "abstract-connect" => {
            let address = SocketAddr::from_abstract_name(rest)?;
            UnixStream::connect_addr(&address).map(drop)?;
        }
        "unix-talk" => {
            let listener = UnixListener::bind(rest)?;
            let mut caller = UnixStream::connect(rest)?;
            listener.accept()?.0.write_all(b"x")?;
            caller.read_exact(&mut [0])?;
        }
        "write" => std::fs::write(rest, "probe")?,
        "read" => return std::fs::read_to_string(rest),
        "chmod" => std::fs::set_permissions(rest, std::os::unix::fs::PermissionsExt::from_mode(0o666))?,
        "times" => {
            // By path: opening a file for writing is another right.
            let path = CString::new(rest)?;
            let zero = libc::timespec { tv_sec: 0, tv_nsec: 0 };
            // SAFETY: the string ends with NUL and there are two times.
            check(unsafe { libc::utimensat(libc::AT_FDCWD, path.as_ptr(), [zero, zero].as_ptr(), 0) })?;
        }
        "attribute" => {
            let path = CString::new(rest)?;
            // SAFETY: strings end with NUL, the value is one byte long.
            check(unsafe {
                libc::setxattr(path.as_ptr(), c"user.probe".as_ptr(), b"x".as_ptr().cast(), 1, 0)
            })?;
        }
        "stat" => std::fs::symlink_metadata(rest).map(|_| ())?,
        "break-out" => {
            break_out();
            std::fs::write(rest, "probe")?;
        }
        "signal" => {
            let pid = rest.parse().map_err(io::Error::other)?;
            // SAFETY: plain numbers; signal 0 only asks.
            check(unsafe { libc::kill(pid, 0) })?;
        }
        "shared-memory" => {
            let key = rest.parse().map_err(io::Error::other)?;
            // SAFETY: plain numbers.
            check(unsafe { libc::shmget(key, 1, 0) })?;
        }
        "status" => {
            let status = std::fs::read_to_string("/proc/self/status")?;
            let wanted = ["Uid:", "Gid:", "CapEff:", "CapBnd:", "NoNewPrivs:"];
            let lines = status.lines().filter(|line| wanted.iter().any(|name| line.starts_with(name)));
            return Ok(lines.map(|line| line.replace('\t', " ")).collect::<Vec<_>>().join("\n"));
        }
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
