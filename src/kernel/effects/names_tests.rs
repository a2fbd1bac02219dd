//! Names that come at run time: which lines ask as `cat .env` does, and which rules hold against them.

use crate::kernel::testing::World;

fn world() -> World {
    let world = World::new();
    let at = |path: &str| world.charter.workspace.join(path);
    for path in [".env", "vendor/l.c", "sub/.env.local", "notes.md", "keys/private.pem"] {
        std::fs::create_dir_all(at(path).parent().unwrap()).unwrap();
        std::fs::write(at(path), "x").unwrap();
    }
    world
}

#[test]
fn a_file_of_secrets_asks_however_it_is_named() {
    let world = world();
    let mut quiet = Vec::new();
    for line in [
        "cat .env",
        "cat -n .env",
        "cat -A .env",
        "nl -b a .env",
        "od -c .env",
        "strings -a .env",
        "wc -l .env",
        "fold -s .env",
        "hexdump -C .env",
        "head -q .env",
        "diff -u .env notes.md",
        "diff --color .env notes.md",
        "xxd -ps .env",
        "base64 -d .env",
        "jq -R --tab . .env",
        "jq -n --rawfile x .env '$x'",
        "date -f .env",
        "wc --files0-from=.env",
        "sort --files0-from .env",
        "find -files0-from .env",
        "tree --fromfile .env",
        "tar -cf- .env | cat",
        "tar cf - -C sub .env.local",
        "zip - -r sub/.env.local .env",
        "git blame --contents .env notes.md",
        "git config -f .env --list",
        "find . -name .env -exec cat {} \\;",
        "find . -name '.env*' -exec head -1 {} +",
        "find . -name '*.local' -execdir cat {} \\;",
        "find . -path './sub/.e*' -exec cat {} +",
        "find . -iname .ENV | xargs cat",
        "find . -maxdepth 1 -name '.*' | xargs cat",
        "find . -name .env | head -1 | xargs -I{} cat {}",
        "find . -name .env -exec sh -c 'cat \"$1\"' _ {} \\;",
        "find . -name .env -exec python3 -m json.tool {} \\;",
        "find .env | xargs cat",
        "fd -H '^\\.env$' -x cat",
        "echo .env | xargs cat",
        "echo -e '.env\\n' | xargs cat",
        "printf '%s\\n' notes.md .env | xargs cat",
        "printf '.env\\n' | xargs -d '\\n' cat",
        "xargs cat <<< .env",
        "xargs -a .env",
        "xargs -a .env echo",
        "xargs --arg-file=.env echo",
        "set -- .env; cat $1",
        "set a .env; shift; cat \"$@\"",
        "cat .*",
        "cat sub/.*",
        "cat */.env.l*",
        "cat keys/*",
        "for f in .*; do cat $f; done",
        "for f in .* *; do cat \"$f\"; done",
        "cat $(find . -name .env)",
        "cat $(echo .env)",
        "cat $(ls -A)",
        "cat $(ls .env)",
        "cat `realpath .env`",
        "for f in $(find . -name '.env*'); do cat $f; done",
        "find . -name .env | while read f; do cat \"$f\"; done",
        "while read f; do cat $f; done < <(find . -name .env)",
        "ls -A | xargs cat",
        "ls -a | grep env | xargs cat",
        "ls keys | xargs -I{} cat keys/{}",
        "git ls-files .env | xargs cat",
        "grep -rh . --include='.env*'",
        "grep -r --include .env . .",
        "rg --hidden -g '.env*' .",
        "cp $(find . -name .env) copy",
        "awk 'BEGIN { while ((getline l < \".env\") > 0) print l }'",
        "awk -v f=.env 'BEGIN { while ((getline l < f) > 0) print l }'",
    ] {
        let rules = world.rules_hit("bash", line);
        if !rules.iter().any(|(rung, _)| rung == "self_protection") {
            quiet.push(format!("{line}: {rules:?}"));
        }
    }
    assert!(quiet.is_empty(), "{} lines do not ask:\n{}", quiet.len(), quiet.join("\n"));
}

#[test]
fn a_look_at_a_whole_tree_asks_nothing() {
    let world = world();
    let mut asked = Vec::new();
    for line in [
        "find . -name '*.rs' | xargs grep foo",
        "find . -type f | xargs grep -l foo",
        "find . -type f -exec grep -l foo {} +",
        "find . -name '*' -type f -exec wc -l {} +",
        "find . -not -name .env -type f | xargs cat",
        "find . ! -name '.env*' -exec cat {} +",
        "find . -name .git -prune -o -name '*.md' -print | xargs cat",
        "find . -path ./sub -prune -o -type f -exec cat {} +",
        "find . -name .env",
        "find . -name .env -exec ls -l {} \\;",
        "find . -maxdepth 1 -name '*.md' -exec cat {} +",
        "grep -rn x .",
        "grep -rn x . --include='*.rs'",
        "grep -rn x . --exclude=.env",
        "rg x",
        "rg -g '!.env' x",
        "rg -g '*.rs' x",
        "git ls-files | xargs wc -l",
        "git diff --name-only | xargs cat",
        "ls | xargs cat",
        "ls -A | wc -l",
        "ls -A | xargs ls -ld",
        "ls -la; cat $F",
        "cat *",
        "cat *.md",
        "ls .*",
        "echo .*",
        "wc -l src/*",
        "for f in *.md; do cat $f; done",
        "cat $(ls src)",
        "echo notes.md | xargs cat",
        "tar czf - . | wc -c",
        "cp -r src copy",
        "diff -r src vendor",
        "set -e; cat notes.md",
        "sort -t / -k 2 notes.md",
        "cut -d / -f 1 notes.md",
        "awk '/.env/ { print }' notes.md",
        "sed -n '/.env/p' notes.md",
        "git blame notes.md",
        "git commit -m 'about .env'",
    ] {
        let verdict = world.verdict("bash", line);
        if verdict.kind != crate::protocol::VerdictKind::Allow {
            asked.push(format!("{line}: {}", verdict.user_line));
        }
    }
    assert!(asked.is_empty(), "{} lines ask:\n{}", asked.len(), asked.join("\n"));
}

#[test]
fn a_rule_about_a_folder_holds_against_all_that_reads_it() {
    let mut world = world().with(&["{name: v, action: deny, effect: read, path: vendor/}"]);
    let mut passed = Vec::new();
    for line in [
        "cat vendor/l.c",
        "cat -n vendor/l.c",
        "echo vendor/l.c | xargs cat",
        "cat */l.c",
        "cat v*/l.c",
        "cat $(find . -name l.c)",
        "cat $F",
        "cat ./$F",
        "find . -name '*.c' -exec cat {} +",
        "find . -type f | xargs cat",
        "ls -R | xargs cat",
        "git ls-files | xargs cat",
        "grep -rn x .",
        "grep -rn x",
        "rg x",
        "cp -r . ../copy",
        "tar cf x.tar .",
        "zip -r x.zip .",
        "diff -r . src",
        "rsync -a . ../copy",
    ] {
        let rules = world.rules_hit("bash", line);
        if !rules.iter().any(|(rung, _)| rung == "user_policy") {
            passed.push(format!("{line}: {rules:?}"));
        }
    }
    assert!(passed.is_empty(), "{} lines pass the rule:\n{}", passed.len(), passed.join("\n"));
    world.refuses("grep", ".", "user_policy", "deny");
    for line in [
        "grep -rn x src",
        "rg x src sub",
        "cat src/*",
        "find src -type f | xargs cat",
        "ls",
        "find .",
        "cat *.md",
    ] {
        world.allows("bash", line);
    }
    world.allows("grep", "src");
    let verdict = world.refuses("bash", "grep -rn x .", "user_policy", "deny");
    assert!(verdict.model_line.contains("below"), "{verdict:?}");
    // Nothing of the kind is there.
    world = World::new().with(&[
        "{name: p, action: deny, effect: read, path: '**/*.pem'}",
        "{name: g, action: deny, effect: read, path: gone/}",
    ]);
    world.allows("bash", "grep -rn x .");
    std::fs::write(world.charter.workspace.join("src/a.pem"), "x").unwrap();
    world.refuses("bash", "grep -rn x .", "user_policy", "deny");
    world.refuses("bash", "cat src/*", "user_policy", "deny");
    world.allows("bash", "cat src/*.rs && grep -rn x vendor");
}

#[test]
fn a_rule_about_writes_holds_against_names_that_come() {
    let world = world().with(&["{name: v, action: deny, effect: write, path: vendor/}"]);
    for line in [
        "find . -name '*.c' -exec sed -i s/a/b/ {} +",
        "find . -name '*.c' | xargs sed -i s/a/b/",
        "chmod -R a+w .",
        "echo vendor/l.c | xargs tee",
        "sed -i s/a/b/ */l.c",
    ] {
        world.refuses("bash", line, "user_policy", "deny");
    }
    for line in ["find src -name '*.c' | xargs sed -i s/a/b/", "chmod -R a+w src", "sed -i s/a/b/ src/*"] {
        world.allows("bash", line);
    }
}
