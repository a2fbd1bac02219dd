//! The last steps of a command's own process before it becomes the command.

use std::ffi::{CStr, CString, OsString};
use std::io;
use std::os::fd::RawFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

use nix::libc;
use nix::sys::resource::{Resource, getrlimit, setrlimit};

use super::frame::{Failure, Order, Step};
use super::syscalls::{Filters, Sockets};
use super::{files, sys};

/// Open files a program may count on having, where the user's hard limit allows it.
const OPEN_FILES: u64 = 4096;

/// Seconds from the signal that names the limit of processor time to the one that kills.
const CPU_GRACE: u64 = 2;

/// On top of `Limits::processes`, for the limit of the system, which counts every thread of the user.
const OTHER_THREADS: u64 = 16 * 1024;

/// Makes the out-of-memory killer take the command rather than us or the user's editor.
const OOM_SCORE: &str = "500";

/// The open files a command starts with, as numbers: ownership ends with exec.
#[derive(Clone, Copy)]
pub struct Standard {
    pub input: Option<RawFd>,
    pub output: RawFd,
    pub errors: RawFd,
    /// Becomes number 3.
    pub script: Option<RawFd>,
    /// Where a failure is told; closed by exec.
    pub status: RawFd,
}

/// Becomes the command. Returns only with the reason why not, and the descriptor to tell it on.
pub fn become_command(order: &Order, filters: Option<&Filters>, files: Standard) -> (Failure, RawFd) {
    let mut status = files.status;
    let failure = match prepare(order, filters, files, &mut status) {
        Ok(()) => execute(order),
        Err(failure) => failure,
    };
    (failure, status)
}

fn setup(what: &'static str) -> impl Fn(io::Error) -> Failure {
    move |error| Failure::new(Step::Setup, &error, what)
}

fn prepare(
    order: &Order,
    filters: Option<&Filters>,
    standard: Standard,
    status: &mut RawFd,
) -> Result<(), Failure> {
    nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGKILL)
        .map_err(|errno| setup("death signal")(errno.into()))?;
    nix::unistd::setsid().map_err(|errno| setup("session")(errno.into()))?;
    sys::reset_signals();
    // A hint, absent in some containers: without it the command still runs.
    if !order.layers.namespaces {
        let _ = raise_oom_score();
    }
    descriptors(standard, status).map_err(setup("standard files"))?;
    nix::unistd::chdir(&order.cwd).map_err(|errno| Failure::new(Step::Cwd, &errno.into(), &order.cwd))?;
    limits(order).map_err(setup("limits"))?;
    if order.layers.any() {
        nix::sys::prctl::set_no_new_privs().map_err(|errno| setup("no new privileges")(errno.into()))?;
        if order.layers.namespaces {
            sys::drop_all_capabilities().map_err(setup("capabilities"))?;
        } else if nix::unistd::geteuid().is_root() {
            sys::drop_capabilities();
        }
    }
    if order.layers.landlock {
        files::restrict(order)?;
    }
    if order.layers.seccomp {
        let absent = io::Error::from_raw_os_error(libc::ENOSYS);
        let filters = filters.ok_or_else(|| Failure::new(Step::Seccomp, &absent, ""))?;
        filters.apply(Sockets::of(order)).map_err(|error| Failure::new(Step::Seccomp, &error, ""))?;
    }
    Ok(())
}

/// Inherited by whatever is started.
pub fn raise_oom_score() -> io::Result<()> {
    sys::write_existing(c"/proc/self/oom_score_adj", OOM_SCORE.as_bytes())
}

/// Puts the standard files in place and closes all others but the one for failures.
fn descriptors(standard: Standard, status: &mut RawFd) -> io::Result<()> {
    // First out of the way of the numbers to fill: one of them may be what another is to become.
    let up = |fd: RawFd| sys::copy_above(fd, 16);
    let input = standard.input.map(up).transpose()?;
    let (output, errors) = (up(standard.output)?, up(standard.errors)?);
    let script = standard.script.map(up).transpose()?;
    *status = up(standard.status)?;
    if let Some(input) = input {
        sys::place(input, 0, true)?;
    }
    sys::place(output, 1, true)?;
    sys::place(errors, 2, true)?;
    let mut next = 3;
    if let Some(script) = script {
        sys::place(script, next, true)?;
        next += 1;
    }
    sys::place(*status, next, false)?;
    *status = next;
    sys::close_from(next + 1)
}

fn limits(order: &Order) -> io::Result<()> {
    setrlimit(Resource::RLIMIT_CORE, 0, 0)?;
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    setrlimit(Resource::RLIMIT_NOFILE, soft.max(OPEN_FILES.min(hard)), hard)?;
    let lower = |resource: Resource, most: Option<u64>| -> io::Result<()> {
        let Some(most) = most else { return Ok(()) };
        let (_, hard) = getrlimit(resource)?;
        let most = most.min(hard);
        Ok(setrlimit(resource, most, most)?)
    };
    if let Some(most) = order.limits.cpu_s {
        let (_, hard) = getrlimit(Resource::RLIMIT_CPU)?;
        // At the hard limit the system kills without saying why.
        setrlimit(Resource::RLIMIT_CPU, most.min(hard), most.saturating_add(CPU_GRACE).min(hard))?;
    }
    lower(Resource::RLIMIT_FSIZE, order.limits.file_size)?;
    let processes = order.limits.processes.map(|most| u64::from(most) + OTHER_THREADS);
    lower(Resource::RLIMIT_NPROC, processes)
}

fn execute(order: &Order) -> Failure {
    let Some(program) = order.argv.first() else {
        return Failure::new(Step::Exec, &io::Error::from_raw_os_error(libc::ENOENT), "");
    };
    if program.as_bytes().contains(&b'/') {
        return Failure::new(Step::Exec, &run(program, order), text(program));
    }
    let path = order.env.iter().find_map(|line| line.as_bytes().strip_prefix(b"PATH=")).unwrap_or(b"");
    let mut refused = None;
    // Relative and empty entries would find programs in whatever folder the command stands in.
    for folder in path.split(|byte| *byte == b':').filter(|folder| folder.starts_with(b"/")) {
        let candidate = Path::new(std::ffi::OsStr::from_bytes(folder)).join(text(program));
        let Ok(candidate) = CString::new(candidate.into_os_string().into_vec()) else { continue };
        let error = run(&candidate, order);
        match error.raw_os_error() {
            Some(libc::ENOENT | libc::ENOTDIR) => {}
            Some(libc::EACCES) => {
                // A folder of that name, or one we may not look into, hides no later program.
                refused.get_or_insert((error, candidate));
            }
            _ => return Failure::new(Step::Exec, &error, text(&candidate)),
        }
    }
    match refused {
        Some((error, candidate)) => Failure::new(Step::Exec, &error, text(&candidate)),
        None => {
            let detail = [program.as_bytes(), b"\0", path].concat();
            let absent = io::Error::from_raw_os_error(libc::ENOENT);
            Failure::new(Step::Lookup, &absent, OsString::from_vec(detail))
        }
    }
}

/// Runs a file; a script without a first line naming its interpreter goes to the shell.
fn run(program: &CStr, order: &Order) -> io::Error {
    let error = sys::exec(program, &order.argv, &order.env);
    if error.raw_os_error() != Some(libc::ENOEXEC) {
        return error;
    }
    let head = [c"/bin/sh".to_owned(), program.to_owned()];
    let argv: Vec<CString> = head.into_iter().chain(order.argv.iter().skip(1).cloned()).collect();
    sys::exec(c"/bin/sh", &argv, &order.env)
}

fn text(string: &CStr) -> OsString {
    OsString::from_vec(string.to_bytes().to_vec())
}
