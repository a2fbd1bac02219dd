//! Where the user stands: environment, folder, settings.

use std::path::PathBuf;
use std::sync::Arc;

use super::args::{ModelArgs, Place};
use crate::engine::{FlagSetting, Ground, SharedEnv};
use crate::protocol::{Report, ReportKind};

/// The process environment as a lookup.
pub(super) fn environment() -> SharedEnv {
    Arc::new(|name: &str| std::env::var(name).ok())
}

/// Where the user stands: `-C`, else the current folder.
pub(super) fn directory(place: &Place) -> Result<PathBuf, Report> {
    let failed =
        |what: String, error: std::io::Error| Report::new(ReportKind::Usage, what).cause(error.to_string());
    let here = std::env::current_dir().map_err(|e| failed("the current folder cannot be read".into(), e))?;
    match &place.directory {
        None => Ok(here),
        Some(given) => {
            let path = here.join(given);
            path.canonicalize().map_err(|error| {
                failed(format!("the folder of -C cannot be opened: {}", given.display()), error)
            })
        }
    }
}

/// The ground for a command that has a model.
pub(super) fn ground(
    model: &ModelArgs,
    place: &Place,
    mut flags: Vec<FlagSetting>,
) -> Result<Ground, Report> {
    if let Some(model) = &model.model {
        flags.push(("--model", "model", model.clone().into()));
    }
    if let Some(url) = &model.base_url {
        flags.push(("--base-url", "base_url", url.clone().into()));
    }
    if let Some(level) = model.thinking {
        flags.push(("--thinking", "thinking", level.name().into()));
    }
    Ground::survey(&directory(place)?, &*environment(), flags)
}

/// The ground for a command that has none.
pub(super) fn bare_ground(place: &Place) -> Result<Ground, Report> {
    Ground::survey(&directory(place)?, &*environment(), Vec::new())
}
