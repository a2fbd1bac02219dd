//! Builds an agent from settings: provider, kernel, tools, prompt, session.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::mpsc;

use super::checkpoint::Checkpoints;
use super::desk::FrontDesk;
use super::ground::{Ground, ProjectTrust, config, state};
use super::handover::{Chosen, choose};
use super::history::History;
use super::instructions::{self, Nested};
use super::lawbook::Book;
use super::model::{catalog, limits};
use super::opened::{MAIN, Source, open_session, recall};
use super::options::{Options, SessionChoice};
use super::sandbox::{Fence, fence, with_trailers};
use crate::agent::{Agent, Brief, Epoch, Parts, Setup, SkillLine};
use crate::base::{BlobStore, nearest};
use crate::config::{GitDirs, Own, Policy, PolicyLayers, Profile, RuleAction, Skill, configured_remotes};
use crate::host::git::KeptFiles;
use crate::host::process::Processes;
use crate::host::temp::PrivateTemp;
use crate::host::{HostError, file};
use crate::kernel::{Capability, Charter, Journal, Kernel, KernelError, Keys};
use crate::model::{Recorder, ToolSchema};
use crate::protocol::{Event, Item, Limits, Report, ReportKind, Setup as InForce};
use crate::tools::{Registry, register_bash, register_fetch, register_leaf_tools};

/// Attempts at one request.
const MOST_ATTEMPTS: u32 = 5;
/// Percent of the window at which a conversation is folded, unless set.
const COMPACT_PERCENT: u8 = 80;

/// Files named in a notice about trust.
const MOST_NAMED: usize = 12;

/// An agent, and what its task needs besides.
pub(super) struct Wired {
    pub agent: Agent,
    pub hello: Event,
    pub setup: Event,
    /// Of a conversation that goes on.
    pub stands: Option<Event>,
    pub desk: Arc<FrontDesk>,
    pub notices: Vec<Report>,
    pub temp: Arc<PrivateTemp>,
    /// Where the `git` of commands lies.
    pub shim: Option<PrivateTemp>,
    pub record: Option<Record>,
    pub id: Option<String>,
}

/// Saves the conversation as a script when a run has ended.
pub(super) struct Record {
    kernel: Arc<Kernel>,
    path: PathBuf,
}

impl Record {
    pub(super) fn save(&self, items: &[Item]) -> Result<(), Report> {
        let mut recorder = Recorder::default();
        recorder.add("main", items);
        let script = recorder.script("Recorded with --record.");
        let failed = |why: String| {
            Report::new(ReportKind::Host, format!("the session was not recorded in {}", self.path.display()))
                .cause(why)
        };
        let grant = self.kernel.user_write(&self.path).map_err(|error| failed(error.to_string()))?;
        let saved = file::rewrite(grant, |_| Ok(script.into_bytes()));
        saved.map(drop).map_err(|error: file::RewriteError<HostError>| match error {
            file::RewriteError::Host(error) | file::RewriteError::Refused(error) => failed(error.to_string()),
        })
    }
}

pub(super) fn wire(ground: &Ground, options: Options, events: mpsc::Sender<Event>) -> Result<Wired, Report> {
    let settings = &ground.settings.settings;
    let catalog = catalog(ground)?;
    let source = Source::find(ground, &options)?;
    let chosen = choose(ground, &options, &catalog, &source)?;
    let holds = chosen.holds();
    let Chosen { profile, has_model, model: chosen, thinking, notices: otherwise } = chosen;
    let name = holds.model.clone();
    let temp = PrivateTemp::new("iosm-").map_err(|error| {
        Report::new(ReportKind::Host, "no temporary folder can be made").cause(error.to_string())
    })?;
    let temp = Arc::new(temp);
    let mut fence = fence(ground, &options, temp.path())?;
    let shim = with_trailers(ground, &mut fence);
    let (registry, tools, processes) = registry(&options, &fence)?;
    let limits = if has_model { limits(ground, &catalog, &name)? } else { Limits::default() };

    let project = ground.state()?;
    // Before a session is made: without a key there is none.
    let keys = super::key::open(ground, &options.env)?;
    let opened = open_session(ground, &source, holds)?;
    let (id, resumed) = (opened.id.clone(), opened.resumed);
    let journal = Journal::open(project.sub("journal").map_err(state)?, &id, &keys).map_err(state)?;
    let blobs = BlobStore::new(project.sub("blobs").map_err(state)?);
    let book = Book::new(ground, &profile, &options, tools);
    let policy = book.layers()?.policy().clone();
    let kept = options.session != SessionChoice::Unkept;
    let mut charter = charter(ground, &options, &profile, &registry, &fence, &id, temp.path(), policy)?;
    // A session that leaves nothing behind leaves no copies of the user's files.
    charter.checkpoints &= kept;
    let protected = charter.checkpoints;
    let own = ground.own();
    charter.skills.clone_from(&own.skill_folders);
    let kernel = kernel(charter, journal, blobs.clone())?;
    let history = History::of(ground, &kernel)?;
    let kernel = Arc::new(kernel.answered_by(history.identity(&options)));

    recall(&kernel, &opened);
    if let Some(agreed) = options.from.as_ref().and_then(|from| from.agreed_for(&source)) {
        kernel.agree_again(agreed);
    }
    let (instructions, mut notices) =
        instructions::read(&kernel, &blobs, &ground.workspace, &ground.dirs.config);
    let shim = shim.unwrap_or_else(|notice| {
        notices.push(notice);
        None
    });
    notices.extend(ground.git().fault);
    notices.extend(otherwise);
    notices.extend(trust_notice(ground));
    notices.extend(own_notice(&own));
    notices.extend(opened.notice);
    let used: BTreeSet<&str> = own_tools(&registry, &profile).collect();
    let brief = Brief {
        profile_prompt: profile.prompt.clone(),
        workspace: ground.workspace.root.display().to_string(),
        cwd: (ground.workspace.cwd != ground.workspace.root)
            .then(|| ground.workspace.cwd.display().to_string()),
        sandbox: fence.line.clone(),
        contract: instructions::contract(ground)?,
        instructions,
        skills: skill_lines(&own, &ground.workspace.root),
        tools: registry.specs().filter(|spec| used.contains(spec.name)).map(ToolSchema::from).collect(),
        window: chosen.window,
    };
    let epoch = Epoch::lay_out(brief.clone())?;
    notices.extend(epoch.notices.iter().cloned());

    if !has_model {
        // The session that gets one says them.
        notices.clear();
    }
    let checkpointer = match protected {
        true => Some(Checkpoints::of(ground, kernel.clone(), Some(id.clone()))?.checkpointer()),
        false => None,
    };
    let hello = Event::Session {
        session_id: id.clone(),
        model: name.clone(),
        profile: profile.name.clone(),
        thinking: thinking.name().to_owned(),
        workspace: ground.workspace.root.display().to_string(),
        tools: own_tools(&registry, &profile).map(str::to_owned).collect(),
        sandbox: fence.line.clone(),
        resumed,
    };
    let in_force = InForce {
        model: name.clone(),
        profile: profile.name.clone(),
        thinking: thinking.name().to_owned(),
        context_window: chosen.window as u64,
        base_url: chosen.base_url,
    };
    let setup_event = Event::Setup(in_force.clone());
    let began_at = history.head().and_then(|head| head());
    let desk = Arc::new(FrontDesk::new(
        ground.clone(),
        Options { from: None, ..options.clone() },
        has_model,
        kernel.clone(),
        kept.then(|| id.clone()),
        history.clone(),
        id.clone(),
        own,
        began_at,
        &temp,
    ));
    let record = options.record.clone().map(|path| Record { kernel: kernel.clone(), path });
    let reported = profile.tools.contains("report") && registry.get("report").is_some();
    let setup = Setup {
        model: name.clone(),
        read_only: registry.specs().filter(|spec| spec.read_only).map(|spec| spec.name.to_owned()).collect(),
        limits,
        // An answer of a given shape has its own place for findings.
        remind_report: options.remind_report && reported && options.answer.is_none(),
        answer: options.answer.clone(),
        max_attempts: MOST_ATTEMPTS,
    };
    let agent = Agent::new(Parts {
        path: MAIN.to_owned(),
        session_id: kept.then(|| id.clone()),
        nested: Some(Arc::new(Nested::new(kernel.clone(), blobs.clone(), ground.workspace.clone()))),
        provider: chosen.provider,
        model: chosen.model,
        kernel,
        registry,
        epoch,
        brief,
        in_force,
        setup,
        thinking,
        max_tokens: chosen.max_tokens,
        window_is_known: chosen.window_is_known,
        takes_images: chosen.takes_images,
        workspace: ground.workspace.root.clone(),
        blobs,
        log: opened.log,
        items: opened.items,
        past: opened.past,
        compact_percent: settings.limits.compact_percent.unwrap_or(COMPACT_PERCENT),
        turns: opened.turns,
        calls: opened.calls,
        price: chosen.price,
        lawbook: Some(Arc::new(book)),
        trailers: settings.commit_trailers != Some(false),
        head: history.head(),
        events,
        desk: Some(desk.clone()),
        processes: Some(processes),
        checkpointer,
    });
    let stands = resumed.then(|| agent.stands());
    Ok(Wired {
        agent,
        hello,
        setup: setup_event,
        stands,
        desk,
        notices,
        temp,
        shim,
        record,
        id: kept.then_some(id),
    })
}

/// The tools of a session under whatever profile, the names of all there are, and what runs commands.
pub(super) fn registry(
    options: &Options,
    fence: &Fence,
) -> Result<(Registry, Vec<&'static str>, Processes), Report> {
    let mut all = Registry::default();
    register_leaf_tools(&mut all);
    let (launcher, environment) = (options.launcher.clone(), fence.environment.clone());
    let outward = fence.outward.clone();
    let processes = Processes::bounded(launcher, environment, fence.layers, fence.limits, outward)
        .without_git(fence.without_git.clone());
    register_bash(&mut all, &processes);
    register_fetch(&mut all, &fence.outward);
    for (flag, tool) in named_tools(options) {
        if all.get(tool).is_none() {
            let mut report = Report::new(ReportKind::Usage, format!("{flag}: there is no tool `{tool}`"));
            if let Some(near) = nearest(tool, all.names().iter().copied()) {
                report = report.hint(format!("did you mean `{near}`?"));
            }
            return Err(report.hint(format!("tools: {}", all.names().join(", "))));
        }
    }
    let offered =
        |name: &str| options.tools.as_ref().is_none_or(|wanted| wanted.iter().any(|tool| tool == name));
    let narrowed = all.narrowed(offered);
    Ok((narrowed, all.names().to_vec(), processes))
}

/// The tools that flags name, globs and those of remote servers left out: a rule about a tool that is not
/// there would be believed to hold.
fn named_tools(options: &Options) -> impl Iterator<Item = (&'static str, &String)> {
    let plain = |tool: &&String| !tool.contains(['*', '?', '[', '{']) && !tool.starts_with("mcp__");
    let wanted = options.tools.iter().flatten().map(|tool| ("--tools", tool));
    let required = options.required_tools.iter().map(|tool| ("--require-tools", tool));
    let ruled = options.rules.iter().flat_map(move |rule| {
        let flag = if rule.action == RuleAction::Allow { "--allow" } else { "--deny" };
        rule.tools.iter().filter(plain).map(move |tool| (flag, tool))
    });
    wanted.chain(required).chain(ruled)
}

/// Tools of the session that a profile uses, in their order.
fn own_tools<'a>(registry: &'a Registry, profile: &'a Profile) -> impl Iterator<Item = &'static str> + 'a {
    registry.names().iter().copied().filter(|name| profile.tools.contains(*name))
}

/// A kernel for a session: a bad rule is a fault of the configuration, anything else of the state.
pub(super) fn kernel(charter: Charter, journal: Journal, blobs: BlobStore) -> Result<Kernel, Report> {
    let opened = Kernel::new(charter, journal, blobs);
    let kernel = opened.map_err(|error| match error {
        KernelError::Rule { .. } | KernelError::Example { .. } => config(error),
        other => state(other),
    })?;
    let began = std::time::SystemTime::now();
    Ok(kernel.with_kept(Box::new(move |grant| match KeptFiles::open(grant, began) {
        Ok(kept) => Some(Box::new(kept)),
        // Nothing is known of the tree, and the other rungs stand all the same.
        Err(_) => None,
    })))
}

pub(super) fn charter(
    ground: &Ground,
    options: &Options,
    profile: &Profile,
    registry: &Registry,
    fence: &Fence,
    session: &str,
    temp: &std::path::Path,
    policy: Policy,
) -> Result<Charter, Report> {
    let settings = &ground.settings.settings;
    let mut extra_roots = Vec::new();
    for dir in &settings.add_dirs {
        let real = dir.canonicalize().ok().filter(|real| real.is_dir()).ok_or_else(|| {
            Report::new(ReportKind::Config, format!("{} is not a folder", dir.display()))
                .cause(format!("from {}", ground.settings.origin("add_dirs")))
        })?;
        if real == std::path::Path::new("/") || real == ground.dirs.home {
            return Err(Report::new(
                ReportKind::Config,
                format!("{} is too wide to be writable", real.display()),
            ));
        }
        extra_roots.push(real);
    }
    let dirs = &ground.dirs;
    let git = ground.git().dirs;
    Ok(Charter {
        session: session.to_owned(),
        workspace: ground.workspace.root.clone(),
        extra_roots,
        git: git.as_ref().map(GitDirs::tops).unwrap_or_default(),
        readable: fence.environment.read.clone(),
        skills: Vec::new(),
        temp: temp.to_owned(),
        cache: fence.cache.clone(),
        home: dirs.home.clone(),
        own_dirs: vec![dirs.config.clone(), dirs.state.clone(), dirs.data.clone()],
        registries: fence.registries.clone(),
        remotes: match &git {
            Some(git) => configured_remotes(&git.common, &dirs.home),
            None => Vec::new(),
        },
        tools: registry.specs().cloned().collect(),
        capability: Capability {
            profile: profile.name.clone(),
            tools: own_tools(registry, profile).map(str::to_owned).collect::<BTreeSet<_>>(),
            effects: profile.effects.clone(),
        },
        policy,
        sandbox: fence.strength,
        unsandboxed_by_user: options.no_sandbox,
        human: options.human,
        checkpoints: settings.checkpoints != Some(false),
    })
}

/// What is said of skills before one is used.
fn skill_lines(own: &Own, root: &std::path::Path) -> Vec<SkillLine> {
    let line = |skill: &Skill| SkillLine {
        name: skill.name.clone(),
        description: skill.description.clone(),
        path: skill.path.strip_prefix(root).unwrap_or(&skill.path).display().to_string(),
    };
    own.skills.iter().map(line).collect()
}

fn own_notice(own: &Own) -> Option<Report> {
    let (first, more) = own.faults.split_first()?;
    let more = if more.is_empty() { String::new() } else { format!("; and {} more", more.len()) };
    Some(Report::note(format!("a skill or command was left out: {first}{more}")))
}

fn trust_notice(ground: &Ground) -> Option<Report> {
    let ProjectTrust::Untrusted(files, changes) = &ground.trust else { return None };
    let report = match changes {
        Some(changes) => {
            let more = changes.len().saturating_sub(MOST_NAMED);
            let mut changes: Vec<String> = changes.iter().take(MOST_NAMED).map(ToString::to_string).collect();
            changes.extend((more > 0).then(|| format!("{more} more changes")));
            Report::note("this project's own files have changed since you trusted them; they do nothing until you trust them again")
                .cause(changes.join(", "))
        }
        None => {
            let name = |file: &PathBuf| {
                file.strip_prefix(&ground.workspace.root).unwrap_or(file).display().to_string()
            };
            let mut names = files.files.iter().take(MOST_NAMED).map(name).collect::<Vec<_>>().join(", ");
            let more = files.files.len().saturating_sub(MOST_NAMED);
            if more > 0 {
                names.push_str(&format!(" and {more} more files"));
            }
            Report::note(format!("this project brings its own {names}; they do nothing until you trust them"))
        }
    };
    Some(report.hint("read them, then `iosm config trust`"))
}

/// A kernel that only explains, and the layers of its policy. Its journal lies in the temporary folder
/// that comes with it, and goes with it. `file` stands in the place of the user's own policy, or is the
/// project's.
pub(super) fn judge_only(
    ground: &Ground,
    options: Options,
    file: Option<&std::path::Path>,
) -> Result<(Kernel, PolicyLayers, PrivateTemp), Report> {
    let profile = ground.profile(ground.settings.settings.profile.as_deref().unwrap_or("full"))?;
    let temp = PrivateTemp::new("iosm-").map_err(|error| {
        Report::new(ReportKind::Host, "no temporary folder can be made").cause(error.to_string())
    })?;
    let fence = fence(ground, &options, temp.path())?;
    let (registry, tools, _) = registry(&options, &fence)?;
    let book = Book::new(ground, &profile, &options, tools);
    let layers = book.layers_with(file)?;
    let policy = layers.policy().clone();
    let charter = charter(ground, &options, &profile, &registry, &fence, "explain", temp.path(), policy)?;
    let own = temp.state().map_err(state)?;
    let blobs = BlobStore::new(own.sub("blobs").map_err(state)?);
    let journal = Journal::open(own, "explain", &Keys::throwaway()).map_err(state)?;
    Ok((kernel(charter, journal, blobs)?, layers, temp))
}
