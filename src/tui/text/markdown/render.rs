//! One whole block as rows.

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};
use ratatui::style::Style;
use ratatui::text::Span;

use super::table::Table;
use crate::tui::style::{Styles, Token};
use crate::tui::text::code::Highlighter;
use crate::tui::text::width::{one_line, visible};
use crate::tui::text::wrap::Row;

/// Columns of a horizontal rule.
const RULE: u16 = 24;

type Spans = Vec<Span<'static>>;

/// Rows of the Markdown in `source`. Nothing that was written is lost: what renders to nothing is shown as it is.
pub(super) fn block(source: &str, width: u16, styles: &Styles) -> Vec<Row> {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let parser = Parser::new_ext(source, options);
    let mut definitions: Vec<_> =
        parser.reference_definitions().iter().map(|(_, def)| def.span.clone()).collect();
    definitions.sort_by_key(|span| span.start);
    let mut render = Render::new(width, styles);
    for span in definitions {
        let shown = source.get(span).unwrap_or_default();
        render
            .rows
            .push(Row::words(Span::styled(visible(shown.trim()).into_owned(), styles.get(Token::Muted))));
    }
    let mut row = 0..0;
    let mut cell_end = 0;
    for (event, range) in parser.into_offset_iter() {
        match &event {
            Event::Start(Tag::TableRow) => (row, cell_end) = (range.clone(), range.start),
            Event::End(TagEnd::TableCell) => cell_end = range.end,
            Event::End(TagEnd::TableRow) => {
                let more = source.get(cell_end..row.end).unwrap_or_default();
                render.more_cells(more);
            }
            _ => {}
        }
        render.event(event);
    }
    render.end_line();
    if render.rows.is_empty() {
        let raw = |line: &str| Row::words(visible(line.trim_end()).into_owned());
        return source.lines().filter(|line| !line.trim().is_empty()).map(raw).collect();
    }
    render.rows
}

struct Render<'a> {
    styles: &'a Styles,
    width: u16,
    rows: Vec<Row>,
    spans: Spans,
    /// Looks of the inline marks that are open, the outermost first.
    looks: Vec<Style>,
    /// What stands before lines: of the first line of the innermost block, and of those after it.
    first: Spans,
    rest: Vec<Spans>,
    /// Next numbers of the lists that are open; `None` for bullets.
    lists: Vec<Option<u64>>,
    link: Option<(String, String)>,
    code: Option<(Highlighter, String)>,
    table: Option<Table>,
    has_paragraph: bool,
}

impl<'a> Render<'a> {
    fn new(width: u16, styles: &'a Styles) -> Self {
        Self {
            styles,
            width,
            rows: Vec::new(),
            spans: Vec::new(),
            looks: vec![styles.get(Token::Text)],
            first: Vec::new(),
            rest: Vec::new(),
            lists: Vec::new(),
            link: None,
            code: None,
            table: None,
            has_paragraph: false,
        }
    }

    /// GFM drops what a row has more than the head; here it stays.
    fn more_cells(&mut self, source: &str) {
        let Some(table) = &mut self.table else { return };
        let source = source.trim().trim_matches('|').trim();
        if !source.is_empty() {
            table.cell(vec![Span::styled(one_line(source), self.styles.get(Token::Text))]);
        }
    }

    fn event(&mut self, event: Event) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) => match &mut self.code {
                Some((_, held)) => held.push_str(&text),
                None => self.text(&text),
            },
            Event::Code(text) => {
                let mark = if self.styles.is_plain() { "`" } else { "" };
                let style = self.look().patch(self.styles.get(Token::Code));
                let text = format!("{mark}{}{mark}", visible(&text));
                self.spans.push(Span::styled(text, style));
            }
            Event::Html(text) => {
                for line in text.lines() {
                    self.text(line);
                    self.end_line();
                }
            }
            Event::InlineHtml(text) if is_break(&text) && self.table.is_none() => self.end_line(),
            Event::InlineHtml(text) if is_break(&text) => self.text(" "),
            Event::InlineHtml(text) => self.text(&text),
            Event::SoftBreak => self.text(" "),
            Event::HardBreak => self.end_line(),
            Event::Rule => {
                let rule = "─".repeat(usize::from(self.width.min(RULE)));
                self.spans.push(Span::styled(rule, self.styles.get(Token::Border)));
                self.end_line();
            }
            Event::TaskListMarker(done) => self.text(if done { "[x] " } else { "[ ] " }),
            Event::FootnoteReference(text) | Event::InlineMath(text) | Event::DisplayMath(text) => {
                self.text(&text);
            }
        }
    }

    fn look(&self) -> Style {
        self.looks.last().copied().unwrap_or_default()
    }

    fn with(&mut self, token: Token) {
        self.looks.push(self.look().patch(self.styles.get(token)));
    }

    fn text(&mut self, text: &str) {
        if let Some((_, shown)) = &mut self.link {
            shown.push_str(text);
        }
        let style = self.look();
        let text = visible(text);
        match self.spans.last_mut() {
            Some(last) if last.style == style => last.content.to_mut().push_str(&text),
            _ => self.spans.push(Span::styled(text.into_owned(), style)),
        }
    }

    fn start(&mut self, tag: Tag) {
        match tag {
            Tag::Paragraph => {
                // Two paragraphs of one item or quote are two.
                if self.has_paragraph && self.first.is_empty() {
                    self.push_row(Row::blank());
                }
                self.has_paragraph = true;
            }
            Tag::Heading { level, .. } => {
                self.with(Token::Heading);
                self.text(&format!("{} ", "#".repeat(level as usize)));
            }
            Tag::BlockQuote(_) => {
                self.end_line();
                let bar = Span::styled("│ ", self.styles.get(Token::Border));
                self.first.push(bar.clone());
                self.rest.push(vec![bar]);
                self.with(Token::Quote);
            }
            Tag::CodeBlock(kind) => {
                self.end_line();
                let name = match &kind {
                    CodeBlockKind::Fenced(name) => name.to_string(),
                    CodeBlockKind::Indented => String::new(),
                };
                self.fence(&name);
                self.code = Some((Highlighter::new(&name), String::new()));
            }
            Tag::List(start) => {
                self.end_line();
                self.lists.push(start);
            }
            Tag::Item => {
                self.has_paragraph = false;
                let mark = match self.lists.last_mut() {
                    Some(Some(number)) => {
                        *number += 1;
                        format!("{}. ", *number - 1)
                    }
                    _ => "• ".to_owned(),
                };
                self.rest.push(vec![Span::raw(" ".repeat(mark.chars().count()))]);
                self.first.push(Span::styled(mark, self.styles.get(Token::Muted)));
            }
            Tag::Emphasis => self.with(Token::Emphasis),
            Tag::Strong => self.with(Token::Strong),
            Tag::Strikethrough => {
                self.with(Token::Strike);
                if self.styles.is_plain() {
                    self.text("~~");
                }
            }
            Tag::Link { dest_url, .. } => {
                self.link = Some((dest_url.to_string(), String::new()));
                self.with(Token::Link);
            }
            Tag::Image { dest_url, .. } => {
                self.text("[image] ");
                self.link = Some((dest_url.to_string(), String::new()));
                self.with(Token::Link);
            }
            Tag::Table(alignments) => self.table = Some(Table::new(alignments)),
            Tag::TableHead | Tag::TableRow => {
                if let Some(table) = &mut self.table {
                    table.row();
                }
                if matches!(tag, Tag::TableHead) {
                    self.with(Token::Strong);
                }
            }
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Paragraph => self.end_line(),
            TagEnd::Heading(_) => {
                self.looks.pop();
                self.end_line();
            }
            TagEnd::BlockQuote(_) => {
                self.end_line();
                self.looks.pop();
                self.rest.pop();
                self.first.clear();
                self.has_paragraph = true;
            }
            TagEnd::CodeBlock => self.end_code(),
            TagEnd::List(_) => {
                self.lists.pop();
            }
            TagEnd::Item => {
                self.end_line();
                // An item without a word still has its mark.
                if !self.first.is_empty() {
                    self.push_row(Row::blank());
                }
                self.rest.pop();
            }
            TagEnd::Strikethrough => {
                if self.styles.is_plain() {
                    self.text("~~");
                }
                self.looks.pop();
            }
            TagEnd::Emphasis | TagEnd::Strong => {
                self.looks.pop();
            }
            TagEnd::Link | TagEnd::Image => {
                self.looks.pop();
                if let Some((address, shown)) = self.link.take()
                    && address != shown
                    && !address.is_empty()
                    && address.strip_prefix("mailto:") != Some(&shown)
                {
                    let address = format!(" ({})", visible(&address));
                    self.spans.push(Span::styled(address, self.styles.get(Token::Muted)));
                }
            }
            TagEnd::TableHead => {
                self.looks.pop();
            }
            TagEnd::TableCell => {
                let cell = std::mem::take(&mut self.spans);
                if let Some(table) = &mut self.table {
                    table.cell(cell);
                }
            }
            TagEnd::Table => {
                if let Some(table) = self.table.take() {
                    let taken: usize =
                        self.rest.iter().map(|spans| crate::tui::text::spans_width(spans)).sum();
                    let room = usize::from(self.width).saturating_sub(taken).max(1);
                    for row in table.rows(room, self.styles) {
                        self.push_row(row);
                    }
                }
            }
            TagEnd::HtmlBlock => self.end_line(),
            _ => {}
        }
    }

    /// Fences are shown: they say what is code without any colour.
    fn fence(&mut self, name: &str) {
        let text = format!("```{}", visible(name));
        self.push_row(Row::fixed(Span::styled(text, self.styles.get(Token::Muted))));
    }

    fn end_code(&mut self) {
        let Some((mut code, text)) = self.code.take() else { return };
        for line in text.lines() {
            let spans = code.line(&visible(line), self.styles);
            self.push_row(Row::fixed(spans));
        }
        self.fence("");
    }

    fn end_line(&mut self) {
        let spans = std::mem::take(&mut self.spans);
        if !spans.is_empty() {
            self.push_row(Row::words(spans));
        }
    }

    /// Puts a row behind the marks of the blocks it is in.
    fn push_row(&mut self, row: Row) {
        let rest: Spans = self.rest.iter().flatten().cloned().collect();
        // The marks that were not shown yet stand for the innermost of the indents.
        let marks = std::mem::take(&mut self.first);
        let outer = self.rest.len().saturating_sub(marks.len());
        let mut first: Spans = self.rest[..outer].iter().flatten().cloned().collect();
        first.extend(marks);
        self.rows.push(row.behind(&first, &rest));
    }
}

fn is_break(html: &str) -> bool {
    matches!(html.trim(), "<br>" | "<br/>" | "<br />")
}
