//! Objects of the private repository as bytes: trees with any names and whole modes, and commits.
//!
//! Format: git's own (`git help gitformat-pack`, "object types"); a tree is a row of
//! `mode SP name NUL id`, sorted as if folders ended in `/`.

use std::collections::BTreeMap;

use git2::{ObjectType, Odb, Oid};

use super::{Checkpoint, Entry, Flat, S_IFDIR, S_IFMT, SnapshotError};

const ID_BYTES: usize = 20;

/// One row of a tree.
struct Row {
    name: Vec<u8>,
    mode: u32,
    id: Oid,
}

impl Row {
    fn key(&self) -> Vec<u8> {
        let mut key = self.name.clone();
        if self.mode & S_IFMT == S_IFDIR {
            key.push(b'/');
        }
        key
    }
}

/// Writes the folders of a flat tree, the deepest first; the root's id.
pub(super) fn write_trees(odb: &Odb<'_>, flat: &Flat) -> Result<Oid, SnapshotError> {
    let mut rows: BTreeMap<&[u8], Vec<Row>> = BTreeMap::new();
    let split = |path: &'_ [u8]| path.iter().rposition(|byte| *byte == b'/');
    let mut folders: Vec<(&[u8], u32)> = Vec::new();
    for (path, entry) in flat {
        if entry.is_dir() {
            folders.push((path, entry.mode));
        } else if !entry.large {
            let (parent, name) =
                split(path).map_or((&b""[..], &path[..]), |at| (&path[..at], &path[at + 1..]));
            let row = Row { name: name.to_vec(), mode: entry.mode, id: entry.id };
            rows.entry(parent).or_default().push(row);
        }
    }
    folders.sort_by_key(|(path, _)| std::cmp::Reverse(path.iter().filter(|byte| **byte == b'/').count()));
    for (path, mode) in folders {
        let id = write_tree(odb, rows.remove(path).unwrap_or_default())?;
        let (parent, name) = split(path).map_or((&b""[..], path), |at| (&path[..at], &path[at + 1..]));
        rows.entry(parent).or_default().push(Row { name: name.to_vec(), mode, id });
    }
    write_tree(odb, rows.remove(&b""[..]).unwrap_or_default())
}

fn write_tree(odb: &Odb<'_>, mut rows: Vec<Row>) -> Result<Oid, SnapshotError> {
    rows.sort_by_cached_key(Row::key);
    let mut bytes = Vec::new();
    for row in rows {
        bytes.extend_from_slice(format!("{:o} ", row.mode).as_bytes());
        bytes.extend_from_slice(&row.name);
        bytes.push(0);
        bytes.extend_from_slice(row.id.as_bytes());
    }
    write(odb, ObjectType::Tree, &bytes)
}

/// Writes what is not there yet.
pub(super) fn write(odb: &Odb<'_>, kind: ObjectType, bytes: &[u8]) -> Result<Oid, SnapshotError> {
    let id = Oid::hash_object(kind, bytes)?;
    if odb.exists(id) { Ok(id) } else { Ok(odb.write(kind, bytes)?) }
}

/// Everything below a tree. `visit` is told of each object; where it says no, the tree is not entered.
pub(super) fn walk(
    odb: &Odb<'_>,
    root: Oid,
    visit: &mut dyn FnMut(&[u8], &Entry) -> bool,
) -> Result<(), SnapshotError> {
    let mut open = vec![(Vec::new(), root)];
    while let Some((folder, id)) = open.pop() {
        let object = odb.read(id)?;
        if object.kind() != ObjectType::Tree {
            return Err(damaged(id, "is no tree"));
        }
        let mut rest = object.data();
        while !rest.is_empty() {
            let space =
                rest.iter().position(|byte| *byte == b' ').ok_or_else(|| damaged(id, "has a bad row"))?;
            let end = rest.iter().position(|byte| *byte == 0).ok_or_else(|| damaged(id, "has a bad row"))?;
            let mode =
                std::str::from_utf8(&rest[..space]).ok().and_then(|text| u32::from_str_radix(text, 8).ok());
            let (mode, child) = match (mode, rest.get(end + 1..end + 1 + ID_BYTES)) {
                (Some(mode), Some(child)) if space < end => (mode, Oid::from_bytes(child)?),
                _ => return Err(damaged(id, "has a bad row")),
            };
            let mut path = folder.clone();
            if !path.is_empty() {
                path.push(b'/');
            }
            path.extend_from_slice(&rest[space + 1..end]);
            let entry = Entry { mode, id: child, large: false };
            if visit(&path, &entry) && entry.is_dir() {
                open.push((path, child));
            }
            rest = &rest[end + 1 + ID_BYTES..];
        }
    }
    Ok(())
}

/// A snapshot as a list, with the large files of its commit.
pub(super) fn flat(odb: &Odb<'_>, tree: Oid, about: &Checkpoint) -> Result<Flat, SnapshotError> {
    let mut flat = Flat::new();
    walk(odb, tree, &mut |path, entry| {
        let id = if entry.is_dir() { Oid::ZERO_SHA1 } else { entry.id };
        flat.insert(path.to_vec(), Entry { id, ..*entry });
        true
    })?;
    for large in &about.large {
        let entry = Entry { mode: large.mode, id: Oid::from_str(&large.key)?, large: true };
        flat.insert(super::unspell(&large.path), entry);
    }
    Ok(flat)
}

pub(super) fn write_commit(odb: &Odb<'_>, tree: Oid, about: &Checkpoint) -> Result<Oid, SnapshotError> {
    let who = format!("iosm <iosm> {} +0000", about.at_ms / 1000);
    let json = serde_json::to_string(about).expect("it has only string keys");
    let text = format!("tree {tree}\nauthor {who}\ncommitter {who}\n\n{json}\n");
    write(odb, ObjectType::Commit, text.as_bytes())
}

pub(super) fn read_commit(odb: &Odb<'_>, id: Oid) -> Result<(Oid, Checkpoint), SnapshotError> {
    let object = odb.read(id)?;
    let text = std::str::from_utf8(object.data()).map_err(|_| damaged(id, "is no text"))?;
    let (head, json) = text.split_once("\n\n").ok_or_else(|| damaged(id, "has no message"))?;
    let tree =
        head.lines().find_map(|line| line.strip_prefix("tree ")).ok_or_else(|| damaged(id, "has no tree"))?;
    let about = serde_json::from_str(json).map_err(|error| damaged(id, &error.to_string()))?;
    Ok((Oid::from_str(tree)?, about))
}

fn damaged(id: Oid, why: &str) -> SnapshotError {
    SnapshotError::Damaged { id: id.to_string(), why: format!("its object {why}") }
}
