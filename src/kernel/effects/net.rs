//! Hosts that commands are known to reach.

use super::git::GitCall;
use crate::protocol::Effect;
use crate::syntax::shell::{SimpleCommand, Word};

/// The host is not in the text.
pub(in crate::kernel) const UNKNOWN: &str = "a host only known when it runs";

/// Package managers: program, the subcommands that reach out, the registry.
const REGISTRIES: &[(&str, &[&str], &str)] = &[
    (
        "npm",
        &["install", "i", "ci", "add", "update", "publish", "audit", "outdated", "view"],
        "registry.npmjs.org",
    ),
    ("pnpm", &["install", "i", "add", "update", "publish", "dlx", "fetch"], "registry.npmjs.org"),
    ("yarn", &["install", "add", "up", "upgrade", "publish", "dlx"], "registry.yarnpkg.com"),
    ("pip", &["install", "download", "index"], "pypi.org"),
    ("pip3", &["install", "download", "index"], "pypi.org"),
    ("poetry", &["install", "add", "update", "lock", "publish"], "pypi.org"),
    ("twine", &["upload"], "upload.pypi.org"),
    (
        "cargo",
        &["install", "add", "update", "fetch", "publish", "search", "yank", "login"],
        "index.crates.io",
    ),
    ("gem", &["install", "update", "push"], "rubygems.org"),
    ("bundle", &["install", "update"], "rubygems.org"),
    ("composer", &["install", "update", "require"], "repo.packagist.org"),
    ("apt", &["update", "install", "upgrade"], "the package mirror"),
    ("apt-get", &["update", "install", "upgrade"], "the package mirror"),
    ("brew", &["install", "update", "upgrade"], "formulae.brew.sh"),
    ("docker", &["pull", "push", "login"], "registry-1.docker.io"),
    ("go", &["get", "install"], "proxy.golang.org"),
];

/// This machine's own addresses: reaching them leaves nothing.
pub(in crate::kernel) fn is_loopback(host: &str) -> bool {
    let numeric = host.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    matches!(host, "localhost" | "::1" | "0.0.0.0" | "[::1]") || numeric && host.starts_with("127.")
}

/// Whether a host is the registry of a package manager that we know.
pub(in crate::kernel) fn is_registry(host: &str) -> bool {
    REGISTRIES.iter().any(|(_, _, known)| *known == host)
}

/// The `Net` effects of a command.
pub(super) fn effects(command: &SimpleCommand) -> Vec<Effect> {
    let Some(program) = command.program.as_deref() else { return Vec::new() };
    if let Some(git) = GitCall::of(command) {
        return git.remote().and_then(|remote| git_host(&remote)).into_iter().collect();
    }
    match program {
        "curl" | "wget" | "http" | "https" | "xh" | "aria2c" => web(command),
        "ssh" | "sftp" | "mosh" | "telnet" | "nc" | "ncat" | "netcat" | "ftp" | "ping" | "dig"
        | "nslookup" | "whois" | "ssh-copy-id" => {
            let Some(word) = command.operands().next() else { return Vec::new() };
            let host = word.as_literal().map_or(UNKNOWN, |text| text.rsplit('@').next().unwrap_or(text));
            vec![Effect::Net { host: host.to_owned(), port: None }]
        }
        "scp" | "rsync" => command.operands().filter_map(remote_path).collect(),
        "gh" | "hub" => vec![Effect::Net { host: "api.github.com".to_owned(), port: Some(443) }],
        "aws" | "gcloud" | "az" | "kubectl" | "terraform" | "heroku" | "vercel" | "netlify" | "fly" => {
            vec![Effect::Net { host: format!("the service behind `{program}`"), port: None }]
        }
        _ => registry(program, command),
    }
}

/// Whether a model chooses where a command's request goes or what it carries. It does not when a
/// recognised package manager fetches from its registry, or git from a remote that is configured.
pub(super) fn is_chosen(command: &SimpleCommand) -> bool {
    let Some(program) = command.program.as_deref() else { return true };
    // `PIP_INDEX_URL=… pip install x` goes elsewhere.
    let fed = command.wrappers.iter().any(|wrapper| matches!(wrapper.as_str(), "xargs" | "find"));
    if fed || !command.assignments.is_empty() {
        return true;
    }
    if let Some(git) = GitCall::of(command) {
        let fetches =
            matches!(git.sub, "fetch" | "pull") || git.sub == "remote" && git.first() == Some("update");
        let configured = |remote: String| !remote.contains(['/', ':', '.', '$', '~']);
        return !fetches || git.elsewhere.is_some() || !git.remote().is_some_and(configured);
    }
    let Some((_, subcommands, _)) = REGISTRIES.iter().find(|(name, _, _)| *name == program) else {
        return true;
    };
    let sub = command.operands().next().map_or("", |word| word.text.as_str());
    let sends = matches!(sub, "publish" | "push" | "upload" | "yank" | "login" | "search" | "dlx" | "docker");
    let elsewhere = |word: &Word| {
        let text = word.text.as_str();
        text.contains("://")
            || text.contains('@') && text.contains(':')
            || ["--registry", "--index", "-i", "--extra-index-url", "--find-links", "-f", "--git", "--source"]
                .iter()
                .any(|flag| {
                    text == *flag || text.strip_prefix(flag).is_some_and(|rest| rest.starts_with(['=', '-']))
                })
            || !word.is_literal()
    };
    !subcommands.contains(&sub) || sends || program == "docker" || command.args().iter().any(elsewhere)
}

fn registry(program: &str, command: &SimpleCommand) -> Vec<Effect> {
    let Some((_, subcommands, host)) = REGISTRIES.iter().find(|(name, _, _)| *name == program) else {
        return Vec::new();
    };
    let reaches = command.operands().next().is_some_and(|word| subcommands.contains(&word.text.as_str()));
    if !reaches || command.has_flag("--offline") {
        return Vec::new();
    }
    vec![Effect::Net { host: (*host).to_owned(), port: Some(443) }]
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
        // `curl example.com/x`: the last operand, when it looks like a host.
        let like_host = |word: &&Word| word.text.contains(['.', ':', '$']) || word.text == "localhost";
        hosts.extend(command.operands().last().filter(like_host).map(|word| host_of(word, &word.text)));
    }
    if hosts.is_empty() && !command.has_flag("--version") && !command.has_flag("--help") {
        hosts.push(Effect::Net { host: UNKNOWN.to_owned(), port: None });
    }
    hosts
}

fn host_of(word: &Word, address: &str) -> Effect {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    let authority = authority.rsplit('@').next().unwrap_or(authority);
    if !word.is_literal() && authority.contains(['$', '`', '{', '*', '"']) {
        return Effect::Net { host: UNKNOWN.to_owned(), port: None };
    }
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => (host, port.parse().ok()),
        _ => (authority, None),
    };
    Effect::Net { host: host.trim_matches('"').to_ascii_lowercase(), port }
}

/// `user@host:path`.
fn remote_path(word: &Word) -> Option<Effect> {
    let (host, _) = word.text.split_once(':')?;
    if host.contains('/') || host.is_empty() {
        return None;
    }
    let host = host.rsplit('@').next().unwrap_or(host);
    Some(Effect::Net { host: host.to_owned(), port: None })
}

/// A remote's host when it is an address, its name when it is a configured remote; `None` for a path
/// on this machine.
fn git_host(remote: &str) -> Option<Effect> {
    if let Some((scheme, _)) = remote.split_once("://") {
        return (scheme != "file").then(|| host_of(&Word::literal(remote), remote));
    }
    if remote.starts_with(['/', '.', '~']) {
        return None;
    }
    let host = match remote.split_once(':') {
        Some((host, _)) => host.rsplit('@').next().unwrap_or(host).to_owned(),
        None => format!("git remote {remote}"),
    };
    Some(Effect::Net { host, port: None })
}

/// `/dev/tcp/HOST/PORT`, which bash turns into a connection.
pub(super) fn device(target: &str) -> Option<Effect> {
    let rest = target.strip_prefix("/dev/tcp/").or_else(|| target.strip_prefix("/dev/udp/"))?;
    let (host, port) = rest.split_once('/').unwrap_or((rest, ""));
    Some(Effect::Net { host: host.to_owned(), port: port.parse().ok() })
}
