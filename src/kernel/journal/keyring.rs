//! The machine's key: made at first use, kept in our own state, changed by import.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::key::{PublicKey, Signer};
use crate::base::{StateDir, StoreError, create_private, read_private};

/// The variable that holds a key, or the path of one, in CI.
pub const KEY_VARIABLE: &str = "IOSM_JOURNAL_KEY";

const KEY: &str = "journal.pem";
const FORMER: &str = "former.json";
const LOCK: &str = "journal.lock";

#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("the journal's key cannot be used: {0}")]
    Store(#[from] StoreError),
    /// The text itself is never in it.
    #[error("the journal's key from {from} cannot be used: {why}")]
    Form { from: String, why: String },
}

/// The key that seals, and all those whose seals count.
#[derive(Debug, Clone)]
pub struct Keys {
    signer: Signer,
    trusted: Vec<PublicKey>,
}

/// Keys this machine used before, each vouched for by the one that followed.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Former {
    keys: Vec<Vouched>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Vouched {
    key: String,
    /// The present key's, over [`vouching`].
    signature: String,
}

fn vouching(key: &PublicKey) -> Vec<u8> {
    format!("iosm former journal key\n{}", key.hex()).into_bytes()
}

impl Keys {
    /// The key in `given` (the value of [`KEY_VARIABLE`]: a key, or the path of one), else the one in
    /// `dir`, made at first use.
    pub fn open(dir: &StateDir, given: Option<&str>) -> Result<Self, KeyError> {
        let signer = match given {
            Some(text) => from_variable(text)?,
            None => own_or_new(dir)?,
        };
        let mut trusted = vec![signer.public()];
        trusted.extend(trusted_in(dir)?);
        Ok(Self { signer, trusted })
    }

    /// A key of its own for a journal that is thrown away.
    pub fn throwaway() -> Self {
        let signer = Signer::make();
        Self { trusted: vec![signer.public()], signer }
    }

    pub fn signer(&self) -> &Signer {
        &self.signer
    }

    /// Keys whose seals count: the present one, and those it replaced.
    pub fn trusted(&self) -> &[PublicKey] {
        &self.trusted
    }

    /// Replaces the machine's key. Seals of the old one go on to count.
    pub fn import(dir: &StateDir, text: &str, from: &str) -> Result<PublicKey, KeyError> {
        let signer = Signer::parse(text).map_err(|why| KeyError::Form { from: from.to_owned(), why })?;
        let _lock = dir.lock(LOCK)?;
        let public = signer.public();
        let mut former = trusted_in(dir)?;
        former.retain(|key| *key != public);
        let keys =
            former.iter().map(|key| Vouched { key: key.hex(), signature: signer.sign(&vouching(key)) });
        let former = Former { keys: keys.collect() };
        let bytes = serde_json::to_vec_pretty(&former).expect("a list of keys is plain data");
        // The list first: between the two writes it vouches for nothing, and the old key still stands.
        dir.replace(FORMER, &bytes)?;
        dir.replace(KEY, signer.private_pem().as_bytes())?;
        Ok(public)
    }

    /// Writes the private key to a new file that only the user may open.
    pub fn export_private(&self, to: &Path) -> Result<(), KeyError> {
        Ok(create_private(to, self.signer.private_pem().as_bytes())?)
    }

    /// Where the machine's key lies.
    pub fn path(dir: &StateDir) -> PathBuf {
        dir.path().join(KEY)
    }
}

/// Public keys that count, without making one: for looking only.
pub fn trusted_keys(dir: &StateDir, given: Option<&str>) -> Result<Vec<PublicKey>, KeyError> {
    let mut trusted: Vec<PublicKey> = Vec::new();
    if let Some(text) = given {
        trusted.push(from_variable(text)?.public());
    }
    trusted.extend(trusted_in(dir)?);
    Ok(trusted)
}

fn from_variable(text: &str) -> Result<Signer, KeyError> {
    let form = |from: String| move |why: String| KeyError::Form { from, why };
    if Path::new(text).is_absolute() {
        let text = read_private(Path::new(text))?;
        let from = "the file that IOSM_JOURNAL_KEY names".to_owned();
        let text = String::from_utf8(text).map_err(|_| form(from.clone())("it is no text".to_owned()))?;
        return Signer::parse(&text).map_err(form(from));
    }
    Signer::parse(text)
        .map_err(|why| format!("{why} (a path must be absolute)"))
        .map_err(form(KEY_VARIABLE.to_owned()))
}

fn read_own(dir: &StateDir) -> Result<Signer, KeyError> {
    let bytes = dir.read_private(KEY)?;
    let text = String::from_utf8_lossy(&bytes);
    let from = || Keys::path(dir).display().to_string();
    Signer::parse(&text).map_err(|why| KeyError::Form { from: from(), why })
}

fn own_or_new(dir: &StateDir) -> Result<Signer, KeyError> {
    // A link whose target is gone is there too: it must be refused, not written through.
    let there = || Keys::path(dir).symlink_metadata().is_ok();
    if there() {
        return read_own(dir);
    }
    let _lock = dir.lock(LOCK)?;
    if there() {
        return read_own(dir);
    }
    let signer = Signer::make();
    dir.replace(KEY, signer.private_pem().as_bytes())?;
    Ok(signer)
}

/// The machine's own key and those it vouches for; none where there is no key yet.
fn trusted_in(dir: &StateDir) -> Result<Vec<PublicKey>, KeyError> {
    if Keys::path(dir).symlink_metadata().is_err() {
        return Ok(Vec::new());
    }
    let own = read_own(dir)?.public();
    let mut trusted = vec![own];
    if dir.exists(FORMER) {
        // A list that was tampered with vouches for nothing.
        let former: Former = serde_json::from_slice(&dir.read(FORMER)?).unwrap_or_default();
        let vouched = former.keys.iter().filter_map(|vouched| {
            let key = PublicKey::parse(&vouched.key).ok()?;
            own.verifies(&vouching(&key), &vouched.signature).then_some(key)
        });
        trusted.extend(vouched);
    }
    Ok(trusted)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn dir() -> (tempfile::TempDir, StateDir) {
        let temp = tempfile::tempdir().unwrap();
        let dir = StateDir::open(temp.path().join("keys")).unwrap();
        (temp, dir)
    }

    #[test]
    fn one_key_is_made_and_only_the_user_may_open_it() {
        let (_temp, dir) = dir();
        assert!(trusted_keys(&dir, None).unwrap().is_empty(), "looking makes none");
        let first = Keys::open(&dir, None).unwrap();
        let mode = Keys::path(&dir).metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(Keys::open(&dir, None).unwrap().trusted(), first.trusted());
        for mode in [0o640, 0o604, 0o000] {
            std::fs::set_permissions(Keys::path(&dir), std::fs::Permissions::from_mode(mode)).unwrap();
            let opened = Keys::open(&dir, None);
            // Root reads what nobody may read.
            assert!(opened.is_err() || mode == 0, "mode {mode:o}");
        }
        std::fs::remove_file(Keys::path(&dir)).unwrap();
        std::os::unix::fs::symlink("/dev/null", Keys::path(&dir)).unwrap();
        assert!(Keys::open(&dir, None).is_err(), "a link is no key");
    }

    #[test]
    fn many_that_come_first_make_one_key() {
        let (_temp, dir) = dir();
        let open = || {
            let dir = dir.clone();
            std::thread::spawn(move || Keys::open(&dir, None).unwrap().signer().public())
        };
        let threads: Vec<_> = (0..8).map(|_| open()).collect();
        let keys: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
        assert!(keys.iter().all(|key| *key == keys[0]), "{keys:?}");
    }

    #[test]
    fn an_imported_key_vouches_for_those_before_it() {
        let (_temp, dir) = dir();
        let first = Keys::open(&dir, None).unwrap().signer().public();
        let (second, third) = (Signer::make(), Signer::make());
        Keys::import(&dir, &second.private_pem(), "here").unwrap();
        Keys::import(&dir, &third.private_pem(), "here").unwrap();
        let keys = Keys::open(&dir, None).unwrap();
        assert_eq!(keys.signer().public(), third.public());
        assert_eq!(keys.trusted()[1..].len(), 3);
        assert!(keys.trusted().contains(&first) && keys.trusted().contains(&second.public()));
        let forged = std::fs::read_to_string(dir.path().join(FORMER)).unwrap();
        let stranger = Signer::make().public().hex();
        dir.replace(FORMER, forged.replace(&first.hex(), &stranger).as_bytes()).unwrap();
        let trusted = trusted_keys(&dir, None).unwrap();
        assert!(!trusted.contains(&first) && !trusted.iter().any(|key| key.hex() == stranger));
    }

    #[test]
    fn the_variable_holds_a_key_or_an_absolute_path() {
        let (temp, dir) = dir();
        let signer = Signer::make();
        let file = temp.path().join("ci.pem");
        create_private(&file, signer.private_pem().as_bytes()).unwrap();
        for given in [file.to_str().unwrap().to_owned(), signer.private_pem()] {
            let keys = Keys::open(&dir, Some(&given)).unwrap();
            assert_eq!(keys.signer().public(), signer.public());
        }
        assert!(!Keys::path(&dir).exists(), "no other key is made");
        let error = Keys::open(&dir, Some("keys/ci.pem")).unwrap_err().to_string();
        assert!(error.contains("absolute") && !error.contains("ci.pem"), "{error}");
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
        let error = Keys::open(&dir, file.to_str()).unwrap_err().to_string();
        assert!(error.contains("chmod 600"), "{error}");
        assert!(create_private(&file, b"x").is_err(), "nothing is overwritten");
    }
}
