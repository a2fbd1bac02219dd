//! The bytes between `iosm`, its helper and the supervisors.
//!
//! A launch request is one tiny packet to the helper with file descriptors attached; the launch itself
//! lies in a memory file among them, so neither its size nor its decoding ever touches the helper.
//! Answers are packets on the command's control socket. Both ends are one build, forked from one
//! another: the format has no version.

use std::ffi::{CString, OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

use super::error::SandboxError;
use super::launch::{Layers, Limits, Network};
use super::report::{Ended, Exit, Status};
use super::watch::Baseline;

/// First byte of a packet to the helper.
pub const LAUNCH: u8 = b'L';
pub const PROBE: u8 = b'P';
/// A packet to a supervisor: end the command. (Closing the socket does so without grace.)
pub const KILL: u8 = b'k';

/// Second byte of a launch packet: which optional descriptors follow payload, control, output and
/// errors.
pub const WITH_INPUT: u8 = 1;
pub const WITH_SCRIPT: u8 = 2;
/// The namespaces that commands share must exist.
pub const WITH_NAMESPACES: u8 = 4;
/// A descriptor follows that the supervisor holds open as long as it lives.
pub const WITH_WATCH: u8 = 8;

/// Largest answer: a failure with its detail, or an end with what was put back.
pub const MOST_ANSWER: usize = 32 * 1024;

/// Of an answer, for paths that were put back.
const MOST_NAMED_BYTES: usize = 24 * 1024;

/// A launch as the supervisor gets it: strings ready for the system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    pub argv: Vec<CString>,
    pub env: Vec<CString>,
    pub cwd: PathBuf,
    pub read: Vec<PathBuf>,
    pub write: Vec<PathBuf>,
    /// The firm ones of `Launch::protected`.
    pub protected: Vec<PathBuf>,
    /// See `Launch::closed`.
    pub closed: Vec<PathBuf>,
    pub sockets: Vec<PathBuf>,
    pub network: Network,
    pub limits: Limits,
    pub layers: Layers,
    /// What to put back when the command has ended.
    pub baseline: Baseline,
}

/// What a supervisor says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    Started { pid: i32 },
    Failed(Failure),
    Ended(Exit),
}

/// The step of starting a command that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Step {
    Fork = 1,
    Setup,
    Cwd,
    Root,
    Namespaces,
    Landlock,
    Seccomp,
    Lookup,
    Exec,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    pub step: Step,
    pub errno: i32,
    pub detail: Vec<u8>,
}

impl Failure {
    pub fn new(step: Step, error: &std::io::Error, detail: impl AsRef<OsStr>) -> Self {
        let detail = detail.as_ref().as_bytes();
        let most = detail.len().min(MOST_ANSWER - 64);
        Self { step, errno: error.raw_os_error().unwrap_or(0), detail: detail[..most].to_vec() }
    }

    /// What did not work and why, without what followed from it.
    pub fn brief(&self) -> String {
        let why = std::io::Error::from_raw_os_error(self.errno);
        format!("cannot {}: {why}", String::from_utf8_lossy(&self.detail))
    }

    pub fn into_error(self) -> SandboxError {
        let source = std::io::Error::from_raw_os_error(self.errno);
        let text = || String::from_utf8_lossy(&self.detail).into_owned();
        let path = || PathBuf::from(OsString::from_vec(self.detail.clone()));
        match self.step {
            Step::Fork => SandboxError::Prepare { what: "fork", source },
            Step::Setup => SandboxError::Setup { what: text(), source },
            Step::Cwd => SandboxError::Cwd { path: path(), source },
            Step::Root => SandboxError::Root { path: path(), source },
            Step::Namespaces => SandboxError::Namespaces { what: text(), source },
            Step::Landlock => SandboxError::Layer { layer: "landlock", source },
            Step::Seccomp => SandboxError::Layer { layer: "seccomp", source },
            Step::Lookup => {
                let text = text();
                let (program, path) = text.split_once('\0').unwrap_or((&text, ""));
                SandboxError::ProgramNotFound { program: program.to_owned(), path: path.to_owned() }
            }
            Step::Exec => SandboxError::Exec { program: text(), source },
        }
    }
}

/// Writes numbers and byte strings one after the other.
#[derive(Default)]
pub struct Pen(Vec<u8>);

impl Pen {
    pub fn number(&mut self, value: u64) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    fn maybe(&mut self, value: Option<u64>) {
        self.number(u64::from(value.is_some()));
        self.number(value.unwrap_or(0));
    }

    pub fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    fn list<'a>(&mut self, items: impl ExactSizeIterator<Item = &'a [u8]>) {
        self.number(items.len() as u64);
        for item in items {
            self.bytes(item);
        }
    }
}

/// Reads what [`Pen`] wrote; `None` wherever it does not fit.
pub struct Eye<'a>(&'a [u8]);

impl<'a> Eye<'a> {
    pub fn number(&mut self) -> Option<u64> {
        let (head, rest) = self.0.split_first_chunk::<8>()?;
        self.0 = rest;
        Some(u64::from_le_bytes(*head))
    }

    fn maybe(&mut self) -> Option<Option<u64>> {
        let some = self.number()? == 1;
        let value = self.number()?;
        Some(some.then_some(value))
    }

    pub fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.number()?).ok()?;
        let (head, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(head)
    }

    fn list<T>(&mut self, read: impl Fn(&'a [u8]) -> Option<T>) -> Option<Vec<T>> {
        (0..self.number()?).map(|_| read(self.bytes()?)).collect()
    }
}

impl Order {
    pub fn encode(&self) -> Vec<u8> {
        let mut pen = Pen::default();
        pen.list(self.argv.iter().map(|text| text.as_bytes()));
        pen.list(self.env.iter().map(|text| text.as_bytes()));
        pen.bytes(self.cwd.as_os_str().as_bytes());
        for list in [&self.read, &self.write, &self.protected, &self.closed, &self.sockets] {
            pen.list(list.iter().map(|path| path.as_os_str().as_bytes()));
        }
        pen.number(self.network as u64);
        let Layers { namespaces, landlock, seccomp } = self.layers;
        for flag in [namespaces, landlock, seccomp] {
            pen.number(u64::from(flag));
        }
        let Limits { cpu_s, file_size, processes, memory_bytes } = self.limits;
        for limit in [cpu_s, file_size, processes.map(u64::from), memory_bytes] {
            pen.maybe(limit);
        }
        self.baseline.encode(&mut pen);
        pen.0
    }

    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut eye = Eye(bytes);
        let text = |bytes: &[u8]| CString::new(bytes).ok();
        let path = |bytes: &[u8]| Some(PathBuf::from(OsStr::from_bytes(bytes)));
        let order = Self {
            argv: eye.list(text)?,
            env: eye.list(text)?,
            cwd: path(eye.bytes()?)?,
            read: eye.list(path)?,
            write: eye.list(path)?,
            protected: eye.list(path)?,
            closed: eye.list(path)?,
            sockets: eye.list(path)?,
            network: match eye.number()? {
                0 => Network::None,
                1 => Network::Proxied,
                2 => Network::All,
                _ => return None,
            },
            layers: Layers {
                namespaces: eye.number()? == 1,
                landlock: eye.number()? == 1,
                seccomp: eye.number()? == 1,
            },
            limits: Limits {
                cpu_s: eye.maybe()?,
                file_size: eye.maybe()?,
                processes: eye.maybe()?.map(|n| n as u32),
                memory_bytes: eye.maybe()?,
            },
            baseline: Baseline::decode(&mut eye)?,
        };
        eye.0.is_empty().then_some(order)
    }
}

impl Answer {
    pub fn encode(&self) -> Vec<u8> {
        let mut pen = Pen::default();
        match self {
            Self::Started { pid } => {
                pen.number(1);
                pen.number(*pid as u64);
            }
            Self::Failed(failure) => {
                pen.number(2);
                pen.number(failure.step as u64);
                pen.number(failure.errno as u64);
                pen.bytes(&failure.detail);
            }
            Self::Ended(exit) => {
                pen.number(3);
                let (kind, value) = match exit.status {
                    Status::Code(code) => (0, code),
                    Status::Signal(signal) => (1, signal),
                };
                let ended = match exit.ended_by {
                    None => 0,
                    Some(Ended::Request) => 1,
                    Some(Ended::Processes) => 2,
                    Some(Ended::Memory) => 3,
                };
                let (strays, left) = (u64::from(exit.strays), u64::from(exit.left));
                for number in [kind, value as u64, ended, exit.cpu_ms, exit.max_rss_kb, strays, left] {
                    pen.number(number);
                }
                let mut room = MOST_NAMED_BYTES;
                for list in [&exit.restored, &exit.damaged] {
                    let fits = |path: &&PathBuf| {
                        let length = path.as_os_str().len() + 8;
                        let fits = room >= length;
                        room = room.saturating_sub(length);
                        fits
                    };
                    let named: Vec<_> = list.iter().take_while(fits).collect();
                    pen.list(named.iter().map(|path| path.as_os_str().as_bytes()));
                }
            }
        }
        pen.0
    }

    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut eye = Eye(bytes);
        let path = |bytes: &[u8]| Some(PathBuf::from(OsStr::from_bytes(bytes)));
        let answer = match eye.number()? {
            1 => Self::Started { pid: eye.number()? as i32 },
            2 => {
                let step = eye.number()?;
                let step = STEPS.into_iter().find(|known| *known as u64 == step)?;
                let errno = eye.number()? as i32;
                Self::Failed(Failure { step, errno, detail: eye.bytes()?.to_vec() })
            }
            3 => {
                let kind = eye.number()?;
                let value = eye.number()? as i32;
                Self::Ended(Exit {
                    status: if kind == 0 { Status::Code(value) } else { Status::Signal(value) },
                    ended_by: match eye.number()? {
                        0 => None,
                        1 => Some(Ended::Request),
                        2 => Some(Ended::Processes),
                        _ => Some(Ended::Memory),
                    },
                    cpu_ms: eye.number()?,
                    max_rss_kb: eye.number()?,
                    strays: eye.number()? as u32,
                    left: eye.number()? as u32,
                    restored: eye.list(path)?,
                    damaged: eye.list(path)?,
                })
            }
            _ => return None,
        };
        eye.0.is_empty().then_some(answer)
    }
}

const STEPS: [Step; 9] = [
    Step::Fork,
    Step::Setup,
    Step::Cwd,
    Step::Root,
    Step::Namespaces,
    Step::Landlock,
    Step::Seccomp,
    Step::Lookup,
    Step::Exec,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_come_back_as_they_were_and_torn_ones_do_not() {
        let order = Order {
            argv: vec![c"sh".into(), c"-c".into(), c"".into()],
            env: vec![c"A=b".into()],
            cwd: "/w".into(),
            read: vec![],
            write: vec!["/w".into(), OsString::from_vec(vec![b'/', 0xff]).into()],
            protected: vec!["/w/.git/config".into()],
            closed: vec!["/w/.env".into()],
            sockets: vec!["/run/s".into()],
            network: Network::All,
            limits: Limits { cpu_s: Some(0), ..Limits::default() },
            layers: Layers { seccomp: false, ..Layers::ALL },
            baseline: Baseline::default(),
        };
        let bytes = order.encode();
        assert_eq!(Order::decode(&bytes), Some(order));
        for cut in 0..bytes.len() {
            assert_eq!(Order::decode(&bytes[..cut]), None, "cut at {cut}");
        }
    }

    #[test]
    fn answers_come_back_as_they_were() {
        let exit = Exit {
            status: Status::Signal(9),
            ended_by: Some(Ended::Memory),
            cpu_ms: 3,
            max_rss_kb: 4,
            strays: 5,
            left: 6,
            restored: vec!["/w/.git/config".into()],
            damaged: vec!["/w/iosm.yaml".into()],
        };
        let failures = STEPS.map(|step| Answer::Failed(Failure { step, errno: 13, detail: b"x".to_vec() }));
        for answer in failures.into_iter().chain([Answer::Started { pid: 7 }, Answer::Ended(exit)]) {
            assert_eq!(Answer::decode(&answer.encode()), Some(answer));
        }
    }
}
