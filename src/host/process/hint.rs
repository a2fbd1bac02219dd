//! What a failed command probably ran into, so that the next step is clear.

use std::path::{Path, PathBuf};

use crate::host::sandbox::Exit;

/// Signs in a command's output, and the line that says what opens the way.
const SIGNS: [(&[&str], &str); 8] = [
    (
        &["File too large", "File size limit exceeded"],
        "[a command may write files up to `sandbox.limits.file_mb` of the settings; ask the user to raise it]",
    ),
    (
        &[
            "could not lock config file",
            "could not write config file",
            "unable to write upstream branch configuration",
            "error: failed to write new configuration file",
        ],
        "[the sandbox keeps git's configuration and hooks as they are, since git would run what they name; the rest of git works. Ask the user to change it]",
    ),
    (
        &["failed to run reflog", "failed to run worktree"],
        "[what is private to other work trees of this repository stays as it is, and `git gc` wants to trim it; the rest of git works. Ask the user to run it]",
    ),
    (
        &["Cannot connect to the Docker daemon", "Could not open a connection to your authentication agent"],
        "[sockets of other programs are out of the sandbox's reach; `sandbox.expose.sockets` in the user's settings opens one]",
    ),
    (
        &["no new privileges", "sudo: ", "su: ", "must be setuid root"],
        "[in the sandbox nothing gains rights: sudo, su and other setuid programs do nothing]",
    ),
    (
        &[
            "Network is unreachable",
            "ENETUNREACH",
            "EAI_AGAIN",
            "ENOTFOUND",
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

/// A place that exists, and not for a command in a tree of its own.
const ABSENT: &str = "[what is neither in the workspace nor in toolchains and caches is not there for commands in the sandbox; `sandbox.expose.paths` in the user's settings opens more]";

/// One line for a command that failed on something the sandbox refuses; `None` when nothing points
/// to it. `proxied`: a proxy was its way to some hosts.
pub fn sandbox_hint(output: &str, proxied: bool) -> Option<&'static str> {
    if proxied && STRAIGHT.iter().any(|sign| output.contains(sign)) {
        return Some(THROUGH_THE_PROXY);
    }
    let sign = SIGNS.iter().find(|(signs, _)| signs.iter().any(|sign| output.contains(sign)));
    sign.map(|(_, hint)| *hint).or_else(|| names_hidden(output).then_some(ABSENT))
}

/// What git says when it cannot use the repository of the folder it stands in.
const NO_REPOSITORY: [&str; 2] = ["fatal: not a git repository", "fatal: Unable to create '"];

/// One line for a command that failed because the repository is out of its reach: `why` it is.
pub fn git_hint(output: &str, why: &str) -> Option<String> {
    NO_REPOSITORY.iter().any(|sign| output.contains(sign)).then(|| format!("[{why}]"))
}

/// One line on protected files that were changed while a command ran; `None` when none was.
pub fn protection_note(exit: &Exit) -> Option<String> {
    let list = |paths: &[PathBuf]| -> String {
        let names: Vec<String> = paths.iter().take(5).map(|path| path.display().to_string()).collect();
        let more = paths.len().saturating_sub(names.len());
        names.join(", ") + &if more > 0 { format!(" and {more} more") } else { String::new() }
    };
    let mut said = Vec::new();
    if !exit.restored.is_empty() {
        said.push(format!(
            "protected files were changed and put back, what was there is beside them as NAME.set-aside-…: {}",
            list(&exit.restored)
        ));
    }
    if !exit.damaged.is_empty() {
        said.push(format!("protected files were changed and could NOT be put back: {}", list(&exit.damaged)));
    }
    (!said.is_empty()).then(|| format!("[{}]", said.join("; ")))
}

/// Whether a line says that an absolute path does not exist which does, seen from here.
fn names_hidden(output: &str) -> bool {
    let lines = output.lines().filter(|line| line.contains("No such file or directory"));
    // The last lines, as messages of failure are; a long log must not cost a look for each of its lines.
    lines.rev().take(5).any(|line| {
        let words = line.split(|letter: char| letter.is_whitespace() || "'\"`:,()".contains(letter));
        words.filter(|word| word.starts_with('/') && word.len() > 1).any(|word| Path::new(word).exists())
    })
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
        let config =
            sandbox_hint("error: could not lock config file .git/config: Read-only file system", false);
        assert!(config.is_some_and(|hint| hint.contains("git's configuration")));
    }

    #[test]
    fn a_place_out_of_sight_is_told_from_one_that_is_nowhere() {
        let temp = tempfile::tempdir().unwrap();
        let there = temp.path().display();
        let says = |path: &str| {
            sandbox_hint(&format!("ls: cannot access '{path}': No such file or directory"), false)
        };
        assert_eq!(says(&there.to_string()), Some(ABSENT));
        assert_eq!(says(&format!("{there}/nowhere")), None);
        assert_eq!(sandbox_hint(&format!("{there}"), false), None);
    }
}
