//! Commands in values, and values that hold none.

use super::super::{Known, scan};

/// Where the value of a variable or a word is read as code: `rm -rf x` runs in each.
const RUN: &[&str] = &[
    "x='a[$(CMD)]'; echo $((x))",
    "x='a[$(CMD)]'; ((x))",
    "x='a[$(CMD)]'; for ((i=x;i<1;i++)); do :; done",
    "x='a[$(CMD)]'; for ((i=0;i<x;i++)); do :; done",
    "x='a[$(CMD)]'; [[ $x -eq 1 ]]",
    "x='a[$(CMD)]'; [[ 1 -lt x ]]",
    "x='a[$(CMD)]'; let y=x",
    "x='a[$(CMD)]'; let 'y = 1 + x'",
    "x='a[$(CMD)]'; y=abc; echo ${y:x} ${y:0:x}",
    "x='a[$(CMD)]'; set -- 1 2; echo ${@:x}",
    "x='a[$(CMD)]'; arr=(1); echo ${arr[x]}",
    "x='a[$(CMD)]'; arr=(1); echo \"${arr[$x]:-1}\" ${arr[x]@Q}",
    "x='a[$(CMD)]'; a[x]=1",
    "x='a[$(CMD)]'; a[x]+=1",
    "x='a[$(CMD)]'; a=([x]=1)",
    "a=([0]=1 ['b[$(CMD)]']=2)",
    "x='a[$(CMD)]'; echo ${!x}",
    "f() { echo ${!1}; }; f 'a[$(CMD)]'",
    "f() { echo $(($1 + 1)); }; f 'a[$(CMD)]'",
    "test -v 'a[$(CMD)]'",
    "[ -v 'a[$(CMD)]' ]",
    "[ 1 = 1 -a -v 'a[$(CMD)]' ]",
    "[[ -v a[$(CMD)] ]]",
    "[[ -n x && -v 'a[$(CMD)]' ]]",
    "[[ 'a[$(CMD)]' -eq 1 ]]",
    "printf -v 'a[$(CMD)]' x",
    "printf '-va[$(CMD)]' x",
    "read 'a[$(CMD)]' <<< x",
    "read -r x 'a[$(CMD)]' <<< 'x y'",
    "read x <<< 'a[$(CMD)]'; echo $((x))",
    "read -r y x <<< 'z a[$(CMD)]'; echo $((x))",
    "read x <<'E'\na[$(CMD)]\nE\necho $((x))",
    "declare 'a[$(CMD)]=1'",
    "declare a[$(CMD)]=1",
    "declare -i x='a[$(CMD)]'",
    "declare -i x; x='a[$(CMD)]'",
    "declare -i x; for x in 'a[$(CMD)]'; do :; done",
    "declare -i x; read x <<< 'a[$(CMD)]'",
    "declare -i x; : ${x:='a[$(CMD)]'}",
    "declare -i x; x=('a[$(CMD)]')",
    "x=1; while read -r l; do x='a[$(CMD)]'; declare -i x; done",
    "f() { declare -gi x; }; while read -r l; do x='a[$(CMD)]'; f; done",
    "declare -n r='a[$(CMD)]'; echo $r",
    "declare -n r; r='a[$(CMD)]'; echo $r",
    "f(){ local 'a[$(CMD)]=1'; }; f",
    "local -i x='a[$(CMD)]'",
    "declare -a 'a=($(CMD))'",
    "declare -a a='($(CMD))'",
    "readonly -a 'a=($(CMD))'",
    "a=(1); unset 'a[$(CMD)]'",
    "sleep 1 & wait -n -p 'a[$(CMD)]'",
    "RANDOM='a[$(CMD)]'",
    "OPTIND='a[$(CMD)]'",
    "mapfile -C 'CMD;:' -c 1 x <<< y",
    "x='$(CMD)'; echo \"${x@P}\"",
    "PS4='$(CMD)'; set -x; echo hi",
    "set -x; PS4='+`CMD` '; :",
    "PS4='$(CMD)' bash -xc :",
    "export PS4='$(CMD)'; bash -xc :",
    "BASH_ENV='$(CMD)' bash -c :",
    "x='a[`CMD`]'; ((x))",
    "x='a[b[c[$(CMD)]]]'; ((x))",
    "x='a[b[\\$(CMD)]]'; ((x))",
    "x='a[${z:=$(CMD)}]'; ((x))",
    "y='a[$(CMD)]'; x=y; echo $((x + 1))",
    "y=a; x='y[$(CMD)]'; echo $((y[x]))",
    "echo $(( a[$(CMD)] ))",
    "(( 0 && x[$(CMD)] ))",
    "echo $((: '$(CMD)'))",
    "k='$(CMD)'; declare -A m; unset \"m[$k]\"",
    "k='$(CMD)'; [[ -v m[$k] ]]",
    "x='a[$(CMD)]'; export x; bash -c 'echo $((x))'",
    "x='a[$(CMD)]' bash -c 'echo $((x))'",
    "source /dev/stdin <<< 'CMD'",
    "echo 'CMD' | . /dev/stdin",
    "command declare -i x='a[$(CMD)]'",
    "builtin let 'a[$(CMD)]'",
];

/// Nobody can know what these run, and nothing in them looks like it.
const UNKNOWN: &[&str] = &[
    "x=$(cat f); echo $((x))",
    "read -r x < f; echo $((x))",
    "while read -r x; do ((n += x)); done < f",
    "f() { echo $(($1)); }; f \"$(cat f)\"",
    "echo $((FROM_OUTSIDE))",
    "echo $((_))",
    "echo $((BASH_EXECUTION_STRING))",
    "x=$(cat f); [[ $x -gt 3 ]]",
    "x=$(cat f); echo ${y:x}",
    "x=$(cat f); echo ${a[$x]}",
    "x=$(cat f); a[$x]=1",
    "x=$(cat f); echo ${!x}",
    "x=$(cat f); test -v \"$x\"",
    "x=$(cat f); [ $x = y ]",
    "x=$(cat f); [ \"$x\" \"$y\" ]",
    "[ * ]",
    "x=$(cat f); printf \"$x\" y",
    "x=$(cat f); printf -v \"$x\" y",
    "x=$(cat f); read \"$x\"",
    "x=$(cat f); unset $x",
    "x=$(cat f); declare \"$x\"",
    "x=$(cat f); declare -i y=$x",
    "x=$(cat f); let $x",
    "x=$(cat f); RANDOM=$x",
    "for f in *; do echo $((f)); done",
    "mapfile -t x < f; echo $((x))",
    "a=(1 x); echo $((a))",
    "x='a[y]'; x=$((1/0)); echo $((z))",
    "x=$(cat f)\nx=$((1/0))\necho $((x))",
    "x=$(cat f); ((x=1/0)); echo $((x))",
    "x=$(cat f); eval 'x=$((1/0))'; echo $((x))",
    "x=$(cat f)\ny=$((1/0)); x=1\necho $((x))",
    "readonly x=$(cat f)\nx=1\necho $((x))",
    "set -k; ls x=1",
    "readonly x='a[$(rm y)]'\nx=1\necho $((x))",
    "v=x; x=$(cat f); while read -r l; do (($v = l)); done",
];

/// As above, but text for a shell and nothing else.
const OPAQUE: &[&str] = &[
    "x=$(cat f); echo \"${x@P}\"",
    "x=$(cat f); PS4=$x; set -x; :",
    "PS4='$('; PS4+='rm x)'; set -x; :",
    "read PS4 < f",
    "printf -v PS4 %s \"$x\"",
    "x='\\044(rm x)'; echo \"${x@P}\"",
    "exec {a[x]}> f",
    "echo $[x]",
    "x=$(cat f); mapfile -C \"$x\" y < f",
    "source /dev/stdin < f",
];

/// Everyday arithmetic: nothing of it is unknown.
const PLAIN: &[&str] = &[
    "i=0; while [ $i -lt 10 ]; do i=$((i+1)); done",
    "i=0; while [ $i -lt 10 ]; do i=$((i+1)); done; echo $((i * 2))",
    "i=0; until ((i >= 3)); do ((i++)); done",
    "n=3; while ((n--)); do echo $n; done",
    "echo $((1+2)) $(( (3 + 4) * 2 )) $((0x1f + 16#ff))",
    "for ((i=0;i<3;i++)); do echo $i; done",
    "for ((i=0, j=10; i<j; i++, j--)); do echo $((i*j)); done",
    "for i in 1 2 3; do echo $((i*2)); done",
    "for i in {1..100}; do echo $((i*2)) f$i; done",
    "for i in $(seq 1 5); do echo $((i*2)); done",
    "n=$(wc -l < f); echo $((n*2))",
    "n=$(cat f | grep a | wc -l); [[ $n -gt 3 ]]",
    "n=$(grep -c a f); if [ \"$n\" -gt 3 ]; then echo many; fi",
    "s=$(date +%s); ls; e=$(date +%s); echo $((e - s))",
    "x=abcdefghijk; echo ${x:0:8} ${x:2} ${x: -3} ${#x}",
    "x=$(git rev-parse HEAD); echo ${x:0:8} ${x%.c} ${x/a/b} ${x^^}",
    "arr=(a b); echo ${arr[0]} ${#arr[@]} \"${arr[@]}\" ${arr[-1]} ${!arr[@]} ${arr[@]:1:2}",
    "arr=(a b); for ((i=0; i<${#arr[@]}; i++)); do echo ${arr[$i]} ${arr[i]}; done",
    "a=(); a+=(x); a[0]=y; a[${#a[@]}]=z",
    "f() { echo $(($1 * 2)); }; f 21",
    "RANDOM=42; echo $((RANDOM % 6)) $((SECONDS / 60)) $((LINENO)) $((UID))",
    "[ -f \"$x\" ] && [ \"$x\" = y ] && test -n \"$x\" && [ ! -d \"$x\" ]",
    "[ \"$a\" = 1 -a \"$b\" = 2 ]",
    "[[ $x == y && -n $z && ! -f $q ]]",
    "[ $? -eq 0 ] && [ $# -gt 1 ]",
    "printf '%s\\n' \"$x\" $y",
    "printf 'n=%d\\n' $((2 + 3))",
    "sleep 1 & p=$!; wait $p; echo $?",
    "declare -i n=5; n=6; n+=1",
    "declare -A m; declare -r C=4; local y=\"$x\"; readonly D=5",
    "export A=1 B=\"$x\"; unset A B",
    "read -r a b < f; echo \"$a\"",
    "read -rp 'Continue? [y/N] ' answer",
    "while IFS= read -r line; do echo \"$line\"; done < f",
    "PS4='+ ${BASH_SOURCE}: '; set -x; ls",
    "i=1; let i++; let 'i = i * 2'; echo $i",
    "total=0\nfor i in 1 2 3; do\n  total=$((total + i))\ndone\necho $((total / 3))",
    "echo \"${x@Q}\" ${x@U}",
    "grep -n 'a[$(rm x)]' f; echo 'a[$(rm x)]'",
];

fn told(line: &str) -> (bool, bool, bool) {
    let scan = scan(line);
    let runs = scan.commands.iter().any(|c| c.program.as_deref() == Some("rm") && !c.dormant);
    (runs, scan.unseen, scan.opaque.is_some())
}

#[test]
fn commands_in_values_are_commands_of_the_line() {
    let mut missed = Vec::new();
    for line in RUN {
        let line = line.replace("CMD", "rm -rf x");
        let (runs, ..) = told(&line);
        if !runs {
            missed.push(format!("{line:?} {:?}", told(&line)));
        }
    }
    assert!(missed.is_empty(), "not found in\n{}", missed.join("\n"));
}

#[test]
fn values_that_nobody_knows_are_told() {
    let seen = |line: &&&str| !told(line).1 && !told(line).2;
    let missed: Vec<_> = UNKNOWN.iter().filter(seen).collect();
    assert!(missed.is_empty(), "taken for known: {missed:#?}");
    let missed: Vec<_> = OPAQUE.iter().filter(|line| !told(line).2).collect();
    assert!(missed.is_empty(), "not opaque: {missed:#?}");
}

#[test]
fn everyday_arithmetic_is_known() {
    let wrong: Vec<_> =
        PLAIN.iter().map(|line| (line, told(line))).filter(|(_, told)| told.0 || told.1 || told.2).collect();
    assert!(wrong.is_empty(), "(runs, unseen, opaque) {wrong:#?}");
}

#[test]
fn digits_are_shown_as_a_glob_and_known_for_digits() {
    let scan = scan("n=$(wc -l < f); echo $n a$n");
    let args = scan.commands.last().unwrap().args();
    assert_eq!((args[0].text.as_str(), args[0].known), ("*", Known::Number));
    assert_eq!((args[1].text.as_str(), args[1].known), ("a*", Known::Pattern));
}
