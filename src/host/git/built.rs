//! What tools make and make again: names of build output, and folders beside what rebuilds them. Data.

use std::path::Path;

/// Folders that tools fill and anybody may empty.
const FOLDERS: &[&str] = &[
    "target",
    "node_modules",
    "dist",
    "build",
    "out",
    "__pycache__",
    "__pypackages__",
    ".pytest_cache",
    ".mypy_cache",
    ".ruff_cache",
    ".hypothesis",
    ".ipynb_checkpoints",
    ".tox",
    ".nox",
    ".venv",
    "venv",
    ".gradle",
    ".next",
    ".nuxt",
    ".turbo",
    ".parcel-cache",
    ".sass-cache",
    ".cache",
    "coverage",
    "htmlcov",
    ".nyc_output",
    ".eggs",
    "_build",
    "bazel-out",
    "DerivedData",
];

/// Folders that a file beside them rebuilds; `*.x` is any file with that ending.
const REBUILT: &[(&str, &[&str])] = &[
    ("vendor", &["composer.json", "go.mod", "Gemfile", "Cargo.toml"]),
    ("Pods", &["Podfile"]),
    ("deps", &["mix.exs"]),
    ("bin", &["*.csproj", "*.fsproj", "*.vbproj"]),
    ("obj", &["*.csproj", "*.fsproj", "*.vbproj"]),
    (".terraform", &["*.tf"]),
    ("elm-stuff", &["elm.json"]),
    (".dart_tool", &["pubspec.yaml"]),
    ("bower_components", &["bower.json"]),
    (".svelte-kit", &["package.json"]),
    (".angular", &["package.json"]),
    (".astro", &["package.json"]),
    (".output", &["package.json"]),
    ("storybook-static", &["package.json"]),
    (".bundle", &["Gemfile"]),
    (".stack-work", &["stack.yaml"]),
    ("dist-newstyle", &["*.cabal", "cabal.project"]),
    ("zig-out", &["build.zig"]),
    ("zig-cache", &["build.zig"]),
    (".zig-cache", &["build.zig"]),
    (".build", &["Package.swift"]),
];

/// Files that say of the folder they lie in that a tool fills it: <https://bford.info/cachedir/>, PEP 405,
/// CMake.
const MARKS: &[&str] = &["CACHEDIR.TAG", "pyvenv.cfg", "CMakeCache.txt"];

/// Endings of what compilers and interpreters make.
const ENDINGS: &[&str] =
    &["pyc", "pyo", "o", "obj", "a", "so", "class", "profraw", "gcda", "gcno", "tsbuildinfo"];
const FILES: &[&str] = &[".DS_Store", "Thumbs.db", ".eslintcache", ".coverage"];

/// Endings of what tools leave behind: nobody asks about them, and a checkpoint holds them where it can.
const SCRAPS: &[&str] = &["log", "tmp", "swp", "bak", "orig", "rej"];

/// Whether a folder is called what only tools fill.
pub(super) fn is_built_name(name: &str) -> bool {
    FOLDERS.contains(&name) || name.ends_with(".egg-info")
}

/// Whether a folder is filled by a tool: by its name, what lies beside it, or what lies in it.
pub(super) fn is_built_folder(folder: &Path) -> bool {
    let Some(name) = folder.file_name().and_then(|name| name.to_str()) else { return false };
    if is_built_name(name) || MARKS.iter().any(|mark| folder.join(mark).is_file()) {
        return true;
    }
    let Some((_, beside)) = REBUILT.iter().find(|(known, _)| *known == name) else { return false };
    let Some(parent) = folder.parent() else { return false };
    beside.iter().any(|file| match file.strip_prefix("*.") {
        Some(ending) => has_file_ending(parent, ending),
        None => parent.join(file).is_file(),
    })
}

fn has_file_ending(folder: &Path, ending: &str) -> bool {
    let names = std::fs::read_dir(folder).into_iter().flatten().flatten();
    names.take(1000).any(|entry| Path::new(&entry.file_name()).extension().is_some_and(|e| e == ending))
}

/// Whether a file, or a glob of files, is what a compiler or interpreter makes.
pub(super) fn is_built_file(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    FILES.contains(&name) || ends_in(path, ENDINGS)
}

/// Whether a file is what a tool leaves behind.
pub(super) fn is_scrap(path: &Path) -> bool {
    ends_in(path, SCRAPS) || path.file_name().is_some_and(|name| name.to_string_lossy().ends_with('~'))
}

fn ends_in(path: &Path, endings: &[&str]) -> bool {
    path.extension().and_then(|ending| ending.to_str()).is_some_and(|ending| endings.contains(&ending))
}
