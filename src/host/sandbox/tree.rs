//! Finding, measuring and ending every process that stems from this one.
//!
//! The supervisor is the *subreaper* of its command: a process whose parent died becomes its child,
//! so none can leave by forking twice or by `setsid`.

use std::collections::HashSet;
use std::io;
use std::time::{Duration, Instant};

use nix::libc;
use nix::sys::resource::{UsageWho, getrusage};

use super::sys;

/// Living descendants of this process, parents before children, until `most` are found. What forks
/// while we look may be missed.
pub fn descendants(most: usize) -> Vec<i32> {
    let mut found = Vec::new();
    let mut queue = own_children();
    while let Some(pid) = queue.pop() {
        found.push(pid);
        if found.len() >= most {
            break;
        }
        queue.extend(children(pid));
    }
    found
}

fn own_children() -> Vec<i32> {
    children(std::process::id() as i32)
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
    for pid in descendants(usize::MAX) {
        let _ = sys::kill(pid, libc::SIGTERM);
        let _ = sys::kill(pid, libc::SIGCONT);
    }
}

/// What processes that ended and were waited for have used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    pub cpu_ms: u64,
    pub max_rss_kb: u64,
}

impl Usage {
    pub fn of_children() -> Self {
        getrusage(UsageWho::RUSAGE_CHILDREN).map_or(Self::default(), |usage| {
            let (user, system) = (usage.user_time(), usage.system_time());
            let micros = (user.tv_usec() + system.tv_usec()) / 1000;
            let cpu_ms = ((user.tv_sec() + system.tv_sec()) * 1000 + micros) as u64;
            Self { cpu_ms, max_rss_kb: usage.max_rss() as u64 }
        })
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

/// Kills until no child is left or `patience` is over. `alone` says that signals of this process reach
/// its descendants only (a Landlock scope, tried out before): then one signal to everybody is one step
/// that no fork can outrun. Otherwise whole process groups are killed, each in one step, again and
/// again: what a dead process had started becomes our child, with a group to be killed next.
pub fn kill_all(alone: bool, watched: i32, patience: Duration) -> Killed {
    let mut report = Killed::default();
    let start = Instant::now();
    loop {
        let before = report.killed;
        if matches!(reap_into(&mut report, watched), Children::None) {
            return report;
        }
        if start.elapsed() > patience {
            report.left = descendants(usize::MAX).len() as u32;
            return report;
        }
        if alone {
            let _ = sys::kill(-1, libc::SIGKILL);
        } else {
            kill_children(&own_children());
        }
        match reap_into(&mut report, watched) {
            Children::None => return report,
            // More may just have become ours; no time to lose.
            Children::Some if report.killed > before => {}
            // The dead need a moment to be reported.
            Children::Some => std::thread::sleep(Duration::from_micros(200)),
        }
    }
}

/// Kills every child of this process that is not in `known`, with the groups they are in: what a killed
/// supervisor left behind. Whether there was any; what they leave in turn comes up at the next call.
pub fn kill_strangers(known: &HashSet<i32>) -> bool {
    let strangers: Vec<i32> = own_children().into_iter().filter(|pid| !known.contains(pid)).collect();
    kill_children(&strangers);
    !strangers.is_empty()
}

/// Commands start in a session of their own, so no group of a descendant holds a process of ours; the
/// supervisor's and helper's own group is left out all the same.
fn kill_children(pids: &[i32]) {
    let own = nix::unistd::getpgrp();
    let group = |pid: &i32| nix::unistd::getpgid(Some(nix::unistd::Pid::from_raw(*pid))).ok();
    let groups: HashSet<i32> =
        pids.iter().filter_map(group).filter(|group| *group != own).map(nix::unistd::Pid::as_raw).collect();
    for group in groups.into_iter().filter(|group| *group > 1) {
        let _ = sys::kill(-group, libc::SIGKILL);
    }
    for pid in pids {
        let _ = sys::kill(*pid, libc::SIGKILL);
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
