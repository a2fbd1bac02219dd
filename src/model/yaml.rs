//! YAML that people write, read strictly: errors say line, column and the nearest valid name.

use serde::de::DeserializeOwned;
use serde_yaml::Error;

use super::error::ModelError;
use super::name::did_you_mean;

/// Reads `text`; `origin` names it in messages.
pub(super) fn parse<T: DeserializeOwned>(text: &str, origin: &str) -> Result<T, ModelError> {
    serde_yaml::from_str(text).map_err(|error| explain(&error, origin))
}

fn explain(error: &Error, origin: &str) -> ModelError {
    let place = error.location().map_or_else(String::new, |at| format!(":{}:{}", at.line(), at.column()));
    let (what, hints) = match error.without_snippet() {
        Error::SerdeUnknownField { field, expected, .. } => {
            (format!("unknown key `{field}`"), vec![did_you_mean(field, expected)])
        }
        Error::SerdeUnknownVariant { variant, expected, .. } => {
            (format!("unknown value `{variant}`"), vec![did_you_mean(variant, expected)])
        }
        other => (other.to_string().lines().next().unwrap_or_default().to_owned(), Vec::new()),
    };
    ModelError::Config { message: format!("{origin}{place}: {what}"), hints }
}
