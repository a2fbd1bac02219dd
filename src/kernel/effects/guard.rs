//! Paths that protect the user or ourselves, by their real path.

use std::path::{Path, PathBuf};

use super::place::Place;
use crate::kernel::charter::Charter;

/// What may be done to a guarded path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::kernel) enum Level {
    Free,
    Ask,
    Never,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::kernel) struct Guard {
    /// The rule, as the journal names it.
    pub rule: &'static str,
    /// What it is, for people.
    pub what: &'static str,
    /// What a model should do instead.
    pub instead: &'static str,
    pub read: Level,
    pub write: Level,
}

const OWN: Guard = Guard {
    rule: "own_state",
    what: "iosm's own settings and records",
    instead: "Work without it, and tell the user if a setting is in the way.",
    read: Level::Never,
    write: Level::Never,
};
/// What is written there is followed in every project.
const SKILLS: Guard = Guard {
    rule: "own_skills",
    what: "a skill of the user's",
    instead: "Propose the change to the user; only a person may make it.",
    read: Level::Free,
    write: Level::Never,
};
const GIT: Guard = Guard {
    rule: "git_internals",
    what: "git's own files",
    instead: "Use git commands instead of changing its files.",
    read: Level::Free,
    write: Level::Never,
};
const POLICY: Guard = Guard {
    rule: "project_policy",
    what: "a file that governs or records what agents do",
    instead: "Propose the change to the user; only a person may make it.",
    read: Level::Free,
    write: Level::Never,
};
const DOTENV: Guard = Guard {
    rule: "env_file",
    what: "a file of secrets",
    instead: "Use an example file such as .env.example, or ask the user for the value's name.",
    read: Level::Ask,
    write: Level::Never,
};
const TOKENS: Guard = Guard {
    rule: "token_file",
    what: "a file that may hold access tokens",
    instead: "Work without it, or ask the user.",
    read: Level::Ask,
    write: Level::Ask,
};
/// Those of tests are called so too, hence a question and no more; certificates are no secrets.
const KEYS: Guard = Guard {
    rule: "key_file",
    what: "a file that may hold a private key",
    instead: "Work without it, or ask the user.",
    read: Level::Ask,
    write: Level::Free,
};
const CREDENTIALS: Guard = Guard {
    rule: "credentials",
    what: "credentials",
    instead: "Work without them; a step that needs them is the user's to take.",
    read: Level::Never,
    write: Level::Never,
};
const STARTUP: Guard = Guard {
    rule: "startup_file",
    what: "a file that runs when the user logs in or starts a program",
    instead: "Tell the user what to add there.",
    read: Level::Free,
    write: Level::Never,
};

/// Below the home folder: a name, or a folder with everything in it.
const HOME_CREDENTIALS: &[&str] = &[
    ".ssh",
    ".aws",
    ".gnupg",
    ".azure",
    ".kube",
    ".netrc",
    ".git-credentials",
    ".pgpass",
    ".npmrc",
    ".pypirc",
    ".my.cnf",
    ".docker/config.json",
    ".config/gcloud",
    ".config/gh",
    ".config/hub",
    ".config/op",
    ".cargo/credentials",
    ".cargo/credentials.toml",
    ".gem/credentials",
    ".m2/settings.xml",
    ".terraform.d/credentials.tfrc.json",
    ".password-store",
    ".local/share/keyrings",
    ".local/share/gnome-keyring",
    ".local/share/kwalletd",
    ".vault-token",
    ".huggingface",
    ".cache/huggingface/token",
    ".config/huggingface",
    ".config/pip",
    ".pip",
    ".composer/auth.json",
    ".config/composer/auth.json",
    ".nuget/NuGet/NuGet.Config",
    ".gradle/gradle.properties",
    ".yarnrc.yml",
    ".yarnrc",
    ".bunfig.toml",
    ".config/rclone",
    ".config/configstore",
    ".config/sops",
    ".config/age",
    ".config/doctl",
    ".config/heroku",
    ".config/netlify",
    ".config/vercel",
    ".local/share/com.vercel.cli",
    ".fly",
    ".oci",
    ".boto",
    ".s3cfg",
    ".databrickscfg",
    ".snowflake",
    ".config/helm",
    ".config/containers/auth.json",
    ".config/github-copilot",
    ".claude",
    ".claude.json",
    ".codex",
    ".gemini",
    ".config/anthropic",
    ".config/openai",
    ".bash_history",
    ".zsh_history",
    ".python_history",
    ".psql_history",
    ".mysql_history",
    ".node_repl_history",
    ".mozilla",
    ".config/google-chrome",
    ".config/chromium",
    "Library/Keychains",
];
const HOME_STARTUP: &[&str] = &[
    ".bashrc",
    ".bash_profile",
    ".bash_login",
    ".bash_logout",
    ".profile",
    ".zshrc",
    ".zprofile",
    ".zshenv",
    ".zlogin",
    ".zlogout",
    ".inputrc",
    ".gitconfig",
    ".config/git",
    ".config/fish",
    ".config/autostart",
    ".config/systemd",
    ".config/environment.d",
    "Library/LaunchAgents",
    ".vimrc",
    ".config/nvim",
    ".cargo/config.toml",
    ".cargo/config",
];
/// Anywhere at all.
const KEY_NAMES: &[&str] =
    &["id_rsa", "id_ed25519", "id_ecdsa", "id_dsa", ".netrc", ".git-credentials", ".pgpass"];
const EXAMPLE_ENDINGS: &[&str] = &["example", "sample", "template", "dist", "defaults"];
const SYSTEM_SECRETS: &[&str] =
    &["/etc/shadow", "/etc/gshadow", "/etc/sudoers", "/etc/sudoers.d", "/etc/ssh"];

/// What guards `real`, which lies in `place`. Names are compared without case: on some file systems
/// `.GIT` is `.git`, and nobody calls an innocent file so.
pub(in crate::kernel) fn guard_of(charter: &Charter, place: Place, real: &Path) -> Option<Guard> {
    if place == Place::OwnDir {
        return Some(OWN);
    }
    if place == Place::Readable && charter.skills.iter().any(|folder| real.starts_with(folder)) {
        return by_leaf(&real.file_name()?.to_string_lossy().to_ascii_lowercase()).or(Some(SKILLS));
    }
    if let Ok(below) = real.strip_prefix(&charter.home) {
        if HOME_CREDENTIALS.iter().any(|name| lies_in(below, name)) {
            return Some(CREDENTIALS);
        }
        if HOME_STARTUP.iter().any(|name| lies_in(below, name)) {
            return Some(STARTUP);
        }
    }
    if SYSTEM_SECRETS.iter().any(|secret| real.starts_with(secret)) || process_secret(real) {
        return Some(CREDENTIALS);
    }
    // Work trees of a bare repository may lie in it.
    let inside = |path: &Path| path.starts_with(&charter.workspace);
    if charter.git.iter().any(|git| real.starts_with(git) && (inside(git) || !inside(real))) {
        return Some(GIT);
    }
    let mut names = real.iter().filter_map(|name| name.to_str()).peekable();
    while let Some(name) = names.next() {
        if name.eq_ignore_ascii_case(".git") {
            return Some(GIT);
        }
        if name.eq_ignore_ascii_case(".iosm") {
            return governs(names.peek().copied()).then_some(POLICY);
        }
    }
    by_leaf(&real.file_name()?.to_string_lossy().to_ascii_lowercase())
}

/// What keeps a folder from being opened as the workspace's git directory: it lies where credentials or our
/// own files do, or they lie in it.
pub fn guarded_folder(home: &Path, own_dirs: &[PathBuf], dir: &Path) -> Option<&'static str> {
    if own_dirs.iter().any(|own| dir.starts_with(own) || own.starts_with(dir)) {
        return Some(OWN.what);
    }
    if home.starts_with(dir) {
        return Some("your home folder");
    }
    let below = dir.strip_prefix(home).ok();
    let kept = |names: &[&str]| below.is_some_and(|below| names.iter().any(|name| lies_in(below, name)));
    let holds = |name: &&str| home.join(name).starts_with(dir);
    let secret = kept(HOME_CREDENTIALS)
        || HOME_CREDENTIALS.iter().any(holds)
        || SYSTEM_SECRETS.iter().any(|secret| dir.starts_with(secret) || Path::new(secret).starts_with(dir));
    if secret {
        return Some(CREDENTIALS.what);
    }
    (kept(HOME_STARTUP) || HOME_STARTUP.iter().any(holds)).then_some(STARTUP.what)
}

/// Whether a file of this name may hold secrets, wherever it lies: a grant to read a whole tree does
/// not cover it.
pub fn may_hold_secrets(path: &Path) -> bool {
    let leaf = path.file_name().map(|leaf| leaf.to_string_lossy().to_ascii_lowercase());
    leaf.and_then(|leaf| by_leaf(&leaf)).is_some_and(|guard| guard.read != Level::Free)
}

/// By the last name alone, in lower case.
fn by_leaf(leaf: &str) -> Option<Guard> {
    if leaf == "iosm.yaml" || leaf == "iosm.yml" {
        return Some(POLICY);
    }
    if KEY_NAMES.contains(&leaf) {
        return Some(CREDENTIALS);
    }
    if leaf == ".npmrc" || leaf == ".pypirc" {
        return Some(TOKENS);
    }
    let bundle = leaf.ends_with(".p12") || leaf.ends_with(".pfx");
    if bundle || leaf.contains("priv") && (leaf.ends_with(".pem") || leaf.ends_with(".key")) {
        return Some(KEYS);
    }
    let rest = leaf.strip_prefix(".env")?;
    let example = EXAMPLE_ENDINGS.iter().any(|ending| rest.ends_with(ending));
    (rest.is_empty() || rest == "rc" || rest.starts_with('.') && !example).then_some(DOTENV)
}

/// Whether `first`, the name below `.iosm`, is one that agents may not change.
fn governs(first: Option<&str>) -> bool {
    let Some(first) = first.map(str::to_ascii_lowercase) else { return true };
    let folders = ["cycles", "hooks", "profiles", "commands", "skills", "agents", "mcp"];
    first.ends_with(".yaml")
        || first.ends_with(".yml")
        || first == "metrics-history.jsonl"
        || folders.contains(&first.as_str())
}

fn lies_in(below_home: &Path, name: &str) -> bool {
    let mut have = below_home.iter();
    name.split('/').all(|part| have.next().is_some_and(|h| h.eq_ignore_ascii_case(part)))
}

/// Another process's environment or memory.
fn process_secret(real: &Path) -> bool {
    let Ok(below) = real.strip_prefix("/proc") else { return false };
    below.file_name().is_some_and(|leaf| leaf == "environ" || leaf == "mem" || leaf == "kcore")
}

/// What a word that is no more than text would be guarded as, were it a path. Looks nothing up.
pub(in crate::kernel) fn guard_of_text(charter: &Charter, base: &Path, text: &str) -> Option<Guard> {
    if !text.contains(['/', '.', '~']) && !KEY_NAMES.contains(&text) {
        return None;
    }
    let path = match text.strip_prefix('~') {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => {
            charter.home.join(rest.trim_start_matches('/'))
        }
        _ => base.join(text),
    };
    let mut plain = std::path::PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::ParentDir => {
                plain.pop();
            }
            std::path::Component::CurDir => {}
            part => plain.push(part),
        }
    }
    guard_of(charter, super::place_of(charter, &plain), &plain)
}

/// Guarded names that a glob may mean without spelling them.
const GLOBBED: &[&str] = &[
    ".git",
    ".env",
    ".env.local",
    ".envrc",
    ".iosm",
    ".npmrc",
    ".netrc",
    ".ssh",
    ".aws",
    ".bashrc",
    "iosm.yaml",
];

/// What guards the name that `text`, relative to the workspace, looks like.
pub(in crate::kernel) fn guard_of_look(charter: &Charter, text: &str) -> Option<Guard> {
    let plain = super::disguise::looks_like(text)?;
    guard_of_text(charter, &charter.workspace, &plain)
}

/// What guards a file that `pattern` would match in `dir`. A leading dot is matched by a dot only.
pub(in crate::kernel) fn guard_of_pattern(charter: &Charter, dir: &Path, pattern: &str) -> Option<Guard> {
    let first = pattern.split('/').next().unwrap_or(pattern);
    let glob = globset::Glob::new(first).ok()?.compile_matcher();
    let meant =
        GLOBBED.iter().filter(|name| name.starts_with('.') == first.starts_with('.') && glob.is_match(name));
    // Every name of a folder includes its dot files only where the pattern says so; `*` is not about us.
    let meant = meant.filter(|_| first != "*");
    meant
        .map(|name| dir.join(name))
        .find_map(|path| guard_of(charter, super::place_of(charter, &path), &path))
}
