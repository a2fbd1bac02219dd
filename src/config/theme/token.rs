//! What a piece of the screen may mean, and how a theme file spells it.

/// One table: the type, its names in YAML and the list of all of them are made from it.
macro_rules! tokens {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)+) => {
        /// What a piece of the screen means; themes give each a look.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Token {
            $($(#[$doc])* $variant,)+
        }

        impl Token {
            /// Every token, in the order of its number.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// As theme files spell it.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }

            /// The token of this name.
            pub fn named(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|token| token.name() == name)
            }
        }
    };
}

tokens! {
    Text = "text",
    /// Less important: hints, times, folded output.
    Muted = "muted",
    /// What has the eye: the selected row, a title.
    Accent = "accent",
    Strong = "strong",
    Emphasis = "emphasis",
    Strike = "strike",
    Heading = "heading",
    Code = "code",
    Link = "link",
    Quote = "quote",
    Border = "border",
    /// The row under the cursor of a list.
    Selected = "selected",
    /// Letters that a fuzzy search found.
    Match = "match",
    UserMark = "user.mark",
    UserText = "user.text",
    AssistantMark = "assistant.mark",
    Thinking = "thinking",
    Prompt = "prompt",
    Placeholder = "placeholder",
    Key = "key",
    VerdictAllow = "verdict.allow",
    VerdictRepaired = "verdict.repaired",
    VerdictAsk = "verdict.ask",
    VerdictDeny = "verdict.deny",
    ToolName = "tool.name",
    ToolArgument = "tool.argument",
    ToolOutput = "tool.output",
    DiffAdded = "diff.added",
    DiffRemoved = "diff.removed",
    DiffAddedWord = "diff.added_word",
    DiffRemovedWord = "diff.removed_word",
    DiffContext = "diff.context",
    DiffHunk = "diff.hunk",
    SyntaxKeyword = "syntax.keyword",
    SyntaxString = "syntax.string",
    SyntaxNumber = "syntax.number",
    SyntaxComment = "syntax.comment",
    SyntaxFunction = "syntax.function",
    SyntaxType = "syntax.type",
    SyntaxPunctuation = "syntax.punctuation",
    Success = "success",
    Warning = "warning",
    Error = "error",
    Info = "info",
    GaugeFilled = "gauge.filled",
    GaugeEmpty = "gauge.empty",
    Spinner = "spinner",
}

impl Token {
    /// Whether it is drawn as shapes only, never as words: lines, bars, a spinner.
    pub fn is_shape(self) -> bool {
        matches!(self, Self::Border | Self::GaugeFilled | Self::GaugeEmpty | Self::Spinner)
    }
}
