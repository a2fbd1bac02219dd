//! What a session works with: the model, the profile and how much is thought, as a flag, the session before
//! it, its own log and the settings say.

use super::desk::FrontDesk;
use super::ground::Ground;
use super::model::{configured, ready, thinking, thinking_level, unset};
use super::opened::Source;
use super::options::Options;
use crate::agent::ModelChange;
use crate::config::Profile;
use crate::kernel::Agreements;
use crate::model::{Catalog, Thinking};
use crate::protocol::{Report, Setup};
use crate::session::{Held, Holds};

/// What the session that one is in passes on to the next.
#[derive(Debug, Clone)]
pub struct Handover {
    /// Its id; `None` where it is not kept.
    pub session: Option<String>,
    /// `provider/model`; `None` where it has none.
    pub model: Option<String>,
    pub profile: String,
    /// `off`, `low`, `medium` or `high`.
    pub thinking: String,
    agreed: Agreements,
}

impl Handover {
    /// The same with another model.
    pub fn with_model(self, model: &str) -> Self {
        Self { model: Some(model.to_owned()), ..self }
    }

    /// What a person agreed to for the rest of the session holds in a copy of it, and in no other.
    pub(super) fn agreed_for(&self, source: &Source) -> Option<&Agreements> {
        let is_copy = matches!(source, Source::Copy { from, .. } if Some(from) == self.session.as_ref());
        is_copy.then_some(&self.agreed)
    }
}

impl FrontDesk {
    /// What this session passes on; `setup` is what holds in it now.
    pub fn handover(&self, setup: &Setup) -> Handover {
        Handover {
            session: self.session.clone(),
            model: Some(setup.model.clone()).filter(|_| self.has_model),
            profile: setup.profile.clone(),
            thinking: setup.thinking.clone(),
            agreed: self.kernel.agreements(),
        }
    }
}

/// Whether a session could be opened so: some model is named for it.
pub fn names_model(ground: &Ground, options: &Options) -> bool {
    let passed_on = options.from.as_ref().is_some_and(|from| from.model.is_some());
    if passed_on || ground.settings.settings.model.is_some() {
        return true;
    }
    let chosen = || -> Result<bool, Report> {
        let source = Source::find(ground, options)?;
        let wanted = Wanted::of(ground, options, &source)?;
        let profile = wanted.profile(ground, &mut Vec::new())?;
        Ok(wanted.model.is_some() || configured(ground, &profile).is_ok())
    };
    // What cannot be found is told by whoever opens it.
    chosen().unwrap_or(true)
}

/// What a session begins or goes on with.
pub(super) struct Chosen {
    pub profile: Profile,
    /// False where none can be had, and that is allowed.
    pub has_model: bool,
    pub model: ModelChange,
    pub thinking: Thinking,
    /// What is otherwise than one might think.
    pub notices: Vec<Report>,
}

impl Chosen {
    pub fn holds(&self) -> Holds {
        Holds {
            model: self.model.provider.name().to_owned(),
            profile: self.profile.name.clone(),
            thinking: self.thinking.name().to_owned(),
        }
    }
}

/// Chooses, and makes the model ready to be asked. Nothing is sent.
pub(super) fn choose(
    ground: &Ground,
    options: &Options,
    catalog: &Catalog,
    source: &Source,
) -> Result<Chosen, Report> {
    let wanted = Wanted::of(ground, options, source)?;
    let mut notices = Vec::new();
    let profile = wanted.profile(ground, &mut notices)?;
    notices.extend(looser(ground, options, source, &profile));
    let thinking = match wanted.thinking.as_deref().and_then(thinking_level) {
        Some(level) => level,
        None => thinking(ground, &profile)?,
    };
    let fallback = || match configured(ground, &profile) {
        Ok(name) => Ok(name.to_owned()),
        Err(report) => options.from.as_ref().and_then(|from| from.model.clone()).ok_or(report),
    };
    let ready = |name: &str| ready(ground, options, catalog, name);
    let chosen = match &wanted.model {
        Some(name) => ready(name).or_else(|report| {
            let other = fallback().map_err(|_| report.clone())?;
            let model = ready(&other)?;
            let note = format!("{name}, which this session had last, cannot be had; {other} answers");
            notices.push(because(Report::note(note), &report));
            Ok(model)
        }),
        None => fallback().and_then(|name| ready(&name)),
    };
    match chosen {
        Ok(model) => Ok(Chosen { profile, has_model: true, model, thinking, notices }),
        // Whatever was said of this one will be said again of the next that has a model.
        Err(_) if options.without_model => {
            Ok(Chosen { profile, has_model: false, model: unset(), thinking, notices: Vec::new() })
        }
        Err(report) => Err(report),
    }
}

/// What stands above the settings. `None` where they decide.
struct Wanted {
    model: Option<String>,
    profile: Option<String>,
    thinking: Option<String>,
}

impl Wanted {
    /// A new session, or a copy of the one that one is in, goes on with what holds now. An older one has what
    /// it had last, unless this run says otherwise.
    fn of(ground: &Ground, options: &Options, source: &Source) -> Result<Self, Report> {
        let here = options.from.as_ref();
        let from = here.filter(|from| source.id().is_none() || source.id() == from.session.as_deref());
        if let Some(from) = from {
            return Ok(Self {
                model: from.model.clone(),
                profile: Some(from.profile.clone()),
                thinking: Some(from.thinking.clone()),
            });
        }
        let Held { model, profile, thinking, .. } = source.held(ground)?;
        let unsaid = |key: &str, held: Option<String>| held.filter(|_| !ground.settings.is_said(key));
        Ok(Self {
            model: unsaid("model", model),
            profile: unsaid("profile", profile),
            thinking: unsaid("thinking", thinking),
        })
    }

    fn profile(&self, ground: &Ground, notices: &mut Vec<Report>) -> Result<Profile, Report> {
        let set = ground.settings.settings.profile.as_deref().unwrap_or("full");
        let Some(name) = &self.profile else { return ground.profile(set) };
        ground.profile(name).or_else(|report| {
            let profile = ground.profile(set)?;
            let note =
                format!("the profile `{name}`, which this session had last, cannot be had; `{set}` holds");
            notices.push(because(Report::note(note), &report));
            Ok(profile)
        })
    }
}

/// A word where an older session brings a profile that allows more than the one in force.
fn looser(ground: &Ground, options: &Options, source: &Source, profile: &Profile) -> Option<Report> {
    source.id()?;
    let set = ground.settings.settings.profile.as_deref();
    let (before, whose) = match &options.from {
        Some(from) => (from.profile.as_str(), "which held before"),
        None => (set.unwrap_or("full"), "which the settings name"),
    };
    let held = ground.profile(before).ok()?;
    let more = !profile.effects.is_subset(&held.effects) || !profile.tools.is_subset(&held.tools);
    more.then(|| {
        let name = &profile.name;
        Report::note(format!("the profile `{name}` of this session allows more than `{before}`, {whose}"))
            .hint(format!("`/profile {before}`, or `--profile {before}`"))
    })
}

/// A note with what went wrong as its causes.
fn because(note: Report, report: &Report) -> Report {
    let note = note.cause(report.message.clone());
    report.causes.iter().cloned().fold(note, Report::cause)
}
