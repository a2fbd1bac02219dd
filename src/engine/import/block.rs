//! The marked lines of an import in a file that a person writes: put in, found again, taken out. Every other
//! line stays as it is.

use crate::config::{Preset, Rule, rule_yaml};

fn begin(name: &str) -> String {
    format!("# >>> iosm import {name}; a new import replaces what stands from here …")
}

fn end(name: &str) -> String {
    format!("# <<< … to here (iosm import {name})")
}

/// Behind a line of ours that stands alone.
fn mark(name: &str) -> String {
    format!("  # iosm import {name}")
}

/// The text without what an earlier import put in.
pub(super) fn without(text: &str, name: &str) -> String {
    let (begin, end, mark) = (begin(name), end(name), mark(name));
    let mut kept = Vec::new();
    let mut inside = false;
    for line in text.split_inclusive('\n') {
        match line.trim() {
            trimmed if trimmed == begin => inside = true,
            trimmed if trimmed == end && inside => inside = false,
            _ if inside || line.trim_end().ends_with(&mark) => {}
            _ => kept.push(line),
        }
    }
    // A block without its end was meddled with: nothing of it is taken out.
    if inside {
        return text.to_owned();
    }
    // `rules:` with nothing below it means nothing, and is no list.
    let empty = |at: usize| {
        let next =
            kept[at + 1..].iter().find(|line| !line.trim().is_empty() && !line.trim().starts_with('#'));
        next.is_none_or(|line| !line.trim_start().starts_with("- "))
    };
    let left = kept.iter().enumerate().filter(|(at, line)| !(line.trim_end() == "rules:" && empty(*at)));
    left.map(|(_, line)| *line).collect()
}

/// The text with these rules at the head of its list. `Err` says why they cannot be put there.
pub(super) fn with(text: &str, name: &str, rules: &[Rule], preset: Option<Preset>) -> Result<String, String> {
    let mut out = text.to_owned();
    if let Some(preset) = preset {
        let at = if out.starts_with("---\n") { 4 } else { 0 };
        out.insert_str(at, &format!("preset: {}{}\n", preset.name(), mark(name)));
    }
    if rules.is_empty() {
        return Ok(out);
    }
    let list = out.split_inclusive('\n').scan(0, |at, line| {
        let from = *at;
        *at += line.len();
        Some((from, line))
    });
    let found = list.clone().find(|(_, line)| line.starts_with("rules:"));
    let Some((from, line)) = found else {
        if !out.is_empty() && !out.ends_with('\n') {
            out.push('\n');
        }
        out.push_str("rules:\n");
        out.push_str(&lines(name, rules, "  "));
        return Ok(out);
    };
    let value = line["rules:".len()..].split('#').next().unwrap_or_default().trim().to_owned();
    if !value.is_empty() && value != "[]" {
        return Err("its `rules` stand on one line".to_owned());
    }
    let next = from + line.len();
    let item = list.skip_while(|(at, _)| *at < next).find(|(_, line)| line.trim_start().starts_with("- "));
    let indent =
        item.map_or("  ".to_owned(), |(_, line)| line[..line.len() - line.trim_start().len()].to_owned());
    let head =
        if value == "[]" { "rules:\n".to_owned() } else { format!("{}\n", line.trim_end_matches('\n')) };
    let (before, after) = (out[..from].to_owned(), out[next..].to_owned());
    Ok(format!("{before}{head}{}{after}", lines(name, rules, &indent)))
}

fn lines(name: &str, rules: &[Rule], indent: &str) -> String {
    let mut out = format!("{indent}{}\n", begin(name));
    for line in rules.iter().map(rule_yaml).collect::<String>().lines() {
        out.push_str(&if line.is_empty() { "\n".to_owned() } else { format!("{indent}{line}\n") });
    }
    out + &format!("{indent}{}\n", end(name))
}

/// What is between the lines that both texts begin and end with: an import changes one place.
pub(super) fn diff(before: &str, after: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let head = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
    let most = old.len().min(new.len()) - head;
    let tail = old.iter().rev().zip(new.iter().rev()).take(most).take_while(|(old, new)| old == new).count();
    let (gone, come) = (&old[head..old.len() - tail], &new[head..new.len() - tail]);
    let mut out = format!("@@ -{},{} +{},{} @@\n", head + 1, gone.len(), head + 1, come.len());
    out.extend(gone.iter().map(|line| format!("-{line}\n")));
    out.extend(come.iter().map(|line| format!("+{line}\n")));
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{RuleAction, RuleOrigin};

    #[test]
    fn a_diff_is_the_lines_between() {
        assert_eq!(diff("a\nb\n", "a\nx\nb\n"), "@@ -2,0 +2,1 @@\n+x\n");
        assert_eq!(diff("a\na\n", "a\n"), "@@ -2,1 +2,0 @@\n-a\n");
        assert_eq!(diff("", "a\n"), "@@ -1,0 +1,1 @@\n+a\n");
    }

    #[test]
    fn what_was_put_in_comes_out_again_and_leaves_every_other_line() {
        let mut rule = Rule::new("claude: deny Bash(rm:*)", RuleAction::Deny, RuleOrigin::FLAG);
        rule.commands = vec!["rm".to_owned(), "rm *".to_owned()];
        for (text, head) in [
            ("", "rules:\n  # >>>"),
            ("# mine\npreset: coding", "# mine\npreset: coding\nrules:\n  # >>>"),
            (
                "rules:  # all\n# first\n- name: a\n  action: deny\n  tool: bash\nlimits: {}\n",
                "rules:  # all\n# >>>",
            ),
            (
                "hosts: [a.b]\nrules:\n    - {name: a, action: deny, tool: bash}\n",
                "hosts: [a.b]\nrules:\n    # >>>",
            ),
        ] {
            let put = with(text, "claude", std::slice::from_ref(&rule), None).unwrap();
            assert!(put.starts_with(head), "{put}");
            let ended =
                if text.is_empty() || text.ends_with('\n') { text.to_owned() } else { format!("{text}\n") };
            assert_eq!(without(&put, "claude"), ended, "{put}");
            assert_eq!(without(&put, "codex"), put);
        }
        let put = with("---\nhosts: [a.b]\n", "codex", &[], Some(Preset::Strict)).unwrap();
        assert_eq!(put, "---\npreset: strict  # iosm import codex\nhosts: [a.b]\n");
        assert_eq!(without(&put, "codex"), "---\nhosts: [a.b]\n");
        assert!(with("rules: [{name: a}]\n", "claude", std::slice::from_ref(&rule), None).is_err());
        let broken = "rules:\n  # >>> iosm import claude; a new import replaces what stands from here …\n  - name: a\n";
        assert_eq!(without(broken, "claude"), broken, "no end");
    }
}
