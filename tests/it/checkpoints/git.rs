//! In a repository: the user's own is never written to, and its rules say what is held.

use super::field::{Field, same, shape};

fn repository() -> Field {
    let field = Field::new();
    field.put("kept.txt", "one\n");
    field.put("crlf.txt", "a\r\nb\r\n");
    field.put("forced.log", "forced\n");
    field.put(".gitignore", "*.log\n/out/\n");
    field.put(".gitattributes", "* text=auto eol=lf\n*.txt filter=shout\n");
    field.shell(
        "git init -q -b main . && git config filter.shout.clean 'tr a-z A-Z' && git config core.autocrlf true
         git add -f kept.txt forced.log .gitignore && git commit -qm one 2>/dev/null
         echo two >> kept.txt && git stash -q && echo staged > staged.txt && git add staged.txt 2>/dev/null
         git tag v1 && git branch side",
    );
    field.put("untracked/new.rs", "fn new() {}\n");
    field.put("out/built.o", "built");
    field.put("notes.log", "ignored\n");
    field
}

#[test]
fn the_users_repository_is_untouched_to_the_byte() {
    let field = repository();
    let git = || shape(&field.root().join(".git"), |_| true);
    let before = git();
    assert!(before.contains_key(&b"refs/stash"[..]) && before.contains_key(&b"index"[..]));
    field.take("first");
    field.take("second");
    assert_eq!(git(), before);
    let tree = field.shape();
    field.shell("rm -rf untracked kept.txt forced.log && printf 'a\\nb\\n' > crlf.txt && echo x > new.txt");
    field.restore("second");
    assert_eq!(git(), before, "restoring writes the work tree alone");
    same(&field.shape(), &tree);
    field.restore("redo");
    assert_eq!(git(), before);
    assert_eq!(field.read("crlf.txt").as_deref(), Some("a\nb\n"), "no filter, no line ends of git's");
    let git = |line: &str| field.shell(line);
    git("test \"$(git stash list | wc -l)\" = 1 && git fsck --no-dangling 2>/dev/null");
}

#[test]
fn what_git_ignores_is_not_held_unless_git_tracks_it() {
    let field = repository();
    let taken = field.take("it");
    let names: Vec<String> = {
        field.shell("rm -rf kept.txt forced.log notes.log out untracked");
        let compared = field.checkpoints.compare(&taken, &[]).unwrap();
        compared.changes.into_iter().filter(|c| !c.folder).map(|c| c.path).collect()
    };
    assert_eq!(names, ["forced.log", "kept.txt", "untracked/new.rs"]);
    field.restore("it");
    assert_eq!(field.read("forced.log").as_deref(), Some("forced\n"));
    assert_eq!((field.read("notes.log"), field.read("out/built.o")), (None, None));
}

#[test]
fn a_file_comes_back_in_the_place_of_a_folder_that_git_tracks() {
    let field = repository();
    field.put("d", "a file");
    field.put("e/x", "a folder");
    field.take("it");
    field.shell("rm -r d e && mkdir d && echo x > d/x && git add d/x && ln -s d e && git add e 2>/dev/null");
    field.restore("it");
    assert_eq!(
        (field.read("d").as_deref(), field.read("e/x").as_deref()),
        (Some("a file"), Some("a folder"))
    );
    field.restore("redo");
    assert_eq!((field.read("d/x").as_deref(), field.read("e/x").as_deref()), (Some("x\n"), Some("x\n")));
}

#[test]
fn a_repository_within_keeps_its_own_and_its_work_files_come_back() {
    let field = repository();
    field.shell("git init -q inner && echo 'secret.txt' > inner/.gitignore && echo in > inner/file && cd inner && git add . && git commit -qm inner 2>/dev/null && echo s > secret.txt");
    let inner = || shape(&field.root().join("inner/.git"), |_| true);
    let before = inner();
    field.take("it");
    field.shell("echo changed > inner/file && rm inner/.gitignore && echo new > inner/new");
    field.restore("it");
    assert_eq!(inner(), before);
    assert_eq!(field.read("inner/file").as_deref(), Some("in\n"));
    assert_eq!(field.read("inner/secret.txt").as_deref(), Some("s\n"), "ignored there, and left alone");
    assert_eq!(field.read("inner/new"), None);
}
