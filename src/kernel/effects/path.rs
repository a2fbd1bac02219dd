//! Effects of the file tools: one path, resolved once; the grant carries the same handle.

use std::path::Path;

use super::guard::{Guard, guard_of, guard_of_text};
use super::place::{Place, place_of};
use super::{Fact, Prepared, Via};
use crate::base::{BlobStore, FileKind, PathError, PathHandle, resolve};
use crate::kernel::charter::Charter;
use crate::kernel::grant::Reach;
use crate::kernel::rung::Finding;
use crate::protocol::{Effect, GitOp, Reason};

/// A finding of this module: the call cannot be carried out as written.
fn unusable(rule: &'static str, subject: &str, user: String, model: String) -> Box<Finding> {
    Box::new(Finding::deny("effects", rule, Reason::Malformed).retryable().about(subject).says(user, model))
}

/// Resolves `text` as the tools mean it: relative to the workspace.
fn look_up(charter: &Charter, text: &str) -> Result<PathHandle, Box<Finding>> {
    resolve(&charter.workspace, text, Some(&charter.home)).map_err(|error| {
        let instead = match &error {
            PathError::Empty => "Name a file or folder.",
            PathError::Nul => "Write the path without it.",
            PathError::Loop(_) => "The links lead in a circle; name another path.",
            PathError::NotADirectory(_) => "Check the path with a listing of its folder.",
            PathError::Io { .. } => "Check that the path is right and may be read.",
        };
        unusable(
            "path",
            text,
            error.to_string(),
            format!("`{text}` is not a usable path: {error}. {instead}"),
        )
    })
}

pub(super) fn fact(charter: &Charter, place: Place, effect: Effect, real: &Path, via: Via) -> Fact {
    let guard = guard_of(charter, place, real);
    Fact { effect, place: Some(place), guard, shared: false, tree: false, via }
}

/// What guards the name itself where it is a link to something innocent (`.env` → `config/dev`).
fn own_name(charter: &Charter, handle: &PathHandle, text: &str) -> Option<Guard> {
    handle.through_link().then(|| guard_of_text(charter, &charter.workspace, text)).flatten()
}

/// `real` relative to the workspace where it lies there.
pub(super) fn shown(charter: &Charter, real: &Path) -> String {
    match real.strip_prefix(&charter.workspace) {
        Ok(below) if below.as_os_str().is_empty() => ".".to_owned(),
        Ok(below) => below.display().to_string(),
        Err(_) => real.display().to_string(),
    }
}

pub(super) fn read(charter: &Charter, text: Option<&str>, tree: bool) -> Result<Prepared, Box<Finding>> {
    let text = text.unwrap_or(".");
    if !tree && BlobStore::is_handle(text) {
        let effect = Effect::Note { key: "stored_output".to_owned() };
        return Ok(Prepared::plain(effect, text.to_owned(), Reach::ReadBlob(text.to_owned())));
    }
    let handle = look_up(charter, text)?;
    if handle.kind() == FileKind::Other {
        let user = format!("{} is a device, socket or pipe", handle.real().display());
        let model = format!("`{text}` is a device, socket or pipe and cannot be read. Name a regular file.");
        return Err(unusable("special_file", text, user, model));
    }
    let real = handle.real().to_owned();
    let effect = Effect::Read { path: real.clone() };
    let mut fact = fact(charter, place_of(charter, &real), effect, &real, Via::Argument);
    fact.guard = fact.guard.or_else(|| own_name(charter, &handle, text));
    fact.tree = tree;
    let subject = shown(charter, &real);
    let reach = if tree { Reach::ReadTree(handle) } else { Reach::ReadPath(handle) };
    Ok(Prepared {
        facts: vec![fact],
        shell: None,
        doomed: Vec::new(),
        written: as_written(text, &subject),
        subject,
        reach,
    })
}

pub(super) fn write(charter: &Charter, text: Option<&str>) -> Result<Prepared, Box<Finding>> {
    let text = text.unwrap_or_default();
    let handle = look_up(charter, text)?;
    match handle.kind() {
        FileKind::Directory => {
            let user = format!("{} is a folder", handle.real().display());
            let model = format!("`{text}` is a folder. Name the file to write, such as `{text}/name`.");
            return Err(unusable("folder", text, user, model));
        }
        FileKind::Other => {
            let user = format!("{} is a device, socket or pipe", handle.real().display());
            let model = format!("`{text}` is a device, socket or pipe. Write to a regular file.");
            return Err(unusable("special_file", text, user, model));
        }
        FileKind::Missing if text.ends_with('/') => {
            let user = format!("{text} names a folder");
            let model = format!("`{text}` names a folder. Name the file to write; folders are made for it.");
            return Err(unusable("folder", text, user, model));
        }
        FileKind::File | FileKind::Missing => {}
    }
    let real = handle.real().to_owned();
    let effect = Effect::Write { path: real.clone() };
    let mut fact = fact(charter, place_of(charter, &real), effect, &real, Via::Argument);
    fact.guard = fact.guard.or_else(|| own_name(charter, &handle, text));
    fact.shared = handle.stamp().is_some_and(|stamp| stamp.links > 1);
    let subject = shown(charter, &real);
    Ok(Prepared {
        facts: vec![fact],
        shell: None,
        doomed: Vec::new(),
        written: as_written(text, &subject),
        subject,
        reach: Reach::RewriteFile(handle),
    })
}

fn as_written(text: &str, subject: &str) -> Option<String> {
    let plain = text.strip_prefix("./").unwrap_or(text);
    (plain != subject).then(|| plain.to_owned())
}

/// A read on our own behalf, of an instruction file.
pub(in crate::kernel) fn system_read(charter: &Charter, path: &Path) -> Result<Prepared, Box<Finding>> {
    read(charter, path.to_str(), false)
}

/// A look at the repository around the workspace.
pub(in crate::kernel) fn system_git(charter: &Charter) -> Prepared {
    let effect = Effect::Git { op: GitOp::Look, about: String::new() };
    Prepared::plain(effect, ".".to_owned(), Reach::Inspect(charter.workspace.clone()))
}

/// A look over the whole workspace on our own behalf.
pub(in crate::kernel) fn system_tree(charter: &Charter) -> Result<Prepared, Box<Finding>> {
    read(charter, Some("."), true)
}

/// Putting a checkpoint back into the workspace.
pub(in crate::kernel) fn user_restore(charter: &Charter) -> Result<Prepared, Box<Finding>> {
    let handle = look_up(charter, ".")?;
    let real = handle.real().to_owned();
    let fact = |effect| fact(charter, place_of(charter, &real), effect, &real, Via::Argument);
    let (write, delete) = (Effect::Write { path: real.clone() }, Effect::Delete { path: real.clone() });
    let facts = vec![fact(write), fact(delete)];
    let reach = Reach::RestoreTree(handle);
    Ok(Prepared { facts, shell: None, doomed: Vec::new(), subject: ".".to_owned(), written: None, reach })
}

/// A read of a file that the user named. What looks like a stored output is a file's name here.
pub(in crate::kernel) fn user_read(charter: &Charter, text: &str) -> Result<Prepared, Box<Finding>> {
    let handle = BlobStore::is_handle(text).then(|| format!("./{text}"));
    read(charter, Some(handle.as_deref().unwrap_or(text)), false)
}

/// A write to a file that the user named on the command line.
pub(in crate::kernel) fn user_write(charter: &Charter, path: &Path) -> Result<Prepared, Box<Finding>> {
    write(charter, path.to_str())
}
