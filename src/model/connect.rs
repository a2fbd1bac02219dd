//! From a model's name to a provider that is ready to be asked.

use std::path::Path;

use reqwest::Url;

use super::Provider;
use super::anthropic::Anthropic;
use super::auth::{EnvLookup, Secret, env_value, find_key};
use super::catalog::Catalog;
use super::error::ModelError;
use super::http::is_loopback;
use super::name::parse_model;
use super::openai::{Dialect, OpenAi};
use super::scripted::Scripted;

pub(super) const ANTHROPIC: &str = "https://api.anthropic.com";
pub(super) const OPENAI: &str = "https://api.openai.com/v1";

/// What [`connect`] needs to know. Everything comes from the caller; nothing is read from the
/// process.
#[derive(Clone, Copy)]
pub struct Connect<'a> {
    /// `provider/model`, or an alias of the catalogue.
    pub model: &'a str,
    /// In place of the provider's own address and of its environment variable.
    pub base_url: Option<&'a str>,
    pub api_key: Option<&'a Secret>,
    /// Where `auth.yaml` may lie.
    pub config_dir: Option<&'a Path>,
    pub env: EnvLookup<'a>,
    pub catalog: &'a Catalog,
}

/// Makes the provider. No connection is opened before the first request.
pub fn connect(spec: &Connect<'_>) -> Result<Box<dyn Provider>, ModelError> {
    let candidates = spec.catalog.candidates(spec.model);
    let mut missing: Option<ModelError> = None;
    for name in candidates {
        match connect_one(spec, name) {
            // An alias goes on to the next provider when no key is there for this one.
            Err(error @ ModelError::NoKey { .. }) => missing = Some(join(missing, error)),
            outcome => return outcome,
        }
    }
    Err(missing.unwrap_or_else(|| ModelError::Config {
        message: format!("the alias `{}` stands for no model", spec.model),
        hints: vec!["name one in the catalogue, or use `provider/model`".into()],
    }))
}

fn join(first: Option<ModelError>, error: ModelError) -> ModelError {
    match (first, error) {
        (
            Some(ModelError::NoKey { provider, mut tried }),
            ModelError::NoKey { provider: other, tried: more },
        ) => {
            tried.extend(more);
            tried.dedup();
            ModelError::NoKey { provider: format!("{provider} or {other}"), tried }
        }
        (_, error) => error,
    }
}

fn connect_one(spec: &Connect<'_>, name: &str) -> Result<Box<dyn Provider>, ModelError> {
    let (provider, model) = parse_model(name)?;
    match provider {
        "scripted" => Ok(Box::new(Scripted::open(model)?)),
        "anthropic" => {
            let base = address(spec, "ANTHROPIC_BASE_URL")?.unwrap_or_else(|| own(ANTHROPIC));
            let url = endpoint(&base, "messages");
            let key = key(spec, provider, &url)?;
            let thinking = spec.catalog.thinking_style(name);
            Ok(Box::new(Anthropic::new(model, thinking, url, key.as_ref())?))
        }
        _ => {
            let base = match (address(spec, "OPENAI_BASE_URL")?, provider) {
                (Some(base), _) => base,
                (None, "openai") => own(OPENAI),
                (None, _) => {
                    return Err(ModelError::Config {
                        message: format!("`{name}` needs the address of a server"),
                        hints: vec![
                            "give --base-url, such as http://127.0.0.1:8080/v1, or OPENAI_BASE_URL".into(),
                        ],
                    });
                }
            };
            let url = endpoint(&base, "chat/completions");
            let key = key(spec, provider, &url)?;
            let effort = spec.catalog.effort_style(name);
            // OpenAI's own fields are for OpenAI's own servers, whatever the provider is called.
            let theirs =
                url.host_str().is_some_and(|host| host == "openai.com" || host.ends_with(".openai.com"));
            let dialect = if theirs { Dialect::openai(effort) } else { Dialect::compatible(effort) };
            Ok(Box::new(OpenAi::new(provider, model, dialect, url, key.as_ref())?))
        }
    }
}

pub(super) fn own(address: &str) -> Url {
    Url::parse(address).expect("our own constants are addresses")
}

/// The address that was asked for: by argument, else by environment.
fn address(spec: &Connect<'_>, variable: &str) -> Result<Option<Url>, ModelError> {
    let (text, source) = match spec.base_url {
        Some(text) => (text.to_owned(), "--base-url"),
        None => match env_value(spec.env, variable) {
            Some(text) => (text, variable),
            None => return Ok(None),
        },
    };
    let url =
        Url::parse(text.trim()).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    match url {
        Some(url) => Ok(Some(url)),
        None => Err(ModelError::Config {
            message: format!("{source} is no http address: `{text}`"),
            hints: vec!["such as http://127.0.0.1:8080/v1".into()],
        }),
    }
}

/// The place of `call` below a base address. A base without a path, or one of Anthropic's kind
/// (without `/v1`), gets `/v1` first; one that ends in a version is taken as it is.
pub(super) fn endpoint(base: &Url, call: &str) -> Url {
    let mut url = base.clone();
    let path = base.path().trim_end_matches('/');
    let last = path.rsplit('/').next().unwrap_or_default();
    let versioned =
        last.strip_prefix('v').is_some_and(|rest| rest.starts_with(|ch: char| ch.is_ascii_digit()));
    let path = match call {
        _ if path.ends_with(call) => path.to_owned(),
        "messages" if !versioned => format!("{path}/v1/{call}"),
        _ if path.is_empty() => format!("/v1/{call}"),
        _ => format!("{path}/{call}"),
    };
    url.set_path(&path);
    url
}

/// A server on this machine needs no key.
fn key(spec: &Connect<'_>, provider: &str, url: &Url) -> Result<Option<Secret>, ModelError> {
    match find_key(provider, spec.api_key, spec.env, spec.config_dir) {
        Ok(key) => Ok(Some(key)),
        Err(ModelError::NoKey { .. }) if is_loopback(url) => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(
        model: &str,
        base_url: Option<&str>,
        vars: &[(&str, &str)],
    ) -> Result<Box<dyn Provider>, ModelError> {
        let env =
            |name: &str| vars.iter().find(|(var, _)| *var == name).map(|(_, value)| (*value).to_owned());
        let catalog = Catalog::load(None).unwrap();
        connect(&Connect { model, base_url, api_key: None, config_dir: None, env: &env, catalog: &catalog })
    }

    fn address_of(model: &str, base_url: Option<&str>, vars: &[(&str, &str)]) -> String {
        with(model, base_url, vars).unwrap().address().unwrap()
    }

    #[test]
    fn addresses_come_from_argument_environment_or_the_provider() {
        let key = ("ANTHROPIC_API_KEY", "k");
        let over = ("ANTHROPIC_BASE_URL", "http://gate.example/claude/");
        assert_eq!(address_of("anthropic/x", None, &[key]), "https://api.anthropic.com/v1/messages");
        assert_eq!(address_of("anthropic/x", None, &[key, over]), "http://gate.example/claude/v1/messages");
        assert_eq!(
            address_of("anthropic/x", Some("http://localhost:1/v1"), &[over]),
            "http://localhost:1/v1/messages"
        );
        let base = ("OPENAI_BASE_URL", "http://127.0.0.1:8080");
        assert_eq!(
            address_of("openai_compatible/x", None, &[base]),
            "http://127.0.0.1:8080/v1/chat/completions"
        );
        let deep = Some("https://x.example/api/v1beta/");
        assert_eq!(
            address_of("openai/x", deep, &[("OPENAI_API_KEY", "k")]),
            "https://x.example/api/v1beta/chat/completions"
        );
    }

    #[test]
    fn a_key_is_needed_away_from_this_machine() {
        assert!(matches!(with("openai/x", None, &[]), Err(ModelError::NoKey { .. })));
        assert!(matches!(with("openai_compatible/x", None, &[]), Err(ModelError::Config { .. })));
        assert!(with("openai_compatible/x", Some("http://[::1]:9"), &[]).is_ok());
        assert!(matches!(with("openai/x", Some("ftp://x"), &[]), Err(ModelError::Config { .. })));
    }

    #[test]
    fn an_alias_takes_the_first_model_that_has_a_key() {
        assert_eq!(with("fast", None, &[("OPENAI_API_KEY", "k")]).unwrap().name(), "openai/gpt-5.6-luna");
        let Err(ModelError::NoKey { provider, tried }) = with("fast", None, &[]) else { panic!() };
        assert_eq!(provider, "anthropic or openai");
        assert!(tried.iter().any(|place| place.contains("OPENAI_API_KEY")));
    }

    #[test]
    fn the_dialect_follows_the_server() {
        let request = crate::model::Request {
            version: crate::model::Request::VERSION,
            model: "x".into(),
            system: vec![],
            tools: vec![],
            items: vec![],
            max_tokens: 9,
            thinking: crate::model::Thinking::Off,
            session: Some("s".into()),
        };
        let body = |base| {
            let provider = with("openai/x", base, &[("OPENAI_API_KEY", "k")]).unwrap();
            String::from_utf8(provider.encode(&request)).unwrap()
        };
        assert!(
            body(None).contains("\"max_completion_tokens\":9") && body(None).contains("prompt_cache_key")
        );
        let compatible = body(Some("http://localhost/v1"));
        assert!(compatible.contains("\"max_tokens\":9") && !compatible.contains("prompt_cache_key"));
    }
}
