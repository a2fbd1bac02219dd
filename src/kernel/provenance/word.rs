//! Words of a text as they are compared: lower case, look-alikes folded, without what stands around them.

use crate::kernel::admission::readable;

/// Longer texts are cut: what an agent is shown is shorter.
const MOST_BYTES: usize = 256 * 1024;

/// The words of a text in order. An address is one word, without scheme and trailing slash.
pub(super) fn words(text: &str) -> Vec<String> {
    let text = text.get(..text.floor_char_boundary(MOST_BYTES)).unwrap_or_default();
    let text = readable(text);
    let piece = |c: char| !(c.is_alphanumeric() || "@._-+/:#%?=&~$".contains(c));
    text.split(piece).filter_map(bare).collect()
}

fn bare(word: &str) -> Option<String> {
    let lower = word.to_lowercase();
    let word = lower.strip_prefix("https://").or_else(|| lower.strip_prefix("http://")).unwrap_or(&lower);
    let word = word.strip_prefix("mailto:").unwrap_or(word);
    let word = word.trim_start_matches(['.', '-', ':', '/', '#', '?', '&', '=', '_', '$', '~']);
    let word = word.trim_end_matches(['.', '-', ':', '/', '?', '&', '=', '#', '_', '~']);
    (!word.is_empty()).then(|| word.to_owned())
}

/// Endings of files, which look like those of hosts.
const FILES: &[&str] = &[
    "txt", "md", "pdf", "doc", "docx", "xls", "xlsx", "csv", "json", "yaml", "yml", "toml", "xml", "html",
    "rs", "py", "js", "ts", "tsx", "go", "java", "c", "h", "cpp", "sh", "rb", "php", "png", "jpg", "jpeg",
    "gif", "svg", "zip", "gz", "tar", "log", "lock", "sql", "pptx", "ppt",
];

/// Whether a word says where something goes: a mail address, a host or URL, an account, a telephone.
pub(super) fn is_address(word: &str) -> bool {
    if let Some((name, host)) = word.split_once('@') {
        return !name.is_empty() && host.contains('.');
    }
    is_host(word) || is_account(word) || is_telephone(word)
}

/// The host of a URL with a path or a port.
pub(super) fn host_of(word: &str) -> Option<&str> {
    let host = word.split(['/', '?', '#', ':']).next()?;
    (host.len() < word.len() && is_host(word)).then_some(host)
}

fn is_host(word: &str) -> bool {
    let host = word.split(['/', '?', '#', ':']).next().unwrap_or(word);
    let labels: Vec<&str> = host.split('.').collect();
    let plain = |label: &str| !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-');
    let top = labels.last().copied().unwrap_or_default();
    let named = top.len() >= 2
        && top.chars().all(char::is_alphabetic)
        && (host.len() < word.len() || !FILES.contains(&top));
    let numbered = labels.len() == 4 && labels.iter().all(|label| label.parse::<u8>().is_ok());
    labels.len() >= 2 && labels.iter().all(|label| plain(label)) && (named || numbered)
}

/// The shape of an IBAN: country, two digits, eleven or more letters and digits.
fn is_account(word: &str) -> bool {
    let bytes = word.as_bytes();
    (15..=34).contains(&bytes.len())
        && bytes[..2].iter().all(u8::is_ascii_lowercase)
        && bytes[2..4].iter().all(u8::is_ascii_digit)
        && bytes.iter().all(u8::is_ascii_alphanumeric)
        && bytes.iter().filter(|b| b.is_ascii_digit()).count() >= 8
}

fn is_telephone(word: &str) -> bool {
    word.starts_with('+') && word.bytes().filter(u8::is_ascii_digit).count() >= 8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_compared_without_their_dress() {
        assert_eq!(words("See <https://Example.com/a?b=1>, \"Bob\"."), ["see", "example.com/a?b=1", "bob"]);
        assert_eq!(words("m\u{200b}e@\u{435}xample.test"), ["me@example.test"]);
        assert_eq!(words(" -- … "), Vec::<String>::new());
    }

    #[test]
    fn addresses_are_told_from_words_and_files() {
        for address in [
            "a@b.test",
            "www.x-1.com",
            "x.com/secret",
            "us133000000121212121212",
            "+44-20-7946-0958",
            "10.1.2.3",
        ] {
            assert!(is_address(address), "{address}");
        }
        for other in
            ["report.txt", "2024-05-01", "v1.2", "main", "13", "src/main.rs", "e.g", "10:30", "a.b.1"]
        {
            assert!(!is_address(other) || other == "e.g", "{other}");
        }
        assert!(!is_address("e.g"), "one letter is no top level");
    }
}
