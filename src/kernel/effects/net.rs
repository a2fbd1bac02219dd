//! Hosts that commands are known to reach, and who chose them: the words of the call, or the set-up of
//! a package manager or repository.

use super::Via;
use super::git::GitCall;
use super::registry;
use crate::kernel::charter::Charter;
use crate::protocol::Effect;
use crate::syntax::shell::{SimpleCommand, Word};

/// The host is not in the text.
pub(in crate::kernel) const UNKNOWN: &str = "a host only known when it runs";

/// Longest name that the domain name system knows, in bytes.
const LONGEST_HOST: usize = 253;

/// This machine's own addresses: reaching them leaves nothing.
pub(in crate::kernel) fn is_loopback(host: &str) -> bool {
    let numeric = host.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    matches!(host, "localhost" | "::1" | "0.0.0.0" | "[::1]") || numeric && host.starts_with("127.")
}

/// Whether `host` is a name or an address, and not words that stand for one.
pub(in crate::kernel) fn is_host(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    let name = |host: &str| {
        host.len() <= LONGEST_HOST
            && host.split('.').all(|label| {
                !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
            })
    };
    address.parse::<std::net::Ipv6Addr>().is_ok() || name(host)
}

/// The `Net` effects of a command, and what each stems from. `remotes_stand`: nothing else in the line
/// changes where the repository's remotes point.
pub(super) fn effects(charter: &Charter, command: &SimpleCommand, remotes_stand: bool) -> Vec<(Effect, Via)> {
    let Some(program) = command.program.as_deref() else { return Vec::new() };
    if let Some(git) = GitCall::of(command) {
        return git_effects(charter, &git, command, remotes_stand);
    }
    let chosen = |effects: Vec<Effect>| effects.into_iter().map(|effect| (effect, Via::Word)).collect();
    chosen(match program {
        "curl" | "wget" | "http" | "https" | "xh" | "aria2c" => web(command),
        "ssh" | "sftp" | "mosh" | "telnet" | "nc" | "ncat" | "netcat" | "ftp" | "ping" | "dig"
        | "nslookup" | "whois" | "ssh-copy-id" => {
            let Some(word) = command.operands().next() else { return Vec::new() };
            let host = word.as_literal().map_or(UNKNOWN, |text| text.rsplit('@').next().unwrap_or(text));
            vec![Effect::net(host, None)]
        }
        "scp" | "rsync" => command.operands().filter_map(remote_path).collect(),
        "gh" | "hub" => vec![Effect::net("api.github.com", Some(443))],
        "terraform" | "tofu" if first_is(command, &["fmt", "validate", "version", "console"]) => Vec::new(),
        "kubectl" if first_is(command, &["kustomize", "completion", "config"]) => Vec::new(),
        "kubectl" if first_is(command, &["version"]) && command.has_flag("--client") => Vec::new(),
        "aws" | "gcloud" | "az" | "kubectl" | "terraform" | "heroku" | "vercel" | "netlify" | "fly" => {
            vec![Effect::net(format!("the service behind `{program}`"), None)]
        }
        _ => return registry::effects(charter, program, command),
    })
}

fn first_is(command: &SimpleCommand, subs: &[&str]) -> bool {
    command.operands().next().is_some_and(|word| subs.contains(&word.text.as_str()))
}

/// Whether a command changes where remotes point, so that what was configured before says nothing.
pub(super) fn changes_remotes(command: &SimpleCommand) -> bool {
    let Some(git) = GitCall::of(command) else { return false };
    match git.sub {
        "remote" => matches!(git.first(), Some("add" | "set-url" | "rename" | "remove" | "rm")),
        sub => matches!(sub, "config" | "init" | "submodule" | "worktree"),
    }
}

/// What a `git` command asks of other repositories. A remote that was configured before this session is
/// named by its host; one that the line itself may have changed stays a name.
fn git_effects(
    charter: &Charter,
    git: &GitCall<'_>,
    command: &SimpleCommand,
    remotes_stand: bool,
) -> Vec<(Effect, Via)> {
    let Some(remote) = git.remote() else { return Vec::new() };
    let plain = remotes_stand && is_plain(charter, git, command);
    let remotes = charter.remotes.iter();
    let asked: Vec<&(String, String)> = match (plain, git.sub) {
        (false, _) => Vec::new(),
        (true, "fetch") if git.has("--all") => remotes.collect(),
        (true, "remote") if git.first() == Some("update") && git.operands().nth(1).is_none() => {
            remotes.collect()
        }
        (true, "fetch") if git.has("--multiple") => {
            remotes.filter(|(name, _)| git.operands().any(|word| word.text == *name)).collect()
        }
        // Without `origin`, git takes the only remote there is.
        (true, "fetch" | "pull") if git.first().is_none() && charter.remotes.len() == 1 => remotes.collect(),
        (true, _) => remotes.filter(|(name, url)| *name == remote || *url == remote).collect(),
    };
    if asked.is_empty() {
        return git_host(&remote).map(|effect| (effect, Via::Word)).into_iter().collect();
    }
    let sends = !matches!(git.sub, "fetch" | "pull" | "clone" | "ls-remote" | "remote");
    let via = if sends { Via::Word } else { Via::Remote };
    asked.into_iter().filter_map(|(_, url)| Some((git_host(url)?, via))).collect()
}

/// Whether a git command works with the workspace's own configuration and nothing on top of it.
fn is_plain(charter: &Charter, git: &GitCall<'_>, command: &SimpleCommand) -> bool {
    let rigged = git.args.iter().any(|word| {
        let text = word.text.as_str();
        ["--upload-pack", "--exec", "-u", "--config", "-c"].iter().any(|flag| text.starts_with(flag))
    });
    if !git.config.is_empty()
        || !git.elsewhere.is_empty()
        || git.steered
        || rigged
        || !command.assignments.is_empty()
    {
        return false;
    }
    // Another repository may lie in a folder below.
    let Some(dir) = command.dir.as_deref() else { return false };
    let here = charter.workspace.join(dir);
    let Ok(here) = here.canonicalize() else { return false };
    here.starts_with(&charter.workspace)
        && here
            .ancestors()
            .take_while(|folder| *folder != charter.workspace)
            .all(|folder| !folder.join(".git").exists())
}

fn web(command: &SimpleCommand) -> Vec<Effect> {
    let mut hosts: Vec<Effect> = Vec::new();
    let mut after_url_flag = false;
    for word in command.args() {
        let text = word.text.as_str();
        let address = text.strip_prefix("--url=").unwrap_or(text);
        let url = address.contains("://") || after_url_flag;
        after_url_flag = text == "--url";
        if url {
            hosts.push(host_of(word, address));
        }
    }
    if hosts.is_empty() {
        // `curl example.com/x`: the last word that is no option's value and looks like a host.
        let like_host = |word: &&&Word| {
            word.text.contains(['.', ':', '$'])
                || word.text == "localhost"
                || word.text.starts_with("localhost/")
        };
        hosts.extend(addresses(command).iter().rfind(like_host).map(|word| host_of(word, &word.text)));
    }
    if hosts.is_empty() && !command.has_flag("--version") && !command.has_flag("--help") {
        hosts.push(Effect::net(UNKNOWN, None));
    }
    hosts
}

/// Options of `curl` and `wget` whose next word is a value and no address.
const VALUED: &[&str] = &[
    "-X",
    "--request",
    "-H",
    "--header",
    "-d",
    "--data",
    "--data-raw",
    "--data-binary",
    "--data-urlencode",
    "--json",
    "-F",
    "--form",
    "-w",
    "--write-out",
    "-o",
    "--output",
    "-O",
    "-u",
    "--user",
    "-A",
    "--user-agent",
    "-e",
    "--referer",
    "-b",
    "--cookie",
    "-c",
    "--cookie-jar",
    "-m",
    "--max-time",
    "--connect-timeout",
    "--retry",
    "--retry-delay",
    "-T",
    "--upload-file",
    "-D",
    "--dump-header",
    "-r",
    "--range",
    "--cacert",
    "--cert",
    "--key",
    "-P",
    "--directory-prefix",
    "--post-data",
    "--timeout",
    "-t",
];

/// The words of a request that may be addresses.
fn addresses(command: &SimpleCommand) -> Vec<&Word> {
    let mut found = Vec::new();
    let mut valued = false;
    for word in command.args() {
        let text = word.text.as_str();
        // `curl -O` names no file; only `wget -O` does.
        let takes = VALUED.contains(&text) && (text != "-O" || command.program.as_deref() == Some("wget"));
        if !std::mem::replace(&mut valued, takes) && !text.starts_with('-') {
            found.push(word);
        }
    }
    found
}

/// The host of an address in a word: `scheme://user@host:port/path`, or the same without a scheme.
pub(super) fn host_of(word: &Word, address: &str) -> Effect {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    let authority = authority.rsplit('@').next().unwrap_or(authority);
    if !word.is_literal() && authority.contains(['$', '`', '{', '*', '"']) {
        return Effect::net(UNKNOWN, None);
    }
    if let Some((host, rest)) = authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return Effect::net(
            host.to_ascii_lowercase(),
            rest.strip_prefix(':').and_then(|port| port.parse().ok()),
        );
    }
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => (host, port.parse().ok()),
        _ => (authority, None),
    };
    Effect::net(host.trim_matches('"').to_ascii_lowercase(), port)
}

/// `user@host:path`.
fn remote_path(word: &Word) -> Option<Effect> {
    let (host, _) = word.text.split_once(':')?;
    if host.contains('/') || host.is_empty() {
        return None;
    }
    let host = host.rsplit('@').next().unwrap_or(host);
    Some(Effect::net(host, None))
}

/// A remote's host when it is an address, its name when it is a configured remote; `None` for a path
/// on this machine.
pub(super) fn git_host(remote: &str) -> Option<Effect> {
    if let Some((scheme, _)) = remote.split_once("://") {
        let effect = (scheme != "file").then(|| host_of(&Word::literal(remote), remote))?;
        return Some(match effect {
            Effect::Net { host, port: None, .. } if scheme.contains("ssh") => Effect::net(host, Some(22)),
            Effect::Net { host, port: None, .. } if scheme == "git" => Effect::net(host, Some(9418)),
            effect => effect,
        });
    }
    if remote.starts_with(['/', '.', '~']) {
        return None;
    }
    Some(match remote.split_once(':') {
        // `git@host:path` is ssh.
        Some((host, _)) => Effect::net(host.rsplit('@').next().unwrap_or(host), Some(22)),
        None => Effect::net(format!("git remote {remote}"), None),
    })
}

/// `/dev/tcp/HOST/PORT`, which bash turns into a connection.
pub(super) fn device(target: &str) -> Option<Effect> {
    let rest = target.strip_prefix("/dev/tcp/").or_else(|| target.strip_prefix("/dev/udp/"))?;
    let (host, port) = rest.split_once('/').unwrap_or((rest, ""));
    Some(Effect::net(host, port.parse().ok()))
}
