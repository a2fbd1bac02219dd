//! Forgetting checkpoints, and freeing what only they held.
//!
//! References go first, then the loose objects that nothing names any more; stopped in between, only
//! room is lost, which the next sweep frees.

use std::collections::HashSet;
use std::path::Path;

use git2::Oid;

use super::{SnapshotError, Store, io, object};

/// What a sweep freed, or would free.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct Swept {
    /// Ids of checkpoints.
    pub removed: Vec<String>,
    pub objects: usize,
    pub bytes: u64,
}

impl Store {
    /// Forgets these checkpoints and every damaged one; with `dry_run`, only says what that would free.
    pub fn sweep(&self, gone: &[String], dry_run: bool) -> Result<Swept, SnapshotError> {
        let odb = self.repository.odb()?;
        let mut swept = Swept::default();
        let (mut held, mut large) = (HashSet::<Oid>::new(), HashSet::<String>::new());
        for (id, target) in self.targets()? {
            let read = object::read_commit(&odb, target);
            let (false, Ok((tree, about))) = (gone.contains(&id), read) else {
                if !dry_run {
                    self.forget(&id)?;
                }
                swept.removed.push(id);
                continue;
            };
            held.extend([target, tree]);
            large.extend(about.large.into_iter().map(|large| large.key));
            // A tree that is damaged in part keeps what can be reached of it.
            let _ = object::walk(&odb, tree, &mut |_, entry| held.insert(entry.id));
        }
        let objects = self.repository.path().join("objects");
        for folder in names(&objects)? {
            if folder.len() != 2 || hex::decode(&folder).is_err() {
                continue;
            }
            for rest in names(&objects.join(&folder))? {
                let id = Oid::from_str(&format!("{folder}{rest}")).ok().filter(|_| rest.len() == 38);
                // Without an id it is left from a write that was cut short: nobody writes now.
                if id.is_none_or(|id| !held.contains(&id)) {
                    swept.free(&objects.join(&folder).join(&rest), dry_run)?;
                }
            }
        }
        for key in names(&self.large())? {
            if !large.contains(&key) {
                swept.free(&self.large().join(&key), dry_run)?;
            }
        }
        Ok(swept)
    }
}

impl Swept {
    fn free(&mut self, path: &Path, dry_run: bool) -> Result<(), SnapshotError> {
        self.bytes += path.metadata().map_or(0, |meta| meta.len());
        self.objects += 1;
        if dry_run { Ok(()) } else { std::fs::remove_file(path).map_err(io("remove", path)) }
    }
}

fn names(folder: &Path) -> Result<Vec<String>, SnapshotError> {
    match std::fs::read_dir(folder) {
        Ok(entries) => {
            Ok(entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect())
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(io("list", folder)(error)),
    }
}
