//! Commands that people wrote: prompt commands and skills, told to the model as the user's message.

use std::path::Path;

use super::{CommandInfo, CommandOrigin, find};
use crate::config::{Own, Whose};

/// Files that a text may point at with `@`; more is a list, not a mention.
const MOST_MENTIONS: usize = 20;

/// As lists show them: a name that a nearer command has is given with its origin before it.
pub(super) fn listed(own: &Own) -> Vec<CommandInfo> {
    let mut all: Vec<CommandInfo> = Vec::new();
    let prompts =
        own.prompts.iter().map(|p| (&p.name, &p.hint, &p.description, CommandOrigin::Prompt(p.whose)));
    let skills = own.skills.iter().map(|s| (&s.name, &s.hint, &s.description, CommandOrigin::Skill(s.whose)));
    for (name, hint, about, origin) in prompts.chain(skills) {
        let taken =
            |name: &str, all: &[CommandInfo]| find(name).is_some() || all.iter().any(|c| c.name == name);
        let mut name = name.clone();
        if taken(&name, &all) {
            name = format!("{}:{name}", whose(origin).name());
        }
        if !taken(&name, &all) {
            let args = hint.clone().unwrap_or_default();
            all.push(CommandInfo { name, args, about: about.clone(), origin });
        }
    }
    all
}

fn whose(origin: CommandOrigin) -> Whose {
    match origin {
        CommandOrigin::Prompt(whose) | CommandOrigin::Skill(whose) => whose,
        CommandOrigin::BuiltIn => Whose::User,
    }
}

/// What the model is told when this is typed; `None` where nothing is called so.
pub(super) fn called(own: &Own, workspace: &Path, name: &str, args: &str) -> Option<String> {
    let of = |whose: Whose| {
        name.strip_prefix(whose.name()).and_then(|rest| rest.strip_prefix(':')).map(|n| (Some(whose), n))
    };
    let qualified = of(Whose::Project).or_else(|| of(Whose::User));
    // A folder may be called `project` too, so the whole name comes first.
    let wanted = std::iter::once((None, name)).chain(qualified);
    wanted.into_iter().find_map(|(by, name)| {
        let fits = |whose: Whose| by.is_none_or(|by| by == whose);
        let prompt = own.prompts.iter().find(|prompt| prompt.name == name && fits(prompt.whose));
        if let Some(prompt) = prompt {
            return Some(with_mentions(prompt.filled(args), workspace));
        }
        let skill = own.skills.iter().find(|skill| skill.name == name && fits(skill.whose));
        skill.map(|skill| skill.called(args))
    })
}

/// Files that the text points at are read by the model itself: so their words are known to be the files', not
/// the user's.
fn with_mentions(text: String, workspace: &Path) -> String {
    let words = text.split_whitespace().filter_map(|word| word.strip_prefix('@'));
    let names = words.map(|name| name.trim_end_matches([',', '.', ';', ':', ')', '?', '!', '"', '\'', '`']));
    let mut files: Vec<&str> = Vec::new();
    for name in names.filter(|name| !name.is_empty()) {
        if files.len() < MOST_MENTIONS && !files.contains(&name) && workspace.join(name).exists() {
            files.push(name);
        }
    }
    if files.is_empty() {
        return text;
    }
    let files = files.join(", ");
    format!("{text}\n\nRead what is named with @ first: {files}")
}
