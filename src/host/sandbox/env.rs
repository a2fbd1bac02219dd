//! The environment of a contained command, made from an allow-list in this one place.
//!
//! Nothing else of `iosm`'s environment is handed on: no tokens, no proxies, no `*_BASE_URL`, no
//! `LD_*`, `GIT_*` or `SSH_*`. With the variables come the paths they and the toolchains need, with
//! every link followed, as [`Launch`] wants them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::launch::{Launch, Network};
use super::toolchain::Toolchains;

/// Set for every command, so that an `iosm` started by one knows where it is.
pub const MARKER: &str = "IOSM_SANDBOX";

/// Handed on when set; `LC_*` besides.
const PASSED: &[&str] =
    &["PATH", "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "TERM", "COLORTERM", "TZ", "SHELL", "NO_COLOR"];

/// Where programs are looked for when the user's `PATH` is unset.
const PLAIN_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// What a command's environment is made from.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// `iosm`'s own variables.
    pub vars: Vec<(String, String)>,
    pub home: PathBuf,
    /// This project's cache folder; exists, writable for commands.
    pub cache: PathBuf,
    /// This session's temporary folder; exists, private, writable for commands.
    pub tmp: PathBuf,
    pub network: bool,
}

/// Variables and paths for commands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Environment {
    /// Sorted by name.
    pub vars: Vec<(String, String)>,
    /// Real paths that exist.
    pub read: Vec<PathBuf>,
    pub write: Vec<PathBuf>,
    /// Sockets of other programs that the user exposes.
    pub sockets: Vec<PathBuf>,
    network: bool,
}

/// Whether this process was itself started by a sandboxed command.
pub fn inside_sandbox() -> bool {
    std::env::var_os(MARKER).is_some_and(|value| !value.is_empty())
}

impl Environment {
    pub fn new(around: &Surroundings, toolchains: &Toolchains) -> Self {
        let given: BTreeMap<&str, &str> =
            around.vars.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let locale = given.keys().copied().filter(|name| name.starts_with("LC_"));
        let passed = PASSED.iter().copied().chain(locale);
        let passed = passed.chain(toolchains.iter().flat_map(|tool| tool.pass.iter().map(String::as_str)));
        let mut vars: BTreeMap<String, String> =
            passed.filter_map(|name| Some((name.to_owned(), (*given.get(name)?).to_owned()))).collect();
        vars.entry("PATH".into()).or_insert_with(|| PLAIN_PATH.into());
        vars.entry("TERM".into()).or_insert_with(|| "dumb".into());
        vars.insert("HOME".into(), text(&around.home));

        let mut read = BTreeSet::new();
        for tool in toolchains.iter() {
            let reach = if around.network { &tool.online } else { &tool.offline };
            for (name, value) in tool.set.iter().chain(reach) {
                vars.insert(name.clone(), around.fill(value));
            }
            let var = |name: &str| given.get(name).map(|value| (*value).to_owned());
            let roots = tool.roots.iter().flat_map(|root| root.paths(&around.home, var));
            read.extend(roots.chain(tool.system.iter().cloned()).filter_map(|path| path.canonicalize().ok()));
        }
        let path = vars.get("PATH").cloned().unwrap_or_default();
        read.extend(program_folders(&path, &around.home));

        for name in ["TMPDIR", "TMP", "TEMP"] {
            vars.insert(name.into(), text(&around.tmp));
        }
        vars.insert(MARKER.into(), "1".into());
        let own = [&around.cache, &around.tmp];
        Self {
            vars: vars.into_iter().collect(),
            read: read.into_iter().collect(),
            write: own.into_iter().filter_map(|path| path.canonicalize().ok()).collect(),
            sockets: Vec::new(),
            network: around.network,
        }
    }

    /// Gives a launch these variables and paths, and network if they were made for it.
    pub fn apply(&self, launch: &mut Launch) {
        launch.env.extend(self.vars.iter().cloned());
        launch.read.extend(self.read.iter().cloned());
        launch.write.extend(self.write.iter().cloned());
        launch.sockets.extend(self.sockets.iter().cloned());
        launch.network = if self.network { Network::All } else { Network::None };
    }
}

impl Surroundings {
    fn fill(&self, value: &str) -> String {
        let places = [("{home}", &self.home), ("{cache}", &self.cache), ("{tmp}", &self.tmp)];
        places.iter().fold(value.to_owned(), |value, (mark, path)| value.replace(mark, &text(path)))
    }
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// Folders of programs the user chose; never the home itself or a folder above it.
fn program_folders(path: &str, home: &Path) -> Vec<PathBuf> {
    let folders = path.split(':').filter(|folder| folder.starts_with('/'));
    let real = folders.filter_map(|folder| Path::new(folder).canonicalize().ok());
    let home = home.canonicalize().unwrap_or_else(|_| home.to_owned());
    real.filter(|folder| !home.starts_with(folder)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn around(vars: &[(&str, &str)], network: bool) -> (tempfile::TempDir, Surroundings) {
        let temp = tempfile::tempdir().unwrap();
        let at = |name: &str| {
            let path = temp.path().canonicalize().unwrap().join(name);
            std::fs::create_dir_all(&path).unwrap();
            path
        };
        let vars = vars.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let around = Surroundings { vars, home: at("home"), cache: at("cache"), tmp: at("tmp"), network };
        (temp, around)
    }

    fn get<'a>(environment: &'a Environment, name: &str) -> Option<&'a str> {
        environment.vars.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    #[test]
    fn secrets_stay_out_and_what_builds_need_comes_along() {
        let given = [
            ("PATH", "/usr/bin"),
            ("LC_ALL", "C.UTF-8"),
            ("GOFLAGS", "-v"),
            ("ANTHROPIC_API_KEY", "k"),
            ("OPENAI_BASE_URL", "u"),
            ("HTTPS_PROXY", "p"),
            ("LD_PRELOAD", "l"),
            ("GIT_DIR", "g"),
            ("SSH_AUTH_SOCK", "s"),
            ("BASH_ENV", "b"),
            ("TMPDIR", "/elsewhere"),
        ];
        let (_temp, around) = around(&given, false);
        let made = Environment::new(&around, &Toolchains::built_in().unwrap());
        for gone in &given[3..10] {
            assert_eq!(get(&made, gone.0), None, "{}", gone.0);
        }
        assert_eq!(get(&made, "PATH"), Some("/usr/bin"));
        assert_eq!(get(&made, "LC_ALL"), Some("C.UTF-8"));
        assert_eq!(get(&made, "GOFLAGS"), Some("-v"));
        assert_eq!(get(&made, "TMPDIR"), around.tmp.to_str());
        assert_eq!(get(&made, "GIT_TERMINAL_PROMPT"), Some("0"));
        assert_eq!(get(&made, "CARGO_NET_OFFLINE"), Some("true"));
        assert_eq!(get(&made, MARKER), Some("1"));
        let cache = get(&made, "GOCACHE").unwrap();
        assert!(Path::new(cache).starts_with(&around.cache), "{cache}");
        assert_eq!(made.write, [around.cache.clone(), around.tmp.clone()]);
    }

    #[test]
    fn with_network_nothing_says_offline() {
        let (_temp, around) = around(&[], true);
        let made = Environment::new(&around, &Toolchains::built_in().unwrap());
        assert_eq!(get(&made, "CARGO_NET_OFFLINE"), None);
        assert!(get(&made, "CARGO_HOME").is_some_and(|path| Path::new(path).starts_with(&around.cache)));
    }

    #[test]
    fn a_login_beside_a_cache_is_not_readable() {
        let (_temp, mut around) = around(&[], false);
        let cargo = around.home.join(".cargo");
        std::fs::create_dir_all(cargo.join("registry")).unwrap();
        std::fs::write(cargo.join("credentials.toml"), "secret").unwrap();
        around.vars.push(("PATH".into(), format!("{}:/", around.home.display())));
        let made = Environment::new(&around, &Toolchains::built_in().unwrap());
        assert!(made.read.contains(&cargo.join("registry")));
        assert!(!made.read.iter().any(|path| cargo.join("credentials.toml").starts_with(path)));
        assert!(!made.read.contains(&around.home) && !made.read.contains(&PathBuf::from("/")));
    }
}
