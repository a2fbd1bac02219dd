//! The remotes a repository has configured, read from git's own files. No rule rests on what they say but
//! one: a host that stands there was not chosen by a model.

use std::path::Path;

/// A larger file is no configuration that a person wrote, in bytes.
const MOST_BYTES: u64 = 1024 * 1024;
/// More remotes than this are not looked at.
const MOST_REMOTES: usize = 64;

/// Name and URL of each remote, as git would use them to fetch: the first URL, after `url.*.insteadOf`
/// of the repository and of the user. Files that cannot be read count as empty; `include` is not followed.
pub fn configured_remotes(git_common: &Path, home: &Path) -> Vec<(String, String)> {
    let local = entries(&git_common.join("config"));
    let mut aliases = Vec::new();
    for file in [home.join(".config/git/config"), home.join(".gitconfig")] {
        aliases.extend(entries(&file));
    }
    aliases.extend(local.iter().cloned());
    let aliases: Vec<(String, String)> = aliases
        .into_iter()
        .filter(|entry| entry.section == "url" && entry.key == "insteadof")
        .map(|entry| (entry.value, entry.name))
        .collect();
    let mut remotes: Vec<(String, String)> = Vec::new();
    for entry in local.into_iter().filter(|entry| entry.section == "remote" && entry.key == "url") {
        let known = remotes.iter().any(|(name, _)| *name == entry.name);
        if !known && !entry.name.is_empty() && remotes.len() < MOST_REMOTES {
            remotes.push((entry.name, replaced(&entry.value, &aliases)));
        }
    }
    remotes
}

/// The longest prefix that stands for another wins.
fn replaced(url: &str, aliases: &[(String, String)]) -> String {
    let fitting = aliases.iter().filter(|(prefix, _)| !prefix.is_empty() && url.starts_with(prefix.as_str()));
    match fitting.max_by_key(|(prefix, _)| prefix.len()) {
        Some((prefix, base)) => format!("{base}{}", &url[prefix.len()..]),
        None => url.to_owned(),
    }
}

#[derive(Debug, Clone)]
struct Entry {
    /// In lower case.
    section: String,
    /// What stands in quotation marks behind the section.
    name: String,
    /// In lower case.
    key: String,
    value: String,
}

fn entries(file: &Path) -> Vec<Entry> {
    let small = std::fs::metadata(file).is_ok_and(|meta| meta.is_file() && meta.len() <= MOST_BYTES);
    let text = if small { crate::base::read_text(file).unwrap_or_default() } else { String::new() };
    parse(&text)
}

/// The format of git-config(1), without what only writing needs. A line that is none is passed over.
fn parse(text: &str) -> Vec<Entry> {
    let mut found = Vec::new();
    let (mut section, mut name) = (String::new(), String::new());
    let text = text.replace("\\\r\n", "").replace("\\\n", "");
    for line in text.lines() {
        let mut line = line.trim();
        if let Some(rest) = line.strip_prefix('[') {
            let Some((head, after)) = header(rest) else { continue };
            (section, name) = head;
            line = after.trim();
        }
        let Some((key, value)) = line.split_once('=') else { continue };
        let key = key.trim().to_ascii_lowercase();
        if key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            found.push(Entry {
                section: section.clone(),
                name: name.clone(),
                key,
                value: unquoted(value.trim()),
            });
        }
    }
    found
}

/// `remote "origin"]` and what follows it; `remote.origin]` is the old spelling.
fn header(text: &str) -> Option<((String, String), &str)> {
    let end = text.find([']', '"'])?;
    let (section, rest) = text.split_at(end);
    let section = section.trim().to_ascii_lowercase();
    let Some(mut rest) = rest.strip_prefix('"') else {
        let (section, name) = section.split_once('.').unwrap_or((&section, ""));
        return Some(((section.to_owned(), name.to_owned()), &rest[1..]));
    };
    let mut name = String::new();
    loop {
        let next = rest.chars().next()?;
        rest = &rest[next.len_utf8()..];
        match next {
            '"' => break,
            '\\' => {
                let escaped = rest.chars().next()?;
                rest = &rest[escaped.len_utf8()..];
                name.push(escaped);
            }
            other => name.push(other),
        }
    }
    Some(((section, name), rest.trim_start().strip_prefix(']')?))
}

/// A value without quotation marks, escapes and a comment at its end.
fn unquoted(text: &str) -> String {
    let mut value = String::new();
    let mut quoted = false;
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => quoted = !quoted,
            '\\' => value.extend(letters.next().map(|escaped| match escaped {
                'n' => '\n',
                't' => '\t',
                other => other,
            })),
            '#' | ';' if !quoted => break,
            other => value.push(other),
        }
    }
    value.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remotes_are_read_as_git_would_use_them() {
        let temp = tempfile::tempdir().unwrap();
        let (git, home) = (temp.path().join("git"), temp.path().join("home"));
        std::fs::create_dir_all(&git).unwrap();
        std::fs::create_dir_all(&home).unwrap();
        let local = r#"
[core]
	bare = false
[remote "origin"]
	url = https://github.com/a/b.git ; not this
	url = https://second.test/
	pushurl = https://push.test/
	fetch = +refs/heads/*:refs/remotes/origin/*
[Remote "Odd \"name\""] URL = "ssh://git@odd.test/x#y"
[remote "short"]
	url = gh:c/d
[remote.old]
	url = /srv/\
git
[remote "broken
	url = https://evil.test/
[branch "main"]
	remote = origin
"#;
        std::fs::write(git.join("config"), local).unwrap();
        std::fs::write(home.join(".gitconfig"), "[url \"https://github.com/\"]\n\tinsteadOf = gh:\n")
            .unwrap();
        let got = configured_remotes(&git, &home);
        let got: Vec<(&str, &str)> = got.iter().map(|(name, url)| (name.as_str(), url.as_str())).collect();
        assert_eq!(
            got,
            [
                ("origin", "https://github.com/a/b.git"),
                ("Odd \"name\"", "ssh://git@odd.test/x#y"),
                ("short", "https://github.com/c/d"),
                ("old", "/srv/git"),
            ]
        );
        assert_eq!(configured_remotes(&temp.path().join("none"), &home), []);
    }
}
