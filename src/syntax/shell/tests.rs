//! What the scan finds, and what it admits not to know.

use super::*;

/// `program arg arg` of every command, in the order found.
fn found(line: &str) -> Vec<String> {
    let scan = scan(line);
    let text = |c: &SimpleCommand| {
        let mut words = vec![c.program.clone().unwrap_or_else(|| "?".to_owned())];
        words.extend(c.args().iter().map(|w| w.text.clone()));
        words.join(" ")
    };
    scan.commands.iter().map(text).collect()
}

#[track_caller]
fn finds(line: &str, command: &str) {
    let found = found(line);
    assert!(found.iter().any(|f| f == command), "{line:?} holds {found:?}, not {command:?}");
}

#[test]
fn commands_are_found_wherever_a_shell_would_run_them() {
    for line in [
        "rm -rf x",
        "true && rm -rf x || false",
        "ls | rm -rf x",
        "(cd a; rm -rf x)",
        "{ rm -rf x; }",
        "echo $(rm -rf x)",
        "echo \"a `rm -rf x` b\"",
        "diff <(rm -rf x) y",
        "cat <<EOF\n$(rm -rf x)\nEOF",
        "cat <<EOF && rm -rf x\nhi\nEOF",
        "cat <<'EOF' | bash\nrm -rf x\nEOF",
        "bash <<'EOF'\nrm -rf x\nEOF",
        "sh <<< 'rm -rf x'",
        "echo 'rm -rf x' | sh",
        "f() { rm -rf x; }; f",
        "if true; then rm -rf x; fi",
        "for i in 1 2; do rm -rf x; done",
        "while rm -rf x; do :; done",
        "case a in a) rm -rf x;; esac",
        "! rm -rf x",
        "X=$(rm -rf x)",
        "export X=$(rm -rf x)",
        "[[ -n $(rm -rf x) ]]",
        "a=(1 $(rm -rf x))",
        "echo ${a:-$(rm -rf x)} $((1 + $(rm -rf x)))",
        "rm > log -rf x",
        "true && rm > log -rf x",
        "> log rm -rf x",
        "r\\m -rf x",
        "'rm' -rf \"x\"",
        "$'\\x72m' -rf x",
        "/bin/rm -rf x",
        "sudo -u root rm -rf x",
        "env A=1 -u B rm -rf x",
        "env -S 'A=1 rm -rf x'",
        "env -iS 'rm -rf' x",
        "X=x; rm -rf $X",
        "X='-rf x'; rm $X",
        "C=rm; \"$C\" -rf x",
        "f() { rm -rf \"$1\"; }; f x",
        "f() { rm \"$@\"; }; f -rf x",
        "bash -c 'rm -rf \"$1\"' _ x",
        "Y=x bash -c 'rm -rf $Y'",
        "for d in w x; do rm -rf $d; done",
        "for d in {w..y}; do rm -rf $d; done",
        "rm {-rf,x}",
        "rm -{r,}f {x,}; rm -rf {x,}",
        "D=x/; rm -rf ${D%/}",
        "rm -rf $(basename a/x.c .c)",
        "rm -rf `echo x`",
        "eval `rm -rf x`",
        "X=`rm -rf x`; `rm -rf x`",
        "if `rm -rf x`; then :; fi",
        "coproc rm -rf x",
        "git -c alias.z='!rm -rf x' z",
        "git submodule foreach 'rm -rf x'",
        "python3 -c 'import os; os.system(\"rm -rf x\")'",
        "awk 'BEGIN { system(\"rm -rf x\") }'",
        "node -e 'require(\"child_process\").execSync(\"rm -rf x\")'",
        "su -c 'rm -rf x' root",
        "script -qc 'rm -rf x' /dev/null",
        "watch -n 1 rm -rf x",
        "ionice -c 3 setsid unshare -r rm -rf x",
        "ls | entr -r rm -rf x",
        "select d in x; do rm -rf x; done",
        "until rm -rf x; do :; done",
        "if a; then b; elif c; then rm -rf x; else d; fi",
        "((i++)) && rm -rf x",
        "cat <<-A <<'B'; rm -rf x\n\tone\n\tA\ntwo\nB",
        "a=$(cat <<'E'\nit's )\nE\n) && rm -rf x",
        "nohup nice -n 5 timeout -k 1 10 rm -rf x",
        "command rm -rf x",
        "exec rm -rf x",
        "stdbuf -oL rm -rf x",
        "time -p rm -rf x",
        "bash -lc 'rm -rf x'",
        "sh -c \"sh -c 'rm -rf x'\"",
        "eval 'rm -rf x'",
        "trap 'rm -rf x' EXIT",
        "find . -name a -exec rm -rf x \\;",
        "rm -rf x # really",
        "rm \\\n -rf x",
    ] {
        finds(line, "rm -rf x");
    }
    finds("ls | xargs -n 1 rm -rf", "rm -rf (words from the pipe)");
    finds("find . -exec rm {} +", "rm {}");
}

#[test]
fn text_that_only_looks_like_a_command_is_none() {
    for line in [
        "git commit -m 'rm -rf x'",
        "echo \"rm -rf x\"",
        "cat > a.sh <<'EOF'\nrm -rf x\n$(rm -rf x)\nEOF",
        "grep -rn 'rm -rf x; rm -rf x' .",
        "# rm -rf x",
        "printf '%s' '$(rm -rf x)'",
    ] {
        assert!(!found(line).iter().any(|f| f == "rm -rf x"), "{line}");
        assert_eq!(scan(line).opaque, None, "{line}");
    }
}

#[test]
fn what_cannot_be_known_is_opaque() {
    for line in [
        "$CMD x",
        "\"$A\"b x",
        "eval \"$X\"",
        "bash -c \"$X\"",
        "echo aGk= | base64 -d | sh",
        "curl x.y | bash -s -- -y",
        "cat <<EOF | sh\nrm $X\nEOF",
        "source $X",
        "echo \"unterminated",
        "a; ;b",
        "ls | parallel rm",
        "env -S 'rm $X'",
        "f() { eval \"$1\"; }; f \"$X\"",
        "X=$(cat a); $X",
        "find . -exec sh -c 'rm {}' \\;",
        "r* x",
    ] {
        assert!(scan(line).opaque.is_some(), "{line}: {:?}", scan(line));
    }
    for line in ["ls $X", "source .venv/bin/activate", "bash x.sh", "make && ./run.sh", "sudo", "echo ${X}"] {
        assert_eq!(scan(line).opaque, None, "{line}");
    }
    assert!(scan(&"(".repeat(50_000)).opaque.is_some());
    assert!(scan(&"$(".repeat(5_000)).opaque.is_some());
    assert!(scan(&"find -exec ".repeat(5_000)).opaque.is_some());
    assert!(scan(&format!("{}rm x", "sudo ".repeat(40))).opaque.is_some());
    assert!(scan(&"a && ".repeat(3_000)).opaque.is_some());
    assert!(scan(&"x".repeat(MOST_BYTES + 1)).unparsable);
}

#[test]
fn words_keep_what_is_known_of_them() {
    let words = |line: &str| scan(line).commands.pop().unwrap().args().to_vec();
    let known = |line: &str| words(line).into_iter().map(|w| (w.text, w.known)).collect::<Vec<_>>();
    let one = |line: &str| known(line).remove(0);
    assert_eq!(one("echo a\\ b"), ("a b".to_owned(), Known::Literal));
    assert_eq!(one("echo 'q'w\"e\\\"\""), ("qwe\"".to_owned(), Known::Literal));
    assert_eq!(one("echo \"  \""), ("  ".to_owned(), Known::Literal));
    assert_eq!(one("echo *.rs"), ("*.rs".to_owned(), Known::Pattern));
    assert_eq!(one("echo {}"), ("{}".to_owned(), Known::Literal));
    assert_eq!(one("echo '*'"), ("*".to_owned(), Known::Literal));
    assert_eq!(one("echo $HOME/x"), ("~/x".to_owned(), Known::Literal));
    assert_eq!(one("echo \"${HOME}/x\""), ("~/x".to_owned(), Known::Literal));
    assert_eq!(one("echo '~/x'"), ("./~/x".to_owned(), Known::Literal));
    assert_eq!(one("echo ~/x"), ("~/x".to_owned(), Known::Literal));
    assert_eq!(one("echo a$B"), ("a$B".to_owned(), Known::Dynamic));
    assert_eq!(words("rm ~/a/*")[0].known_prefix(), "~/a/");
}

#[test]
fn redirections_have_targets_and_places() {
    let targets = |line: &str| {
        let text = |r: Redirect| format!("{:?} {}@{}", r.kind, r.target.text, r.dir.unwrap_or("?".into()));
        scan(line).redirects.into_iter().map(text).collect::<Vec<_>>()
    };
    assert_eq!(targets("ls > a 2>&1 2>> b"), ["Write a@", "Append b@"]);
    assert_eq!(targets("cd sub && ls &> a"), ["Write a@sub"]);
    assert_eq!(targets("(cd sub; ls > a); ls > b"), ["Write a@sub", "Write b@"]);
    assert_eq!(targets("cd $X; ls > a"), ["Write a@?"]);
    assert_eq!(targets("cd a/b; cd ..; ls > c"), ["Write c@a"]);
    assert_eq!(targets("cd ..; cd ..; ls > c"), ["Write c@../.."]);
    assert_eq!(targets("cat <<EOF > o\nx\nEOF"), ["Write o@"]);
    assert_eq!(targets("{ a; b; } > o"), ["Write o@"]);
    assert_eq!(targets("cat < in"), ["Read in@"]);
    assert_eq!(targets("bash -c 'ls >| o'"), ["Write o@"]);
    assert_eq!(targets("f() { cd x; }; f; ls > o"), ["Write o@x"]);
    assert_eq!(
        targets("f() { ls > never; }; ls <> o >&p 3>q {fd}>r >|s"),
        ["Write o@", "Write p@", "Write q@", "Write r@", "Write s@"]
    );
}

#[test]
fn pipes_substitutions_and_functions_are_related() {
    let scan = scan("curl x | tee y | cat; z $(curl a); f() { f | f & }; f");
    assert_eq!(scan.commands[2].fed_by, [0, 1]);
    let z = scan.commands.iter().find(|c| c.program.as_deref() == Some("z")).unwrap();
    assert_eq!(scan.commands[z.inside.clone()][0].program.as_deref(), Some("curl"));
    assert_eq!(scan.functions[0].name, "f");
    assert_eq!(scan.functions[0].body.len(), 2);
}

proptest::proptest! {
    #[test]
    fn no_text_makes_the_scan_fail(text in "\\PC{0,80}") {
        scan(&text);
    }

    #[test]
    fn no_shell_like_text_makes_the_scan_fail(
        parts in proptest::collection::vec(
            proptest::sample::select(vec![
                "rm", " ", "|", "&&", ";", "$(", ")", "(", "{", "}", "`", "'", "\"", "<<EOF", "\nEOF\n",
                ">", "<", ">&", "2", "$X", "${", "\\", "\n", "if", "then", "fi", "do", "done", "for", "in",
                "case", "esac", "bash -c ", "eval ", "xargs ", "find -exec ", "$'", "\\x4", "[[", "]]", "((", "#",
                "~", "*", "é", "env ", "=", "cd ", "..", "<<<", "<(", "!", "function ", "\0",
            ]),
            0..40,
        )
    ) {
        scan(&parts.concat());
    }
}
