//! What is known of models: context, prices, abilities, aliases. `templates/models.yaml` is built in.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::anthropic::ThinkingStyle;
use super::error::ModelError;
use super::name::parse_model;
use super::openai::EffortStyle;
use super::yaml;
use crate::protocol::{Cost, CostBasis, Usage};

const SHIPPED: &str = include_str!("../../templates/models.yaml");

/// How a model takes a thinking level, in the words of either adapter.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Thinks {
    #[default]
    None,
    Budget,
    Adaptive,
    Level,
    NoneWithTools,
}

/// Prices in US dollars per million tokens.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Rates {
    pub input: f64,
    pub output: f64,
    pub cache_read: f64,
    pub cache_write: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Price {
    input: f64,
    output: f64,
    cache_read: f64,
    cache_write: f64,
    long: Option<LongPrice>,
}

/// Prices of a whole request with more input tokens than `over`.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct LongPrice {
    over: u64,
    input: f64,
    output: f64,
    cache_read: f64,
    cache_write: f64,
}

impl Price {
    fn rates(&self, usage: &Usage) -> Rates {
        match self.long {
            Some(LongPrice { over, input, output, cache_read, cache_write })
                if usage.context_tokens() > over =>
            {
                Rates { input, output, cache_read, cache_write }
            }
            _ => {
                let Self { input, output, cache_read, cache_write, .. } = *self;
                Rates { input, output, cache_read, cache_write }
            }
        }
    }
}

/// One model.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelInfo {
    /// Tokens of input and output together.
    pub context: u32,
    /// Most tokens of one answer.
    pub max_output: u32,
    #[serde(default)]
    thinking: Thinks,
    /// Whether it takes images; `None` where that is not said.
    #[serde(default)]
    pub images: Option<bool>,
    price: Option<Price>,
}

impl ModelInfo {
    /// Its prices for requests that are not very long; `None` when they are not known.
    pub fn rates(&self) -> Option<Rates> {
        self.price.map(|price| price.rates(&Usage::default()))
    }

    /// Whether a thinking level means anything to it.
    pub fn can_think(&self) -> bool {
        self.thinking != Thinks::None
    }
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    as_of: Option<String>,
    source: Option<String>,
    #[serde(default)]
    aliases: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    models: BTreeMap<String, ModelInfo>,
}

/// The facts, the user's over the built-in ones.
#[derive(Debug, Clone, PartialEq)]
pub struct Catalog {
    as_of: String,
    source: String,
    aliases: BTreeMap<String, Vec<String>>,
    models: BTreeMap<String, ModelInfo>,
}

static BUILT_IN: LazyLock<Catalog> = LazyLock::new(|| {
    let written: Written =
        yaml::parse(SHIPPED, "templates/models.yaml").expect("a test loads the built-in catalogue");
    Catalog {
        as_of: written.as_of.unwrap_or_default(),
        source: written.source.unwrap_or_default(),
        aliases: written.aliases,
        models: written.models,
    }
});

impl Catalog {
    /// The built-in facts, overridden by those of `user` where that file exists.
    pub fn load(user: Option<&Path>) -> Result<Self, ModelError> {
        let mut catalog = BUILT_IN.clone();
        let Some(path) = user else { return Ok(catalog) };
        let text = match crate::base::read_text(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(catalog),
            Err(error) => {
                let message = format!("cannot read {}: {error}", path.display());
                return Err(ModelError::Config { message, hints: Vec::new() });
            }
        };
        catalog.overlay(&text, &path.display().to_string())?;
        Ok(catalog)
    }

    fn overlay(&mut self, text: &str, origin: &str) -> Result<(), ModelError> {
        let written: Written = yaml::parse(text, origin)?;
        for name in written.models.keys().chain(written.aliases.values().flatten()) {
            parse_model(name)?;
        }
        self.aliases.extend(written.aliases);
        self.models.extend(written.models);
        self.as_of = written.as_of.unwrap_or_else(|| self.as_of.clone());
        self.source = written.source.unwrap_or_else(|| self.source.clone());
        Ok(())
    }

    /// The day the prices were looked up, and where.
    pub fn provenance(&self) -> (&str, &str) {
        (&self.as_of, &self.source)
    }

    /// What is known of `provider/model`; a dated name is also found by its undated one.
    pub fn get(&self, name: &str) -> Option<&ModelInfo> {
        self.models.get(name).or_else(|| self.models.get(without_date(name)?))
    }

    /// Every model by name, sorted.
    pub fn models(&self) -> impl Iterator<Item = (&str, &ModelInfo)> {
        self.models.iter().map(|(name, info)| (name.as_str(), info))
    }

    /// Every alias with what it stands for, best first.
    pub fn aliases(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.aliases.iter().map(|(alias, models)| (alias.as_str(), models.as_slice()))
    }

    /// The models an alias stands for, best first; a name that is no alias stands for itself.
    pub fn candidates<'a>(&'a self, name: &'a str) -> Vec<&'a str> {
        match self.aliases.get(name) {
            Some(models) => models.iter().map(String::as_str).collect(),
            None => vec![name],
        }
    }

    /// What one request cost. Sums of requests must be summed as costs, not as usage: long requests
    /// have their own prices.
    pub fn cost(&self, name: &str, usage: &Usage) -> Cost {
        if name.starts_with("scripted/") {
            return Cost { usd: Some(0.0), basis: CostBasis::Local };
        }
        let Some(price) = self.get(name).and_then(|info| info.price) else {
            return Cost { usd: None, basis: CostBasis::Unknown };
        };
        let rates = price.rates(usage);
        let parts = [
            (usage.input_tokens, rates.input),
            (usage.output_tokens, rates.output),
            (usage.cache_read_tokens, rates.cache_read),
            (usage.cache_write_tokens, rates.cache_write),
        ];
        let usd = parts.iter().map(|(tokens, rate)| *tokens as f64 * rate).sum::<f64>() / 1e6;
        Cost { usd: Some(usd), basis: CostBasis::Catalogue }
    }

    /// A Claude that the catalogue does not know is taken for a newer one.
    pub(super) fn thinking_style(&self, name: &str) -> ThinkingStyle {
        match self.get(name).map(|info| info.thinking) {
            None | Some(Thinks::Adaptive) => ThinkingStyle::Adaptive,
            Some(Thinks::Budget) => ThinkingStyle::Budget,
            Some(_) => ThinkingStyle::None,
        }
    }

    /// A model that the catalogue does not know is sent no effort.
    pub(super) fn effort_style(&self, name: &str) -> EffortStyle {
        match self.get(name).map(|info| info.thinking) {
            Some(Thinks::Level) => EffortStyle::Level,
            Some(Thinks::NoneWithTools) => EffortStyle::NoneWithTools,
            _ => EffortStyle::None,
        }
    }
}

/// `x-20251001` and `x-2025-10-01` without the date.
fn without_date(name: &str) -> Option<&str> {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (front, last) = name.rsplit_once('-')?;
    if last.len() == 8 && digits(last) {
        return Some(front);
    }
    let (rest, month) = front.rsplit_once('-')?;
    let (rest, year) = rest.rsplit_once('-')?;
    let date = year.len() == 4 && month.len() == 2 && last.len() == 2;
    (date && digits(year) && digits(month) && digits(last)).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_catalogue_is_whole() {
        let catalog = Catalog::load(None).unwrap();
        assert!(catalog.provenance().0.starts_with("20"));
        for (name, info) in catalog.models() {
            let (provider, _) = parse_model(name).unwrap();
            let ours = match info.thinking {
                Thinks::None => true,
                Thinks::Budget | Thinks::Adaptive => provider == "anthropic",
                Thinks::Level | Thinks::NoneWithTools => provider != "anthropic",
            };
            assert!(ours && info.max_output <= info.context, "{name}");
        }
        for alias in ["fast", "standard", "strong"] {
            let models = catalog.candidates(alias);
            assert!(models.len() > 1 && models.iter().all(|name| catalog.get(name).is_some()), "{alias}");
        }
    }

    #[test]
    fn costs_follow_usage() {
        let catalog = Catalog::load(None).unwrap();
        let usage = Usage {
            input_tokens: 10_000,
            output_tokens: 1_000,
            cache_read_tokens: 50_000,
            cache_write_tokens: 4_000,
        };
        let dollars = |name, usage: &Usage| catalog.cost(name, usage).usd.unwrap();
        let sonnet = dollars("anthropic/claude-sonnet-5-5", &usage);
        assert!((sonnet - (0.02 + 0.01 + 0.005 + 0.01)).abs() < 1e-9, "{sonnet}");
        let long = Usage { input_tokens: 300_000, ..Usage::default() };
        assert!((dollars("openai/gpt-5.6-terra", &long) - 1.2).abs() < 1e-9);
        assert_eq!(
            dollars("anthropic/claude-haiku-4-5-20251001", &usage),
            dollars("anthropic/claude-haiku-4-5", &usage)
        );
        assert_eq!(catalog.cost("openai/gpt-99", &usage), Cost { usd: None, basis: CostBasis::Unknown });
    }

    #[test]
    fn a_user_file_adds_and_overrides() {
        let mut catalog = Catalog::load(None).unwrap();
        let text = "aliases: {fast: [openai_compatible/mine]}\nmodels:\n  openai_compatible/mine: {context: 8192, max_output: 1024}\n";
        catalog.overlay(text, "x.yaml").unwrap();
        assert_eq!(catalog.candidates("fast"), ["openai_compatible/mine"]);
        assert_eq!(catalog.get("openai_compatible/mine").unwrap().context, 8192);
        assert!(catalog.get("anthropic/claude-opus-5-5").is_some());
        let error = catalog.overlay("models:\n  openai/x: {contxt: 1}\n", "x.yaml").unwrap_err();
        assert!(error.to_string().starts_with("x.yaml:2:"), "{error}");
        assert!(matches!(&error, ModelError::Config { hints, .. } if hints[0] == "did you mean `context`?"));
    }

    #[test]
    fn dates_come_off() {
        assert_eq!(without_date("openai/gpt-5-2026-04-01"), Some("openai/gpt-5"));
        assert_eq!(without_date("openai/gpt-5.6-terra"), None);
    }
}
