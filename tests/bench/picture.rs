//! Draws the picture in the README: a real session in a real terminal, the model scripted, nothing else.
//!
//! The binary runs in a pseudo-terminal over the repository of `iosm demo`; what stands on the screen when
//! the last question waits becomes `docs/pictures/session.svg`. `cargo test --bench picture` draws it anew.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "it starts the binary, writes the picture and prints"
)]
#![cfg(target_os = "linux")]

#[allow(dead_code, reason = "other benches use the rest")]
#[path = "screen/pane.rs"]
mod pane;
#[path = "picture/svg.rs"]
mod svg;

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use pane::Pane;
use portable_pty::CommandBuilder;

const COLS: u16 = 96;
/// More than the scene takes: what stays blank is cut off.
const ROWS: u16 = 70;
const PICTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/pictures/session.svg");
const SCENE: &str = include_str!("picture/scene.yaml");
const PROMPT: &str = "The tests fail. Find out why, fix it, and push.";

const FILES: [(&str, &str); 4] = [
    ("README.md", include_str!("../../templates/demo/README.md")),
    ("src/stats.sh", include_str!("../../templates/demo/src/stats.sh")),
    ("src/report.sh", include_str!("../../templates/demo/src/report.sh")),
    ("tests/run.sh", include_str!("../../templates/demo/tests/run.sh")),
];

fn main() {
    let temp = tempfile::Builder::new().prefix("p").rand_bytes(3).tempdir().expect("folder");
    let home = temp.path();
    let shop = home.join("shop");
    repository(&shop);
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_iosm"));
    command.env_clear();
    let home_text = home.display().to_string();
    for (name, value) in [
        ("PATH", std::env::var("PATH").unwrap_or_default()),
        ("HOME", home_text.clone()),
        ("IOSM_HOME", home.join(".iosm").display().to_string()),
        ("TERM", "xterm-256color".to_owned()),
        ("COLORTERM", "truecolor".to_owned()),
        ("LANG", "C.UTF-8".to_owned()),
    ] {
        command.env(name, value);
    }
    command.cwd(&shop);
    command.args(["-m", "scripted/scene.yaml"]);
    let mut pane = Pane::run(command, COLS, ROWS);
    pane.wait_for("the session", |pane| pane.shows("sandbox full") && pane.shows("· main"));
    // All at once and with its end it would be taken for a paste.
    pane.write(PROMPT);
    pane.wait_for("the prompt", |pane| pane.shows_typed(PROMPT));
    std::thread::sleep(Duration::from_millis(200));
    pane.write("\r");
    pane.wait_for("the question", |pane| pane.shows("Yes, this once"));
    // What is looked up beside it comes a little later.
    std::thread::sleep(Duration::from_millis(500));
    let same = [
        (regex::escape(&home_text), "~"),
        (r"/tmp/iosm-\d+-\w+".to_owned(), "/tmp/iosm-1-Qm3vXe"),
        (r"projects/\w+".to_owned(), "projects/7e1d5708845a3ea2"),
        (r"\d+ ms|\d+\.\d s|\b\d s\b".to_owned(), "0.1 s"),
        ("[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]".to_owned(), "⠹"),
    ]
    .map(|(different, same)| (regex::Regex::new(&different).expect("sound"), same));
    let picture = pane.look(|screen| svg::draw(screen, &same, "iosm"));
    println!("{}", pane.look(vt100::Screen::contents).trim_end());
    std::fs::create_dir_all(Path::new(PICTURE).parent().expect("a folder")).expect("folder");
    std::fs::write(PICTURE, &picture).expect("the picture is written");
    println!("docs/pictures/session.svg: {} bytes", picture.len());
}

/// The shop of `iosm demo`, as a repository with one commit.
fn repository(shop: &Path) {
    for (name, text) in FILES {
        let path = shop.join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("folder");
        std::fs::write(path, text).expect("file");
    }
    let git = |words: &[&str]| {
        let mut git = Command::new("git");
        git.args(words)
            .current_dir(shop)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1");
        assert!(git.status().expect("git starts").success(), "git {words:?}");
    };
    git(&["init", "-q", "-b", "main"]);
    git(&["config", "user.name", "Ann"]);
    git(&["config", "user.email", "ann@example.org"]);
    git(&["remote", "add", "origin", "https://git.example.org/ann/shop.git"]);
    git(&["add", "-A"]);
    git(&["commit", "-q", "-m", "Begin"]);
    std::fs::write(shop.join(".git/info/exclude"), "scene.yaml\n").expect("file");
    std::fs::write(shop.join("scene.yaml"), SCENE).expect("file");
}
