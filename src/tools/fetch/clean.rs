//! A page cut down to what says something, in a shape that is harmless to build a tree of: elements
//! nested no deeper than [`DEEPEST`], every one closed, no more of them than [`MOST_TAGS`].
//!
//! A tree is built of pages by rules that make much of little (a thousand open `<b>` are opened anew in
//! each paragraph), and walked by recursion. So pages are taken apart by the tokenizer alone first.

use std::cell::{Cell, RefCell};
use std::ops::Range;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer};
use url::Url;

/// Open elements at one time.
const DEEPEST: usize = 48;
/// Open elements at one time of those that are opened anew in each paragraph.
const MOST_FORMATS: usize = 6;
/// Tags in all; what follows keeps its text only.
const MOST_TAGS: usize = 50_000;
/// Of an address, in bytes.
const LONGEST_ADDRESS: usize = 2_000;

/// They say nothing to a reader, or lead elsewhere; left out with all they hold.
const DROPPED: [&str; 20] = [
    "script", "style", "noscript", "template", "svg", "math", "iframe", "object", "canvas", "audio", "video",
    "nav", "footer", "button", "select", "textarea", "dialog", "noframes", "noembed", "map",
];
/// Closed by whatever comes next as often as by their own end.
const LOOSE: [&str; 10] = ["p", "li", "dt", "dd", "tr", "td", "th", "thead", "tbody", "tfoot"];
const FORMATS: [&str; 9] = ["a", "b", "strong", "i", "em", "code", "s", "kbd", "tt"];
const BLOCKS: [&str; 26] = [
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "div",
    "section",
    "article",
    "main",
    "header",
    "aside",
    "figure",
    "figcaption",
    "blockquote",
    "pre",
    "ul",
    "ol",
    "dl",
    "table",
    "caption",
    "details",
    "summary",
    "address",
    "center",
    "fieldset",
];

/// What is left of a page.
#[derive(Debug, Default)]
pub(super) struct Cleaned {
    pub title: Option<String>,
    pub body: String,
    /// Where `<main>` lies in `body`.
    pub main: Option<Main>,
}

#[derive(Debug, Clone)]
pub(super) struct Main {
    pub range: Range<usize>,
    pub text_bytes: usize,
}

/// `base`: what addresses on the page are relative to.
pub(super) fn clean(html: &str, base: Option<&Url>) -> Cleaned {
    let sink = Sink { state: RefCell::default(), base: base.cloned(), ended: Cell::new(false) };
    let input = BufferQueue::default();
    input.push_back(StrTendril::from(html));
    let tokenizer = Tokenizer::new(sink, Default::default());
    // It stops at the end of each script, as a browser would to run it.
    while !input.is_empty() {
        let _ = tokenizer.feed(&input);
    }
    tokenizer.end();
    let mut state = tokenizer.sink.state.take();
    while let Some(name) = state.open.pop() {
        state.close(name);
    }
    let title = state.title.split_whitespace().collect::<Vec<_>>().join(" ");
    Cleaned { title: (!title.is_empty()).then_some(title), body: state.out, main: state.main }
}

struct Sink {
    state: RefCell<State>,
    base: Option<Url>,
    ended: Cell<bool>,
}

#[derive(Default)]
struct State {
    out: String,
    title: String,
    in_title: bool,
    /// Elements opened in `out`, the innermost last.
    open: Vec<&'static str>,
    tags: usize,
    /// The element being left out, and how many of its name are open within.
    dropping: Option<(String, usize)>,
    text_bytes: usize,
    /// Where `<main>` began, with the text before it.
    main_from: Option<(usize, usize)>,
    main: Option<Main>,
}

impl TokenSink for Sink {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut state = self.state.borrow_mut();
        match token {
            Token::CharacterTokens(text) => state.text(&text),
            Token::TagToken(tag) => {
                let raw = match (tag.kind, &*tag.name) {
                    (TagKind::StartTag, "script") => Some(RawKind::ScriptData),
                    (TagKind::StartTag, "style" | "iframe" | "noembed" | "noframes" | "xmp") => {
                        Some(RawKind::Rawtext)
                    }
                    (TagKind::StartTag, "title" | "textarea") => Some(RawKind::Rcdata),
                    _ => None,
                };
                match tag.kind {
                    TagKind::StartTag => state.start(&tag, self.base.as_ref()),
                    TagKind::EndTag => state.end(&tag.name),
                }
                if let Some(raw) = raw {
                    return TokenSinkResult::RawData(raw);
                }
            }
            Token::EOFToken => self.ended.set(true),
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

impl State {
    fn text(&mut self, text: &str) {
        if self.in_title {
            // One line.
            if self.title.len() < 500 {
                self.title.push_str(text);
            }
        } else if self.dropping.is_none() {
            self.text_bytes += text.trim().len();
            escape(text, &mut self.out);
        }
    }

    fn start(&mut self, tag: &Tag, base: Option<&Url>) {
        let name = &*tag.name;
        if let Some((dropped, within)) = &mut self.dropping {
            *within += usize::from(dropped == name);
            return;
        }
        if name == "title" {
            self.in_title = self.title.is_empty();
            if !self.in_title {
                self.dropping = Some((name.to_owned(), 1));
            }
            return;
        }
        let attr = |wanted: &str| tag.attrs.iter().find(|a| &*a.name.local == wanted).map(|a| &*a.value);
        let known = |list: &[&'static str]| list.iter().copied().find(|known| *known == name);
        let hidden = attr("hidden").is_some()
            || attr("aria-hidden") == Some("true")
            || matches!(attr("role"), Some("navigation" | "search" | "contentinfo" | "banner"));
        let void =
            matches!(name, "br" | "hr" | "img" | "input" | "meta" | "link" | "wbr" | "area" | "source");
        if known(&DROPPED).is_some() || hidden && !void && !matches!(name, "html" | "body") {
            if !(tag.self_closing && matches!(name, "svg" | "math")) {
                self.dropping = Some((name.to_owned(), 1));
            }
            return;
        }
        if self.tags >= MOST_TAGS {
            return;
        }
        match name {
            "br" | "hr" => self.out.push_str(&format!("<{name}>")),
            "img" => {
                let (Some(alt), Some(src)) = (attr("alt"), address(attr("src"), base)) else { return };
                if alt.trim().is_empty() {
                    return;
                }
                self.out.push_str("<img");
                attribute("alt", alt, &mut self.out);
                attribute("src", &src, &mut self.out);
                self.out.push('>');
            }
            _ => {
                let Some(known) = known(&LOOSE).or(known(&FORMATS)).or(known(&BLOCKS)) else { return };
                self.open(known, attr, base);
            }
        }
        self.tags += 1;
    }

    fn open<'t>(&mut self, name: &'static str, attr: impl Fn(&str) -> Option<&'t str>, base: Option<&Url>) {
        if LOOSE.contains(&name) {
            self.out.push_str(&format!("<{name}>"));
            return;
        }
        let formats = self.open.iter().filter(|open| FORMATS.contains(open)).count();
        let full = FORMATS.contains(&name) && formats >= MOST_FORMATS;
        // A link within a link ends the one around it.
        if self.open.len() >= DEEPEST || full || name == "a" && self.open.contains(&"a") {
            return;
        }
        let mut tag = format!("<{name}");
        match name {
            "a" => match address(attr("href"), base) {
                Some(href) => attribute("href", &href, &mut tag),
                None => return,
            },
            "code" | "pre" => {
                if let Some(class) = attr("class").filter(|class| class.len() < 100) {
                    attribute("class", class, &mut tag);
                }
            }
            "ol" => {
                if let Some(start) = attr("start").filter(|start| start.len() < 8) {
                    attribute("start", start, &mut tag);
                }
            }
            "main" if self.main.is_none() && self.main_from.is_none() => {
                self.main_from = Some((self.out.len(), self.text_bytes));
            }
            _ => {}
        }
        self.out.push_str(&tag);
        self.out.push('>');
        self.open.push(name);
    }

    fn end(&mut self, name: &str) {
        if let Some((dropped, within)) = &mut self.dropping {
            if dropped == name {
                *within -= 1;
                if *within == 0 {
                    self.dropping = None;
                }
            }
            return;
        }
        if name == "title" {
            self.in_title = false;
            return;
        }
        if let Some(loose) = LOOSE.iter().copied().find(|loose| *loose == name) {
            if self.tags < MOST_TAGS {
                self.tags += 1;
                self.out.push_str(&format!("</{loose}>"));
            }
            return;
        }
        let Some(at) = self.open.iter().rposition(|open| *open == name) else { return };
        while self.open.len() > at {
            if let Some(inner) = self.open.pop() {
                self.close(inner);
            }
        }
    }

    fn close(&mut self, name: &str) {
        self.out.push_str(&format!("</{name}>"));
        if name == "main"
            && !self.open.contains(&"main")
            && let Some((from, before)) = self.main_from.take()
        {
            let text_bytes = self.text_bytes - before;
            self.main = Some(Main { range: from..self.out.len(), text_bytes });
        }
    }
}

/// An address worth keeping, made whole. Places on the same page and scripts are none.
fn address(text: Option<&str>, base: Option<&Url>) -> Option<String> {
    let text = text?.trim();
    if text.is_empty() || text.starts_with('#') || text.len() > LONGEST_ADDRESS {
        return None;
    }
    let url = match base {
        Some(base) => base.join(text).ok()?,
        None => Url::parse(text).ok()?,
    };
    matches!(url.scheme(), "http" | "https" | "mailto" | "ftp").then(|| url.to_string())
}

fn attribute(name: &str, value: &str, out: &mut String) {
    out.push(' ');
    out.push_str(name);
    out.push_str("=\"");
    escape(value, out);
    out.push('"');
}

fn escape(text: &str, out: &mut String) {
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\0' => {}
            other => out.push(other),
        }
    }
}
