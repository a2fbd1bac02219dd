//! From judged effects to what a grant opens.

use std::path::{Path, PathBuf};

use super::charter::{Charter, SandboxStrength};
use super::effects::{Fact, Level, Place, Prepared, is_loopback, system_git};
use super::grant::{NetScope, Reach};
use super::rung::Finding;
use crate::base::{FileKind, resolve};
use crate::protocol::{Effect, Reason, Verdict};

/// The reach of a call whose every effect was allowed. `unboxed`: a person allowed it to run without
/// any sandbox.
pub(super) fn mint(charter: &Charter, prepared: Prepared, unboxed: bool) -> Reach {
    let Prepared { facts, reach, .. } = prepared;
    let Reach::Run(mut scope) = reach else { return reach };
    for fact in &facts {
        match (&fact.effect, fact.place) {
            (Effect::Net { host, .. }, _) if !is_loopback(host) => {
                open_host(&mut scope.network, charter.sandbox, host);
            }
            // Allowed although it lies outside: the sandbox must open it too.
            (Effect::Read { path }, Some(place)) if !place.is_readable() => scope.read.push(path.clone()),
            (Effect::Write { .. } | Effect::Delete { .. }, Some(place)) if !place.is_writable() => {
                scope.write.extend(opened(charter, fact));
            }
            _ => {}
        }
    }
    scope.sandboxed = !unboxed;
    Reach::Run(scope)
}

/// Hosts can be told apart only where the command has a network of its own; elsewhere it is all or
/// nothing, and a person has opened it.
fn open_host(network: &mut NetScope, sandbox: SandboxStrength, host: &str) {
    match network {
        NetScope::All => {}
        // A remote by its name, or a host only known when it runs: nothing a proxy could check.
        _ if sandbox != SandboxStrength::Full || host.contains(' ') => *network = NetScope::All,
        NetScope::Hosts(hosts) => drop(hosts.insert(host.to_owned())),
        NetScope::None => *network = NetScope::Hosts([host.to_owned()].into()),
    }
}

/// The narrowest tree that holds an allowed write: the path itself where it exists, else its folder,
/// unless that is one that holds far more than was asked for.
fn opened(charter: &Charter, fact: &Fact) -> Option<PathBuf> {
    let path = fact.path()?;
    let wide = |tree: &Path| {
        charter.home.starts_with(tree)
            || charter.workspace.starts_with(tree)
            || charter.own_dirs.iter().any(|own| own.starts_with(tree))
    };
    let exists = |path: &Path| {
        let text = path.to_str().unwrap_or_default();
        resolve(Path::new("/"), text, None).is_ok_and(|handle| handle.kind() != FileKind::Missing)
    };
    let is_delete = matches!(fact.effect, Effect::Delete { .. });
    let tree =
        if exists(path) && !is_delete { path } else { path.parent().filter(|parent| exists(parent))? };
    (!wide(tree)).then(|| tree.to_owned())
}

/// The built-in policy for reads of our own: instruction files, nothing guarded.
pub(super) fn judge_system_read(
    charter: &Charter,
    prepared: Result<Prepared, Box<Finding>>,
) -> (Verdict, Option<Prepared>) {
    let prepared = match prepared {
        Ok(prepared) => prepared,
        Err(finding) => return (finding.verdict(), None),
    };
    let allowed = prepared.facts.iter().all(|fact| {
        let markdown = fact.path().and_then(Path::extension).is_some_and(|ending| ending == "md");
        match fact.place {
            Some(Place::Workspace) => fact.guard.is_none_or(|guard| guard.read == Level::Free),
            Some(Place::OwnDir) => markdown,
            _ => false,
        }
    });
    if allowed {
        return (Verdict::allow("system", "instruction_file"), Some(prepared));
    }
    let user = format!("{} is no instruction file of {}", prepared.subject, charter.workspace.display());
    let finding = Finding::deny("system", "instruction_file", Reason::PolicyBlock);
    let model = format!("{user}.");
    (finding.says(user, model).verdict(), Some(prepared))
}

/// The built-in policy for looking at history: the workspace's own repository, and to read it.
pub(super) fn judge_system_git(charter: &Charter) -> (Verdict, Option<Prepared>) {
    let prepared = system_git(charter);
    (Verdict::allow("system", "inspect"), Some(prepared))
}

/// The built-in policy for files the user named: naming one is the approval, the floor stays closed.
pub(super) fn judge_user_write(prepared: Result<Prepared, Box<Finding>>) -> (Verdict, Option<Prepared>) {
    let prepared = match prepared {
        Ok(prepared) => prepared,
        Err(finding) => return (finding.verdict(), None),
    };
    let guard = prepared.facts.iter().find_map(|fact| fact.guard.filter(|guard| guard.write != Level::Free));
    let Some(guard) = guard else {
        return (Verdict::allow("user", "named_file"), Some(prepared));
    };
    let user = format!("{} is {}", prepared.subject, guard.what);
    let finding = Finding::deny("user", guard.rule, Reason::SelfModify).says(user.clone(), user);
    (finding.verdict(), Some(prepared))
}
