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
        let on_a_page = self.app.is_on_a_page();
        self.tty.alternate(on_a_page || self.start.fullscreen);
        let size = self.tty.measure();
        // What is printed waits while there is a page; what is held need not.
        if !on_a_page || self.start.fullscreen {
            let wrap = match self.ground.settings.settings.wrap {
                Some(LineWrap::Words) => Wrap::Words(size.cols),
                Some(LineWrap::Terminal) | None => Wrap::Terminal,
            };
            let lines = self.app.gather(size.cols, wrap);
            self.tty.print(lines);
        }
        if on_a_page {
            if let Some(pager) = &mut self.app.pager {
                pager.fit(size.rows);
            }
            let app = &self.app;
            self.tty.frame(|size| size.rows, |buf| app.draw_page(buf, now)).map_err(lost)?;
            return self.after_frame(now);
        }
        let app = &self.app;
        let tail = std::cell::OnceCell::new();
        let height =
            |size: crate::tui::term::Size| tail.get_or_init(|| app.tail(size.cols, size.rows, now)).height();
        self.tty.frame(height, |buf| tail.get().and_then(|tail| app.draw(tail, buf))).map_err(lost)?;
        self.after_frame(now)
    }

    /// What was drawn counts as seen, and what goes on by itself is drawn again in time.
    fn after_frame(&mut self, now: u64) -> Result<(), Report> {
        // A question behind a page was not seen.
        if self.app.pager.is_none() {
            self.app.layers.drawn(now_ms());
        }
        if self.app.work.is_some() {
            self.frame.request_in(Duration::from_millis(SPIN_MS));
        }
        if let Some(end) = self.app.hint_until().filter(|end| *end > now) {
            self.frame.request_in(until(end));
        }
        Ok(())
    }
}
