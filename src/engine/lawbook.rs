//! The layers of policy of one session: where they lie, whether they have changed, how they are read.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use super::ground::{Ground, ProjectTrust, config, state};
use super::options::Options;
use crate::agent::Lawbook;
use crate::config::{
    Approvals, Contract, Layer, Origin, Policy, PolicyLayers, Preset, Profile, ProjectFiles, Reading, Rule,
    TrustStore, read_rules,
};
use crate::protocol::{Report, ReportKind};

/// What tells a file from what it was: time, length and number.
type Stamp = Option<(SystemTime, u64, u64)>;

/// A book that reads the files anew.
pub(super) struct Book {
    ground: Ground,
    profile: Mutex<Profile>,
    flags: Vec<Rule>,
    policy_file: Option<PathBuf>,
    tools: Vec<&'static str>,
    stamps: Mutex<Vec<Stamp>>,
}

impl Book {
    pub fn new(ground: &Ground, profile: &Profile, options: &Options, tools: Vec<&'static str>) -> Self {
        let book = Self {
            ground: ground.clone(),
            profile: Mutex::new(profile.clone()),
            flags: options.rules.clone(),
            policy_file: options.policy_file.clone(),
            tools,
            stamps: Mutex::default(),
        };
        *book.held() = book.stamps_now();
        book
    }

    /// Every layer, the lowest first.
    pub fn layers(&self) -> Result<PolicyLayers, Report> {
        self.layers_with(None)
    }

    /// Every layer, with another file in the place of the user's own; or with the project's, trusted or
    /// not, when that is the file.
    pub fn layers_with(&self, other: Option<&Path>) -> Result<PolicyLayers, Report> {
        let profile = self.profile.lock().unwrap_or_else(PoisonError::into_inner).clone();
        self.layers_of(&profile, other)
    }

    fn layers_of(&self, profile: &Profile, other: Option<&Path>) -> Result<PolicyLayers, Report> {
        let mut layers = PolicyLayers::default();
        let (root, tools) = (&self.ground.workspace.root, self.tools.as_slice());
        let project = root.join(".iosm/policy.yaml");
        let checks_project =
            other.is_some_and(|file| file.canonicalize().ok() == project.canonicalize().ok());
        let own_file = self.ground.dirs.config.join("policy.yaml");
        let user = other.filter(|_| !checks_project).unwrap_or(&own_file);
        layers.file(Layer::User, user, tools).map_err(config)?;
        let set = self.preset_setting()?;
        let own = |layer: Layer| set.as_ref().filter(move |(of, ..)| *of == layer);
        if let Some((layer, source, preset)) = own(Layer::User) {
            layers.preset(*layer, source, *preset).map_err(config)?;
        }
        for store in self.approvals()? {
            let kept = store.list().map_err(config)?.into_iter().map(|approval| approval.rule).collect();
            layers.rules(Layer::Approvals, &store.path().display().to_string(), kept).map_err(config)?;
        }
        if checks_project || self.trusted()? {
            layers.file(Layer::Project, &project, tools).map_err(config)?;
            if let Some((layer, source, preset)) = own(Layer::Project) {
                layers.preset(*layer, source, *preset).map_err(config)?;
            }
        }
        let constraints = root.join(".iosm/constraints.yaml");
        if let Some(contract) = Contract::load(&constraints).map_err(config)? {
            let source = constraints.display().to_string();
            layers.rules(Layer::Constraints, &source, contract.rules()).map_err(config)?;
        }
        let reading = Reading { layer: Layer::Profile, file: None, tools };
        let rules = read_rules(profile.rules.clone(), reading).map_err(config)?;
        layers.rules(Layer::Profile, &profile.name, rules).map_err(config)?;
        if let Some(file) = &self.policy_file {
            if !file.is_file() {
                return Err(Report::new(
                    ReportKind::Usage,
                    format!("--policy: there is no file {}", file.display()),
                )
                .hint("a preset (coding, strict, contained, ci, read_only) or a policy file"));
            }
            layers.file(Layer::Run, file, tools).map_err(config)?;
        }
        if let Some((layer, source, preset)) = own(Layer::Run) {
            layers.preset(*layer, source, *preset).map_err(config)?;
        }
        layers.rules(Layer::Run, "--allow, --deny", self.flags.clone()).map_err(config)?;
        Ok(layers)
    }

    /// The preset of settings, and whose word it is.
    fn preset_setting(&self) -> Result<Option<(Layer, String, Preset)>, Report> {
        let settings = &self.ground.settings;
        let Some(origin) = settings.origins.get("policy") else { return Ok(None) };
        let layer = match origin {
            Origin::BuiltIn => return Ok(None),
            Origin::File(path) if path.starts_with(&self.ground.workspace.root) => Layer::Project,
            Origin::File(_) => Layer::User,
            Origin::Environment(_) | Origin::Flag(_) => Layer::Run,
        };
        let preset = settings.settings.policy.as_deref().unwrap_or("coding").parse().map_err(config)?;
        Ok(Some((layer, origin.to_string(), preset)))
    }

    /// The answers kept for every project, then for this one.
    pub fn approvals(&self) -> Result<[Approvals; 2], Report> {
        approvals(&self.ground)
    }

    /// Whether the project's own policy counts. A project that was trusted when the session began and has
    /// changed since must not lose its rules: the old policy stays.
    fn trusted(&self) -> Result<bool, Report> {
        let Some(files) = ProjectFiles::find(&self.ground.workspace.root) else { return Ok(false) };
        let store = TrustStore::open(self.ground.dirs.own_state().map_err(state)?).map_err(state)?;
        if store.trusts(&self.ground.project, &files) {
            return Ok(true);
        }
        if !matches!(self.ground.trust, ProjectTrust::Trusted(_)) {
            return Ok(false);
        }
        let changed = store.changes(&self.ground.project, &files).unwrap_or_default();
        let changed: Vec<String> = changed.iter().map(ToString::to_string).collect();
        Err(Report::new(ReportKind::Config, "the project's own files have changed since you trusted them")
            .cause(changed.join(", "))
            .hint("read them, then `iosm config trust`"))
    }

    fn watched(&self) -> Vec<PathBuf> {
        let (dirs, own) = (&self.ground.dirs, self.ground.workspace.root.join(".iosm"));
        let project = dirs.state.join("projects").join(&self.ground.project);
        let mut files = vec![
            dirs.config.join("policy.yaml"),
            dirs.state.join("approvals.yaml"),
            dirs.state.join("trust.json"),
            project.join("approvals.yaml"),
            own.join("policy.yaml"),
            own.join("constraints.yaml"),
        ];
        files.extend(self.policy_file.clone());
        files
    }

    fn stamps_now(&self) -> Vec<Stamp> {
        use std::os::unix::fs::MetadataExt;
        let stamp = |path: PathBuf| {
            let meta = std::fs::metadata(path).ok()?;
            Some((meta.modified().ok()?, meta.len(), meta.ino()))
        };
        self.watched().into_iter().map(stamp).collect()
    }

    fn held(&self) -> std::sync::MutexGuard<'_, Vec<Stamp>> {
        self.stamps.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The answers kept for every project, then for this one.
pub(super) fn approvals(ground: &Ground) -> Result<[Approvals; 2], Report> {
    let everywhere = Approvals::new(ground.dirs.own_state().map_err(state)?);
    Ok([everywhere, Approvals::new(ground.state()?)])
}

impl Lawbook for Book {
    fn changed(&self) -> Option<Result<Policy, Report>> {
        let now = self.stamps_now();
        let changed = std::mem::replace(&mut *self.held(), now.clone()) != now;
        changed.then(|| self.read())
    }

    fn read(&self) -> Result<Policy, Report> {
        self.layers().map(|layers| layers.policy().clone())
    }

    fn policy_for(&self, profile: &Profile) -> Result<Policy, Report> {
        self.layers_of(profile, None).map(|layers| layers.policy().clone())
    }

    fn take_profile(&self, profile: &Profile) {
        *self.profile.lock().unwrap_or_else(PoisonError::into_inner) = profile.clone();
    }

    fn keep(&self, rule: &Rule, everywhere: bool) -> Result<Policy, Report> {
        let [all, here] = self.approvals()?;
        let store = if everywhere { all } else { here };
        store.add(rule, "user").map_err(|error| {
            Report::from_error(ReportKind::State, &error).hint("the answer holds for this session only")
        })?;
        *self.held() = self.stamps_now();
        self.read()
    }
}
