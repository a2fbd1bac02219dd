//! The system's own places that every command finds, whatever it was granted.

/// Read and executed by every command. Of `/etc`, only what programs need to start and to find names,
/// zones, certificates and terminals: no keys, no passwords, no package manager's logins.
///
/// Not here on purpose: `/tmp` (`TMPDIR` is private), `/dev/pts` (a command could write to the user's
/// own terminal), `/dev/shm` and `/run` (shared with everybody). A user can expose them.
pub const READ: &[&str] = &[
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/opt",
    "/proc",
    "/sys",
    "/nix/store",
    "/nix/var/nix/profiles",
    "/gnu/store",
    "/run/current-system",
    "/run/opengl-driver",
    "/run/systemd/resolve/resolv.conf",
    "/run/systemd/resolve/stub-resolv.conf",
    "/home/linuxbrew/.linuxbrew",
    "/var/lib/dpkg",
    "/var/cache/fontconfig",
    "/etc/alternatives",
    "/etc/bash.bashrc",
    "/etc/bashrc",
    "/etc/ca-certificates",
    "/etc/crypto-policies",
    "/etc/debian_version",
    "/etc/fonts",
    "/etc/gai.conf",
    "/etc/gitconfig",
    "/etc/group",
    "/etc/host.conf",
    "/etc/hostname",
    "/etc/hosts",
    "/etc/inputrc",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/ld.so.preload",
    "/etc/locale.alias",
    "/etc/locale.conf",
    "/etc/localtime",
    "/etc/login.defs",
    "/etc/lsb-release",
    "/etc/magic",
    "/etc/mime.types",
    "/etc/networks",
    "/etc/nsswitch.conf",
    "/etc/os-release",
    "/etc/passwd",
    "/etc/perl",
    "/etc/pki/ca-trust",
    "/etc/pki/tls/certs",
    "/etc/profile",
    "/etc/profile.d",
    "/etc/protocols",
    "/etc/redhat-release",
    "/etc/resolv.conf",
    "/etc/rpc",
    "/etc/services",
    "/etc/shells",
    "/etc/ssl/certs",
    "/etc/ssl/cert.pem",
    "/etc/ssl/openssl.cnf",
    "/etc/static",
    "/etc/terminfo",
    "/etc/timezone",
];

/// Devices that hold nothing. `/dev/tty` opens only for a process with a terminal of its own.
pub const DEVICES: &[&str] =
    &["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty"];

/// Makes terminals. Those made lie in `/dev/pts`, which is the machine's without namespaces and stays
/// closed; with them a command has its own.
pub const TERMINALS: &str = "/dev/ptmx";
pub const OWN_TERMINALS: &str = "/dev/pts";

/// Written by every command, each with namespaces of its own; closed without.
pub const OWN: &[&str] = &["/tmp", "/var/tmp", "/dev/shm"];
