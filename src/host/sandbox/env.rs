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

/// Where a command whose network is proxied finds the proxy, on a loopback of its own.
pub const PROXY: std::net::SocketAddrV4 = std::net::SocketAddrV4::new(std::net::Ipv4Addr::LOCALHOST, 8118);

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
    /// Sorted by name. Those of a command with the network it was made for.
    pub vars: Vec<(String, String)>,
    /// Those of a command that has the machine's network, and of one whose way out is the proxy.
    online: Vec<(String, String)>,
    proxied: Vec<(String, String)>,
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
        let mut base: BTreeMap<String, String> =
            passed.filter_map(|name| Some((name.to_owned(), (*given.get(name)?).to_owned()))).collect();
        base.entry("PATH".into()).or_insert_with(|| PLAIN_PATH.into());
        base.entry("TERM".into()).or_insert_with(|| "dumb".into());
        base.insert("HOME".into(), text(&around.home));
        for name in ["TMPDIR", "TMP", "TEMP"] {
            base.insert(name.into(), text(&around.tmp));
        }
        base.insert(MARKER.into(), "1".into());
        base.extend(
            toolchains.iter().flat_map(|tool| &tool.set).map(|(name, value)| around.filled(name, value)),
        );
        let with = |network: Network| {
            let mut vars = base.clone();
            for tool in toolchains.iter() {
                let tables: &[&BTreeMap<String, String>] = match network {
                    Network::None => &[&tool.offline],
                    Network::All => &[&tool.online],
                    Network::Proxied => &[&tool.online, &tool.proxied],
                };
                let added = tables.iter().flat_map(|table| table.iter());
                vars.extend(added.map(|(name, value)| around.filled(name, value)));
            }
            vars.into_iter().collect::<Vec<_>>()
        };

        let mut read = BTreeSet::new();
        for tool in toolchains.iter() {
            let var = |name: &str| given.get(name).map(|value| (*value).to_owned());
            let roots = tool.roots.iter().flat_map(|root| root.paths(&around.home, var));
            read.extend(roots.chain(tool.system.iter().cloned()).filter_map(|path| path.canonicalize().ok()));
        }
        read.extend(program_folders(base.get("PATH").map_or("", String::as_str), &around.home));

        let own = [&around.cache, &around.tmp];
        Self {
            vars: with(if around.network { Network::All } else { Network::None }),
            online: with(Network::All),
            proxied: with(Network::Proxied),
            read: read.into_iter().collect(),
            write: own.into_iter().filter_map(|path| path.canonicalize().ok()).collect(),
            sockets: Vec::new(),
            network: around.network,
        }
    }

    /// Gives a launch these variables and paths, and network if they were made for it.
    pub fn apply(&self, launch: &mut Launch) {
        self.apply_with(launch, if self.network { Network::All } else { Network::None });
    }

    /// The same with another network, and the variables that go with it.
    pub fn apply_with(&self, launch: &mut Launch, network: Network) {
        let vars = match network {
            Network::None => &self.vars,
            Network::All => &self.online,
            Network::Proxied => &self.proxied,
        };
        launch.env.extend(vars.iter().cloned());
        launch.read.extend(self.read.iter().cloned());
        launch.write.extend(self.write.iter().cloned());
        launch.sockets.extend(self.sockets.iter().cloned());
        launch.network = network;
    }

    /// What a variable holds, whatever the network; those of toolchains may differ with it.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.vars.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Adds a variable, or gives one another value, whatever the network.
    pub fn set(&mut self, name: &str, value: &str) {
        for vars in [&mut self.vars, &mut self.online, &mut self.proxied] {
            match vars.iter_mut().find(|(known, _)| known == name) {
                Some((_, held)) => value.clone_into(held),
                None => vars.push((name.to_owned(), value.to_owned())),
            }
        }
    }
}

impl Surroundings {
    fn filled(&self, name: &str, value: &str) -> (String, String) {
        let places = [
            ("{home}", text(&self.home)),
            ("{cache}", text(&self.cache)),
            ("{tmp}", text(&self.tmp)),
            ("{proxy}", format!("http://{PROXY}")),
            ("{proxy_host}", PROXY.ip().to_string()),
            ("{proxy_port}", PROXY.port().to_string()),
        ];
        let fill = |value: String, (mark, place): &(&str, String)| value.replace(mark, place);
        (name.to_owned(), places.iter().fold(value.to_owned(), fill))
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
    fn a_proxied_command_is_told_of_the_proxy_in_every_tongue_and_nothing_of_the_users_own() {
        let (_temp, around) = around(&[("HTTPS_PROXY", "http://me:pw@corp.test:3128")], false);
        let mut made = Environment::new(&around, &Toolchains::built_in().unwrap());
        made.set("TOKEN", "t");
        let mut launch = Launch::shell("true", "/");
        made.apply_with(&mut launch, Network::Proxied);
        assert_eq!(launch.network, Network::Proxied);
        let get = |name: &str| launch.env.iter().find(|(known, _)| known == name).map(|(_, v)| v.as_str());
        for name in [
            "HTTP_PROXY",
            "HTTPS_PROXY",
            "ALL_PROXY",
            "http_proxy",
            "https_proxy",
            "all_proxy",
            "CARGO_HTTP_PROXY",
            "npm_config_proxy",
            "npm_config_https_proxy",
        ] {
            assert_eq!(get(name), Some("http://127.0.0.1:8118"), "{name}");
        }
        for name in ["NO_PROXY", "no_proxy"] {
            assert_eq!(get(name), Some("localhost,127.0.0.1,::1"), "{name}");
        }
        assert!(get("JAVA_TOOL_OPTIONS").unwrap().contains("-Dhttps.proxyPort=8118"));
        assert!(get("JAVA_TOOL_OPTIONS").unwrap().contains("-Djava.io.tmpdir="));
        assert_eq!(get("CARGO_NET_OFFLINE"), None);
        assert_eq!(get("TOKEN"), Some("t"));
        assert!(!launch.env.iter().any(|(_, value)| value.contains("corp.test") || value.contains("{proxy")));
        let mut open = Launch::shell("true", "/");
        made.apply_with(&mut open, Network::All);
        assert!(!open.env.iter().any(|(name, _)| name == "HTTPS_PROXY" || name == "CARGO_NET_OFFLINE"));
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
