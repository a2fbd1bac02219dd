//! From judged effects to what a grant opens.

use std::path::{Path, PathBuf};

use super::charter::{Charter, SandboxStrength};
use super::effects::{Fact, Level, Place, Prepared, is_host, is_loopback, system_git};
use super::grant::{NetScope, Reach, host_entry};
use super::rung::Finding;
use super::walls;
use crate::base::{FileKind, resolve};
use crate::protocol::{Effect, Reason, Verdict};

/// The reach of a call whose every effect was allowed. `unboxed`: a person allowed it to run without
/// any sandbox.
pub(super) fn mint(charter: &Charter, prepared: Prepared, unboxed: bool) -> Reach {
    let Prepared { facts, reach, shell, .. } = prepared;
    let Reach::Run(mut scope) = reach else { return reach };
    if walls::changes_nothing(charter, &facts) {
        let own = |root: &PathBuf| *root == charter.workspace || charter.extra_roots.contains(root);
        scope.still = scope.write.extract_if(.., |root| own(root)).collect();
    }
    for fact in &facts {
        match (&fact.effect, fact.place) {
            (Effect::Net { host, port, .. }, _) if !is_loopback(host) => {
                open_host(&mut scope.network, charter.sandbox, host, *port);
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
    scope.shut = shell.and_then(|scan| walls::shut(charter, &scan, &facts, &scope.command));
    Reach::Run(scope)
}

/// Hosts can be told apart only where the command has a network of its own; elsewhere it is all or
/// nothing, and a person has opened it. So it is where the host is not in the text.
fn open_host(network: &mut NetScope, sandbox: SandboxStrength, host: &str, port: Option<u16>) {
    let entry = || host_entry(host, port);
    match network {
        NetScope::All => {}
        _ if sandbox != SandboxStrength::Full || !is_host(host) => *network = NetScope::All,
        NetScope::Hosts(hosts) => drop(hosts.insert(entry())),
        NetScope::None => *network = NetScope::Hosts([entry()].into()),
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

/// The built-in policy for files the user named to be read: what only asks elsewhere is answered by that. Commands
/// can write the session's temporary folder: what is named there must lie there.
pub(super) fn judge_user_read(
    charter: &Charter,
    path: &str,
    prepared: Result<Prepared, Box<Finding>>,
) -> (Verdict, Option<Prepared>) {
    let prepared = match prepared {
        Ok(prepared) => prepared,
        Err(finding) => return (finding.verdict(), None),
    };
    let real = prepared.facts.iter().find_map(Fact::path);
    let led_out = Path::new(path).starts_with(&charter.temp)
        && !real.is_some_and(|real| real.starts_with(&charter.temp));
    let guard = prepared.facts.iter().find_map(|fact| fact.guard.filter(|guard| guard.read == Level::Never));
    let (rule, what) = match guard {
        Some(guard) => (guard.rule, guard.what),
        None if led_out => ("led_out", "a link out of the session's temporary folder"),
        None => return (Verdict::allow("user", "named_file"), Some(prepared)),
    };
    let user = format!("{} is {what}", prepared.subject);
    let finding = Finding::deny("user", rule, Reason::PolicyBlock).says(user.clone(), user);
    (finding.verdict(), Some(prepared))
}

/// The built-in policy for putting a checkpoint back: the user's own act, within the workspace.
pub(super) fn judge_user_restore(prepared: Result<Prepared, Box<Finding>>) -> (Verdict, Option<Prepared>) {
    match prepared {
        Ok(prepared) => (Verdict::allow("user", "restore"), Some(prepared)),
        Err(finding) => (finding.verdict(), None),
    }
}

#[cfg(test)]
mod tests {
    use crate::kernel::testing::World;
    use crate::kernel::{Judgement, NetScope, Reach, SandboxStrength};

    fn network(world: &World, line: &str) -> NetScope {
        let kernel = world.kernel();
        let granted = match kernel.judge("main", &world.call("bash", line)).unwrap() {
            Judgement::Asked(question) => match kernel.approve(question, "ann", false).unwrap() {
                Judgement::Granted(granted) => granted,
                other => panic!("{line}: {other:?}"),
            },
            Judgement::Granted(granted) => granted,
            other => panic!("{line}: {other:?}"),
        };
        let Reach::Run(scope) = granted.grant.into_reach() else { panic!("{line}: no command") };
        scope.network
    }

    #[test]
    fn hosts_are_told_apart_only_where_they_can_be() {
        let mut world = World::new();
        world.charter.sandbox = SandboxStrength::Full;
        let hosts = |names: &[&str]| NetScope::Hosts(names.iter().map(|name| (*name).to_owned()).collect());
        for (line, expected) in [
            ("cargo build", NetScope::None),
            ("curl http://localhost:3000/", NetScope::None),
            ("curl https://a.test/x", hosts(&["a.test"])),
            ("curl https://a.test:8443/x http://b.test", hosts(&["a.test:8443", "b.test"])),
            ("curl 'http://[2001:db8::1]:81/'", hosts(&["[2001:db8::1]:81"])),
            ("npm ci", hosts(&["registry.npmjs.org"])),
            ("git push git@c.test:a/b main", hosts(&["c.test:22"])),
            ("git push origin main", NetScope::All),
            ("aws s3 ls", NetScope::All),
            ("curl $URL", NetScope::All),
        ] {
            assert_eq!(network(&world, line), expected, "{line}");
        }
        world.charter.sandbox = SandboxStrength::Reduced;
        assert_eq!(network(&world, "curl https://a.test/x"), NetScope::All);
    }
}
