//! What things look like: the semantic tokens of a theme as styles of the terminal, and the keys that hints
//! name.

use std::sync::{Arc, LazyLock};

use ratatui::style::{Color, Modifier, Style};

use crate::config::{Action, Colour, KeyContext, Keymap, Look, Theme};

pub use crate::config::Token;

/// How many colours the terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    True,
    /// Of xterm's 256; other colours become the nearest of them.
    Indexed,
}

/// Where keys go while one writes.
pub const WRITING: &[KeyContext] = &[KeyContext::Composer, KeyContext::Global];

/// The built-in keys, read once.
static BUILT_IN: LazyLock<Arc<Keymap>> = LazyLock::new(|| Arc::new(Keymap::built_in()));

/// Looks by token, and the keymap in force: whatever is drawn is drawn with these.
#[derive(Debug, Clone)]
pub struct Styles {
    looks: Vec<Style>,
    plain: bool,
    keys: Arc<Keymap>,
}

impl Styles {
    pub fn new(theme: &Theme) -> Self {
        Self::with_depth(theme, Depth::True)
    }

    pub fn with_depth(theme: &Theme, depth: Depth) -> Self {
        let looks = Token::ALL.iter().map(|token| style(theme.look(*token), depth)).collect();
        Self { looks, plain: false, keys: BUILT_IN.clone() }
    }

    /// Without any colour: attributes only, and marks where a theme has none.
    pub fn plain() -> Self {
        let looks = Token::ALL.iter().map(|token| plain(*token)).collect();
        Self { looks, plain: true, keys: BUILT_IN.clone() }
    }

    /// With hints that name the keys of this keymap.
    pub fn with_keys(mut self, keymap: &Keymap) -> Self {
        self.keys = Arc::new(keymap.clone());
        self
    }

    /// The key of an action where `contexts` have the keys; nothing when it has none.
    pub fn key(&self, contexts: &[KeyContext], action: Action) -> Option<String> {
        self.keys.hint(contexts, action)
    }

    /// What a key does, in words: `ctrl+t shows them`; nothing when no key does it.
    pub fn hint(&self, contexts: &[KeyContext], action: Action, does: &str) -> Option<String> {
        self.key(contexts, action).map(|key| format!("{key} {does}"))
    }

    pub fn get(&self, token: Token) -> Style {
        self.looks[token as usize]
    }

    /// Whether marks must say what colours say elsewhere: the backticks of code stay.
    pub fn is_plain(&self) -> bool {
        self.plain
    }
}

fn plain(token: Token) -> Style {
    let attributes = match token {
        Token::Strong | Token::Heading | Token::Accent | Token::UserMark | Token::UserText => Modifier::BOLD,
        Token::ToolName | Token::Key | Token::Error | Token::VerdictDeny | Token::VerdictAsk => {
            Modifier::BOLD
        }
        Token::Prompt | Token::AssistantMark => Modifier::BOLD,
        Token::Selected => Modifier::REVERSED,
        Token::Muted | Token::Placeholder | Token::Border | Token::ToolOutput => Modifier::DIM,
        Token::Emphasis | Token::Thinking => Modifier::ITALIC,
        Token::Link | Token::DiffAddedWord | Token::DiffRemovedWord => Modifier::UNDERLINED,
        Token::Match => Modifier::UNDERLINED.union(Modifier::BOLD),
        Token::Strike => Modifier::CROSSED_OUT,
        _ => Modifier::empty(),
    };
    Style::new().add_modifier(attributes)
}

fn style(look: Look, depth: Depth) -> Style {
    let colour = |colour: Colour| match if depth == Depth::Indexed { colour.indexed() } else { colour } {
        Colour::Ansi(number) | Colour::Indexed(number) => Color::Indexed(number),
        Colour::Rgb(r, g, b) => Color::Rgb(r, g, b),
    };
    let mut style = Style { fg: look.fg.map(colour), bg: look.bg.map(colour), ..Style::new() };
    let attributes = [
        (look.bold, Modifier::BOLD),
        (look.dim, Modifier::DIM),
        (look.italic, Modifier::ITALIC),
        (look.underline, Modifier::UNDERLINED),
        (look.reversed, Modifier::REVERSED),
        (look.struck, Modifier::CROSSED_OUT),
    ];
    for (_, attribute) in attributes.into_iter().filter(|(has, _)| *has) {
        style = style.add_modifier(attribute);
    }
    style
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_styles_have_no_colour_and_themes_have() {
        let (plain, dark) = (Styles::plain(), Styles::new(&Theme::load("dark", &[]).unwrap()));
        for token in Token::ALL {
            let style = plain.get(*token);
            assert_eq!((style.fg, style.bg), (None, None), "{}", token.name());
        }
        assert_eq!(dark.get(Token::VerdictDeny).fg, Some(Color::Rgb(0xff, 0x80, 0x80)));
        let few = Styles::with_depth(&Theme::load("dark", &[]).unwrap(), Depth::Indexed);
        assert!(Token::ALL.iter().all(|token| !matches!(few.get(*token).fg, Some(Color::Rgb(..)))));
    }
}
