//! Claude Code: `permissions` of its `settings.json`, the user's and the project's.
//!
//! Forms: `Tool`, `Bash(command)`, `Bash(words:*)` (these words, then anything), `Read(path)`, `Edit(path)`
//! (paths as in `.gitignore`: `//x` absolute, `~/x`, `/x` from the project, a bare name at any depth),
//! `WebFetch(domain:host)`, `mcp__server__tool`.

use std::path::Path;

use serde_json::Value;

use super::Found;
use crate::config::{Example, Rule, RuleAction, RuleOrigin};
use crate::engine::ground::Ground;
use crate::protocol::{Report, ReportKind};

const ACTIONS: [(&str, RuleAction); 3] =
    [("deny", RuleAction::Deny), ("ask", RuleAction::Ask), ("allow", RuleAction::Allow)];

pub(super) fn read(ground: &Ground, project_allows: bool) -> Result<Found, Report> {
    let root = &ground.workspace.root;
    let files = [
        (ground.dirs.home.join(".claude/settings.json"), true),
        (root.join(".claude/settings.json"), project_allows),
        (root.join(".claude/settings.local.json"), project_allows),
    ];
    let mut found = Found::default();
    for (file, may_loosen) in files {
        let text = match crate::base::read_text(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => return Err(bad(&file, error.to_string())),
        };
        let value: Value = serde_json::from_str(&text).map_err(|error| bad(&file, error.to_string()))?;
        found.read.push(file.clone());
        let Some(permissions) = value.get("permissions") else { continue };
        take(&mut found, permissions, &file, may_loosen);
    }
    if found.read.is_empty() {
        return Err(Report::new(ReportKind::Usage, "there are no settings of Claude Code here").cause(
            "looked for ~/.claude/settings.json, .claude/settings.json, .claude/settings.local.json",
        ));
    }
    Ok(found)
}

fn bad(file: &Path, why: String) -> Report {
    Report::new(ReportKind::Config, format!("{} cannot be read", file.display())).cause(why)
}

fn take(found: &mut Found, permissions: &Value, file: &Path, may_loosen: bool) {
    for (name, action) in ACTIONS {
        let rules = permissions.get(name).and_then(Value::as_array).into_iter().flatten();
        for text in rules.filter_map(Value::as_str) {
            let shown = format!("{name} {text}");
            if action == RuleAction::Allow && !may_loosen {
                let why = "a project's rule would open this in every project; --project-allows takes it all the same";
                found.leave(shown, file, why);
                continue;
            }
            match rule(text, action, &format!("claude: {shown}")) {
                Ok(rule) => found.add(rule),
                Err(why) => found.leave(shown, file, why),
            }
        }
    }
    let others = permissions.as_object().into_iter().flatten();
    for (key, value) in others.filter(|(key, _)| !ACTIONS.iter().any(|(name, _)| name == key)) {
        let why = match key.as_str() {
            "defaultMode" => "a mode is a choice of each run here: --policy, --profile plan",
            "additionalDirectories" => "put them into `add_dirs` of your settings.yaml",
            _ => "there is nothing like it here",
        };
        found.leave(format!("{key}: {value}"), file, why);
    }
}

/// One rule; `Err` says why there is none.
fn rule(text: &str, action: RuleAction, name: &str) -> Result<Rule, String> {
    let text = text.trim();
    let (tool, inner) = match text.split_once('(') {
        Some((tool, rest)) => (tool, Some(rest.strip_suffix(')').ok_or("its `)` is missing")?.trim())),
        None => (text, None),
    };
    let inner = inner.filter(|inner| !inner.is_empty() && *inner != "*" && *inner != "**");
    let mut rule = Rule::new(name, action, RuleOrigin::FLAG);
    match (tool, inner) {
        ("Bash", Some(line)) => command(&mut rule, line)?,
        ("Read" | "Grep" | "Glob" | "LS", Some(pattern)) => path(&mut rule, pattern, "read")?,
        ("Edit" | "Write" | "MultiEdit" | "NotebookEdit", Some(pattern)) => {
            path(&mut rule, pattern, "write")?
        }
        ("WebFetch", Some(rest)) => host(&mut rule, rest)?,
        ("Bash" | "Read" | "Edit" | "Write" | "MultiEdit" | "WebFetch" | "Grep" | "Glob" | "LS", None) => {
            whole(&mut rule, tool)?;
        }
        (tool, _) if tool.starts_with("mcp__") => return Err("remote tools are not there yet".to_owned()),
        (tool, _) => return Err(format!("there is no tool like `{tool}` here")),
    }
    Ok(rule)
}

/// A tool without a pattern.
fn whole(rule: &mut Rule, tool: &str) -> Result<(), String> {
    if rule.action == RuleAction::Allow {
        return Err(match tool {
            "Bash" => "commands run in the sandbox without a question; the rest is not opened by one word",
            "WebFetch" => "hosts are opened by name: `hosts: [example.com]`",
            _ => "the workspace is free without a rule, and what lies outside is opened by path",
        }
        .to_owned());
    }
    let (tools, example): (&[&str], _) = match tool {
        "Bash" => (&["bash"], ("bash", "make")),
        "Read" => (&["read"], ("read", "README.md")),
        "Grep" | "Glob" | "LS" => (&["search"], ("search", ".")),
        "WebFetch" => (&["fetch"], ("fetch", "https://example.com/")),
        _ => (&["write", "edit"], ("write", "README.md")),
    };
    rule.tools = tools.iter().map(|tool| (*tool).to_owned()).collect();
    rule.matches = vec![Example { tool: example.0.to_owned(), argument: example.1.to_owned() }];
    Ok(())
}

fn command(rule: &mut Rule, line: &str) -> Result<(), String> {
    // A line with operators is several commands here, each judged on its own.
    if line.contains(['|', ';', '&', '<', '>', '$', '`', '\n']) {
        return Err(
            "it is more than one plain command; each command of a line is judged on its own here".to_owned()
        );
    }
    let (words, open) = match line.strip_suffix(":*").or_else(|| line.strip_suffix(" *")) {
        Some(words) => (words.trim_end(), true),
        None => (line, false),
    };
    if words.is_empty() || (rule.action == RuleAction::Allow && words.starts_with('*')) {
        return Err("it would open every command".to_owned());
    }
    let glob = |text: &str| text.split('*').map(globset_escape).collect::<Vec<_>>().join("*");
    let example = words.replace('*', "x");
    rule.commands = vec![glob(words)];
    rule.matches = vec![Example { tool: "bash".to_owned(), argument: example.clone() }];
    if open {
        rule.commands.push(format!("{} *", glob(words)));
        rule.matches.push(Example { tool: "bash".to_owned(), argument: format!("{example} x") });
    }
    Ok(())
}

/// What a glob would read as more than the character itself.
fn globset_escape(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if matches!(c, '?' | '[' | ']' | '{' | '}' | '\\') {
            out.push_str(&if c == '\\' { "[\\\\]".to_owned() } else { format!("[{c}]") });
        } else {
            out.push(c);
        }
    }
    out
}

fn path(rule: &mut Rule, pattern: &str, effect: &str) -> Result<(), String> {
    if pattern.starts_with('!') {
        return Err("a pattern that excepts something from another has no counterpart".to_owned());
    }
    let tightens = rule.action != RuleAction::Allow;
    let ours = match pattern.strip_prefix("//") {
        Some(below) => format!("/{below}"),
        None if pattern.starts_with("~/") => pattern.to_owned(),
        None => {
            let below = pattern.trim_start_matches("./").trim_start_matches('/');
            // A bare name means one at any depth, as in .gitignore.
            let bare = !below.trim_end_matches('/').contains('/') && !pattern.starts_with(['/', '.'])
                || pattern.starts_with(".env");
            if bare && tightens { format!("**/{}", below.trim_end_matches('/')) } else { below.to_owned() }
        }
    };
    if matches!(ours.as_str(), "" | "/" | "/**" | "~/" | "~/**" | "**") && !tightens {
        return Err("it would open more than a folder of your own choice".to_owned());
    }
    if !tightens && !ours.starts_with(['/', '~']) && !ours.starts_with("../") {
        return Err("the workspace is free without a rule".to_owned());
    }
    let tree = ours.strip_suffix("/**").unwrap_or(&ours).to_owned();
    rule.effects = match effect {
        "read" => vec!["read".to_owned()],
        _ => vec!["write".to_owned(), "delete".to_owned()],
    };
    let tool = if effect == "read" { "read" } else { "write" };
    let below = tree.replace("**/", "").replace('*', "x").trim_end_matches('/').to_owned();
    let example = if tree == ours { below } else { format!("{below}/x") };
    rule.paths = vec![tree];
    rule.matches = vec![Example { tool: tool.to_owned(), argument: example }];
    Ok(())
}

fn host(rule: &mut Rule, rest: &str) -> Result<(), String> {
    let host = rest.strip_prefix("domain:").ok_or("only `domain:` is known")?.trim().to_lowercase();
    let plain = host.chars().all(|c| c.is_ascii_alphanumeric() || ".-*".contains(c));
    if !plain || host.trim_matches(['*', '.']).is_empty() {
        return Err("it is no name of a host".to_owned());
    }
    let name = host.replace('*', "x");
    rule.effects = vec!["net".to_owned()];
    rule.matches = vec![Example { tool: "fetch".to_owned(), argument: format!("https://{name}/") }];
    rule.hosts = vec![host];
    // What is opened is the one tool; what is closed is closed for commands too.
    if rule.action == RuleAction::Allow {
        rule.tools = vec!["fetch".to_owned()];
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_becomes_a_rule_or_a_reason() {
        use RuleAction::{Allow, Ask, Deny};
        for (text, action, told) in [
            (
                "Bash(npm run test:*)",
                Allow,
                "npm run test|npm run test * # bash: npm run test, bash: npm run test x",
            ),
            ("Bash(git status)", Allow, "git status # bash: git status"),
            ("Bash(npm run *)", Ask, "npm run|npm run * # bash: npm run, bash: npm run x"),
            ("Bash(echo [a]?)", Deny, "echo [[]a[]][?] # bash: echo [a]?"),
            ("Bash", Deny, "bash # bash: make"),
            ("Read(.env)", Deny, "read **/.env # read: .env"),
            ("Read(./secrets/**)", Deny, "read secrets # read: secrets/x"),
            ("Read(//etc/ssl/**)", Deny, "read /etc/ssl # read: /etc/ssl/x"),
            ("Read(~/notes/**)", Allow, "read ~/notes # read: ~/notes/x"),
            ("Edit(/docs/*.md)", Ask, "write delete docs/*.md # write: docs/x.md"),
            ("Edit(*.lock)", Deny, "write delete **/*.lock # write: x.lock"),
            ("WebFetch(domain:*.Example.com)", Deny, "net *.example.com # fetch: https://x.example.com/"),
            ("WebFetch(domain:docs.rs)", Allow, "fetch net docs.rs # fetch: https://docs.rs/"),
        ] {
            let rule = rule(text, action, "n").unwrap_or_else(|why| panic!("{text}: {why}"));
            let mut parts: Vec<String> = Vec::new();
            for list in [&rule.tools, &rule.effects, &rule.paths, &rule.hosts] {
                parts.extend(list.iter().cloned());
            }
            parts.extend((!rule.commands.is_empty()).then(|| rule.commands.join("|")));
            let examples: Vec<String> = rule.matches.iter().map(ToString::to_string).collect();
            assert_eq!(format!("{} # {}", parts.join(" "), examples.join(", ")), told, "{text}");
        }
        for (text, action) in [
            ("Bash", Allow),
            ("Bash(*)", Allow),
            ("Bash(:*)", Allow),
            ("Bash(* --version)", Allow),
            ("Bash(a && b:*)", Deny),
            ("Bash(ls", Deny),
            ("Read", Allow),
            ("Read(//**)", Allow),
            ("Read(~/**)", Allow),
            ("Edit(src/**)", Allow),
            ("Read(!x)", Deny),
            ("WebFetch", Allow),
            ("WebFetch(domain:*)", Allow),
            ("WebSearch", Allow),
            ("mcp__github__get", Deny),
        ] {
            assert!(rule(text, action, "n").is_err(), "{text}");
        }
    }
}
