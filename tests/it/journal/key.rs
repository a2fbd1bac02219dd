//! The key through the binary: shown, exported, imported, given by the environment.

use std::os::unix::fs::PermissionsExt;

use super::world::Repo;

#[test]
fn the_private_key_goes_only_into_a_new_file_of_ones_own() {
    let repo = Repo::new();
    let world = &repo.world;
    repo.play().expect(0);
    let public = world.iosm(&["kernel", "key", "export"]).run().expect(0);
    assert!(public.out.starts_with("-----BEGIN PUBLIC KEY-----\n"));
    let file = world.base().join("key.pem");
    let path = file.to_str().unwrap();
    let told = world.iosm(&["kernel", "key", "export", "--private", path]).run().expect(0);
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.starts_with("-----BEGIN PRIVATE KEY-----\n"));
    assert!(!told.out.contains("PRIVATE") && !told.err.contains(text.lines().nth(1).unwrap()));
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    world.iosm(&["kernel", "key", "export", "--private", path]).run().expect(1).says("does not exist yet");

    // From an agent's own commands it is refused.
    for words in [&["export", "--private", "x.pem"][..], &["import", path]] {
        let inside = world.iosm(&[&["kernel", "key"], words].concat()).var("IOSM_SANDBOX", "1").run();
        inside.expect(6).says("private key");
    }
}

#[test]
fn an_imported_key_seals_and_the_old_seals_count_on() {
    let repo = Repo::new();
    let world = &repo.world;
    repo.play().expect(0);
    let other = Repo::new();
    let file = other.world.base().join("key.pem");
    let path = file.to_str().unwrap();
    other.world.iosm(&["kernel", "key", "export", "--private", path]).run().expect(0);
    let before = world.iosm(&["kernel", "key", "show", "--json"]).run().expect(0);
    let before: serde_json::Value = serde_json::from_str(&before.out).unwrap();
    world.iosm(&["kernel", "key", "import", path]).run().expect(0);
    let after = world.iosm(&["kernel", "key", "show", "--json"]).run().expect(0);
    let after: serde_json::Value = serde_json::from_str(&after.out).unwrap();
    assert_ne!(before["id"], after["id"]);
    assert_eq!(after["former"], serde_json::json!([before["id"]]));
    world.iosm(&["kernel", "verify"]).run().expect(0);
    let model = world.script("rules:\n  - reply: [{text: On.}]\n");
    world.text(&model, &["-c", "go on"]).expect(0);
    let checked = world.iosm(&["kernel", "verify"]).run().expect(0);
    assert!(checked.out.contains(after["id"].as_str().unwrap()), "{}", checked.out);

    // A stranger's key in its place, not imported: nothing that was sealed before counts.
    let stranger = Repo::new();
    let own = world.state().join("state/keys/journal.pem");
    std::fs::remove_file(&own).unwrap();
    stranger.world.iosm(&["kernel", "key", "export", "--private", own.to_str().unwrap()]).run().expect(0);
    world.iosm(&["kernel", "verify"]).run().expect(5).says("another key");
    world.text(&model, &["-c", "go on"]).expect(1).says("another key");
}

#[test]
fn ci_brings_its_key_in_the_environment() {
    let repo = Repo::new();
    let seed = "0123456789abcdef".repeat(4);
    let model = repo.world.script("rules:\n  - reply: [{text: On.}]\n");
    let run = repo.world.iosm(&["-p", "-m", &model, "go"]).var("IOSM_JOURNAL_KEY", &seed).run();
    run.expect(0);
    assert!(!repo.world.state().join("state/keys/journal.pem").exists(), "no other key is made");
    repo.world.iosm(&["kernel", "verify"]).var("IOSM_JOURNAL_KEY", &seed).run().expect(0);
    repo.world.iosm(&["kernel", "verify"]).run().expect(5).says("another key");
}

#[test]
fn verify_names_the_first_thing_that_is_wrong() {
    let repo = Repo::new();
    repo.play().expect(0);
    let checked = repo.world.iosm(&["kernel", "verify"]).run().expect(0);
    assert!(checked.out.contains("index: ") && checked.out.contains("signed by"), "{}", checked.out);
    let path = repo.journal();
    let good = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, good.replacen("\"tool\":\"write\"", "\"tool\":\"read\"", 1)).unwrap();
    let told = repo.world.iosm(&["kernel", "verify"]).run().expect(5);
    let row = good.lines().position(|line| line.contains("\"tool\":\"write\"")).unwrap() + 1;
    assert!(told.err.contains(&format!("row {row}: its hash does not fit")), "{}", told.err);
    let session = path.file_stem().unwrap().to_str().unwrap();
    repo.world.iosm(&["kernel", "verify", session]).run().expect(5);
    repo.world.iosm(&["kernel", "verify", path.to_str().unwrap()]).run().expect(5);
    std::fs::remove_file(&path).unwrap();
    repo.world.iosm(&["kernel", "verify"]).run().expect(5).says("it is gone");
}
