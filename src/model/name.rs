//! `provider/model` as people write it.

use super::error::ModelError;
use crate::base::nearest;

/// Every provider, in the order of the documentation.
pub(super) const PROVIDERS: [&str; 4] = ["anthropic", "openai", "openai_compatible", "scripted"];

/// The two halves of `provider/model`. The model may hold slashes of its own.
pub fn parse_model(text: &str) -> Result<(&str, &str), ModelError> {
    let wrong = |message: String, hint: String| Err(ModelError::Config { message, hints: vec![hint] });
    let Some((provider, model)) = text.split_once('/') else {
        let hint = match text {
            _ if text.starts_with("claude") => format!("`anthropic/{text}`?"),
            _ if text.starts_with("gpt") => format!("`openai/{text}`?"),
            _ => "a model is named `provider/model`, such as `anthropic/claude-sonnet-5-5`, or by `fast`, \
                  `standard` or `strong`"
                .to_owned(),
        };
        return wrong(format!("`{text}` names no provider"), hint);
    };
    if !PROVIDERS.contains(&provider) {
        return wrong(
            format!("unknown provider `{provider}` in `{text}`"),
            did_you_mean(provider, &PROVIDERS),
        );
    }
    if model.is_empty() {
        return wrong(format!("`{text}` names no model"), format!("write `{provider}/MODEL`"));
    }
    Ok((provider, model))
}

/// A hint that names the nearest of `valid`, or all of them.
pub(super) fn did_you_mean(name: &str, valid: &[&str]) -> String {
    match nearest(name, valid.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("one of: {}", valid.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hint(text: &str) -> String {
        let Err(ModelError::Config { hints, .. }) = parse_model(text) else { panic!("{text} parsed") };
        hints.concat()
    }

    #[test]
    fn a_model_may_hold_slashes() {
        assert_eq!(parse_model("openai_compatible/meta/llama").unwrap(), ("openai_compatible", "meta/llama"));
        assert_eq!(parse_model("scripted//tmp/x.yaml").unwrap(), ("scripted", "/tmp/x.yaml"));
    }

    #[test]
    fn mistakes_name_the_nearest_provider() {
        assert_eq!(hint("antropic/claude"), "did you mean `anthropic`?");
        assert_eq!(hint("claude-opus-5-5"), "`anthropic/claude-opus-5-5`?");
        assert!(hint("zz/x").starts_with("one of: "));
        assert!(hint("openai/").contains("MODEL"));
    }
}
