//! What things look like: the semantic tokens of a theme as styles of the terminal.

use ratatui::style::{Modifier, Style};

/// What a piece of the screen means; themes give each a look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Token {
    Text,
    /// Less important: hints, times, folded output.
    Muted,
    /// What has the eye: the selected row, a title.
    Accent,
    Strong,
    Emphasis,
    Heading,
    Code,
    Link,
    Quote,
    Border,
    /// The row under the cursor of a list.
    Selected,
    /// Letters that a fuzzy search found.
    Match,
    UserMark,
    AssistantMark,
    Thinking,
    Prompt,
    Placeholder,
    Key,
    VerdictAllow,
    VerdictRepaired,
    VerdictAsk,
    VerdictDeny,
    ToolName,
    ToolArgument,
    ToolOutput,
    DiffAdded,
    DiffRemoved,
    DiffAddedWord,
    DiffRemovedWord,
    DiffContext,
    DiffHunk,
    SyntaxKeyword,
    SyntaxString,
    SyntaxNumber,
    SyntaxComment,
    SyntaxFunction,
    SyntaxType,
    SyntaxPunctuation,
    Success,
    Warning,
    Error,
    Info,
    GaugeFilled,
    GaugeEmpty,
    Spinner,
}

/// Looks by token.
#[derive(Debug, Clone)]
pub struct Styles;

impl Styles {
    /// Without any colour: attributes only.
    pub fn plain() -> Self {
        Self
    }

    pub fn get(&self, token: Token) -> Style {
        match token {
            Token::Strong | Token::Heading | Token::Accent => Style::new().add_modifier(Modifier::BOLD),
            Token::Selected => Style::new().add_modifier(Modifier::REVERSED),
            Token::Muted | Token::Placeholder => Style::new().add_modifier(Modifier::DIM),
            _ => Style::new(),
        }
    }
}
