//! The model of a session: which one, made ready to be asked, and what there is to choose from.

use std::sync::Arc;

use futures::StreamExt;

use super::desk::FrontDesk;
use super::ground::Ground;
use super::options::Options;
use crate::agent::{ModelChange, Price};
use crate::config::Profile;
use crate::model::{
    Catalog, Connect, DeltaStream, ModelError, Provider, Request, Thinking, connect, find_key, parse_model,
    shipped_scripts,
};
use crate::protocol::{Cost, CostBasis, Limits, Report, ReportKind, Usage};

/// When the model's window is not known, in tokens.
const DEFAULT_WINDOW: usize = 32_768;
/// When the longest answer is not known, in tokens.
const DEFAULT_MAX_TOKENS: u32 = 8_192;
/// No more is asked for in one answer: longer ones are cut by providers that hold large ones back.
const MOST_MAX_TOKENS: u32 = 32_000;

/// A model as a picker shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelChoice {
    /// `provider/model`, or an alias.
    pub name: String,
    /// What an alias stands for, best first.
    pub stands_for: Vec<String>,
    /// Window in tokens, where it is known.
    pub context: Option<u32>,
    /// Whether a thinking level means anything to it.
    pub thinks: bool,
    /// Whether it could be asked now: a key is there, or none is needed.
    pub ready: bool,
}

pub(super) fn catalog(ground: &Ground) -> Result<Catalog, Report> {
    let own = ground.dirs.config.join("models.yaml");
    Catalog::load(own.exists().then_some(own.as_path())).map_err(|error| error.report())
}

/// The model that settings and profile name.
pub(super) fn configured<'a>(ground: &'a Ground, profile: &'a Profile) -> Result<&'a str, Report> {
    let settings = &ground.settings.settings;
    settings.model.as_deref().or(profile.model.as_deref()).ok_or_else(no_model)
}

/// Makes `model` (a name or an alias) ready to be asked. Nothing is sent.
pub(super) fn ready(
    ground: &Ground,
    options: &Options,
    catalog: &Catalog,
    model: &str,
) -> Result<ModelChange, Report> {
    let settings = &ground.settings.settings;
    let env = &*options.env;
    let base_url = address(ground, model);
    let connected = connect(&Connect {
        model,
        base_url,
        api_key: None,
        config_dir: Some(&ground.dirs.config),
        env: &|name| env(name),
        catalog,
    });
    let provider = connected.map_err(|error: ModelError| error.report())?;
    let (name, is_sent) = (provider.name().to_owned(), provider.address().is_some());
    let info = catalog.get(&name);
    let known = settings.limits.context_tokens.or(info.map(|info| info.context as usize));
    let window = known.unwrap_or(DEFAULT_WINDOW);
    let most = info.map_or(DEFAULT_MAX_TOKENS, |info| info.max_output);
    let model = parse_model(&name).map_or_else(|_| name.clone(), |(_, model)| model.to_owned());
    Ok(ModelChange {
        provider: Arc::from(provider),
        model,
        price: price(catalog.clone(), name),
        window,
        window_is_known: known.is_some(),
        takes_images: info.and_then(|info| info.images),
        max_tokens: most.min(MOST_MAX_TOKENS).min((window / 2) as u32),
        // Whoever sends nothing there is not served there.
        base_url: base_url.filter(|_| is_sent).map(str::to_owned),
    })
}

/// The place of a model where none is configured.
pub(super) fn unset() -> ModelChange {
    ModelChange {
        provider: Arc::new(Unset),
        model: String::new(),
        price: Arc::new(|_, _| Cost { usd: None, basis: CostBasis::Unknown }),
        window: DEFAULT_WINDOW,
        window_is_known: false,
        takes_images: None,
        max_tokens: DEFAULT_MAX_TOKENS,
        base_url: None,
    }
}

/// Stands where a provider would; it is asked nothing.
struct Unset;

impl Provider for Unset {
    fn name(&self) -> &str {
        ""
    }

    fn stream(&self, _: &Request) -> DeltaStream {
        let Report { message, hints, .. } = no_model();
        futures::stream::iter([Err(ModelError::Config { message, hints })]).boxed()
    }

    fn encode(&self, _: &Request) -> Vec<u8> {
        Vec::new()
    }
}

/// Where `model` is served, when settings say so. The address belongs to the provider of the model that was
/// set with it; another one is asked at its own.
pub(super) fn address<'a>(ground: &'a Ground, model: &str) -> Option<&'a str> {
    let provider = |name: &str| parse_model(name).ok().map(|(provider, _)| provider.to_owned());
    let is_its = match ground.settings.model_at_base_url.as_deref() {
        Some(set) => set == model || provider(set).is_some() && provider(set) == provider(model),
        None => true,
    };
    ground.settings.settings.base_url.as_deref().filter(|_| is_its)
}

/// Exactly how to get started.
pub(super) fn no_model() -> Report {
    Report::new(ReportKind::Config, "no model is configured")
        .hint("a key: export ANTHROPIC_API_KEY=… (or OPENAI_API_KEY) and `iosm -m anthropic/MODEL -p …`")
        .hint("a local server: `iosm -m openai_compatible/NAME --base-url http://127.0.0.1:8080/v1 -p …`")
        .hint("neither: `iosm demo` shows the whole path with a scripted model")
        .hint("to keep the choice, put `model: PROVIDER/MODEL` into settings.yaml (`iosm paths` says where)")
}

/// The thinking level that settings and profile name.
pub(super) fn thinking(ground: &Ground, profile: &Profile) -> Result<Thinking, Report> {
    let set = ground.settings.settings.thinking.as_deref();
    let built_in = ground.settings.origin("thinking") == "built in";
    // The profile's own level stands above the built-in one and below whatever the user set.
    let level = if built_in { profile.thinking.as_deref().or(set) } else { set };
    let level = level.unwrap_or("off");
    thinking_level(level).ok_or_else(|| {
        Report::new(ReportKind::Config, format!("unknown thinking level `{level}`"))
            .cause(format!("from {}", ground.settings.origin("thinking")))
            .hint("off, low, medium or high")
    })
}

pub(super) fn thinking_level(name: &str) -> Option<Thinking> {
    [Thinking::Off, Thinking::Low, Thinking::Medium, Thinking::High]
        .into_iter()
        .find(|level| level.name() == name)
}

/// Where runs of this model must stop.
pub(super) fn limits(ground: &Ground, catalog: &Catalog, model: &str) -> Result<Limits, Report> {
    let limits = &ground.settings.settings.limits;
    let price_known = catalog.cost(model, &Usage::default()).basis != CostBasis::Unknown;
    if limits.budget_usd.is_some() && !price_known {
        return Err(Report::new(
            ReportKind::Config,
            format!("a budget cannot be held: the price of {model} is not known"),
        )
        .cause(format!("the budget comes from {}", ground.settings.origin("limits.budget_usd")))
        .hint("give its prices in models.yaml (`iosm paths` says where), or limit --max-turns instead"));
    }
    Ok(Limits { max_turns: limits.turns, max_budget_usd: limits.budget_usd, max_minutes: limits.minutes })
}

fn price(catalog: Catalog, model: String) -> Price {
    Arc::new(move |usage, stated| match stated {
        Some(usd) => Cost { usd: Some(usd), basis: CostBasis::Provider },
        None => catalog.cost(&model, &usage),
    })
}

impl FrontDesk {
    /// Every model of the catalogue, aliases first; and the configured one where that is another.
    pub fn models(&self) -> Result<Vec<ModelChoice>, Report> {
        let catalog = catalog(&self.ground)?;
        let env = &*self.options.env;
        let has_key = |name: &str| match parse_model(name) {
            Ok(("scripted", _)) => true,
            Ok((provider, _)) => {
                find_key(provider, None, &|name| env(name), Some(&self.ground.dirs.config)).is_ok()
            }
            Err(_) => false,
        };
        let one = |name: &str| {
            let info = catalog.get(name);
            ModelChoice {
                name: name.to_owned(),
                stands_for: Vec::new(),
                context: info.map(|info| info.context),
                thinks: info.is_some_and(crate::model::ModelInfo::can_think),
                ready: has_key(name),
            }
        };
        let mut choices: Vec<ModelChoice> = catalog
            .aliases()
            .map(|(alias, models)| {
                let models: Vec<&str> = models.iter().map(String::as_str).collect();
                let chosen = models.iter().find(|name| has_key(name)).or(models.first()).copied();
                ModelChoice {
                    name: alias.to_owned(),
                    stands_for: models.iter().map(|name| (*name).to_owned()).collect(),
                    ..one(chosen.unwrap_or_default())
                }
            })
            .collect();
        choices.extend(catalog.models().map(|(name, _)| one(name)));
        choices.extend(shipped_scripts().map(|script| one(&format!("scripted/{script}"))));
        if let Some(set) = self.ground.settings.settings.model.as_deref()
            && !choices.iter().any(|choice| choice.name == set)
        {
            let at_address = address(&self.ground, set).is_some();
            choices.insert(0, ModelChoice { ready: at_address || has_key(set), ..one(set) });
        }
        Ok(choices)
    }
}
