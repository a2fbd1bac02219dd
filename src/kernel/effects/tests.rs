//! Lines and the effects they are said to have.

use crate::kernel::testing::World;
use crate::protocol::{Effect, GitOp};

/// Effects of a line as short texts, paths relative to the workspace. `exact` or `contained` or
/// `opaque` comes first.
fn told(world: &World, line: &str) -> Vec<String> {
    let effects = world.kernel().explain(&world.call("bash", line)).unwrap().effects;
    let short = |path: &std::path::Path| {
        let below = path.strip_prefix(&world.charter.workspace).unwrap_or(path);
        let text = below.display().to_string();
        let text = text.replace(&world.charter.home.display().to_string(), "~");
        let text = text.replace(&world.charter.temp.display().to_string(), "$TMP");
        text.replace(&world.root().display().to_string(), "..")
    };
    let text = |effect: &Effect| match effect {
        Effect::Exec { .. } => "exact".to_owned(),
        Effect::Contained { .. } => "contained".to_owned(),
        Effect::Opaque { .. } => "opaque".to_owned(),
        Effect::Read { path } => format!("r {}", short(path)),
        Effect::Write { path } => format!("w {}", short(path)),
        Effect::Delete { path } => format!("d {}", short(path)),
        Effect::Git { op, about } => format!("git {} {about}", op.name()).trim().to_owned(),
        other => other.describe(),
    };
    effects.iter().map(text).collect()
}

#[test]
fn lines_have_the_effects_their_words_say() {
    let world = World::new();
    let mut wrong = Vec::new();
    for (line, effects) in [
        // Redirections, and the folder they stand in.
        ("echo x > a 2>> b &> c >| d", "exact, w a, w b, w c, w d"),
        ("cd src && echo x > a", "exact, w src/a"),
        ("(cd src; echo x > a); echo y > b", "exact, w src/a, w b"),
        ("cd src; cd ..; echo x > a", "exact, w a"),
        ("pushd src; echo x > a; popd; echo y > b", "exact, w src/a, w b"),
        ("cd nowhere; echo x > a", "contained, w nowhere/a"),
        ("echo x <> a", "exact, w a"),
        ("cat < src/a.rs > /dev/null", "exact, r src/a.rs"),
        ("cat <<E > a\nx\nE", "exact, w a"),
        // What is known of variables.
        ("X=build; rm -rf $X", "exact, d build"),
        ("X=build; rm -rf \"${X}/x\"", "exact, d build/x"),
        ("for f in a b; do rm $f; done", "exact, d a, d b"),
        ("rm -rf src; mkdir src; echo x > src/a", "contained, d src, w src, w src/a"),
        ("mv vendor v; echo x > vendor/a", "contained, d vendor, w v, w vendor/a"),
        ("echo x > \"$TMPDIR/x\"", "exact, w $TMP/x"),
        ("echo x > ${TMPDIR:-/tmp}/x", "exact, w $TMP/x"),
        ("echo x > ~/n; echo x > $HOME/m", "exact, w ~/n, w ~/m"),
        ("HOME=src; echo x > ~/n", "exact, w src/n"),
        ("echo x > \"$OUT\"", "contained"),
        ("echo x > \"src/$OUT\"", "contained, w src/$OUT"),
        ("X=src; true || X=vendor; rm $X", "contained"),
        ("read X; rm $X", "contained"),
        ("X=a; X=b make; rm $X", "contained, d a"),
        ("export X=a; rm $X", "exact, d a"),
        ("(X=b); rm ${X-}", "contained"),
        ("d=$(mktemp -d); echo x > $d/f", "contained, w $TMP/tmp.*/f"),
        ("i=1; i=$((i+1)); echo x > \"out$i\"", "contained, w out*"),
        ("for f in *.o; do g=$f; rm \"$g\"; done", "exact, d *.o"),
        ("echo x > log.$$", "contained, w log.*"),
        ("f=src/a.rs; cp $f ${f%.rs}.bak", "exact, r src/a.rs, w src/a.bak"),
        ("rm() { echo no; }; rm -rf src", "exact"),
        // Programs with words of their own.
        ("rm -rf target -- -x", "exact, d target, d -x"),
        ("mkdir -p x/y/z", "exact, w x, w x/y/z"),
        ("cp src/a.rs vendor", "exact, r src/a.rs, w vendor/a.rs"),
        ("cp -t vendor src/a.rs", "exact, r src/a.rs, w vendor/a.rs"),
        ("mv src/a.rs b.rs", "exact, d src/a.rs, w b.rs"),
        ("ln -s src/a.rs l", "exact, r src/a.rs, w l"),
        ("sed -i s/a/b/ src/a.rs", "exact, w src/a.rs"),
        ("sed -n '1p;w out' src/a.rs", "exact, w out, r src/a.rs"),
        ("sort -u src/a.rs -o out", "exact, w out, r src/a.rs"),
        ("sort -uoout src/a.rs", "exact, w out, r src/a.rs"),
        ("awk '{ print > \"out\" }' src/a.rs", "contained, r src/a.rs, w out"),
        ("awk '$1 > 5 { n++ } END { printf \"%d\", n }' src/a.rs", "exact, r src/a.rs"),
        ("awk '$1 > 5' src/a.rs", "exact, r src/a.rs"),
        ("tee a b < src/a.rs", "exact, r src/a.rs, w a, w b"),
        ("dd if=src/a.rs of=b bs=1", "exact, r src/a.rs, w b"),
        ("find src -name '*.o' -delete", "exact, w src"),
        ("find src -fprint out", "exact, r src, w out"),
        ("shuf -eo pwn a", "exact, w pwn, r a"),
        ("cat -n src/a.rs", "exact, r src/a.rs"),
        ("cp --preserve src/a.rs b", "exact, r src/a.rs, w b"),
        ("mkdir -Z x", "exact, w x"),
        ("rm --interactive x", "exact, d x"),
        ("jq -n --rawfile x src/a.rs '$x'", "exact, r src/a.rs"),
        ("xxd -ps src/a.rs", "exact, r src/a.rs"),
        ("xxd -l 8 -c8 src/a.rs out", "exact, r src/a.rs, w out"),
        ("strings @src/a.rs", "exact, r @src/a.rs, r src/a.rs"),
        ("sed -nf s.sed src/a.rs", "contained, r s.sed, r src/a.rs"),
        ("sed -n -e p src/a.rs", "exact, r src/a.rs"),
        ("sed -i.bak s/a/b/ src/a.rs", "contained, w src/a.rs"),
        ("awk -f x.awk src/a.rs", "contained, r x.awk, r src/a.rs"),
        ("tar -cfx.tar src", "exact, w x.tar, r src"),
        ("tar cfC x.tar src a.rs", "contained, w x.tar, r a.rs, r src/a.rs"),
        ("tar --create --file=x.tar src", "exact, w x.tar, r src"),
        ("zip -r x.zip src", "contained, w x.zip, r src"),
        ("csplit src/a.rs /x/", "contained, r src/a.rs"),
        // Trees, and names that come at run time.
        ("grep -r x", "exact, r "),
        ("rg x", "exact, r "),
        ("rg x src", "exact, r src"),
        ("rg --files src", "exact, r src"),
        ("ls src | rg x", "exact, r src"),
        ("find src -name '*.rs' | xargs cat", "exact, r src"),
        ("find src -exec cat {} +", "exact, r src"),
        ("cat $(find src)", "exact, r src"),
        ("for f in $(find src); do cat $f; done", "exact, r src"),
        ("git ls-files | xargs cat", "exact, git look, r "),
        ("cat $F", "exact, r "),
        ("echo src/a.rs | xargs cat", "exact, r src/a.rs"),
        ("printf '%s\\n' a b | xargs -n1 rm", "exact, d a, d b"),
        ("printf '%s\\n' a b | xargs -I{} cp {} {}.bak", "contained, r a, w a.bak, r b, w b.bak"),
        ("xargs rm <<< 'a b'", "exact, d a, d b"),
        ("{ echo a; echo b; } | xargs rm", "contained"),
        ("xargs -a src/a.rs echo", "exact, r src/a.rs"),
        ("set -- src/a.rs b; cat $1; rm $2", "exact, r src/a.rs, d b"),
        ("set -e; set a b; shift; rm $1", "exact, d b"),
        ("f() { rm \"$2\"; }; f *.o keep", "contained"),
        ("find src -exec rm {} +", "contained, r src, w src"),
        ("tar -xzf x.tgz -C vendor", "contained, r x.tgz, w vendor"),
        ("tar cf x.tar src", "exact, w x.tar, r src"),
        ("unzip -d vendor x.zip", "contained, w vendor, r x.zip"),
        ("chmod +x src/a.rs", "exact, w src/a.rs"),
        ("chmod -x src/a.rs", "exact, w src/a.rs"),
        ("truncate -s 0 src/a.rs", "exact, w src/a.rs"),
        ("curl -so out http://localhost/x", "contained, reach localhost, w out"),
        ("make -C sub", "contained, w sub"),
        // Links: the name for what replaces it, the target for what goes through.
        ("rm linked-file", "exact, d linked-file"),
        ("echo x > linked-inside/n", "exact, w src/n"),
        ("mv src/a.rs linked-inside", "exact, d src/a.rs, w src/a.rs"),
        ("ln -sfn x linked-inside", "exact, r src/x, w linked-inside, w src/x"),
        // Through other programs.
        ("env A=1 timeout 5 rm x", "exact, d x"),
        ("sudo rm x", "contained, d x"),
        ("xargs rm x", "contained, d x"),
        ("bash -c 'echo x > a'", "exact, w a"),
        ("bash -c 'rm \"$1\"' _ a", "exact, d a"),
        ("eval 'cd src; rm x'; rm y", "exact, d src/x, d src/y"),
        ("trap 'rm x' EXIT", "contained, d x"),
        ("echo 'rm x' | bash", "exact, d x"),
        ("(echo 'rm x'; echo true) | bash", "opaque"),
        ("f() { echo 'rm x'; echo ok; }; f | bash", "opaque"),
        ("python3 -c 'import os; os.system(\"rm x\")'", "contained, d x"),
        ("env -C src rm x", "exact, d src/x"),
        ("./rm x", "contained, d x"),
        ("PATH=. rm x", "contained, d x"),
        ("eval \"$X\"", "opaque"),
        // Git.
        ("git status && git log -3", "exact, git status, git look -3"),
        ("git push -u origin main", "contained, git push origin main, reach git remote origin"),
        ("git commit -qm x", "contained, git commit -qm x"),
        ("git -C sub add .", "contained, git add ., w sub"),
        ("GIT_DIR=sub/.git git add .", "contained, git add ., w sub"),
        ("git archive -o out.tar HEAD", "contained, git export -o out.tar HEAD, w out.tar"),
        ("git frobnicate", "contained, git other"),
    ] {
        let mut have = told(&world, line);
        let mut want: Vec<String> = effects.split(", ").map(str::to_owned).collect();
        have.sort();
        want.sort();
        if have != want {
            wrong.push(format!("{line}\n  told {have:?}\n  want {want:?}"));
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn a_git_command_is_one_operation_of_a_closed_list() {
    use GitOp::*;
    let world = World::new();
    for (line, op) in [
        ("git diff --stat", Diff),
        ("git show HEAD", Look),
        ("git branch -a", Look),
        ("git branch topic", Branch),
        ("git branch -D topic", BranchDelete),
        ("git tag", Look),
        ("git tag -m -l v1", Tag),
        ("git tag -mlist v1", Tag),
        ("git tag --sort=refname v1", Tag),
        ("git tag --sort=-v:refname", Look),
        ("git tag -n3 'v*'", Look),
        ("git branch -v topic", Branch),
        ("git branch --sort=refname topic", Branch),
        ("git branch -vv --no-color", Look),
        ("git branch --contains HEAD", Look),
        ("git clean -fdx -e -n", Clean),
        ("git clean -fdxefoo_n", Clean),
        ("git reset --keep HEAD~1", Reset),
        ("git diagnose -o .", Export),
        ("git diagnose", Export),
        ("git symbolic-ref --delete x", Plumbing),
        ("git symbolic-ref HEAD", Look),
        ("git apply --stat --appl x.patch", Apply),
        ("git apply --check x.patch", Look),
        ("git notes --ref list add -m x", Notes),
        ("git stash -- list", Other),
        ("git help -w commit", Other),
        ("git tag v1", Tag),
        ("git tag -d v1", TagDelete),
        ("git stash", Stash),
        ("git stash list", Look),
        ("git stash clear", StashDrop),
        ("git switch main", Switch),
        ("git checkout -b x", Switch),
        ("git checkout -- a", Checkout),
        ("git checkout .", CheckoutTree),
        ("git restore a", Restore),
        ("git restore .", RestoreTree),
        ("git reset --soft HEAD~1", Reset),
        ("git reset --hard", ResetHard),
        ("git clean -n", Look),
        ("git clean -fd", Clean),
        ("git commit --amend", Amend),
        ("git rebase main", Rebase),
        ("git filter-branch", Filter),
        ("git config user.name", Look),
        ("git config user.name x", Config),
        ("git config core.hooksPath x", Hooks),
        ("git worktree list", Look),
        ("git worktree add x", WorktreeAdd),
        ("git remote -v", Look),
        ("git remote add x y", Remote),
        ("git push -f", ForcePush),
        ("git gc --prune=now", Prune),
        ("git update-ref a b", Plumbing),
        ("git format-patch -1", Export),
        ("git lol", Other),
    ] {
        let effects = world.kernel().explain(&world.call("bash", line)).unwrap().effects;
        let ops: Vec<GitOp> = effects
            .iter()
            .filter_map(|e| if let Effect::Git { op, .. } = e { Some(*op) } else { None })
            .collect();
        assert_eq!(ops, [op], "{line}");
    }
}
