//! What a failed command probably ran into, so that the next step is clear.

/// Signs in a command's output, and the line that says what opens the way.
const SIGNS: [(&[&str], &str); 3] = [
    (
        &[
            "Network is unreachable",
            "Could not resolve host",
            "Temporary failure in name resolution",
            "no network",
            "Name or service not known",
            "getaddrinfo",
            "error sending request",
        ],
        "[the sandbox has no network: use what is installed or cached, or ask the user to fetch it]",
    ),
    (
        &["Read-only file system", "Permission denied", "Operation not permitted"],
        "[the sandbox lets commands write only in the workspace and $TMPDIR, and read only there, in toolchains and in dependency caches; `sandbox.expose.paths` in the user's settings opens more]",
    ),
    (
        &["Address family not supported", "socket: Operation not permitted", "Protocol not supported"],
        "[the sandbox refuses sockets, loopback included]",
    ),
];

/// Signs that a program with granted hosts did not take its only way to them, the proxy.
const STRAIGHT: [&str; 7] = [
    "Network is unreachable",
    "Could not resolve host",
    "Temporary failure in name resolution",
    "Name or service not known",
    "getaddrinfo",
    "kex_exchange_identification",
    "Connection refused",
];
const THROUGH_THE_PROXY: &str = "[this command's only way out is the HTTP proxy in HTTPS_PROXY, which not every program takes: git over ssh and other protocols than HTTP cannot; use an https:// remote, or ask the user to do this step]";

/// One line for a command that failed on something the sandbox refuses; `None` when nothing points
/// to it. `proxied`: a proxy was its way to some hosts.
pub fn sandbox_hint(output: &str, proxied: bool) -> Option<&'static str> {
    if proxied && STRAIGHT.iter().any(|sign| output.contains(sign)) {
        return Some(THROUGH_THE_PROXY);
    }
    SIGNS.iter().find(|(signs, _)| signs.iter().any(|sign| output.contains(sign))).map(|(_, hint)| *hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_come_only_with_a_sign() {
        assert!(
            sandbox_hint("curl: (6) Could not resolve host: x", false)
                .is_some_and(|h| h.contains("no network"))
        );
        let denied = "touch: /etc/x: Permission denied";
        assert!(sandbox_hint(denied, false).is_some_and(|h| h.contains("expose")));
        assert!(sandbox_hint(denied, true).is_some_and(|h| h.contains("expose")));
        assert_eq!(sandbox_hint("error[E0308]: mismatched types", true), None);
        let ssh = "ssh: Could not resolve hostname github.com: Temporary failure in name resolution";
        assert!(sandbox_hint(ssh, true).is_some_and(|h| h.contains("git over ssh")));
    }
}
