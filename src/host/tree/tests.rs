//! Small trees in temporary folders.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use super::*;
use crate::base::resolve;

struct World {
    _temp: tempfile::TempDir,
    root: PathBuf,
}

impl World {
    fn new(files: &[(&str, &str)]) -> Self {
        let temp = tempfile::tempdir().unwrap();
        let root = temp.path().canonicalize().unwrap();
        let world = Self { _temp: temp, root };
        files.iter().for_each(|(name, text)| world.put(name, text));
        world
    }

    fn put(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.root.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn grant(&self, path: &str) -> Grant {
        Grant::for_tests("t1", Reach::ReadTree(resolve(&self.root, path, None).unwrap()))
    }

    fn names(&self, path: &str, glob: &str) -> Vec<String> {
        let filter = NameFilter::new(glob, path).unwrap();
        names(self.grant(path), &filter, 1000, &AtomicBool::new(false)).unwrap().paths
    }

    fn search(&self, path: &str, pattern: &str, context: usize, limit: usize) -> Hits {
        let query = Query { pattern: Pattern::new(pattern).unwrap(), names: None, context, limit };
        search(self.grant(path), &query, &AtomicBool::new(false)).unwrap()
    }
}

#[test]
fn ignored_files_are_left_out_with_and_without_a_repository() {
    let world = World::new(&[
        (".gitignore", "/built\n*.log\n"),
        (".hidden", ""),
        (".github/ci.yml", ""),
        (".git/config", ""),
        ("built/out.txt", ""),
        ("src/a.rs", ""),
        ("src/built/kept.rs", ""),
        ("src/x.log", ""),
        ("src/.ignore", "secret\n"),
        ("src/secret", ""),
        ("sub/.git", "gitdir: elsewhere"),
        ("sub/b.rs", ""),
    ]);
    let due = [
        ".github/ci.yml",
        ".gitignore",
        ".hidden",
        "src/.ignore",
        "src/a.rs",
        "src/built/kept.rs",
        "sub/b.rs",
    ];
    assert_eq!(world.names(".", "*"), due);
    fs::remove_dir_all(world.root.join(".git")).unwrap();
    assert_eq!(world.names(".", "*"), due);
}

#[test]
fn rules_of_the_folders_above_hold_below() {
    let world = World::new(&[
        (".git/HEAD", ""),
        (".gitignore", "/src/made/\n*.log\n"),
        ("src/made/a.rs", ""),
        ("src/x.log", ""),
        ("src/b.rs", ""),
    ]);
    assert_eq!(world.names("src", "*"), ["b.rs"]);
    // Asked for by name, an ignored folder is searched.
    assert_eq!(world.names("src/made", "*"), ["a.rs"]);
}

#[test]
fn globs_mean_what_one_would_say() {
    let world = World::new(&[("a.rs", ""), ("src/b.rs", ""), ("src/deep/c.ts", ""), ("src/deep/d.tsx", "")]);
    assert_eq!(world.names(".", "*.rs"), ["a.rs", "src/b.rs"]);
    assert_eq!(world.names(".", "src/*"), ["src/b.rs"]);
    assert_eq!(world.names(".", "./src/**/*.{ts,tsx}"), ["src/deep/c.ts", "src/deep/d.tsx"]);
    assert_eq!(world.names("src", "src/**/*.ts"), ["deep/c.ts"]);
    assert_eq!(world.names("src/", "deep/*.ts"), ["deep/c.ts"]);
    let error = NameFilter::new("a[", "").unwrap_err().to_string();
    assert!(error.contains("bad glob \"a[\"") && error.contains("*.rs"), "{error}");
}

#[test]
fn matches_come_in_order_with_context_and_exact_counts() {
    let world = World::new(&[
        ("a.txt", "one\nhit 1\ntwo\nthree\nfour\nhit 2\n"),
        ("b.txt", "nothing\n"),
        ("c/d.txt", "hit 3\r\nhit 4\r\nlast"),
    ]);
    let hits = world.search(".", "^hit \\d$", 1, 3);
    assert_eq!((hits.matches, hits.matching_files, hits.searched), (4, 2, 3));
    let shown: Vec<_> = hits.files.iter().map(|f| (f.path.as_str(), f.matches)).collect();
    assert_eq!(shown, [("a.txt", 2), ("c/d.txt", 2)]);
    let line = |n, text: &str, matched, gap| Line { number: n, text: text.to_owned(), matched, gap };
    let due = [
        line(1, "one", false, false),
        line(2, "hit 1", true, false),
        line(3, "two", false, false),
        line(5, "four", false, true),
        line(6, "hit 2", true, false),
    ];
    assert_eq!(hits.files[0].lines, due);
    assert_eq!(hits.files[1].lines, [line(1, "hit 3", true, false)]);
    let one = world.search("a.txt", "hit", 0, 10);
    assert_eq!((one.matches, one.files[0].path.as_str()), (2, ""));
}

#[test]
fn two_threads_give_what_one_would() {
    let world = World::new(&[]);
    for n in 0..300 {
        let lines: String = (0..n % 7).map(|line| format!("needle {line}\nhay\n")).collect();
        world.put(&format!("d{}/f{n:03}.txt", n % 10), lines);
    }
    let all = world.search(".", "needle", 1, usize::MAX);
    assert_eq!(all.matches, (0..300).map(|n| n % 7).sum::<usize>());
    assert!(all.files.is_sorted_by(|a, b| a.path < b.path));
    for limit in [1, 10, 100, 500] {
        for _ in 0..5 {
            let some = world.search(".", "needle", 1, limit);
            assert_eq!((some.matches, some.matching_files), (all.matches, all.matching_files));
            let flat = |hits: &Hits| -> Vec<(String, u64)> {
                let lines = hits.files.iter().flat_map(|f| f.lines.iter().map(|l| (f.path.clone(), l)));
                lines.filter(|(_, line)| line.matched).map(|(path, line)| (path, line.number)).collect()
            };
            assert_eq!(flat(&some), flat(&all)[..limit]);
        }
    }
}

#[test]
fn files_that_may_hold_secrets_are_not_part_of_a_tree() {
    let world = World::new(&[("text", "needle\n"), (".env", "KEY=needle\n"), ("a/id_rsa", "needle\n")]);
    world.put(".env.example", "KEY=needle\n");
    let hits = world.search(".", "needle", 0, 10);
    assert_eq!((hits.matches, hits.skipped.guarded), (2, 2));
}

#[test]
fn binary_and_huge_files_are_counted_not_shown() {
    let world = World::new(&[("text", "needle\n")]);
    world.put("late.bin", [b"needle\n".repeat(20_000), vec![0]].concat());
    world.put("image", b"\x89PNG\0needle");
    fs::File::create(world.root.join("huge")).unwrap().set_len(11 << 20).unwrap();
    let hits = world.search(".", "needle", 0, 10);
    assert_eq!((hits.matches, hits.searched), (1, 1));
    assert_eq!(hits.skipped, Skipped { binary: 2, large: 1, unreadable: 0, guarded: 0 });
    // One that is named is searched all the same.
    world.put("long", [b"hay\n".repeat(3 << 20), b"needle\n".to_vec()].concat());
    let hits = world.search("long", "needle", 0, 10);
    assert_eq!((hits.matches, hits.files[0].lines[0].number), (1, (3 << 20) + 1));
}

#[test]
fn links_are_not_followed_and_not_opened() {
    let world = World::new(&[("work/a", "needle"), ("out/b", "needle")]);
    symlink("../out", world.root.join("work/folder")).unwrap();
    symlink("../out/b", world.root.join("work/file")).unwrap();
    assert_eq!(world.search("work", "needle", 0, 10).matches, 1);
    // Below a link that was swapped in after the walk saw a folder.
    let handle = resolve(&world.root, "work", None).unwrap();
    let tree = Tree::open(&handle).unwrap();
    assert!(tree.open_file(std::path::Path::new("a")).is_ok());
    assert!(tree.open_file(std::path::Path::new("folder/b")).is_err());
    assert!(tree.open_file(std::path::Path::new("file")).is_err());
}

#[test]
fn the_root_that_was_judged_is_searched_even_when_its_name_is_swapped() {
    let world = World::new(&[("top/work/a", "needle"), ("evil/work/a", "needle needle\nneedle")]);
    let grant = world.grant("top/work");
    fs::rename(world.root.join("top"), world.root.join("moved")).unwrap();
    symlink("evil", world.root.join("top")).unwrap();
    let query = Query { pattern: Pattern::new("needle").unwrap(), names: None, context: 0, limit: 9 };
    assert_eq!(search(grant, &query, &AtomicBool::new(false)).unwrap().matches, 1);
}

#[test]
fn a_long_line_is_cut_around_the_match() {
    let world = World::new(&[]);
    world.put("min.js", format!("{}needle{}\n", "ж".repeat(5_000), "ж".repeat(5_000)));
    let hits = world.search(".", "needle", 0, 10);
    let text = &hits.files[0].lines[0].text;
    assert!(text.contains("needle") && text.starts_with('…') && text.ends_with('…'), "{text}");
    assert!(text.len() < 420 && !text.contains('\u{fffd}'), "{text}");
}

#[test]
fn a_bad_pattern_shows_where_and_how_to_escape() {
    let error = Pattern::new("fn main(").unwrap_err().to_string();
    assert!(error.contains("unclosed group") && error.contains('^'), "{error}");
    assert!(error.contains(r"fn main\("), "{error}");
}

#[test]
fn a_cancelled_search_and_a_wrong_grant_end_at_once() {
    let world = World::new(&[("a", "x")]);
    let query = Query { pattern: Pattern::new("x").unwrap(), names: None, context: 0, limit: 1 };
    let cancelled = search(world.grant("."), &query, &AtomicBool::new(true));
    assert!(matches!(cancelled, Err(HostError::Cancelled)));
    let wrong = Grant::for_tests("t1", Reach::ReadPath(resolve(&world.root, ".", None).unwrap()));
    let wrong = search(wrong, &query, &AtomicBool::new(false));
    assert!(matches!(wrong, Err(HostError::WrongGrant { .. })));
    let missing = search(world.grant("gone"), &query, &AtomicBool::new(false));
    assert!(matches!(missing, Err(HostError::Missing(_))));
}
