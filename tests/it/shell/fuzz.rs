//! Any bytes, mutated real lines and hostile nesting: never a panic, and never much time.

use std::time::{Duration, Instant};

use iosm::kernel::Kernel;
use proptest::prelude::*;

use super::generate::{Dice, line};
use super::{effects, kernel};

/// The slowest a judgement of up to 64 kB may be in an unoptimised build on a busy machine.
const LONGEST: Duration = Duration::from_secs(4);

struct Small {
    kernel: Kernel,
    _temp: tempfile::TempDir,
}

fn small() -> Small {
    let temp = tempfile::tempdir().unwrap();
    let root = temp.path().canonicalize().unwrap();
    for dir in ["work", "tmp", "state"] {
        std::fs::create_dir(root.join(dir)).unwrap();
    }
    super::snapshot::build(&root.join("work"));
    let kernel = kernel(&root.join("work"), &root.join("tmp"), &root.join("state"));
    Small { kernel, _temp: temp }
}

thread_local! {
    static SMALL: Small = small();
}

fn judged(text: &str) -> Duration {
    SMALL.with(|small| {
        let since = Instant::now();
        assert!(!effects(&small.kernel, text).is_empty());
        since.elapsed()
    })
}

#[test]
fn hostile_nesting_and_repetition_cost_little() {
    let heads: &[(&str, &str)] = &[
        ("(", ""),
        ("$(", ""),
        ("`", ""),
        ("{ ", ""),
        ("\"$(", ""),
        ("${a:-", ""),
        ("((", ""),
        ("$((", ""),
        ("<(", ""),
        ("if ", ""),
        ("for ((", ""),
        ("case x in a) ", ""),
        ("f() { ", ""),
        ("[[ ", ""),
        ("a[", ""),
        ("{a,", ""),
        ("{a,b}", ""),
        ("{1..9}", ""),
        ("<<E ", "\n"),
        ("\\", ""),
        ("'", ""),
        ("\"", ""),
        ("$'\\x", ""),
        ("!", " "),
        ("a && ", "b"),
        ("a | ", "b"),
        ("a; ", ""),
        ("a & ", ""),
        ("\n", ""),
        ("# x\n", ""),
        ("X=$X$X; ", ""),
        ("eval ", "x"),
        ("sudo ", "x"),
        ("env -S ", "x"),
        ("find -exec ", "x"),
        ("xargs ", "x"),
        ("bash -c ", "x"),
        ("f() { f; }; f; ", ""),
        ("for i in 1 2 3 4 5 6 7 8; do ", ""),
        ("X1=1 X2=2 ", "x"),
        ("( X=1; ", ""),
        ("cd a; ", ""),
        ("pushd a; ", ""),
        ("rm a ", ""),
        ("> a ", ""),
        ("rm {a,b,c}/{d,e,f} ", ""),
        ("*", ""),
        ("~/", ""),
        ("sed 's/", ""),
        ("awk '|\"", ""),
        ("tar f ", ""),
        ("git -c alias.x=!", "x"),
        ("trap 'trap ", ""),
        ("${#", ""),
        ("coproc ", "x"),
        ("time ", "x"),
        ("function f ", ""),
        ("$[", ""),
        (">(", ""),
        ("case a in ", ""),
        ("{", "}"),
    ];
    let mut slowest = (Duration::ZERO, String::new());
    for (unit, end) in heads {
        for size in [50, 2_000, 20_000, 65_000] {
            let mut text = unit.repeat(size / unit.len());
            text.push_str(end);
            let took = judged(&text);
            assert!(took < LONGEST, "{unit:?} × {}: {took:?}", size / unit.len());
            if took > slowest.0 {
                slowest = (took, format!("{unit:?} to {size} bytes"));
            }
        }
    }
    println!("slowest: {:?} for {}", slowest.0, slowest.1);
    // Matched nesting, as deep as it gets.
    for depth in [10, 50, 59, 60, 61, 200, 5_000] {
        for (open, close) in
            [("(", ")"), ("$(", ")"), ("{ ", ";}"), ("<(", ")"), ("if a; then ", "; fi"), ("f() { ", "; }")]
        {
            let text = format!("{}echo x{}", open.repeat(depth), close.repeat(depth));
            assert!(judged(&text) < LONGEST, "{open} × {depth}");
        }
        let mut quoted = "rm x".to_owned();
        for _ in 0..depth.min(12) {
            quoted = format!("bash -c '{}'", quoted.replace('\'', "'\\''"));
        }
        assert!(judged(&quoted) < LONGEST);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_bytes_are_judged(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(judged(&String::from_utf8_lossy(&bytes)) < LONGEST);
    }

    #[test]
    fn a_real_line_with_something_changed_is_judged(
        seed in any::<u64>(),
        cuts in proptest::collection::vec((any::<prop::sample::Index>(), 0usize..6, "[\\$\\(\\)\\{\\}'\"`;|&<>\\\\ \n#*~=\\[\\]!a-c]{0,3}"), 1..5),
    ) {
        let mut text = line(&mut Dice::new(seed), 3);
        for (at, gone, with) in cuts {
            let chars: Vec<char> = text.chars().collect();
            let at = at.index(chars.len() + 1);
            let end = (at + gone).min(chars.len());
            text = chars[..at].iter().collect::<String>() + &with + &chars[end..].iter().collect::<String>();
        }
        prop_assert!(judged(&text) < LONGEST);
    }
}
