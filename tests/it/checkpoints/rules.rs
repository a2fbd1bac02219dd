//! Edges of restoring: rules that changed meanwhile, what stands in the way, what was left out, parts.

use std::os::unix::fs::PermissionsExt;

use super::field::Field;

#[test]
fn what_was_ignored_then_is_not_taken_for_new() {
    let field = Field::new();
    field.put(".gitignore", ".env\nlocal/\n");
    field.put(".env", "KEY=1");
    field.put("local/db", "rows");
    field.put("a", "1");
    field.take("it");
    field.put(".gitignore", "");
    field.put("a", "2");
    let rolled = field.restore("it");
    assert_eq!(rolled.removed, [] as [String; 0]);
    assert_eq!(
        (field.read(".env").as_deref(), field.read("local/db").as_deref()),
        (Some("KEY=1"), Some("rows"))
    );
    assert_eq!(field.read("a").as_deref(), Some("1"));
}

#[test]
fn ignore_files_that_came_since_hide_nothing() {
    let field = Field::new();
    field.put("sub/a", "1");
    field.take("it");
    field.put("sub/.gitignore", "a\nb\n");
    field.put("sub/a", "2");
    field.put("sub/b", "made since, ignored by what was made since");
    field.put("c", "new");
    let rolled = field.restore("it");
    assert_eq!(field.read("sub/a").as_deref(), Some("1"), "held then, ignored now");
    assert_eq!((field.read("sub/.gitignore"), field.read("c")), (None, None));
    // Nobody has looked at it: it cannot be brought back, so it is not taken away.
    assert!(field.read("sub/b").is_some());
    assert_eq!(rolled.removed, ["sub/.gitignore", "c"]);
    field.restore("redo");
    assert_eq!(field.read("sub/a").as_deref(), Some("2"), "the present was kept although it was ignored");
}

#[test]
fn a_folder_with_unheld_files_in_the_way_is_named_and_the_rest_goes_on() {
    let field = Field::new();
    field.put(".gitignore", "*.log\n");
    field.put("thing", "a file");
    field.put("other", "1");
    field.take("it");
    field.shell("rm thing && mkdir thing && echo x > thing/x.log && echo y > thing/y && echo 2 > other");
    let rolled = field.roll("it", &[]);
    assert_eq!(rolled.failed.iter().map(|failure| failure.path.as_str()).collect::<Vec<_>>(), ["thing"]);
    assert!(rolled.failed[0].why.contains("in no checkpoint"), "{:?}", rolled.failed);
    assert_eq!(field.read("thing/x.log").as_deref(), Some("x\n"));
    assert_eq!(field.read("other").as_deref(), Some("1"));
}

#[test]
fn only_what_was_asked_for_is_restored() {
    let field = Field::new();
    for path in ["src/a", "src/deep/b", "src2/c", "d"] {
        field.put(path, "1");
    }
    field.take("it");
    field.shell("rm -rf src src2 d && mkdir src && echo new > src/new");
    let rolled = field.roll("it", &["src"]);
    assert_eq!(rolled.failed, []);
    assert_eq!((field.read("src/a").as_deref(), field.read("src/deep/b").as_deref()), (Some("1"), Some("1")));
    assert_eq!((field.read("src/new"), field.read("src2/c"), field.read("d")), (None, None, None));
}

#[test]
fn one_file_brings_the_folders_it_lies_in_and_an_unknown_path_is_told() {
    let field = Field::new();
    for path in ["d/e/g", "d/e/h", "d/i", "k"] {
        field.put(path, "1");
    }
    std::fs::set_permissions(field.root().join("d/e"), std::fs::Permissions::from_mode(0o750)).unwrap();
    field.take("it");
    field.shell("rm -r d");
    let rolled = field.roll("it", &["d/e/g"]);
    assert_eq!(rolled.failed, []);
    assert_eq!(rolled.written, ["d", "d/e", "d/e/g"]);
    assert_eq!(
        (field.read("d/e/g").as_deref(), field.read("d/e/h"), field.read("d/i")),
        (Some("1"), None, None)
    );
    let mode = std::fs::metadata(field.root().join("d/e")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o750);

    let rolled = field.roll("it", &["typo.rs", "d/none"]);
    let failed: Vec<&str> = rolled.failed.iter().map(|failure| failure.path.as_str()).collect();
    assert_eq!((failed, rolled.redo), (vec!["typo.rs", "d/none"], None));
    let rolled = field.roll("it", &["typo.rs", "d/i"]);
    assert_eq!((rolled.failed.len(), rolled.written), (1, vec!["d/i".to_owned()]));
    // What came since is known by being there.
    field.put("new", "1");
    assert_eq!(field.roll("it", &["new"]).removed, ["new"]);
}

#[test]
fn folders_that_take_nothing_are_opened_while_their_files_come_back() {
    let field = Field::new();
    field.put("sub/f", "1");
    field.put("shut/f", "1");
    field.shell("chmod 555 shut");
    field.take("it");
    field.shell("chmod 755 shut && echo 2 > shut/f && chmod 555 shut && echo 2 > sub/f && chmod 555 sub");
    let rolled = field.roll("it", &[]);
    let mode = |path: &str| std::fs::metadata(field.root().join(path)).unwrap().permissions().mode() & 0o777;
    assert_eq!(rolled.failed, []);
    assert_eq!((field.read("sub/f").as_deref(), field.read("shut/f").as_deref()), (Some("1"), Some("1")));
    assert_eq!((mode("sub"), mode("shut")), (0o755, 0o555));
    field.shell("chmod 755 shut");
}

#[test]
fn a_file_that_is_too_large_is_kept_by_its_blocks_or_named_and_never_touched() {
    let field = Field::new();
    let most = iosm::host::git::snapshot::MOST_FILE;
    field.put("small", "1");
    let sparse = |name: &str, size: u64| {
        std::fs::File::create(field.root().join(name)).unwrap().set_len(size).unwrap();
    };
    sparse("huge", most + 1);
    let taken = field.take("it");
    let left: Vec<&str> = taken.left_out.iter().map(|left| left.path.as_str()).collect();
    if left.is_empty() {
        assert_eq!(taken.large[0].path, "huge");
    } else {
        assert_eq!(left, ["huge"]);
        assert!(taken.left_out[0].why.contains("bytes"), "{:?}", taken.left_out);
    }
    field.shell("echo 2 > small");
    let rolled = field.restore("it");
    assert_eq!(rolled.written, ["small"]);
    assert_eq!(std::fs::metadata(field.root().join("huge")).unwrap().len(), most + 1);
    if !left.is_empty() {
        // One that stands where the checkpoint has a small file is not written over.
        sparse("small", most + 1);
        let rolled = field.roll("it", &[]);
        assert_eq!(rolled.failed.len(), 1);
        assert_eq!(std::fs::metadata(field.root().join("small")).unwrap().len(), most + 1);
    }
}

#[test]
fn a_link_swapped_in_leads_nowhere() {
    let field = Field::new();
    field.put("src/a", "1");
    field.take("it");
    let outside = field.temp.path().join("home/outside");
    std::fs::create_dir_all(&outside).unwrap();
    std::fs::write(outside.join("a"), "theirs").unwrap();
    field.shell("rm -rf src && ln -s ../home/outside src");
    field.restore("it");
    assert_eq!(std::fs::read_to_string(outside.join("a")).unwrap(), "theirs");
    assert_eq!(field.read("src/a").as_deref(), Some("1"));
    assert!(!field.root().join("src").is_symlink());
}

#[test]
fn nothing_to_do_is_nothing_done() {
    let field = Field::new();
    field.put("a", "1");
    let taken = field.take("it");
    let before = field.shape();
    let rolled = field.restore("it");
    assert_eq!((rolled.redo, field.checkpoints.list().unwrap().0.len()), (None, 1));
    assert_eq!(field.shape(), before);
    // The permissions of a folder count.
    std::fs::create_dir(field.root().join("d")).unwrap();
    field.take("with d");
    std::fs::set_permissions(field.root().join("d"), std::fs::Permissions::from_mode(0o700)).unwrap();
    field.restore("with d");
    assert_eq!(std::fs::metadata(field.root().join("d")).unwrap().permissions().mode() & 0o777, 0o755);
    assert_eq!(field.checkpoints.find(&taken.id[2..]).unwrap().id, taken.id);
}
