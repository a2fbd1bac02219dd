//! Where our files live: XDG directories, or one folder named by `IOSM_HOME`.

use std::path::{Path, PathBuf};

use crate::base::{StateDir, StoreError, sha256_hex};

/// Looks up an environment variable.
pub type Env<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The four folders that are ours, and the user's home.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dirs {
    pub home: PathBuf,
    pub config: PathBuf,
    pub state: PathBuf,
    pub cache: PathBuf,
    pub data: PathBuf,
}

#[derive(Debug, thiserror::Error)]
pub enum DirsError {
    #[error("no home directory: set HOME, or IOSM_HOME to a folder for everything of iosm's")]
    NoHome,
    #[error("{0} must be an absolute path, not `{1}`")]
    NotAbsolute(&'static str, String),
}

impl Dirs {
    pub fn find(env: Env) -> Result<Self, DirsError> {
        let absolute = |name: &'static str| match env(name).filter(|value| !value.is_empty()) {
            Some(value) if Path::new(&value).is_absolute() => Ok(Some(PathBuf::from(value))),
            Some(value) => Err(DirsError::NotAbsolute(name, value)),
            None => Ok(None),
        };
        let home = absolute("HOME")?;
        if let Some(root) = absolute("IOSM_HOME")? {
            let below = |name: &str| root.join(name);
            return Ok(Self {
                home: home.unwrap_or_else(|| root.clone()),
                config: below("config"),
                state: below("state"),
                cache: below("cache"),
                data: below("data"),
            });
        }
        let home = match home {
            Some(home) => home,
            None => etcetera::home_dir().map_err(|_| DirsError::NoHome)?,
        };
        let place = |name: &'static str, below: &str| -> Result<PathBuf, DirsError> {
            Ok(absolute(name)?.unwrap_or_else(|| home.join(below)).join("iosm"))
        };
        Ok(Self {
            config: place("XDG_CONFIG_HOME", ".config")?,
            state: place("XDG_STATE_HOME", ".local/state")?,
            cache: place("XDG_CACHE_HOME", ".cache")?,
            data: place("XDG_DATA_HOME", ".local/share")?,
            home,
        })
    }

    /// The state of one project; made when missing.
    pub fn project_state(&self, project: &str) -> Result<StateDir, StoreError> {
        StateDir::open(self.state.join("projects").join(project))
    }

    /// The user's own configuration, to be written on their word; made when missing.
    pub fn own_config(&self) -> Result<StateDir, StoreError> {
        StateDir::open(self.config.clone())
    }

    /// State that belongs to no project, such as which projects are trusted.
    pub fn own_state(&self) -> Result<StateDir, StoreError> {
        StateDir::open(self.state.clone())
    }

    /// The cache that commands of one project may write.
    pub fn project_cache(&self, project: &str) -> Result<StateDir, StoreError> {
        StateDir::open(self.cache.join("projects").join(project))
    }
}

/// A project's id: a hash of its canonical git common directory, else of its root, so that all
/// worktrees of a repository share their state.
pub fn project_id(anchor: &Path) -> String {
    sha256_hex(anchor.as_os_str().as_encoded_bytes())[..16].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env<'a>(pairs: &'a [(&'a str, &'a str)]) -> impl Fn(&str) -> Option<String> + 'a {
        |name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
    }

    #[test]
    fn one_folder_or_the_xdg_ones() {
        let one = Dirs::find(&env(&[("HOME", "/h"), ("IOSM_HOME", "/i")])).unwrap();
        assert_eq!((one.state.as_path(), one.home.as_path()), (Path::new("/i/state"), Path::new("/h")));
        let xdg = Dirs::find(&env(&[("HOME", "/h"), ("XDG_STATE_HOME", "/s")])).unwrap();
        assert_eq!(xdg.state, Path::new("/s/iosm"));
        assert_eq!(xdg.config, Path::new("/h/.config/iosm"));
        assert!(Dirs::find(&env(&[("HOME", "/h"), ("IOSM_HOME", "rel")])).is_err());
    }
}
