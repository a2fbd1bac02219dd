//! Getting started: a key that is checked and kept, a choice that is kept.

use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

use iosm::engine::{Ground, SharedEnv, check_key, forget_key, keep_key, keep_setting};
use iosm::model::served_models;
use iosm::protocol::ReportKind;

use crate::world::World;
use crate::world::server::{Answer, Server};

const MODELS: &str = r#"{"object":"list","data":[{"id":"a","object":"model"},{"id":"b/c","type":"model"}]}"#;

fn env(world: &World, more: &[(&'static str, String)]) -> SharedEnv {
    let (state, more) = (world.state(), more.to_vec());
    Arc::new(move |name: &str| match name {
        "IOSM_HOME" => Some(state.display().to_string()),
        "HOME" => Some(state.join("home").display().to_string()),
        _ => more.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone()),
    })
}

fn ground(world: &World, env: &SharedEnv) -> Ground {
    Ground::survey(&world.repo(), &**env, Vec::new()).unwrap()
}

#[tokio::test]
async fn a_key_is_checked_where_it_will_be_used_and_no_message_shows_it() {
    let world = World::new();
    let refused = r#"{"error":{"message":"bad key sk-secret-1"}}"#;
    for (provider, variable, header) in [
        ("anthropic", "ANTHROPIC_BASE_URL", "x-api-key: sk-secret-1"),
        ("openai", "OPENAI_BASE_URL", "authorization: Bearer sk-secret-1"),
    ] {
        let server = Server::start(vec![Answer::status(200, MODELS), Answer::status(401, refused)]).await;
        let env = env(&world, &[(variable, server.url.clone())]);
        assert_eq!(check_key(provider, " sk-secret-1\n", &env).await.unwrap(), 2);
        let asked = server.asked()[0].head.to_lowercase();
        assert!(
            asked.starts_with("get /v1/models http") && asked.contains(&header.to_lowercase()),
            "{asked}"
        );
        let report = check_key(provider, "sk-secret-1", &env).await.unwrap_err();
        assert_eq!(report.kind, ReportKind::Authentication, "{report:?}");
        assert!(!format!("{report:?}").contains("sk-secret-1"), "{report:?}");
    }
}

#[tokio::test]
async fn a_server_lists_its_models_and_garbage_is_said_to_be_garbage() {
    let server = Server::start(vec![Answer::status(200, MODELS), Answer::status(200, "<html>")]).await;
    let base = format!("{}/v1", server.url);
    let listed = served_models("openai_compatible", None, Some(&base)).await.unwrap();
    assert_eq!(listed, ["a", "b/c"]);
    let error = served_models("openai_compatible", None, Some(&base)).await.unwrap_err().to_string();
    assert!(error.contains("list of models"), "{error}");
}

#[test]
fn a_kept_key_is_found_again_and_a_forgotten_one_is_not() {
    let world = World::new();
    let env = env(&world, &[("OPENAI_API_KEY", "k".into())]);
    let ground = ground(&world, &env);
    keep_key(&ground, "anthropic", "sk-1\n").unwrap();
    let file = ground.dirs.config.join("auth.yaml");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "anthropic: \"sk-1\"\n");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(keep_key(&ground, "antropic", "x").unwrap_err().hints[0].contains("anthropic"));
    assert!(forget_key(&ground, "anthropic", &env).unwrap().contains("forgotten."));
    assert!(forget_key(&ground, "openai", &env).unwrap().contains("OPENAI_API_KEY still holds one"));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "");
}

#[test]
fn a_kept_setting_leaves_the_rest_of_the_file_alone() {
    let world = World::new();
    let env = env(&world, &[]);
    let config = ground(&world, &env).dirs.config;
    std::fs::create_dir_all(&config).unwrap();
    let file = config.join("settings.yaml");
    std::fs::write(&file, "# mine\nmodel: old/one\nlimits:\n  # few\n  turns: 9\nthinking: low").unwrap();
    keep_setting(&ground(&world, &env), "model", Some("openai_compatible/a: b")).unwrap();
    let text = std::fs::read_to_string(&file).unwrap();
    assert_eq!(
        text,
        "# mine\nlimits:\n  # few\n  turns: 9\nthinking: low\nmodel: \"openai_compatible/a: b\"\n"
    );
    let settings = ground(&world, &env).settings.settings;
    assert_eq!(settings.model.as_deref(), Some("openai_compatible/a: b"));
    keep_setting(&ground(&world, &env), "limits", None).unwrap();
    assert_eq!(ground(&world, &env).settings.settings.limits.turns, None);
    // A link is the user's own arrangement.
    std::fs::rename(&file, config.join("real.yaml")).unwrap();
    std::os::unix::fs::symlink("real.yaml", &file).unwrap();
    assert!(keep_setting(&ground(&world, &env), "model", None).unwrap_err().message.contains("is a link"));
}
