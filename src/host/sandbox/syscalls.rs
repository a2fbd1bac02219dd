//! The seccomp layer: calls no contained command may make.
//!
//! Without network no socket can be made (Landlock's own rules know TCP only); `socketpair` stays.
//! Unix sockets are refused even with network: through them a command would ask the container daemon
//! or the session's service manager to run something outside. With namespaces such sockets are out of
//! sight, and those a command makes for itself are open. Always refused: what would undo the
//! fence (namespaces, mounts, handles), and what has been the way out of many (io_uring, bpf, keys,
//! userfaultfd, perf). `ptrace` is left to Landlock, which keeps it within the fence.

use std::collections::BTreeMap;
use std::io;

use nix::libc;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    sock_filter,
};

use super::frame::Order;
use super::launch::Network;
use super::sys;

/// Refused with EPERM whatever the arguments.
const NEVER: &[libc::c_long] = &[
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_bpf,
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_userfaultfd,
    libc::SYS_perf_event_open,
    libc::SYS_fanotify_init,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_move_mount,
    libc::SYS_open_tree,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_mount_setattr,
    libc::SYS_setns,
    libc::SYS_open_by_handle_at,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_kexec_load,
    libc::SYS_kexec_file_load,
    libc::SYS_reboot,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_acct,
    libc::SYS_quotactl,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
    libc::SYS_syslog,
    libc::SYS_vhangup,
];

/// Any of the flags that make a namespace.
const NAMESPACES: u64 = (libc::CLONE_NEWNS
    | libc::CLONE_NEWCGROUP
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUSER
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNET) as u64;

/// `CLONE_NEWTIME`; in `clone` the same bit belongs to the exit signal.
const NEW_TIME: u64 = 0x80;

/// Bits of a socket's type besides its flags.
const SOCKET_TYPE: u64 = 0xf;

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// The programs, compiled once in the helper and inherited by every supervisor.
pub struct Filters {
    offline: Filter,
    online: Filter,
    local: Filter,
}

/// Which sockets can be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sockets {
    None,
    /// IP, without raw packets.
    Internet,
    /// IP, and those of this machine.
    All,
}

impl Sockets {
    pub fn of(order: &Order) -> Self {
        let Order { layers, network, .. } = order;
        // Sockets without a path belong to a network; in the machine's own, Landlock has to keep them
        // apart.
        let scoped = layers.landlock && sys::landlock_abi().is_ok_and(|abi| abi >= 6);
        match network {
            Network::None if !layers.namespaces => Self::None,
            Network::All if !layers.namespaces || !scoped => Self::Internet,
            _ => Self::All,
        }
    }
}

struct Filter {
    refuse: BpfProgram,
    absent: BpfProgram,
}

impl Filters {
    pub fn compile() -> Result<Self, String> {
        Ok(Self {
            offline: Filter::compile(Sockets::None)?,
            online: Filter::compile(Sockets::Internet)?,
            local: Filter::compile(Sockets::All)?,
        })
    }

    /// Filters this process and everything it will start.
    pub fn apply(&self, sockets: Sockets) -> io::Result<()> {
        let filter = match sockets {
            Sockets::None => &self.offline,
            Sockets::Internet => &self.online,
            Sockets::All => &self.local,
        };
        for program in [&filter.absent, &filter.refuse] {
            seccompiler::apply_filter(program).map_err(|error| match error {
                seccompiler::Error::Seccomp(source) | seccompiler::Error::Prctl(source) => source,
                other => io::Error::other(other.to_string()),
            })?;
        }
        Ok(())
    }
}

impl Filter {
    fn compile(sockets: Sockets) -> Result<Self, String> {
        let refuse = refused(sockets).map_err(|error| error.to_string())?;
        // The flags of clone3 lie in memory, where no filter can look. Told that it does not exist,
        // C libraries fall back to clone, whose flags are checked above.
        let absent = Rules::from([(libc::SYS_clone3, Vec::new())]);
        Ok(Self { refuse: program(refuse, libc::EPERM)?, absent: program(absent, libc::ENOSYS)? })
    }
}

fn program(rules: Rules, errno: i32) -> Result<BpfProgram, String> {
    let arch = std::env::consts::ARCH.try_into().map_err(|_| "unknown processor".to_owned())?;
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, SeccompAction::Errno(errno as u32), arch);
    let compiled: BpfProgram =
        filter.and_then(TryInto::try_into).map_err(|error: seccompiler::BackendError| error.to_string())?;
    Ok(without_x32(compiled))
}

/// On x86-64 the same kernel may offer a second numbering of all calls (x32, marked by bit 30) under
/// the same architecture mark, which rules by number would miss: such calls do not exist in here.
fn without_x32(compiled: BpfProgram) -> BpfProgram {
    if !cfg!(target_arch = "x86_64") {
        return compiled;
    }
    const LOAD_NUMBER: sock_filter = sock_filter { code: 0x20, jt: 0, jf: 0, k: 0 };
    const SKIP_IF_BELOW: sock_filter = sock_filter { code: 0x35, jt: 0, jf: 1, k: 0x4000_0000 };
    const ABSENT: sock_filter =
        sock_filter { code: 0x06, jt: 0, jf: 0, k: libc::SECCOMP_RET_ERRNO | libc::ENOSYS as u32 };
    [LOAD_NUMBER, SKIP_IF_BELOW, ABSENT].into_iter().chain(compiled).collect()
}

fn refused(sockets: Sockets) -> Result<Rules, seccompiler::BackendError> {
    let mut rules: Rules = NEVER.iter().map(|call| (*call, Vec::new())).collect();
    let has = |bit: u64| all(&[(0, SeccompCmpOp::MaskedEq(bit), bit)]);
    let bits = |mask: u64| (0..64).map(|n| 1u64 << n).filter(move |bit| mask & bit != 0);
    rules.insert(libc::SYS_clone, bits(NAMESPACES).map(has).collect::<Result<_, _>>()?);
    rules.insert(libc::SYS_unshare, bits(NAMESPACES | NEW_TIME).map(has).collect::<Result<_, _>>()?);
    // Typing into a terminal, or pasting into a console, on behalf of its user.
    let typing = [libc::TIOCSTI, libc::TIOCLINUX];
    let typing = typing.iter().map(|request| all(&[(1, SeccompCmpOp::Eq, *request)]));
    rules.insert(libc::SYS_ioctl, typing.collect::<Result<_, _>>()?);
    rules.insert(libc::SYS_socket, refused_sockets(sockets)?);
    Ok(rules)
}

/// No rule at all refuses every socket. Otherwise: IP without raw packets, asking (not changing) the
/// routing tables, and perhaps those of this machine.
fn refused_sockets(sockets: Sockets) -> Result<Vec<SeccompRule>, seccompiler::BackendError> {
    if sockets == Sockets::None {
        return Ok(Vec::new());
    }
    let (inet, inet6) = (libc::AF_INET as u64, libc::AF_INET6 as u64);
    let netlink = libc::AF_NETLINK as u64;
    let raw = libc::SOCK_RAW as u64;
    let mut families = vec![inet, inet6, netlink];
    if sockets == Sockets::All {
        families.push(libc::AF_UNIX as u64);
    }
    let others: Vec<_> = families.into_iter().map(|family| (0, SeccompCmpOp::Ne, family)).collect();
    Ok(vec![
        all(&others)?,
        all(&[(0, SeccompCmpOp::Ne, netlink), (1, SeccompCmpOp::MaskedEq(SOCKET_TYPE), raw)])?,
        all(&[(0, SeccompCmpOp::Eq, netlink), (2, SeccompCmpOp::Ne, libc::NETLINK_ROUTE as u64)])?,
    ])
}

/// A rule that holds when every `(argument, comparison, value)` does.
fn all(conditions: &[(u8, SeccompCmpOp, u64)]) -> Result<SeccompRule, seccompiler::BackendError> {
    let made = conditions.iter().map(|(argument, comparison, value)| {
        SeccompCondition::new(*argument, SeccompCmpArgLen::Dword, comparison.clone(), *value)
    });
    SeccompRule::new(made.collect::<Result<_, _>>()?)
}

#[cfg(all(test, target_arch = "x86_64"))]
mod tests {
    use super::*;

    /// What the kernel would answer to a call: this machine may not offer x32, its filter must still
    /// refuse it. Knows the instructions seccompiler emits.
    fn decide(program: &[sock_filter], number: u32, arguments: [u64; 6]) -> u32 {
        const X86_64: u32 = 0xc000_003e;
        let mut data = [number, X86_64, 0, 0].to_vec();
        data.extend(arguments.iter().flat_map(|value| [*value as u32, (*value >> 32) as u32]));
        let (mut at, mut held) = (0, 0u32);
        loop {
            let sock_filter { code, jt, jf, k } = program[at];
            let jump = |holds: bool| usize::from(if holds { jt } else { jf });
            at += 1;
            match code {
                0x20 => held = data[k as usize / 4],
                0x54 => held &= k,
                0x05 => at += k as usize,
                0x15 => at += jump(held == k),
                0x25 => at += jump(held > k),
                0x35 => at += jump(held >= k),
                0x06 => return k,
                other => panic!("unknown instruction {other:#x}"),
            }
        }
    }

    fn refusal(errno: i32) -> u32 {
        libc::SECCOMP_RET_ERRNO | errno as u32
    }

    #[test]
    fn x32_numbers_and_namespaces_by_any_flag_are_refused() {
        let filters = Filters::compile().unwrap();
        for filter in [&filters.offline, &filters.online, &filters.local] {
            let ask = |number: libc::c_long, first: u64| {
                decide(&filter.refuse, number as u32, [first, 0, 0, 0, 0, 0])
            };
            for number in [libc::SYS_socket, libc::SYS_mount, libc::SYS_getpid] {
                assert_eq!(ask(number | 0x4000_0000, 2), refusal(libc::ENOSYS));
            }
            assert_eq!(ask(libc::SYS_getpid, 0), libc::SECCOMP_RET_ALLOW);
            assert_eq!(ask(libc::SYS_clone, libc::SIGCHLD as u64), libc::SECCOMP_RET_ALLOW);
            for bit in (0..64).map(|n| 1u64 << n).filter(|bit| NAMESPACES & bit != 0) {
                assert_eq!(ask(libc::SYS_clone, bit | libc::SIGCHLD as u64), refusal(libc::EPERM));
                assert_eq!(ask(libc::SYS_unshare, bit), refusal(libc::EPERM));
            }
        }
    }

    #[test]
    fn sockets_follow_the_network() {
        let filters = Filters::compile().unwrap();
        let ask = |filter: &Filter, family: i32, kind: i32, protocol: i32| {
            let arguments = [family as u64, kind as u64, protocol as u64, 0, 0, 0];
            decide(&filter.refuse, libc::SYS_socket as u32, arguments) == libc::SECCOMP_RET_ALLOW
        };
        let cloexec = libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK;
        for (family, kind, protocol, online) in [
            (libc::AF_INET, libc::SOCK_STREAM | cloexec, 0, true),
            (libc::AF_INET6, libc::SOCK_DGRAM, 0, true),
            (libc::AF_NETLINK, libc::SOCK_RAW | cloexec, libc::NETLINK_ROUTE, true),
            (libc::AF_NETLINK, libc::SOCK_RAW, libc::NETLINK_NETFILTER, false),
            (libc::AF_INET, libc::SOCK_RAW | cloexec, libc::IPPROTO_ICMP, false),
            (libc::AF_INET6, libc::SOCK_RAW, 0, false),
            (libc::AF_PACKET, libc::SOCK_DGRAM, 0, false),
            (libc::AF_UNIX, libc::SOCK_STREAM, 0, false),
            (libc::AF_VSOCK, libc::SOCK_STREAM, 0, false),
        ] {
            assert!(!ask(&filters.offline, family, kind, protocol), "{family} {kind}");
            assert_eq!(ask(&filters.online, family, kind, protocol), online, "{family} {kind}");
            let local = online || family == libc::AF_UNIX;
            assert_eq!(ask(&filters.local, family, kind, protocol), local, "{family} {kind}");
        }
    }
}
