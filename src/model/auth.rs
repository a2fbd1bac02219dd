//! Where an API key comes from, and a wrapper that does not show it.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::error::ModelError;
use super::name::PROVIDERS;
use super::yaml;

/// The file in the configuration directory that may hold keys, one `provider: key` a line.
pub const AUTH_FILE: &str = "auth.yaml";

/// A key. It shows itself to nobody but the header it is meant for.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub fn new(key: impl Into<String>) -> Self {
        Self(key.into())
    }

    /// The key itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

/// Looks an environment variable up; a closure, so that tests need not touch the process.
pub type EnvLookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// A variable that is set to something.
pub(super) fn env_value(env: EnvLookup<'_>, name: &str) -> Option<String> {
    env(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
}

/// The variable that holds the key of a provider.
pub fn key_variable(provider: &str) -> &'static str {
    match provider {
        "anthropic" => "ANTHROPIC_API_KEY",
        "openai" => "OPENAI_API_KEY",
        _ => "IOSM_API_KEY",
    }
}

/// The key of `provider`: as given, else from its environment variable, else from `auth.yaml` in
/// `config_dir`.
pub fn find_key(
    provider: &str,
    given: Option<&Secret>,
    env: EnvLookup<'_>,
    config_dir: Option<&Path>,
) -> Result<Secret, ModelError> {
    if let Some(key) = given.filter(|key| !key.0.trim().is_empty()) {
        return Ok(Secret(key.0.trim().to_owned()));
    }
    let variable = key_variable(provider);
    if let Some(key) = env_value(env, variable) {
        return Ok(Secret(key));
    }
    let mut tried = vec![format!("the variable {variable}")];
    if let Some(path) = config_dir.map(|dir| dir.join(AUTH_FILE)) {
        let kept = read_auth(&path)?.remove(provider).filter(|key| !key.trim().is_empty());
        if let Some(key) = kept {
            return Ok(Secret(key));
        }
        tried.push(path.display().to_string());
    }
    Err(ModelError::NoKey { provider: provider.to_owned(), tried })
}

/// The text of an `auth.yaml` with the key of `provider` set, or taken out; comments and other keys stay.
pub fn with_key(text: &str, provider: &str, key: Option<&Secret>) -> String {
    let named = |line: &&str| line.split(':').next().map(str::trim) != Some(provider);
    let mut out: String = text.lines().filter(named).map(|line| format!("{line}\n")).collect();
    if let Some(key) = key {
        // A JSON string is a YAML string, whatever it holds.
        out.push_str(&format!("{provider}: {}\n", serde_json::Value::from(key.expose().trim())));
    }
    out
}

fn read_auth(path: &Path) -> Result<BTreeMap<String, String>, ModelError> {
    let wrong = |message: String, hint: String| ModelError::Config { message, hints: vec![hint] };
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(error) => {
            let message = format!("cannot read {}: {error}", path.display());
            return Err(wrong(message, "keys can also be given by environment variable".into()));
        }
    };
    // Of the open file, so that what is checked is what is read.
    let mode = file.metadata().map(|meta| meta.permissions().mode()).unwrap_or(0);
    if mode & 0o077 != 0 {
        return Err(wrong(
            format!("{} may be read by others (mode {:o})", path.display(), mode & 0o777),
            format!("chmod 600 {}", path.display()),
        ));
    }
    let mut text = String::new();
    file.read_to_string(&mut text).map_err(|error| {
        wrong(format!("cannot read {}: {error}", path.display()), "it should be UTF-8 text".into())
    })?;
    if text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
        return Ok(BTreeMap::new());
    }
    let keys: BTreeMap<String, String> = yaml::parse(&text, &path.display().to_string()).map_err(|_| {
        // The parser's own message quotes the line, which may hold a key.
        wrong(
            format!("{} is not a list of `provider: key` lines", path.display()),
            "such as `anthropic: YOUR-KEY`".into(),
        )
    })?;
    if let Some(unknown) = keys.keys().find(|name| !PROVIDERS.contains(&name.as_str())) {
        let message = format!("{} names an unknown provider `{unknown}`", path.display());
        return Err(wrong(message, super::name::did_you_mean(unknown, &PROVIDERS)));
    }
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn auth(text: &str, mode: u32) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(AUTH_FILE);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        dir
    }

    fn none(_: &str) -> Option<String> {
        None
    }

    #[test]
    fn the_nearest_place_wins() {
        let dir = auth("anthropic: from-file\n", 0o600);
        let env = |name: &str| (name == "ANTHROPIC_API_KEY").then(|| "from-env".to_owned());
        let given = Secret::new("from-flag");
        let find = |given, env: EnvLookup<'_>| find_key("anthropic", given, env, Some(dir.path())).unwrap();
        assert_eq!(find(Some(&given), &env).expose(), "from-flag");
        assert_eq!(find(None, &env).expose(), "from-env");
        assert_eq!(find(None, &none).expose(), "from-file");
    }

    #[test]
    fn a_missing_key_says_where_it_was_looked_for() {
        let dir = tempfile::tempdir().unwrap();
        let empty = |_: &str| Some(" ".to_owned());
        let Err(ModelError::NoKey { tried, .. }) = find_key("openai", None, &empty, Some(dir.path())) else {
            panic!("an empty variable is no key")
        };
        assert_eq!(tried.len(), 2);
        assert!(tried[0].contains("OPENAI_API_KEY"));
    }

    #[test]
    fn a_file_that_others_may_read_is_refused() {
        let dir = auth("openai: k\n", 0o640);
        let error = find_key("openai", None, &none, Some(dir.path())).unwrap_err();
        assert!(matches!(&error, ModelError::Config { hints, .. } if hints[0].starts_with("chmod 600 ")));
    }

    #[test]
    fn no_message_shows_a_key() {
        let secret = "sk-12345";
        let dir = auth(&format!("openai {secret}: [\n"), 0o600);
        let error = find_key("openai", None, &none, Some(dir.path())).unwrap_err();
        assert!(!format!("{error} {error:?}").contains(secret));
        assert!(!format!("{:?}", Secret::new(secret)).contains(secret));
    }

    #[test]
    fn a_key_is_put_in_and_taken_out_beside_the_others() {
        let key = Secret::new(" k\"#: y\n");
        let text = with_key("# mine\nopenai: old\nanthropic: a", "openai", Some(&key));
        assert_eq!(text, "# mine\nanthropic: a\nopenai: \"k\\\"#: y\"\n");
        let dir = auth(&text, 0o600);
        let found = find_key("openai", None, &none, Some(dir.path())).unwrap();
        assert_eq!(found.expose(), "k\"#: y");
        assert_eq!(with_key(&text, "openai", None), "# mine\nanthropic: a\n");
    }

    #[test]
    fn an_unknown_provider_is_named() {
        let dir = auth("antropic: k\n", 0o600);
        let error = find_key("anthropic", None, &none, Some(dir.path())).unwrap_err();
        assert!(matches!(&error, ModelError::Config { hints, .. } if hints[0].contains("`anthropic`")));
    }
}
