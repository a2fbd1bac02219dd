//! One block of Markdown as rows: by CommonMark, with tables, task lists and struck text.

use pulldown_cmark::{Alignment, CodeBlockKind, Event, Options, Parser, Tag, TagEnd};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::code::Highlighter;
use super::markdown::code_span;
use super::table::Table;
use super::width::visible;
use super::wrap::Row;
use crate::tui::style::{Styles, Token};

/// The rows of a block that is whole.
pub(super) fn rows_of(block: &str, styles: &Styles) -> Vec<Row> {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let mut writer = Writer::new(styles);
    for event in Parser::new_ext(block, options) {
        writer.take(event);
    }
    writer.end_line();
    writer.rows
}

struct Writer<'a> {
    styles: &'a Styles,
    rows: Vec<Row>,
    line: Vec<Span<'static>>,
    looks: Vec<Style>,
    /// What stands before every line of the open quotes and items.
    nests: Vec<Nest>,
    code: Option<Highlighter>,
    table: Option<Table>,
    link: Option<(String, String)>,
}

enum Nest {
    Quote,
    List(Option<u64>),
    /// The mark of an item, until its first line has it; then its width in blanks.
    Item { mark: String, begun: bool },
}

impl<'a> Writer<'a> {
    fn new(styles: &'a Styles) -> Self {
        let looks = vec![styles.get(Token::Text)];
        Self {
            styles,
            rows: Vec::new(),
            line: Vec::new(),
            looks,
            nests: Vec::new(),
            code: None,
            table: None,
            link: None,
        }
    }

    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) => self.text(&text),
            Event::Code(text) => {
                let span = code_span(&visible(&text), self.styles);
                self.span(span);
            }
            Event::Html(text) | Event::InlineHtml(text) => self.text(&text),
            Event::SoftBreak => self.text(" "),
            Event::HardBreak => self.end_line(),
            Event::Rule => {
                self.apart();
                self.line.push(Span::styled("─".repeat(24), self.styles.get(Token::Border)));
                self.end_line();
            }
            Event::TaskListMarker(done) => self.text(if done { "[x] " } else { "[ ] " }),
            Event::FootnoteReference(name) => self.text(&format!("[{name}]")),
            Event::InlineMath(text) | Event::DisplayMath(text) => self.text(&text),
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Paragraph => self.apart(),
            Tag::Heading { .. } => {
                self.apart();
                self.looks.push(self.styles.get(Token::Heading));
            }
            Tag::BlockQuote(_) => {
                self.apart();
                self.nests.push(Nest::Quote);
                self.looks.push(self.styles.get(Token::Quote));
            }
            Tag::List(first) => {
                self.end_line();
                if self.nests.is_empty() {
                    self.apart();
                }
                self.nests.push(Nest::List(first));
            }
            Tag::Item => {
                self.end_line();
                let mark = match self.nests.last_mut() {
                    Some(Nest::List(Some(number))) => {
                        let mark = format!("{number}. ");
                        *number += 1;
                        mark
                    }
                    _ => "• ".to_owned(),
                };
                self.nests.push(Nest::Item { mark, begun: false });
            }
            Tag::CodeBlock(kind) => {
                self.apart();
                let name = match &kind {
                    CodeBlockKind::Fenced(info) => info.split([' ', ',']).next().unwrap_or_default(),
                    CodeBlockKind::Indented => "",
                };
                self.code = Some(Highlighter::new(name));
            }
            Tag::Table(alignments) => {
                self.apart();
                self.table = Some(Table::new(alignments.iter().map(|a| *a == Alignment::Right).collect()));
            }
            Tag::Emphasis => self.look(Token::Emphasis),
            Tag::Strong => self.look(Token::Strong),
            Tag::Strikethrough => self.look(Token::Strike),
            Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. } => {
                self.link = Some((dest_url.to_string(), String::new()));
                self.look(Token::Link);
            }
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Paragraph => self.end_line(),
            TagEnd::Heading(_) => {
                self.end_line();
                self.looks.pop();
            }
            TagEnd::BlockQuote(_) => {
                self.end_line();
                self.nests.pop();
                self.looks.pop();
            }
            TagEnd::List(_) => {
                self.end_line();
                self.nests.pop();
            }
            TagEnd::Item => {
                self.end_line();
                self.nests.pop();
            }
            TagEnd::CodeBlock => {
                self.end_line();
                self.code = None;
            }
            TagEnd::Table => {
                if let Some(table) = self.table.take() {
                    for line in table.lines(self.styles) {
                        self.line = line.spans;
                        self.end_fixed();
                    }
                }
            }
            TagEnd::TableHead | TagEnd::TableRow => {
                if let Some(table) = &mut self.table {
                    table.end_row();
                }
            }
            TagEnd::TableCell => {
                let cell = std::mem::take(&mut self.line);
                if let Some(table) = &mut self.table {
                    table.cell(cell);
                }
            }
            TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough => drop(self.looks.pop()),
            TagEnd::Link | TagEnd::Image => {
                self.looks.pop();
                // A link whose text is its address says it once.
                if let Some((url, shown)) = self.link.take()
                    && !url.is_empty()
                    && url.trim_start_matches("mailto:") != shown
                {
                    let style = self.styles.get(Token::Muted);
                    self.line.push(Span::styled(format!(" ({})", visible(&url)), style));
                }
            }
            _ => {}
        }
    }

    fn look(&mut self, token: Token) {
        let style = self.looks.last().copied().unwrap_or_default().patch(self.styles.get(token));
        self.looks.push(style);
    }

    fn text(&mut self, text: &str) {
        if let Some(highlighter) = &mut self.code {
            let lines: Vec<Vec<Span<'static>>> =
                text.lines().map(|line| highlighter.line(line, self.styles)).collect();
            for mut spans in lines {
                spans.insert(0, Span::raw("  "));
                self.line = spans;
                self.end_fixed();
            }
            return;
        }
        if let Some((_, shown)) = &mut self.link {
            shown.push_str(text);
        }
        let style = self.looks.last().copied().unwrap_or_default();
        for (at, part) in text.split('\n').enumerate() {
            if at > 0 {
                self.end_line();
            }
            if !part.is_empty() {
                self.span(Span::styled(visible(part).into_owned(), style));
            }
        }
    }

    fn span(&mut self, span: Span<'static>) {
        match self.line.last_mut() {
            Some(last) if last.style == span.style => last.content.to_mut().push_str(&span.content),
            _ => self.line.push(span),
        }
    }

    /// A blank row between blocks, where there are several in one.
    fn apart(&mut self) {
        self.end_line();
        let first_of_item = matches!(self.nests.last(), Some(Nest::Item { begun: false, .. }));
        if !self.rows.is_empty() && !first_of_item {
            self.rows.push(Row::blank());
        }
    }

    fn end_line(&mut self) {
        if !self.line.is_empty() {
            let row = Row::words(Line::from(std::mem::take(&mut self.line)));
            self.nested(row);
        }
    }

    fn end_fixed(&mut self) {
        let row = Row::fixed(Line::from(std::mem::take(&mut self.line)));
        self.nested(row);
    }

    fn nested(&mut self, row: Row) {
        let (mut first, mut rest) = (Vec::new(), Vec::new());
        let marks = self.styles.get(Token::Accent);
        for nest in &mut self.nests {
            match nest {
                Nest::Quote => {
                    let bar = Span::styled("▏ ", self.styles.get(Token::Quote));
                    first.push(bar.clone());
                    rest.push(bar);
                }
                Nest::List(_) => {}
                Nest::Item { mark, begun } => {
                    let blank = Span::raw(" ".repeat(mark.chars().count()));
                    first.push(if *begun { blank.clone() } else { Span::styled(mark.clone(), marks) });
                    rest.push(blank);
                    *begun = true;
                }
            }
        }
        self.rows.push(row.behind(&first, &rest));
    }
}
