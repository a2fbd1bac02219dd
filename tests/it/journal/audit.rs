//! What people read from the journal: audit, its export, and why a line is there.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::world::Repo;
use crate::world::World;

fn json(repo: &Repo, args: &[&str]) -> Value {
    let ended = repo.world.iosm(args).run();
    assert!([0, 5].contains(&ended.code()), "{ended:?}");
    serde_json::from_str(&ended.out).unwrap_or_else(|error| panic!("{error}: {ended:?}"))
}

fn played() -> Repo {
    let repo = Repo::new();
    repo.play().expect(0);
    repo
}

#[track_caller]
fn assert_valid(schema: &str, value: &Value) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schemas").join(schema);
    let schema: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let faults: Vec<String> = validator.iter_errors(value).map(|fault| fault.to_string()).collect();
    assert!(faults.is_empty(), "{faults:?}\n{value:#}");
}

#[test]
fn an_audit_tells_who_asked_what_ran_what_was_refused_and_what_came_of_it() {
    let repo = played();
    let audit = json(&repo, &["audit", "--json"]);
    assert_valid("audit.schema.json", &audit);
    let session = &audit["sessions"][0];
    assert_eq!((&audit["intact"], &session["chain"]["intact"]), (&true.into(), &true.into()));
    let run = &session["runs"][0];
    assert_eq!(run["asked"]["text"], "Write me a poem");
    assert_eq!(run["asked"]["by"]["git"], "Ann <ann@example.org>");
    assert_eq!(run["ended"], "success");
    let calls = run["calls"].as_array().unwrap();
    let told: Vec<(&str, &str, bool)> = calls
        .iter()
        .map(|call| {
            (call["tool"].as_str().unwrap(), call["verdict"].as_str().unwrap(), call["words_fit"] == true)
        })
        .collect();
    let due =
        [("write", "allow", true), ("bash", "allow", true), ("write", "deny", true), ("bash", "allow", true)];
    assert_eq!(told, due);
    assert_eq!(calls[2]["decided_by"], "self_protection/git_internals");
    assert_eq!((&calls[0]["result_fits"], &calls[3]["exit_code"]), (&true.into(), &0.into()));
    assert_eq!(run["checks"][0]["check"], "tests/run.sh");
    assert_eq!(run["checks"][0]["result"], "passed");
    assert_eq!(run["files_changed"], serde_json::json!(["poem.txt"]));
    assert_eq!(run["commits"], serde_json::json!([repo.head()]));

    let text = repo.world.iosm(&["audit", "--md"]).run().expect(0).out;
    let order =
        ["Journal: intact", "Asked by", "> Write me a poem", "Ran:", "Refused:", "Checks:", "Commits:"];
    let places: Vec<usize> =
        order.iter().map(|part| text.find(part).unwrap_or_else(|| panic!("{part}: {text}"))).collect();
    assert!(places.is_sorted(), "{text}");

    // The same by run and by range, and the range tells of a person's commit too.
    let id = run["run"].as_str().unwrap();
    assert_eq!(json(&repo, &["audit", id, "--json"])["sessions"][0]["runs"][0], *run);
    repo.git(&["commit", "-q", "--allow-empty", "-m", "By hand"]);
    let ranged = json(&repo, &["audit", "HEAD~2..HEAD", "--json"]);
    assert_valid("audit.schema.json", &ranged);
    let states: Vec<&str> = ranged["commits"]
        .as_array()
        .unwrap()
        .iter()
        .map(|commit| commit["proof"]["state"].as_str().unwrap())
        .collect();
    assert_eq!(states, ["verified", "no_trailer"]);
    assert_eq!(
        (&ranged["commits"][0]["proof"]["seen"], &ranged["sessions"][0]["runs"][0]["run"]),
        (&true.into(), &id.into())
    );
    repo.world.iosm(&["audit", "r_nothing"]).run().expect(2);
    repo.world.iosm(&["audit", "HEAD..nowhere"]).run().expect(2);
}

#[test]
fn a_rule_that_allowed_and_a_session_that_was_not_kept_are_told() {
    let repo = Repo::new();
    let model = repo.world.script(
        "rules:\n  - when: {turn: 1}\n    reply: [{tool_call: {tool: bash, args: {command: 'git reset -q --hard HEAD'}}}]\n  - reply: [{text: Done.}]\n",
    );
    repo.world.text(&model, &["--no-session", "--allow", "bash(git reset*)", "reset"]).expect(0);
    let audit = json(&repo, &["audit", "--json"]);
    let run = &audit["sessions"][0]["runs"][0];
    assert_eq!(run["calls"][0]["approver"]["by"], "rule");
    assert!(run["calls"][0]["what"].is_null() && run["asked"]["text"].is_null());
    assert_eq!(run["asked"]["digest"], iosm::base::sha256_hex(b"reset"));
    let text = repo.world.iosm(&["audit"]).run().expect(0).out;
    assert!(text.contains("not kept") && text.contains("Allowed by"), "{text}");
}

#[test]
fn words_that_were_changed_afterwards_are_called_out() {
    let repo = played();
    let log = repo.world.session_files().pop().unwrap();
    let text = std::fs::read_to_string(&log).unwrap();
    let changed =
        text.replace("git add poem.txt", "git add honest.txt").replace("Write me a poem", "Rob a bank");
    std::fs::write(&log, changed.replace("[exit code 0]", "[exit code 1]")).unwrap();
    let audit = json(&repo, &["audit", "--json"]);
    let run = &audit["sessions"][0]["runs"][0];
    assert_eq!(run["calls"][1]["words_fit"], false);
    assert_eq!(run["asked"]["text"], Value::Null);
    assert_eq!(
        (&run["calls"][3]["result_fits"], &run["checks"][0]["result"]),
        (&false.into(), &"unknown".into())
    );
    assert!(repo.world.iosm(&["audit"]).run().expect(0).out.contains("NOT THE ARGUMENTS THAT WERE JUDGED"));

    let journal = repo.journal();
    let rows = std::fs::read_to_string(&journal).unwrap();
    std::fs::write(&journal, rows.replacen("\"tool\":\"bash\"", "\"tool\":\"read\"", 1)).unwrap();
    let told = repo.world.iosm(&["audit"]).run().expect(5).out;
    assert!(told.contains("NOT INTACT") && told.contains("BROKEN: row"), "{told}");
    repo.world.iosm(&["audit", "export"]).run().expect(5);
}

fn exported(repo: &Repo, args: &[&str]) -> (std::path::PathBuf, Value) {
    let file = repo.world.base().join("audit.json");
    repo.world.iosm(&[&["audit", "export", "-o", file.to_str().unwrap()], args].concat()).run().expect(0);
    let value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    (file, value)
}

#[test]
fn an_export_is_proved_on_another_machine_and_any_change_of_it_is_found() {
    let repo = played();
    let (file, value) = exported(&repo, &[]);
    let elsewhere = World::new();
    let verify = |value: &Value, args: &[&str]| {
        let path = elsewhere.base().join("received.json");
        std::fs::write(&path, serde_json::to_string(value).unwrap()).unwrap();
        elsewhere.iosm(&[&["audit", "verify", path.to_str().unwrap()], args].concat()).run()
    };
    let key = repo.world.iosm(&["kernel", "key", "export"]).run().expect(0).out;
    let pem = elsewhere.base().join("their.pem");
    std::fs::write(&pem, &key).unwrap();
    let proved = verify(&value, &["--key", pem.to_str().unwrap()]).expect(0);
    assert!(proved.out.contains("proved") && proved.out.contains("1 commit"), "{}", proved.out);
    assert!(verify(&value, &[]).expect(0).out.contains("cannot prove"), "whose key it is must be known");
    let own = elsewhere.iosm(&["kernel", "key", "export"]).run().expect(0).out;
    verify(&value, &["--key", &own]).expect(5).says("signed with the key");
    assert!(!elsewhere.state().join("state/projects").exists(), "nothing was looked up");

    // Every leaf of the file, changed, is found.
    let mut leaves = Vec::new();
    walk(&value, String::new(), &mut leaves);
    assert!(leaves.len() > 30, "{leaves:?}");
    for leaf in leaves {
        let mut changed = value.clone();
        let place = changed.pointer_mut(&leaf).unwrap();
        *place = match &*place {
            Value::Number(number) => (number.as_u64().unwrap() + 1).into(),
            Value::Null => "x".into(),
            Value::String(text) => format!("x{text}").into(),
            other => panic!("{leaf}: {other}"),
        };
        // A hint which key it was, outside of what is signed, as DSSE has it.
        let code = if leaf.ends_with("/keyid") { 0 } else { 5 };
        let ended = verify(&changed, &[]);
        assert_eq!(ended.code(), code, "{leaf}: {ended:?}");
    }
    for list in ["/bundle/rows", "/bundle/commits", "/bundle/checks", "/bundle/prompts"] {
        let mut changed = value.clone();
        changed.pointer_mut(list).unwrap().as_array_mut().unwrap().pop().unwrap();
        verify(&changed, &[]).expect(5);
    }
    assert!(file.exists());
}

fn walk(value: &Value, path: String, out: &mut Vec<String>) {
    match value {
        Value::Object(map) => map.iter().for_each(|(name, inner)| walk(inner, format!("{path}/{name}"), out)),
        Value::Array(list) => {
            list.iter().enumerate().for_each(|(at, inner)| walk(inner, format!("{path}/{at}"), out));
        }
        _ => out.push(path),
    }
}

#[test]
fn an_export_holds_an_in_toto_statement_and_no_words() {
    let repo = Repo::new();
    let model = repo.world.script(
        "rules:\n  - when: {turn: 1}\n    reply: [{tool_call: {tool: bash, args: {command: 'SECRET=hunter2 sh tests/run.sh; echo said-hunter2'}}}]\n  - reply: [{text: Done.}]\n",
    );
    repo.world.text(&model, &["the password is hunter2"]).expect(0);
    let (file, value) = exported(&repo, &[]);
    assert!(!std::fs::read_to_string(&file).unwrap().contains("hunter2"));
    std::fs::remove_file(&file).unwrap();
    let (file, with) = exported(&repo, &["--with-prompts"]);
    assert_eq!(with["bundle"]["prompts"][0]["text"], "the password is hunter2");
    repo.world.iosm(&["audit", "verify", file.to_str().unwrap()]).run().expect(0);

    assert_eq!(value["envelope"]["payloadType"], "application/vnd.in-toto+json");
    let payload = STANDARD.decode(value["envelope"]["payload"].as_str().unwrap()).unwrap();
    let statement: Value = serde_json::from_slice(&payload).unwrap();
    assert_eq!(statement["_type"], "https://in-toto.io/Statement/v1");
    assert!(statement["predicateType"].as_str().unwrap().contains(':'));
    for subject in statement["subject"].as_array().unwrap() {
        assert!(subject["name"].is_string());
        let digests = subject["digest"].as_object().unwrap();
        assert!(!digests.is_empty());
        for (name, digest) in digests {
            let length = if name == "sha256" { 64 } else { 40 };
            let digest = digest.as_str().unwrap();
            assert!(
                digest.len() == length && digest.bytes().all(|b| b.is_ascii_hexdigit()),
                "{name}: {digest}"
            );
        }
    }
    assert_eq!(statement["predicate"]["checks"][0]["check"], "tests/run.sh");
}

#[test]
fn why_goes_from_a_line_to_the_request() {
    let repo = played();
    let why = json(&repo, &["why", "poem.txt:2", "--json"]);
    assert_valid("why.schema.json", &why);
    assert_eq!((&why["origin"], &why["text"]), (&"committed".into(), &"violets".into()));
    assert_eq!(why["commit"]["proof"]["state"], "verified");
    assert_eq!(why["asked"]["text"], "Write me a poem");
    assert_eq!((&why["call"]["tool"], &why["call"]["verdict"]), (&"write".into(), &"allow".into()));
    assert_eq!(
        (&why["checks"][0]["check"], &why["checks"][0]["result"]),
        (&"tests/run.sh".into(), &"passed".into())
    );
    let text = repo.world.iosm(&["why", "../poem.txt:2", "-C", "src"]).run().expect(0).out;
    assert!(text.contains("verified: rows") && text.contains("asked    Write me a poem"), "{text}");

    let why = |what: &str| repo.world.iosm(&["why", what]).run();
    assert!(why("a.txt:1").expect(0).out.contains("no trailer"));
    repo.world.write("poem.txt", "roses\nviolets\nweeds\n");
    let told = why("poem.txt:3").expect(0).out;
    assert!(told.contains("none yet") && told.contains("call     t1 write"), "{told}");
    assert!(why("poem.txt:2").expect(0).out.contains("verified"), "the other lines are where they were");
    repo.world.write("new.txt", "x\n");
    assert!(why("new.txt:1").expect(0).out.contains("in no commit"));
    for wrong in ["poem.txt", "poem.txt:0", "poem.txt:99", "nowhere.txt:1", ":3", "/etc/passwd:1"] {
        why(wrong).expect(2);
    }
}

#[test]
fn why_says_when_the_proof_is_missing_or_does_not_fit() {
    let repo = played();
    let why = |args: &[&str]| repo.world.iosm(&[&["why", "poem.txt:1"], args].concat()).run();
    // Another machine: another state.
    let elsewhere = repo.world.base().join("elsewhere");
    let told = repo.world.iosm(&["why", "poem.txt:1"]).var("IOSM_HOME", elsewhere.to_str().unwrap()).run();
    assert!(told.expect(0).out.contains("not on this machine"));

    let message = repo.git(&["log", "-1", "--format=%B"]);
    let reworded = |message: &str| repo.git(&["commit", "-q", "--amend", "-m", message]);
    // Reworded by hand, trailers kept: the rows are right, the commit is another.
    reworded(&message.replace("Add a poem", "Add poetry"));
    assert!(why(&[]).expect(0).out.contains("did not see this very commit"));
    let claim = message.lines().find(|line| line.starts_with("Iosm-Journal")).unwrap();
    let hash = claim.rsplit(':').next().unwrap();
    reworded(&message.replace(hash, &"0".repeat(64)));
    assert!(why(&[]).expect(5).out.contains("DOES NOT FIT"));
    reworded(&message.replace(claim, &format!("Iosm-Journal: 900-5000:{hash}")));
    assert!(why(&[]).expect(5).out.contains("DOES NOT FIT"));
    reworded(&message.replace(claim, "Iosm-Journal: rubbish"));
    assert!(why(&[]).expect(0).out.contains("NOT PROVED"));

    reworded(&message);
    let journal = repo.journal();
    let rows = std::fs::read_to_string(&journal).unwrap();
    std::fs::write(&journal, rows.replacen("\"allow\"", "\"deny\"", 1)).unwrap();
    let told = why(&[]).expect(5);
    assert!(told.out.contains("NOT PROVED: the journal of"), "{}", told.out);
}
