//! The plan of the house as data: floors, homes of heavy crates, and the few places with a right of
//! their own. A change of plan is a change here, in review.

/// Rooms by floor, the lowest first. A room imports only from rooms on lower floors. Rooms that do
/// not exist yet have their place already.
pub(super) const FLOORS: [&[&str]; 14] = [
    &["base"],
    &["protocol"],
    &["config", "syntax"],
    &["kernel", "model", "session"],
    &["host"],
    &["knowledge"],
    &["tools"],
    &["agent", "mcp"],
    &["orchestra", "council"],
    &["cycle"],
    &["engine"],
    &["wire"],
    &["tui", "print", "rpc", "serve"],
    &["cli"],
];

pub(super) fn floor(room: &str) -> Option<usize> {
    FLOORS.iter().position(|rooms| rooms.contains(&room))
}

/// Crates that are heavy, or powerful, and the only places (below `src/`) that may name them. A name
/// that ends in `*` stands for every crate that begins so.
pub(super) const HOMES: [(&str, &[&str]); 38] = [
    ("llama_cpp_2", &["model/local"]),
    ("fastembed", &["knowledge/index"]),
    ("tantivy", &["knowledge/index"]),
    ("git2", &["host/git"]),
    ("ed25519_dalek", &["kernel/journal"]),
    ("notify", &["host/watch"]),
    ("petgraph", &["orchestra/dag", "cycle"]),
    ("ratatui", &["tui"]),
    ("crossterm", &["tui"]),
    ("rmcp", &["mcp"]),
    ("tree_sitter*", &["syntax"]),
    ("landlock", &["host/sandbox"]),
    ("seccompiler", &["host/sandbox"]),
    ("libc", &["host/sandbox"]),
    ("nix", &["host", "cli/stdin", "tui/term"]),
    ("rustix", &["base", "host"]),
    ("reqwest", &["model", "host/net"]),
    ("rustls", &["model/http", "host/net"]),
    ("webpki_root_certs", &["model/http", "host/net"]),
    ("hyper*", &["host/net"]),
    ("httparse", &["host/net"]),
    ("flate2", &["host/net"]),
    ("htmd", &["tools/fetch"]),
    ("html5ever", &["tools/fetch"]),
    ("encoding_rs", &["tools/fetch"]),
    ("clap*", &["cli"]),
    ("ignore", &["host/tree"]),
    ("grep_*", &["host/tree"]),
    ("globset", &["host/tree", "host/git", "config/policy", "config/contract", "kernel"]),
    ("etcetera", &["config/dirs"]),
    ("similar", &["tools/edit", "tui"]),
    ("pulldown_cmark", &["tui/text"]),
    ("nucleo_matcher", &["tui"]),
    ("sha2", &["base/digest"]),
    ("jiff", &["base/clock", "model/status"]),
    ("unicode_width", &["base/text", "tui"]),
    ("unicode_normalization", &["kernel", "base/text"]),
    ("unicode_security", &["kernel"]),
];

/// Where `unsafe` may stand.
pub(super) const UNSAFE: [&str; 3] = ["host/sandbox", "base/path", "model/local"];

/// Where a folder becomes a place that we write as our own.
pub(super) const OPENS_STATE: [&str; 3] = ["config/dirs", "base/store", "host/temp"];

/// Uniform tables and generated code that may be longer than [`MOST_LINES`], by their whole name.
pub(super) const LONG: [&str; 0] = [];

pub(super) const MOST_LINES: usize = 500;

/// `main.rs` hands over and ends.
pub(super) const MOST_MAIN_LINES: usize = 40;

/// Names that say nothing of what a module owns.
pub(super) const NO_NAMES: [&str; 6] = ["util", "utils", "helpers", "common", "misc", "shared"];

/// Whether `place` (a path below `src/`, without `.rs`) is `home` or lies in it.
pub(super) fn within(place: &str, home: &str) -> bool {
    place.strip_prefix(home).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The homes of a crate that has some.
pub(super) fn homes(name: &str) -> Option<&'static [&'static str]> {
    let fits = |known: &str| match known.strip_suffix('*') {
        Some(stem) => name.starts_with(stem),
        None => known == name,
    };
    HOMES.iter().find(|(known, _)| fits(known)).map(|(_, homes)| *homes)
}
