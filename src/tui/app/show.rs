//! Putting the state on the terminal: what is finished once, the tail again and again.

use std::time::Duration;

use super::work::SPIN_MS;
use super::{Screen, lost, until};
use crate::base::now_ms;
use crate::config::LineWrap;
use crate::protocol::Report;
use crate::tui::text::Wrap;

impl Screen {
    pub(super) fn draw(&mut self) -> Result<(), Report> {
        let now = now_ms();
        let on_a_page = self.app.pager.is_some();
        self.tty.alternate(on_a_page || self.start.fullscreen);
        let width = self.tty.size().cols;
        if !on_a_page {
            let wrap = match self.ground.settings.settings.wrap {
                Some(LineWrap::Words) => Wrap::Words(width),
                Some(LineWrap::Terminal) | None => Wrap::Terminal,
            };
            let lines = self.app.transcript.take_finished(width, wrap, &self.app.styles);
            self.tty.print(lines);
        }
        if let Some(pager) = &mut self.app.pager {
            pager.fit(self.tty.size().rows);
            let styles = &self.app.styles;
            let draw = |buf: &mut ratatui::buffer::Buffer| {
                pager.render(buf.area, buf, styles);
                None
            };
            return self.tty.frame(|size| size.rows, draw).map_err(lost);
        }
        let app = &self.app;
        let tail = std::cell::OnceCell::new();
        let height =
            |size: crate::tui::term::Size| tail.get_or_init(|| app.tail(size.cols, size.rows, now)).height();
        self.tty.frame(height, |buf| tail.get().and_then(|tail| app.draw(tail, buf))).map_err(lost)?;
        self.app.layers.drawn(now_ms());
        if self.app.work.is_some() {
            self.frame.request_in(Duration::from_millis(SPIN_MS));
        }
        if let Some(end) = self.app.hint_until().filter(|end| *end > now) {
            self.frame.request_in(until(end));
        }
        Ok(())
    }
}
