//! What is known of files by looking at them: who has the same identity, size and times has the same
//! content, and is not read again.

use std::collections::HashMap;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;

use git2::Oid;

use crate::base::{StateDir, StoreError, sha256_hex};

const HEADER: &[u8] = b"iosm stat cache 1\n";
const DIGEST_CHARS: usize = 64;
/// Bytes of a row behind its path: six numbers and an id.
const ROW: usize = 6 * 8 + 20;
/// A clock of a file system that ticks in less than this, in nanoseconds.
const TICK_NS: i64 = 50_000_000;
/// One that shows whole seconds only (FAT: two).
const COARSE_NS: i64 = 2_100_000_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    modified_ns: i64,
    changed_ns: i64,
    mode: u64,
}

impl Stamp {
    pub(super) fn of(meta: &Metadata) -> Self {
        let ns = |seconds: i64, ns: i64| seconds.saturating_mul(1_000_000_000).saturating_add(ns);
        Self {
            device: meta.dev(),
            inode: meta.ino(),
            size: meta.size(),
            modified_ns: ns(meta.mtime(), meta.mtime_nsec()),
            changed_ns: ns(meta.ctime(), meta.ctime_nsec()),
            mode: u64::from(meta.mode()),
        }
    }

    /// Whether a change made after `read_ns` (Unix nanoseconds) would show in the times.
    pub(super) fn is_settled(&self, read_ns: i64) -> bool {
        let margin = if self.changed_ns % 1_000_000_000 == 0 { COARSE_NS } else { TICK_NS };
        self.changed_ns.saturating_add(margin) < read_ns
    }

    /// Names the content of a file that nobody reads.
    pub(super) fn key(&self) -> Result<Oid, git2::Error> {
        Oid::from_str(&sha256_hex(&self.numbers())[..40])
    }

    fn numbers(&self) -> Vec<u8> {
        let numbers =
            [self.device, self.inode, self.size, self.modified_ns as u64, self.changed_ns as u64, self.mode];
        numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
    }

    fn read(bytes: &[u8]) -> Self {
        let at = |place: usize| {
            u64::from_le_bytes(bytes[place * 8..place * 8 + 8].try_into().expect("a row holds six numbers"))
        };
        Self {
            device: at(0),
            inode: at(1),
            size: at(2),
            modified_ns: at(3) as i64,
            changed_ns: at(4) as i64,
            mode: at(5),
        }
    }
}

/// By path below the root.
#[derive(Debug, Default)]
pub(super) struct Cache(HashMap<Vec<u8>, (Stamp, Oid)>);

impl Cache {
    /// What was kept for this tree; nothing where there is none, or where it is damaged.
    pub(super) fn load(dir: &StateDir, name: &str) -> Self {
        dir.read(name).ok().and_then(|bytes| Self::decode(&bytes)).unwrap_or_default()
    }

    pub(super) fn save(&self, dir: &StateDir, name: &str) -> Result<(), StoreError> {
        let mut bytes = HEADER.to_vec();
        for (path, (stamp, id)) in &self.0 {
            bytes.extend((path.len() as u32).to_le_bytes());
            bytes.extend_from_slice(path);
            bytes.extend(stamp.numbers());
            bytes.extend_from_slice(id.as_bytes());
        }
        let digest = sha256_hex(&bytes);
        bytes.extend_from_slice(digest.as_bytes());
        dir.replace(name, &bytes)
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (body, digest) = bytes.split_at_checked(bytes.len().checked_sub(DIGEST_CHARS)?)?;
        if sha256_hex(body).as_bytes() != digest {
            return None;
        }
        let mut rest = body.strip_prefix(HEADER)?;
        let mut known = HashMap::new();
        while !rest.is_empty() {
            let (length, after) = rest.split_at_checked(4)?;
            let length = u32::from_le_bytes(length.try_into().ok()?) as usize;
            let (path, after) = after.split_at_checked(length)?;
            let (row, after) = after.split_at_checked(ROW)?;
            known.insert(path.to_vec(), (Stamp::read(row), Oid::from_bytes(&row[48..]).ok()?));
            rest = after;
        }
        Some(Self(known))
    }

    pub(super) fn get(&self, path: &[u8], stamp: &Stamp) -> Option<Oid> {
        self.0.get(path).filter(|(known, _)| known == stamp).map(|(_, id)| *id)
    }

    pub(super) fn put(&mut self, path: Vec<u8>, stamp: Stamp, id: Oid) {
        self.0.insert(path, (stamp, id));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::StateDir;

    #[test]
    fn it_comes_back_whole_or_not_at_all() {
        let root = tempfile::tempdir().unwrap();
        let dir = StateDir::open(root.path().join("state")).unwrap();
        let file = root.path().join("f");
        std::fs::write(&file, "x").unwrap();
        let stamp = Stamp::of(&std::fs::symlink_metadata(&file).unwrap());
        let id = Oid::from_str("00000000000000000000000000000000000000ff").unwrap();
        let mut cache = Cache::default();
        cache.put(b"odd\xff\nname".to_vec(), stamp, id);
        cache.save(&dir, "stat").unwrap();
        assert_eq!(Cache::load(&dir, "stat").get(b"odd\xff\nname", &stamp), Some(id));
        let other = Stamp { changed_ns: stamp.changed_ns + 1, ..stamp };
        assert_eq!(Cache::load(&dir, "stat").get(b"odd\xff\nname", &other), None);
        let mut bytes = dir.read("stat").unwrap();
        bytes[HEADER.len() + 5] ^= 1;
        dir.replace("stat", &bytes).unwrap();
        assert!(Cache::load(&dir, "stat").0.is_empty());
    }

    #[test]
    fn what_has_just_changed_is_not_trusted() {
        let fine = Stamp { device: 1, inode: 1, size: 1, modified_ns: 0, changed_ns: 7_000_000_001, mode: 0 };
        let coarse = Stamp { changed_ns: 7_000_000_000, ..fine };
        for (stamp, later, settled) in [
            (fine, TICK_NS, false),
            (fine, TICK_NS + 1, true),
            (coarse, TICK_NS + 1, false),
            (coarse, COARSE_NS, false),
            (coarse, COARSE_NS + 1, true),
        ] {
            assert_eq!(stamp.is_settled(stamp.changed_ns + later), settled, "{later}");
        }
    }
}
