//! From an HTTP answer that is no stream to a `ModelError`: pure.

use std::time::Duration;

use serde_json::Value;

use super::error::ModelError;

/// Longest message we pass on, in characters: enough for any sentence, too little for a web page.
const LONGEST_MESSAGE: usize = 400;

/// The parts of an HTTP answer that decide.
#[derive(Debug, Default)]
pub(super) struct Answer<'a> {
    pub status: u16,
    pub retry_after: Option<&'a str>,
    pub retry_after_ms: Option<&'a str>,
    pub location: Option<&'a str>,
    pub body: &'a [u8],
}

/// What an answer with this status means. `now` is Unix seconds, for `retry-after` as a date.
pub(super) fn error_of(provider: &str, answer: &Answer<'_>, now: u64) -> ModelError {
    let provider = provider.to_owned();
    let Answer { status, .. } = *answer;
    let is_json = serde_json::from_slice::<Value>(answer.body).is_ok();
    let message = message_of(answer.body);
    let message = if message.is_empty() { reason(status).to_owned() } else { message };
    let retry_after = retry_after(answer, now);
    match status {
        401 | 403 => ModelError::Refused { provider, status, message },
        // Waiting does not fill an empty account.
        429 if code_of(answer.body).is_some_and(|code| code == "insufficient_quota") => {
            ModelError::Rejected { provider, status, message }
        }
        429 => ModelError::RateLimited { provider, message, retry_after },
        408 | 425 | 500.. => ModelError::ServerError { provider, status, message, retry_after },
        300..=399 => {
            let to = answer.location.unwrap_or("an unnamed place");
            ModelError::Garbage {
                provider,
                message: format!("status {status} sends us to {to}; not followed with the key"),
            }
        }
        // A web server that knows no such API, rather than an API that knows no such model.
        404 | 405 if !is_json => {
            ModelError::Garbage { provider, message: format!("status {status}: {message}") }
        }
        _ => ModelError::Rejected { provider, status, message },
    }
}

/// An error that came inside a stream that had begun with 200, by the name the provider gives it.
pub(super) fn error_in_stream(provider: &str, kind: &str, message: &str) -> ModelError {
    let provider = provider.to_owned();
    let message = shorten(if message.is_empty() { kind } else { message });
    let failed = |status| ModelError::ServerError {
        provider: provider.clone(),
        status,
        message: message.clone(),
        retry_after: None,
    };
    match kind {
        "authentication_error" => ModelError::Refused { provider, status: 401, message },
        "permission_error" => ModelError::Refused { provider, status: 403, message },
        "rate_limit_error" | "rate_limit_exceeded" => {
            ModelError::RateLimited { provider, message, retry_after: None }
        }
        "invalid_request_error" | "context_length_exceeded" => {
            ModelError::Rejected { provider, status: 400, message }
        }
        "not_found_error" => ModelError::Rejected { provider, status: 404, message },
        "request_too_large" => ModelError::Rejected { provider, status: 413, message },
        "overloaded_error" => failed(529),
        "timeout_error" => failed(504),
        _ => failed(500),
    }
}

/// The sentence in an error body: the provider's own message where the body is JSON of a known
/// shape, the title of an HTML page, else the start of the text.
pub(super) fn message_of(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(&body[..body.len().min(64 << 10)]);
    if let Ok(value) = serde_json::from_slice::<Value>(body) {
        let value = value.get(0).unwrap_or(&value);
        let places = ["/error/message", "/message", "/error", "/detail", "/errors/0/message", "/error/code"];
        let found = places.iter().find_map(|place| value.pointer(place).and_then(Value::as_str));
        return shorten(found.unwrap_or(&text));
    }
    let lower = text.to_ascii_lowercase();
    if let Some(start) = lower.find("<title>").map(|at| at + "<title>".len()) {
        let end = lower[start..].find("</title>").map_or(lower.len(), |at| start + at);
        return format!("an HTML page: {}", shorten(&text[start..end]));
    }
    if lower.trim_start().starts_with('<') {
        return "an HTML page".to_owned();
    }
    shorten(&text)
}

fn code_of(body: &[u8]) -> Option<String> {
    let value: Value = serde_json::from_slice(body).ok()?;
    let places = ["/error/code", "/error/type"];
    places.iter().find_map(|place| value.pointer(place).and_then(Value::as_str)).map(str::to_owned)
}

/// One line of at most [`LONGEST_MESSAGE`] characters.
pub(super) fn shorten(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LONGEST_MESSAGE) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// RFC 9110 §10.2.3: seconds or an HTTP-date; some providers add milliseconds in a header of their own.
fn retry_after(answer: &Answer<'_>, now: u64) -> Option<Duration> {
    if let Some(millis) = answer.retry_after_ms.and_then(|text| text.trim().parse::<f64>().ok()) {
        return Duration::try_from_secs_f64(millis / 1000.0).ok();
    }
    let text = answer.retry_after?.trim();
    if let Ok(seconds) = text.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let at = jiff::fmt::rfc2822::parse(text).ok()?.timestamp().as_second();
    Some(Duration::from_secs(u64::try_from(at).ok()?.saturating_sub(now)))
}

fn reason(status: u16) -> &'static str {
    match status {
        400 => "bad request",
        401 => "unauthorized",
        403 => "forbidden",
        404 => "not found",
        413 => "the request is too large",
        429 => "too many requests",
        500 => "internal error",
        502 | 503 | 529 => "unavailable or overloaded",
        504 => "timed out",
        _ => "no message",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(status: u16, body: &str) -> ModelError {
        error_of("p", &Answer { status, body: body.as_bytes(), ..Answer::default() }, 0)
    }

    #[test]
    fn statuses_map_to_their_errors() {
        let json = r#"{"error":{"type":"x","message":"because"}}"#;
        assert!(
            matches!(of(401, json), ModelError::Refused { status: 401, message, .. } if message == "because")
        );
        assert!(
            matches!(of(403, ""), ModelError::Refused { status: 403, message, .. } if message == "forbidden")
        );
        assert!(matches!(of(404, json), ModelError::Rejected { status: 404, .. }));
        assert!(matches!(of(404, "<html><title>No\n such page</title>"), ModelError::Garbage { message, .. }
            if message == "status 404: an HTML page: No such page"));
        assert!(matches!(of(429, json), ModelError::RateLimited { retry_after: None, .. }));
        assert!(matches!(of(529, json), ModelError::ServerError { status: 529, .. }));
        assert!(matches!(of(502, "<html>"), ModelError::ServerError { status: 502, .. }));
        assert!(matches!(of(302, ""), ModelError::Garbage { .. }));
        let broke = r#"{"error":{"code":"insufficient_quota","message":"pay"}}"#;
        assert!(!of(429, broke).is_transient());
    }

    #[test]
    fn retry_after_comes_in_three_spellings() {
        let wait = |seconds: Option<&str>, millis: Option<&str>| {
            let answer =
                Answer { status: 429, retry_after: seconds, retry_after_ms: millis, ..Answer::default() };
            error_of("p", &answer, 1_445_412_470).retry_after()
        };
        assert_eq!(wait(Some("7"), None), Some(Duration::from_secs(7)));
        assert_eq!(wait(Some("7"), Some("1500")), Some(Duration::from_millis(1500)));
        assert_eq!(wait(Some("Wed, 21 Oct 2015 07:28:00 GMT"), None), Some(Duration::from_secs(10)));
        assert_eq!(wait(Some("Wed, 21 Oct 1998 07:28:00 GMT"), None), Some(Duration::ZERO));
        assert_eq!(wait(Some("soon"), None), None);
        assert_eq!(wait(Some("-3"), None), None);
    }

    #[test]
    fn messages_are_found_and_shortened() {
        assert_eq!(message_of(br#"{"detail":"no such model"}"#), "no such model");
        assert_eq!(message_of(br#"[{"error":{"message":"in a list"}}]"#), "in a list");
        assert_eq!(message_of(b"plain\n text"), "plain text");
        assert_eq!(message_of(&[b'x'; 5000]).chars().count(), LONGEST_MESSAGE + 1);
    }
}
