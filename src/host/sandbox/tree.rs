//! Finding, measuring and ending every process that stems from this one.
//!
//! The supervisor is the *subreaper* of its command: a process whose parent died becomes its child,
//! so none can leave by forking twice or by `setsid`.

use std::collections::HashSet;
use std::io;
use std::time::{Duration, Instant};

use nix::libc;

use super::sys;

/// How long killed processes may take to go before they are reported as left.
const PATIENCE: Duration = Duration::from_secs(2);

/// All living descendants of this process, parents before children. What forks while we look may be
/// missed; who needs all of them asks until nothing new appears.
pub fn descendants() -> Vec<i32> {
    below(std::process::id() as i32)
}

fn below(top: i32) -> Vec<i32> {
    let mut found = Vec::new();
    let mut queue = children(top);
    while let Some(pid) = queue.pop() {
        queue.extend(children(pid));
        found.push(pid);
    }
    found
}

/// Children belong to the thread that forked them, so every thread is asked.
fn children(pid: i32) -> Vec<i32> {
    let mut found = Vec::new();
    let Ok(threads) = std::fs::read_dir(format!("/proc/{pid}/task")) else { return found };
    for thread in threads.flatten() {
        match std::fs::read_to_string(thread.path().join("children")) {
            Ok(list) => found.extend(list.split_ascii_whitespace().filter_map(|n| n.parse::<i32>().ok())),
            // The kernel was built without these files, or the thread just ended.
            Err(_) if thread.path().exists() => return children_by_scan(pid),
            Err(_) => {}
        }
    }
    found
}

fn children_by_scan(parent: i32) -> Vec<i32> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    pids.filter(|pid| parent_of(*pid) == Some(parent)).collect()
}

fn parent_of(pid: i32) -> Option<i32> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name before it is in parentheses and may hold anything, even parentheses.
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_ascii_whitespace().nth(1)?.parse().ok()
}

/// Bytes resident in all of `pids`: private pages of each, and the largest shared part once, since
/// forks mostly share the same.
pub fn resident(pids: &[i32]) -> u64 {
    let page = 4096.max(nix::unistd::sysconf(nix::unistd::SysconfVar::PAGE_SIZE).ok().flatten().unwrap_or(0));
    let mut private = 0;
    let mut shared = 0;
    for pid in pids {
        let Ok(text) = std::fs::read_to_string(format!("/proc/{pid}/statm")) else { continue };
        let mut numbers = text.split_ascii_whitespace().skip(1).map(|n| n.parse::<u64>().unwrap_or(0));
        let (Some(all), Some(common)) = (numbers.next(), numbers.next()) else { continue };
        private += all.saturating_sub(common);
        shared = shared.max(common);
    }
    (private + shared) * page as u64
}

/// Asks every descendant to end.
pub fn terminate() {
    for pid in descendants() {
        let _ = sys::kill(pid, libc::SIGTERM);
        let _ = sys::kill(pid, libc::SIGCONT);
    }
}

/// What [`kill_all`] did.
#[derive(Default)]
pub struct Killed {
    pub killed: u32,
    pub left: u32,
    /// The status of the process asked for, if it was among them.
    pub watched: Option<i32>,
}

/// Kills until no child is left. `alone` says that signals of this process reach its descendants only
/// (a Landlock scope, tried out before): then one signal to everybody is one step that no fork can
/// outrun. Otherwise all are stopped first, until no new one appears, and killed then.
pub fn kill_all(alone: bool, watched: i32) -> Killed {
    let mut report = Killed::default();
    let start = Instant::now();
    loop {
        match reap_into(&mut report, watched) {
            Children::None => return report,
            Children::Some if start.elapsed() > PATIENCE => {
                report.left = descendants().len() as u32;
                return report;
            }
            Children::Some => {}
        }
        if alone {
            let _ = sys::kill(-1, libc::SIGKILL);
        } else {
            stop_and_kill_below(std::process::id() as i32);
        }
        // The dead need a moment to be reported; a child that ends wakes nobody here.
        if matches!(reap_into(&mut report, watched), Children::None) {
            return report;
        }
        std::thread::sleep(Duration::from_micros(200));
    }
}

enum Children {
    None,
    Some,
}

fn reap_into(report: &mut Killed, watched: i32) -> Children {
    loop {
        match sys::reap() {
            Ok(Some(child)) => {
                if child.pid == watched {
                    report.watched = Some(child.status);
                } else if libc::WIFSIGNALED(child.status) && libc::WTERMSIG(child.status) == libc::SIGKILL {
                    report.killed += 1;
                }
            }
            Ok(None) => return Children::Some,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return Children::None,
        }
    }
}

/// Stops all below `top` until no new one appears (what is stopped cannot fork), then kills them.
fn stop_and_kill_below(top: i32) {
    let mut stopped = HashSet::new();
    loop {
        let new: Vec<i32> = below(top).into_iter().filter(|pid| stopped.insert(*pid)).collect();
        if new.is_empty() {
            break;
        }
        for pid in new {
            let _ = sys::kill(pid, libc::SIGSTOP);
        }
    }
    for pid in stopped {
        let _ = sys::kill(pid, libc::SIGKILL);
    }
}

/// Kills every child of this process that is not in `known`, with all it started, until none is left:
/// what a killed supervisor left behind.
pub fn kill_strangers(known: &HashSet<i32>) {
    let start = Instant::now();
    loop {
        let me = std::process::id() as i32;
        let strangers: Vec<i32> = children(me).into_iter().filter(|pid| !known.contains(pid)).collect();
        if strangers.is_empty() || start.elapsed() > PATIENCE {
            return;
        }
        for pid in strangers {
            let _ = sys::kill(pid, libc::SIGSTOP);
            stop_and_kill_below(pid);
            let _ = sys::kill(pid, libc::SIGKILL);
            let _ = sys::wait_for(pid);
        }
    }
}
