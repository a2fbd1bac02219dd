//! Asking a provider which models it serves: the check of a key, and the choice at a first run.

use std::sync::Arc;

use reqwest::Url;
use serde::Deserialize;

use super::auth::Secret;
use super::connect::{ANTHROPIC, OPENAI, endpoint, own};
use super::error::ModelError;
use super::http::Http;

/// The answer of `GET /v1/models`, as OpenAI, Anthropic and compatible servers give it.
#[derive(Debug, Deserialize)]
struct Listing {
    data: Vec<Listed>,
}

#[derive(Debug, Deserialize)]
struct Listed {
    id: String,
}

/// The models that `provider` serves to this key, by the names it gives them. An answer at all shows that
/// the key is good. `base_url` is where a server of one's own listens.
pub async fn served_models(
    provider: &str,
    key: Option<&Secret>,
    base_url: Option<&str>,
) -> Result<Vec<String>, ModelError> {
    let base = match (base_url, provider) {
        (Some(text), _) => Url::parse(text.trim()).map_err(|error| ModelError::Config {
            message: format!("`{text}` is no http address: {error}"),
            hints: vec!["such as http://127.0.0.1:8080/v1".to_owned()],
        })?,
        (None, "anthropic") => own(ANTHROPIC),
        (None, _) => own(OPENAI),
    };
    let mut url = endpoint(&base, if provider == "anthropic" { "messages" } else { "chat/completions" });
    let path = url.path().trim_end_matches("/messages").trim_end_matches("/chat/completions").to_owned();
    url.set_path(&format!("{path}/models"));
    let mut headers = Vec::new();
    match (provider, key) {
        ("anthropic", key) => {
            headers.push(("anthropic-version", "2023-06-01".to_owned()));
            headers.extend(key.map(|key| ("x-api-key", key.expose().to_owned())));
        }
        (_, key) => headers.extend(key.map(|key| ("authorization", format!("Bearer {}", key.expose())))),
    }
    let http = Arc::new(Http::new(provider, url, &headers, key.map(Secret::expose))?);
    let bytes = http.get().await?;
    let listing: Listing = serde_json::from_slice(&bytes).map_err(|error| ModelError::Cut {
        provider: provider.to_owned(),
        message: format!("its list of models cannot be read: {error}"),
    })?;
    Ok(listing.data.into_iter().map(|listed| listed.id).collect())
}
