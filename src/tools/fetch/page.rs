//! A page as Markdown: its title, then what it says.

use htmd::HtmlToMarkdown;
use htmd::options::{BulletListMarker, Options};
use url::Url;

use super::clean::{Cleaned, clean};

/// Text of the page's main part that is enough to leave the rest out, in bytes.
const ENOUGH: usize = 200;

/// Whether a body of unknown type begins as a page does.
pub(super) fn looks_like_html(bytes: &[u8]) -> bool {
    let start: Vec<u8> = bytes.iter().take(256).map(u8::to_ascii_lowercase).collect();
    let start = start.trim_ascii_start();
    start.starts_with(b"<!doctype html") || start.starts_with(b"<html") || start.starts_with(b"<head")
}

/// Never fails: what cannot be converted is said instead.
pub(super) fn markdown(html: &str, url: &str) -> String {
    let Cleaned { title, body, main } = clean(html, Url::parse(url).ok().as_ref());
    let main = main.filter(|main| main.text_bytes >= ENOUGH);
    let body = main.as_ref().map_or(body.as_str(), |main| &body[main.range.clone()]);
    let options = Options {
        bullet_list_marker: BulletListMarker::Dash,
        ul_bullet_spacing: 1,
        ol_number_spacing: 1,
        ..Options::default()
    };
    let converted = HtmlToMarkdown::builder().options(options).build().convert(body);
    let text = match converted {
        Ok(text) => tidy(&text),
        Err(error) => {
            return format!("[the page cannot be shown as Markdown: {error}; raw: true shows it as it is]");
        }
    };
    match (title, text.is_empty()) {
        (_, true) => {
            "[the page holds no text; it may be made by a script. raw: true shows it as it is]".to_owned()
        }
        (Some(title), false) if !text.starts_with(&format!("# {title}")) => {
            format!("Title: {title}\n\n{text}")
        }
        (_, false) => text,
    }
}

/// Without spaces at line ends and without more than one empty line in a row.
fn tidy(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut empty = 0;
    for line in text.lines() {
        let line = line.trim_end();
        empty = if line.is_empty() { empty + 1 } else { 0 };
        if empty < 2 {
            out.push_str(line);
            out.push('\n');
        }
    }
    out.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_becomes_markdown_without_its_noise() {
        let html = include_str!("../../../tests/golden/fetch/page.html");
        let expected = include_str!("../../../tests/golden/fetch/page.md");
        assert_eq!(format!("{}\n", markdown(html, "https://docs.test/guide/start.html")), expected);
    }

    #[test]
    fn a_main_part_stands_for_the_page_only_when_it_says_something() {
        let long = "word ".repeat(60);
        let page = format!("<p>Around</p><main><p>{long}</p></main><p>Below</p>");
        let text = markdown(&page, "https://a.test/");
        assert!(text.contains("word") && !text.contains("Around") && !text.contains("Below"));
        assert_eq!(markdown("<p>Around</p><main>x</main>", "https://a.test/"), "Around\n\nx");
        assert!(markdown("<script>1</script>", "https://a.test/").contains("no text"));
    }

    #[test]
    fn pages_made_to_hurt_do_not() {
        let deep = |tag: &str| format!("<{tag}>").repeat(20_000);
        let formats: String = (0..5_000).map(|n| format!("<b id={n}>")).collect();
        for page in [
            deep("div"),
            deep("b"),
            deep("blockquote"),
            deep("table><tr><td"),
            deep("ul><li"),
            deep("svg><g"),
            format!("{}{}", deep("em"), "</em>".repeat(20_000)),
            format!("{formats}{}", "<p>x".repeat(5_000)),
            format!("{}text", "<a href=x>".repeat(20_000)),
            format!("<nav>{}", "x".repeat(20_000)),
            "<".repeat(20_000),
            "&amp;".repeat(20_000),
        ] {
            let text = markdown(&page, "https://a.test/");
            assert!(text.len() <= page.len() * 16 + 200, "{} from {}", text.len(), page.len());
        }
    }
}
