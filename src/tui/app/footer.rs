//! The line below everything: what works here, how full its window is, what it has cost, where it stands.

use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use crate::engine::Branch;
use crate::protocol::{Cost, CostBasis, Setup, Usage};
use crate::tui::style::{Styles, Token};

/// Cells of the gauge of the window.
const GAUGE: usize = 8;

/// Everything the line is made of.
#[derive(Debug, Clone, Default)]
pub(super) struct Footer {
    pub setup: Option<Setup>,
    /// Tokens in the window after the last request.
    pub context_tokens: u64,
    pub usage: Usage,
    pub cost: Option<Cost>,
    pub branch: Option<Branch>,
    /// What keeps commands in, in a word: `full`, `reduced`, `none`.
    pub sandbox: String,
    /// What the project brings is not trusted.
    pub untrusted: bool,
    pub tainted: bool,
    pub background: u32,
}

impl Footer {
    /// Adds what a request cost.
    pub(super) fn spend(&mut self, usage: Usage, cost: Cost, context_tokens: u64) {
        self.usage.add(usage);
        self.cost = Some(self.cost.map_or(cost, |before| before.plus(cost)));
        self.context_tokens = context_tokens;
    }

    /// What the log says of the conversation that goes on.
    pub(super) fn stands(&mut self, context_tokens: u64, spent: Option<(Usage, Cost)>) {
        self.context_tokens = context_tokens;
        self.usage = spent.map_or_else(Usage::default, |(usage, _)| usage);
        self.cost = spent.map(|(_, cost)| cost);
    }

    /// The parts that fit, the most needed first; `width` in cells.
    pub(super) fn line(&self, width: u16, styles: &Styles) -> Line<'static> {
        let muted = styles.get(Token::Muted);
        let mut parts: Vec<(u8, Vec<Span<'static>>)> = Vec::new();
        if let Some(setup) = &self.setup {
            let profile = Span::styled(setup.profile.clone(), styles.get(Token::Accent));
            parts.push((1, vec![profile]));
            let name = setup.model.rsplit('/').next().unwrap_or_default().to_owned();
            let short = match name.as_str() {
                "" => "no model".to_owned(),
                name => name.chars().take(28).collect(),
            };
            parts.push((2, vec![Span::styled(short, muted)]));
            if setup.thinking != "off" {
                parts.push((7, vec![Span::styled(format!("thinking {}", setup.thinking), muted)]));
            }
            if setup.context_window > 0 {
                parts.push((3, self.gauge(setup.context_window, styles)));
            }
            if let Some(url) = &setup.base_url {
                parts.push((10, vec![Span::styled(url.clone(), muted)]));
            }
        }
        if let Some(share) = self.reuse() {
            parts.push((8, vec![Span::styled(format!("cache {share} %"), muted)]));
        }
        if let Some(cost) = self.cost {
            parts.push((5, vec![Span::styled(money(cost), muted)]));
        }
        if let Some(branch) = &self.branch {
            let mark = if branch.dirty { "*" } else { "" };
            parts.push((6, vec![Span::styled(format!("{}{mark}", branch.name), muted)]));
        }
        let (sandbox, token) = match self.sandbox.as_str() {
            // No session yet.
            "" => (String::new(), Token::Muted),
            "full" => ("sandbox".to_owned(), Token::Muted),
            "reduced" => ("sandbox reduced".to_owned(), Token::Muted),
            other => (format!("sandbox {other}"), Token::Warning),
        };
        if !sandbox.is_empty() {
            let rank = if token == Token::Warning { 0 } else { 9 };
            parts.push((rank, vec![Span::styled(sandbox, styles.get(token))]));
        }
        if self.untrusted {
            parts.push((4, vec![Span::styled("untrusted project", styles.get(Token::Warning))]));
        }
        if self.tainted {
            parts.push((0, vec![Span::styled("tainted", styles.get(Token::Warning))]));
        }
        if self.background > 0 {
            parts.push((
                4,
                vec![Span::styled(format!("{} in background", self.background), styles.get(Token::Info))],
            ));
        }
        join(parts, usize::from(width), muted)
    }

    fn gauge(&self, window: u64, styles: &Styles) -> Vec<Span<'static>> {
        let share = (self.context_tokens as f64 / window as f64).clamp(0.0, 1.0);
        let filled = (share * GAUGE as f64).round() as usize;
        let token = if share >= 0.8 { Token::Warning } else { Token::GaugeFilled };
        vec![
            Span::styled("■".repeat(filled), styles.get(token)),
            Span::styled("·".repeat(GAUGE - filled), styles.get(Token::GaugeEmpty)),
            Span::styled(format!(" {:.0} %", share * 100.0), styles.get(Token::Muted)),
        ]
    }

    /// How much of what was sent the provider had kept, in percent.
    fn reuse(&self) -> Option<u64> {
        let sent = self.usage.context_tokens();
        (self.usage.cache_read_tokens > 0 && sent > 0).then(|| self.usage.cache_read_tokens * 100 / sent)
    }
}

fn money(cost: Cost) -> String {
    match (cost.usd, cost.basis) {
        (Some(usd), _) if usd > 0.0 && usd < 0.01 => "< $0.01".to_owned(),
        (Some(usd), _) => format!("${usd:.2}"),
        (None, CostBasis::Unknown) => "cost unknown".to_owned(),
        (None, _) => "cost unknown".to_owned(),
    }
}

/// Leaves parts out, the least needed first, until the rest fits.
fn join(
    mut parts: Vec<(u8, Vec<Span<'static>>)>,
    width: usize,
    style: ratatui::style::Style,
) -> Line<'static> {
    let wide = |spans: &[Span<'static>]| spans.iter().map(|span| span.content.width()).sum::<usize>();
    loop {
        let total: usize =
            parts.iter().map(|(_, spans)| wide(spans)).sum::<usize>() + parts.len().saturating_sub(1) * 3;
        if total <= width || parts.is_empty() {
            break;
        }
        let least = parts.iter().enumerate().max_by_key(|(_, (rank, _))| *rank).map_or(0, |(at, _)| at);
        parts.remove(least);
    }
    let mut spans = Vec::new();
    for (at, (_, part)) in parts.into_iter().enumerate() {
        if at > 0 {
            spans.push(Span::styled(" · ", style));
        }
        spans.extend(part);
    }
    Line::from(spans)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn footer() -> Footer {
        let setup = Setup {
            model: "anthropic/claude-sonnet-5-5".into(),
            profile: "full".into(),
            thinking: "low".into(),
            context_window: 200_000,
            base_url: None,
        };
        let usage = Usage { input_tokens: 1_000, cache_read_tokens: 3_000, ..Usage::default() };
        let cost = Cost { usd: Some(0.421), basis: CostBasis::Catalogue };
        let mut footer = Footer {
            setup: Some(setup),
            branch: Some(Branch { name: "main".into(), dirty: true }),
            sandbox: "full".into(),
            ..Footer::default()
        };
        footer.spend(usage, cost, 50_000);
        footer
    }

    fn text(footer: &Footer, width: u16) -> String {
        footer.line(width, &Styles::plain()).spans.iter().map(|span| span.content.as_ref()).collect()
    }

    #[test]
    fn what_matters_most_stays_in_a_narrow_terminal() {
        let wide =
            "full · claude-sonnet-5-5 · thinking low · ■■······ 25 % · cache 75 % · $0.42 · main* · sandbox";
        assert_eq!(text(&footer(), 120), wide);
        assert_eq!(text(&footer(), 40), "full · claude-sonnet-5-5 · ■■······ 25 %");
        assert_eq!(text(&footer(), 5), "full");
        assert_eq!(text(&footer(), 0), "");
        for width in 0..130 {
            assert!(text(&footer(), width).width() <= usize::from(width), "{width}");
        }
    }

    #[test]
    fn a_warning_is_the_last_to_go() {
        let mut footer = footer();
        (footer.sandbox, footer.tainted) = ("none".into(), true);
        assert_eq!(text(&footer, 24), "sandbox none · tainted");
        assert_eq!(money(Cost { usd: Some(0.001), basis: CostBasis::Catalogue }), "< $0.01");
        assert_eq!(money(Cost { usd: None, basis: CostBasis::Unknown }), "cost unknown");
    }
}
