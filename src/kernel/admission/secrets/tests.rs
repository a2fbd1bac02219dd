//! The shipped shapes against their own examples, and against what merely looks like secrets.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::*;

fn example(text: &str) -> String {
    text.replace('|', "")
}

/// A command printed this file: every shape that can hold does.
fn printed(file: &str) -> Whence<'_> {
    Whence { file: Some(Path::new(file)), command: true }
}

/// Deterministic bytes that look random: SHA-256 of a counter.
fn noise(seed: usize) -> String {
    crate::base::sha256_hex(seed.to_string().as_bytes())
}

#[test]
fn every_shape_finds_its_examples_and_not_the_others() {
    let mut tried = (0, 0);
    for shape in SHAPES.iter() {
        let id = &shape.written.id;
        assert!(!shape.written.r#match.is_empty() && !shape.written.not_match.is_empty(), "{id}: examples");
        let file = shape.written.files.first().map(|glob| glob.replace('*', "x"));
        let names = |text: &str| {
            let mut found = Vec::new();
            let view = View::plain(text);
            let whence = Whence { file: file.as_deref().map(Path::new), command: shape.written.commands };
            find_in(&view, text, whence, &mut found);
            found.into_iter().map(|(_, found)| found.kind).collect::<Vec<_>>()
        };
        for text in &shape.written.r#match {
            assert!(names(&example(text)).contains(id), "{id} does not match {text:?}");
            tried.0 += 1;
        }
        for text in &shape.written.not_match {
            assert!(!names(&example(text)).contains(id), "{id} matches {text:?}");
            tried.1 += 1;
        }
    }
    println!("{} shapes, {} examples found, {} look-alikes passed over", SHAPES.len(), tried.0, tried.1);
}

#[test]
fn a_wrong_key_is_an_error() {
    let wrong = "- {id: a, pattern: b, match: [b], not_match: [c], prof: jwt}";
    assert!(read(wrong).is_err_and(|error| error.contains("prof")));
}

/// What developers' files are full of and no secret is.
fn look_alikes() -> Vec<String> {
    let mut all: Vec<String> = [
        "task-0123456789abcdef01",
        "AKIAIOSFODNN7EXAMPLE",
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "OPENAI_API_KEY=sk-...",
        "export ANTHROPIC_API_KEY=sk-ant-...",
        "sk-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "postgres://user:password@localhost:5432/db",
        "const token = process.env.GITHUB_TOKEN;",
        "Authorization: Bearer ${TOKEN}",
        "-----BEGIN CERTIFICATE-----",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl me@box",
        "password: str = Field(min_length=8)",
        "SELECT secret_key FROM tokens WHERE id = 1;",
        "https://example.com/path?sig=short&x=1",
        "[secret:aws_access_key#1a2b]",
        "eyJhbGciOiJIUzI1NiJ9 is the header of a token",
        "risk-assessment-of-the-whole-system-2024-q3",
        "skeleton-key-value-store-implementation-notes",
        "SSH_AUTH_SOCK=/run/user/1000/keyring/ssh2",
        "XAUTHORITY=/run/user/1000/.mutter-Xwaylandauth.4K2PQ2",
        "GIT_AUTHOR_NAME=dependabot49699333",
        "+    token=credentials2.access_token_v1,",
        "KEYBOARD_LAYOUT=us-altgr-intl-2024",
        "TOKENIZERS_PARALLELISM=false",
        "MAX_TOKENS_PER_REQUEST=200000",
        "AUTH_BACKEND=oauth2_proxy.v7",
        "SECRET_KEY=os.environ['SECRET_KEY_2']",
        "API_KEY=$(vault read -field=key kv2/app)",
        "export GITHUB_TOKEN=$GH_TOKEN_2",
        "key=value1",
        "PRIVATE_REGISTRY=registry1.acme.test:5000",
        "PASSWORD=changeme123",
        "AUTH_URL=https://login2.acme.test/oauth2/v2.0/token",
    ]
    .map(str::to_owned)
    .to_vec();
    for seed in 0..120 {
        let hex = noise(seed);
        all.push(format!("commit {}", &hex[..40]));
        all.push(format!(
            "{}-{}-4{}-a{}-{}",
            &hex[..8],
            &hex[8..12],
            &hex[13..16],
            &hex[17..20],
            &hex[20..32]
        ));
        all.push(format!(
            "\"integrity\": \"sha512-{}\"",
            STANDARD.encode(format!("{hex}{}", noise(seed + 500)))
        ));
        all.push(format!("checksum = \"{hex}\""));
        all.push(format!("sha256:{hex}"));
        all.push(format!("data:image/png;base64,iVBORw0KGgo{}", STANDARD.encode(hex.as_bytes())));
        all.push(format!("task-{}", &hex[..18]));
        all.push(format!("etag: W/\"{}\"", &hex[..32]));
        all.push(format!("msk-{}-run", &hex[..32]));
        all.push(format!("arn:aws:iam::{}:role/x", 100_000_000_000u64 + seed as u64));
    }
    all
}

#[test]
fn look_alikes_stay_as_they_are() {
    let all = look_alikes();
    let wrong: Vec<_> = all.iter().filter(|text| !find(text, printed("Cargo.lock")).is_empty()).collect();
    println!("look-alikes: {} of {} taken for secrets", wrong.len(), all.len());
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn positives_are_found_in_every_surrounding() {
    let surroundings: [(&str, &str); 8] = [
        ("", ""),
        ("key = \"", "\"\n"),
        ("KEY='", "'; other"),
        ("{\"k\": \"", "\", \"n\": 1}"),
        ("see (", "), then"),
        ("x: ", "\r\ny: 1\r\n"),
        ("`", "`"),
        ("12\t", "\n13\tend\n"),
    ];
    let (mut tried, mut missed) = (0, Vec::new());
    for shape in SHAPES.iter().filter(|shape| shape.written.files.is_empty() && !shape.written.commands) {
        for text in shape.written.r#match.iter().map(|text| example(text)) {
            for (before, after) in surroundings {
                tried += 1;
                let whole = format!("{before}{text}{after}");
                let found = find(&whole, Whence::default());
                if found.is_empty() {
                    missed.push(whole);
                }
            }
        }
    }
    println!("positives: {} of {tried} found", tried - missed.len());
    assert!(missed.is_empty(), "{missed:#?}");
}

#[test]
fn hidden_secrets_are_found_and_their_bytes_kept() {
    let key = example(
        &SHAPES.iter().find(|shape| shape.written.id == "aws_access_key").unwrap().written.r#match[0],
    );
    let hidden = format!("id {}\u{200b}{} end", &key[..7], &key[7..]);
    let found = find(&hidden, Whence::default());
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].value, hidden[3..hidden.len() - 4]);
    let encoded = STANDARD.encode(format!("the key is {key}, so there"));
    let text = format!("x={encoded};");
    let found = find(&text, Whence::default());
    assert_eq!((found.len(), found[0].value.as_str()), (1, encoded.as_str()));
}

#[test]
fn this_repositorys_own_text_holds_no_secret() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (mut files, mut bytes, mut hits) = (0, 0, Vec::new());
    let mut folders: Vec<_> =
        ["src", "docs", "profiles", "templates", "tests"].map(|dir| root.join(dir)).into();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.ends_with("templates/secrets.yaml") {
                // Its examples are shapes of secrets.
            } else if let Ok(text) = std::fs::read_to_string(&path) {
                files += 1;
                bytes += text.len();
                hits.extend(
                    find(&text, Whence { file: Some(&path), command: true })
                        .into_iter()
                        .map(|found| (path.clone(), found)),
                );
            }
        }
    }
    for (path, found) in &hits {
        println!("{}: {}", path.display(), found.kind);
    }
    println!("own text: {} secrets in {files} files, {bytes} bytes", hits.len());
    assert!(hits.len() <= 3, "{hits:#?}");
}

#[test]
fn values_of_telling_names_are_found_in_what_commands_print_only() {
    let mut missed = Vec::new();
    for seed in 0..200 {
        let secret = STANDARD.encode(&hex::decode(noise(seed)).unwrap()[..24]);
        let hex = &noise(seed)[..32];
        for value in [secret.as_str(), hex] {
            for (before, after) in
                [("API_KEY=", "\n"), ("+DB_SECRET=\"", "\"\r\n"), ("A=1\nexport AUTH_TOKEN=", "")]
            {
                let text = format!("{before}{value}{after}");
                let found = find(&text, Whence { file: None, command: true });
                if found.len() != 1 || found[0].value != *value {
                    missed.push(text.clone());
                }
                assert!(find(&text, Whence::default()).is_empty(), "no command printed {text:?}");
            }
        }
    }
    println!("values in output: {} of 1200 missed", missed.len());
    assert!(missed.is_empty(), "{missed:#?}");
}
