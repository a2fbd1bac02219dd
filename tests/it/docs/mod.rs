//! What the documents list is what there is: tables made of the code's own declarations. `UPDATE=1` rewrites
//! them.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use iosm::config::{Action, KeyContext, Keymap, Theme, Token};
use iosm::engine::{COMMANDS, CommandPlace};

/// Larger ones make the front page slow.
const MOST_PICTURE_BYTES: u64 = 60_000;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// What stands between `<!-- NAME -->` and `<!-- /NAME -->` in a document must be `wanted`.
fn holds(document: &str, name: &str, wanted: &str) {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _one = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let path = root().join(document);
    let text = std::fs::read_to_string(&path).unwrap();
    let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->"));
    let from = text.find(&begin).unwrap_or_else(|| panic!("{document} has no `{begin}`")) + begin.len();
    let to = from + text[from..].find(&end).unwrap_or_else(|| panic!("{document} has no `{end}`"));
    if std::env::var_os("UPDATE").is_some_and(|value| value == "1") {
        std::fs::write(&path, format!("{}{wanted}{}", &text[..from], &text[to..])).unwrap();
        return;
    }
    assert!(
        &text[from..to] == wanted,
        "the table `{name}` in {document} is not what the code declares; run `UPDATE=1 cargo test --test it docs`"
    );
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

#[test]
fn the_table_of_keys_is_the_built_in_keymap() {
    let keymap = Keymap::built_in();
    let mut table = String::new();
    for context in KeyContext::ALL {
        table.push_str(&format!(
            "\n**`{}`**, {}:\n\n| Key | Does | Action |\n|---|---|---|\n",
            context.name(),
            context.about()
        ));
        for action in Action::ALL.iter().copied() {
            let keys = keymap.keys_of(context, action);
            if !keys.is_empty() {
                let keys: Vec<String> = keys.iter().map(|key| format!("`{}`", cell(key))).collect();
                table.push_str(&format!(
                    "| {} | {} | `{}` |\n",
                    keys.join(" "),
                    action.about(),
                    action.name()
                ));
            }
        }
    }
    table.push('\n');
    holds("docs/SESSION.md", "keys", &table);
}

#[test]
fn the_table_of_commands_is_what_is_declared() {
    let mut table = "\n| Command | Does | While a turn runs |\n|---|---|---|\n".to_owned();
    for command in COMMANDS {
        let args = if command.args.is_empty() { String::new() } else { format!(" `{}`", cell(command.args)) };
        let others: String = command.aliases.iter().map(|alias| format!(", `/{alias}`")).collect();
        let running = if command.place == CommandPlace::Idle { "waits" } else { "yes" };
        table.push_str(&format!("| `/{}`{args}{others} | {} | {running} |\n", command.name, command.about));
    }
    table.push('\n');
    holds("docs/SESSION.md", "commands", &table);
}

#[test]
fn the_table_of_tokens_is_what_themes_may_name() {
    let names: Vec<String> = Token::ALL.iter().map(|token| format!("`{}`", token.name())).collect();
    holds("docs/SESSION.md", "tokens", &format!("\n{}\n\n", names.join(" ")));
    let text = std::fs::read_to_string(root().join("docs/SESSION.md")).unwrap();
    for name in Theme::names(&[]) {
        assert!(text.contains(&format!("`{name}`")), "docs/SESSION.md does not name the theme {name}");
    }
}

#[test]
fn pictures_are_small_and_shown() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    for picture in std::fs::read_dir(root().join("docs/pictures")).unwrap().flatten() {
        let name = format!("docs/pictures/{}", picture.file_name().to_str().unwrap());
        assert!(readme.contains(&name), "README.md does not show {name}");
        assert!(picture.metadata().unwrap().len() < MOST_PICTURE_BYTES, "{name} is too large");
    }
}

/// Links from one document to another lead somewhere.
#[test]
fn links_between_documents_lead_to_files() {
    let documents = std::fs::read_dir(root().join("docs")).unwrap().flatten().map(|entry| entry.path());
    let documents = documents.filter(|path| path.extension().is_some_and(|ending| ending == "md"));
    let link = regex::Regex::new(r#"\]\(([^)#\s]+)[^)]*\)|(?:src|srcset)="([^"]+)""#).unwrap();
    let mut broken = Vec::new();
    for path in documents.chain([root().join("README.md")]) {
        let text = std::fs::read_to_string(&path).unwrap();
        for found in link.captures_iter(&text) {
            let to = found.get(1).or(found.get(2)).unwrap().as_str();
            let folder = path.parent().unwrap_or(Path::new("."));
            if !to.contains("://") && !folder.join(to).exists() {
                broken.push(format!("{}: {to}", path.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}
