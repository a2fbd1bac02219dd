//! One key within a group of a settings file, set or taken out; everything else stays as it is.

/// The text with `key` of `group` set to `value` as YAML, or taken out. `None` where the group is written on one line:
/// its parts cannot be told apart by lines.
pub fn with_nested_setting(text: &str, group: &str, key: &str, value: Option<&str>) -> Option<String> {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let Some(head) = lines.iter().position(|line| names(line, group)) else {
        if let Some(value) = value {
            lines.extend([format!("{group}:"), format!("  {key}: {value}")]);
        }
        return Some(joined(&lines));
    };
    let rest = lines[head].split_once(':').map_or("", |(_, rest)| rest.trim());
    if !rest.is_empty() && !rest.starts_with('#') {
        return None;
    }
    let within = lines[head + 1..].iter().take_while(|line| is_within(line)).count();
    let mut group: Vec<String> = lines.splice(head + 1..head + 1 + within, []).collect();
    let indent = group.iter().find(|line| is_entry(line)).map_or(2, |line| indent(line));
    // What stands deeper belongs to the key above it.
    let mut taken = false;
    group.retain(|line| {
        if is_entry(line) && self::indent(line) <= indent {
            taken = names(line.trim_start(), key);
        }
        !(taken && is_entry(line))
    });
    if let Some(value) = value {
        group.insert(0, format!("{}{key}: {value}", " ".repeat(indent)));
    }
    if !group.iter().any(|line| is_entry(line)) {
        // A group of nothing is no group.
        lines.remove(head);
        lines.splice(head..head, group);
    } else {
        lines.splice(head + 1..head + 1, group);
    }
    Some(joined(&lines))
}

fn names(line: &str, key: &str) -> bool {
    line.strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with(':'))
}

fn is_within(line: &str) -> bool {
    line.trim().is_empty() || line.starts_with([' ', '\t'])
}

/// Neither blank nor a comment.
fn is_entry(line: &str) -> bool {
    !matches!(line.trim_start().chars().next(), None | Some('#'))
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

fn joined(lines: &[String]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(text: &str, value: Option<&str>) -> Option<String> {
        with_nested_setting(text, "limits", "turns", value)
    }

    #[test]
    fn one_key_changes_and_the_rest_stays() {
        for (before, value, after) in [
            ("", Some("3"), "limits:\n  turns: 3\n"),
            ("theme: dark\n", Some("3"), "theme: dark\nlimits:\n  turns: 3\n"),
            ("theme: dark", None, "theme: dark\n"),
            (
                "limits: # mine\n    minutes: 2 # few\n    turns: 5\nmodel: a/b\n",
                Some("3"),
                "limits: # mine\n    turns: 3\n    minutes: 2 # few\nmodel: a/b\n",
            ),
            ("limits:\n  turns: 5\n  # why\n  minutes: 2\n", None, "limits:\n  # why\n  minutes: 2\n"),
            ("limits:\n  turns: 5\nmodel: a/b\n", None, "model: a/b\n"),
            (
                "limits:\n\n# of mine\nmodel: a/b\n",
                Some("3"),
                "limits:\n  turns: 3\n\n# of mine\nmodel: a/b\n",
            ),
            ("limitsx: 1\n", Some("3"), "limitsx: 1\nlimits:\n  turns: 3\n"),
        ] {
            assert_eq!(set(before, value).as_deref(), Some(after), "{before:?}");
        }
    }

    #[test]
    fn a_group_on_one_line_is_left_to_its_author() {
        assert_eq!(set("limits: {turns: 5}\n", Some("3")), None);
    }
}
