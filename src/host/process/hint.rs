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

/// One line for a command that failed on something the sandbox refuses; `None` when nothing points
/// to it.
pub fn sandbox_hint(output: &str) -> Option<&'static str> {
    SIGNS.iter().find(|(signs, _)| signs.iter().any(|sign| output.contains(sign))).map(|(_, hint)| *hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_come_only_with_a_sign() {
        assert!(
            sandbox_hint("curl: (6) Could not resolve host: x").is_some_and(|h| h.contains("no network"))
        );
        assert!(sandbox_hint("touch: /etc/x: Permission denied").is_some_and(|h| h.contains("expose")));
        assert_eq!(sandbox_hint("error[E0308]: mismatched types"), None);
    }
}
