//! A prompt command: a Markdown file that is said to the model when its name is typed.

use std::path::{Path, PathBuf};

use super::front_matter::FrontMatter;
use super::{Whose, as_command_name, known_keys};

/// Keys that are known. The first two are read; what would give rights (`allowed-tools`) gives none here.
const KEYS: [&str; 6] =
    ["description", "argument-hint", "allowed-tools", "model", "disable-model-invocation", "name"];
/// Characters of a description that was taken from the text.
const LONGEST_LINE: usize = 100;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromptCommand {
    /// With `:` for the folders it lies in: `git:commit`.
    pub name: String,
    pub description: String,
    pub hint: Option<String>,
    pub path: PathBuf,
    pub whose: Whose,
    body: String,
}

impl PromptCommand {
    /// `below` is its path below the folder of commands.
    pub(super) fn read(
        below: &Path,
        path: &Path,
        text: &str,
        whose: Whose,
        ours: bool,
    ) -> Result<Self, String> {
        let front = FrontMatter::of(text);
        if ours {
            known_keys(&front, &KEYS)?;
        }
        let plain = below.with_extension("");
        let parts: Vec<String> = plain.iter().map(|part| part.to_string_lossy().into_owned()).collect();
        let name = as_command_name(&parts.join(":")).ok_or_else(|| {
            format!("`{}` is no name for a command; it begins with a letter", parts.join(":"))
        })?;
        if front.body.trim().is_empty() {
            return Err("it says nothing".to_owned());
        }
        let first = || {
            let line = front
                .body
                .lines()
                .map(|line| line.trim_start_matches(['#', ' ']))
                .find(|line| !line.is_empty());
            line.unwrap_or_default().chars().take(LONGEST_LINE).collect()
        };
        let description = front.text("description").unwrap_or_else(first);
        let hint = front.text("argument-hint");
        Ok(Self { name, description, hint, path: path.to_owned(), whose, body: front.body })
    }

    /// The text with its arguments put in: `$ARGUMENTS` is all of them, `$1` to `$9` are words (quotes keep
    /// several together). Where it asks for none, they follow it.
    pub fn filled(&self, args: &str) -> String {
        let words = words(args);
        let (mut out, mut asked, mut rest) = (String::new(), false, self.body.trim_end());
        while let Some(at) = rest.find('$') {
            out.push_str(&rest[..at]);
            let after = &rest[at + 1..];
            let digit = after.chars().next().and_then(|c| c.to_digit(10)).filter(|digit| *digit > 0);
            // `$10` is an amount, `$1` a place.
            let single = !after.chars().nth(1).is_some_and(|c| c.is_ascii_digit());
            if let Some(below) = after.strip_prefix("ARGUMENTS") {
                out.push_str(args);
                (asked, rest) = (true, below);
            } else if let Some(digit) = digit.filter(|_| single) {
                out.push_str(words.get(digit as usize - 1).map_or("", String::as_str));
                (asked, rest) = (true, &after[1..]);
            } else {
                out.push('$');
                rest = after;
            }
        }
        out.push_str(rest);
        if !asked && !args.is_empty() {
            out.push_str(&format!("\n\nArguments: {args}"));
        }
        out
    }
}

/// Words of a line; quotes keep several together.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote): (Vec<String>, Option<String>, Option<char>) =
        (Vec::new(), None, None);
    for c in line.chars() {
        match quote {
            Some(open) if c == open => quote = None,
            None if c == '"' || (c == '\'' && word.is_none()) => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            None if c.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_go_where_the_text_asks_for_them_or_follow_it() {
        for (body, args, told) in [
            ("Fix $ARGUMENTS now", "a b", "Fix a b now"),
            ("Fix $1 as $2.", "a 'b c'", "Fix a as b c."),
            ("Fix $2 $3", "a b", "Fix b "),
            ("Fix it", "a b", "Fix it\n\nArguments: a b"),
            ("Fix it", "", "Fix it"),
            ("It costs $10, $5x and $HOME, $", "y", "It costs $10, x and $HOME, $"),
            ("$1 $1", "don't stop", "don't don't"),
            // What an argument holds is not looked at again.
            ("$1 $ARGUMENTS", "$2 x", "$2 $2 x"),
        ] {
            let text = format!("---\ndescription: d\n---\n{body}\n");
            let path = Path::new("git/Fix It.md");
            let prompt = PromptCommand::read(path, path, &text, Whose::User, true).unwrap();
            assert_eq!((prompt.filled(args).as_str(), prompt.name.as_str()), (told, "git:fix-it"), "{body}");
        }
    }
}
