//! The fence around commands: environment, layers, and one line that says what they may do.

use std::num::{NonZeroU32, NonZeroU64};
use std::path::{Path, PathBuf};

use super::ground::{Ground, state};
use super::options::Options;
use crate::config::CommandLimits;
use crate::host::git::{git_is_there, install_shim};
use crate::host::net::Outward;
use crate::host::sandbox::{Environment, Layers, Limits, Strength, Surroundings, Toolchains};
use crate::host::temp::PrivateTemp;
use crate::kernel::{KEY_VARIABLE, SandboxStrength};
use crate::protocol::{Report, ReportKind};

/// Variables of the user that a command's environment may be made from, besides those that the table of
/// toolchains names; the sandbox's own allow-list decides.
const ASKED: [&str; 14] = [
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "LANG",
    "LANGUAGE",
    "LC_ALL",
    "LC_CTYPE",
    "LC_MESSAGES",
    "TERM",
    "COLORTERM",
    "TZ",
    "SHELL",
    "NO_COLOR",
];

pub(super) struct Fence {
    pub strength: SandboxStrength,
    pub layers: Layers,
    pub limits: Limits,
    pub environment: Environment,
    /// The cache folder of this project that commands may write.
    pub cache: PathBuf,
    pub line: String,
    /// Package managers and the hosts of their registries.
    pub registries: Vec<(String, Vec<String>)>,
    pub outward: Outward,
    /// Why git does not work for commands, where it does not.
    pub without_git: Option<String>,
}

pub(super) fn fence(ground: &Ground, options: &Options, temp: &Path) -> Result<Fence, Report> {
    let cache = ground.dirs.project_cache(&ground.project).map_err(state)?.path().to_owned();
    let cache = cache.canonicalize().unwrap_or(cache);
    let expose = &ground.settings.settings.sandbox.expose;
    let toolchains =
        Toolchains::built_in().map_err(|error| Report::from_error(ReportKind::Internal, &error))?;
    let named = toolchains.iter().flat_map(|tool| {
        let roots = tool.roots.iter().filter_map(|root| root.var.as_deref());
        tool.pass.iter().map(String::as_str).chain(roots)
    });
    let vars = ASKED.into_iter().chain(named);
    let vars = vars.filter_map(|name| Some((name.to_owned(), (options.env)(name)?)));
    let around = Surroundings {
        vars: vars.collect(),
        home: ground.dirs.home.clone(),
        cache: cache.clone(),
        tmp: temp.to_owned(),
        network: false,
    };
    let mut environment = Environment::new(&around, &toolchains);
    // The journal's key is nobody's business there, whatever the user's file names.
    for name in expose.env.iter().filter(|name| *name != KEY_VARIABLE) {
        if let Some(value) = (options.env)(name) {
            environment.set(name, &value);
        }
    }
    environment.read.extend(expose.paths.iter().filter_map(|path| path.canonicalize().ok()));
    environment.sockets.extend(expose.sockets.iter().cloned());
    let (strength, layers, line) = strength(options);
    let outward = Outward::new(&*options.env, &expose.hosts);
    let registries = toolchains.package_managers();
    let limits = limits(&ground.settings.settings.sandbox.limits);
    let without_git = ground.git().line();
    Ok(Fence { strength, layers, limits, environment, cache, line, registries, outward, without_git })
}

fn limits(set: &CommandLimits) -> Limits {
    let bytes = |mib: NonZeroU64| mib.get().saturating_mul(1024 * 1024);
    Limits {
        cpu_s: set.cpu_s.map(NonZeroU64::get),
        file_size: set.file_mb.map(bytes),
        processes: set.processes.map(NonZeroU32::get),
        memory_bytes: set.memory_mb.map(bytes),
    }
}

/// Puts a `git` before the user's that adds trailers to commits; `Err` is a notice. Its folder is not below the one that
/// commands may write.
pub(super) fn with_trailers(ground: &Ground, fence: &mut Fence) -> Result<Option<PrivateTemp>, Report> {
    let Some(path) = fence.environment.get("PATH").map(str::to_owned) else { return Ok(None) };
    if ground.settings.settings.commit_trailers == Some(false) || !git_is_there(&path) {
        return Ok(None);
    }
    // The journal has the commit all the same, so a run goes on without.
    let failed = |error: std::io::Error| {
        Report::note("commits will carry no trailers: the folder for them cannot be made")
            .cause(error.to_string())
            .hint("free some space in the temporary folder, or set commit_trailers: false")
    };
    let temp = PrivateTemp::new("iosm-bin-").map_err(failed)?;
    let folder = install_shim(&temp).map_err(failed)?;
    fence.environment.set("PATH", &format!("{}:{path}", folder.display()));
    fence.environment.read.push(folder);
    Ok(Some(temp))
}

fn strength(options: &Options) -> (SandboxStrength, Layers, String) {
    let none = |line: String| (SandboxStrength::None, Layers::NONE, line);
    match &options.sandbox {
        Some(probed @ Strength::None { .. }) if options.no_sandbox => {
            none(format!("{probed}; commands that a rule allows run all the same, with all your rights"))
        }
        None if options.no_sandbox => {
            none("no sandbox here; commands that a rule allows run all the same, with all your rights".into())
        }
        _ if options.no_sandbox => {
            none("off (--no-sandbox): commands that a rule allows run with all your rights".into())
        }
        None => none("none on this machine: commands need a person".into()),
        Some(probed) => {
            let held = match probed {
                Strength::Full { .. } => SandboxStrength::Full,
                Strength::Reduced { .. } => SandboxStrength::Reduced,
                Strength::Partial { .. } => SandboxStrength::Partial,
                Strength::None { .. } => SandboxStrength::None,
            };
            (held, probed.layers(), probed.to_string())
        }
    }
}
