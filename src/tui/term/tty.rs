//! The terminal as a guard: set up while it lives, restored when it goes, however it goes.

use std::io::{self, IsTerminal, Write};
use std::panic::PanicHookInfo;
use std::sync::Arc;
use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::text::Line;
use tokio::sync::watch;

use crate::protocol::{Report, ReportKind};

use super::ask::{self, Background};
use super::detect::Kind;
use super::modes::Modes;
use super::notice;
use super::screen::{Screen, Size};
use super::signals::{self, Happened};

type Hook = Arc<dyn Fn(&PanicHookInfo<'_>) + Send + Sync>;

/// Writes to the terminal while it is ours.
struct Out(Arc<Modes>);

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The terminal of this process: raw mode, pastes and focus reported, keys told apart, and a screen.
///
/// It is restored on drop, before a panic's message, on SIGTERM, SIGHUP, SIGINT and SIGQUIT, and while the
/// process is stopped. Only one may live at a time.
pub struct Tty {
    modes: Arc<Modes>,
    screen: Screen<Out>,
    told: Arc<watch::Sender<Happened>>,
    hook: Hook,
}

impl Tty {
    /// Takes the terminal. Nothing is asked of it, so the first frame waits for no answer.
    ///
    /// # Errors
    /// Input and output must both be a terminal.
    pub fn open(kind: Kind) -> Result<Self, Report> {
        if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
            return Err(Report::new(ReportKind::Usage, "a screen needs a terminal for input and output")
                .hint("ask without a screen: iosm -p 'what to do'"));
        }
        let failed = |error: io::Error| {
            Report::new(ReportKind::Usage, "the terminal cannot be set up for a screen")
                .cause(error.to_string())
                .hint("ask without a screen: iosm -p 'what to do'")
        };
        let size = window().map_err(failed)?;
        let modes = Arc::new(Modes::new(kind));
        let told = Arc::new(watch::Sender::new(Happened::default()));
        let hook = hook(&modes, &told);
        signals::listen(modes.clone(), told.clone());
        let screen = Screen::new(Out(modes.clone()), size, kind.depth, kind.rewrap)
            .around_alternate(modes.of_alternate());
        // From here on the drop restores.
        let tty = Self { modes, screen, told, hook };
        tty.modes.set().map_err(failed)?;
        Ok(tty)
    }

    /// Tells when something happened to the terminal: it asks for a frame, or the process has to end.
    pub fn happened(&self) -> watch::Receiver<Happened> {
        self.told.subscribe()
    }

    pub fn size(&self) -> Size {
        self.screen.size()
    }

    /// Looks at the window's size, so that what is laid out now fits the next frame.
    pub fn measure(&mut self) -> Size {
        if let Ok(size) = window() {
            self.screen.resize(size);
        }
        self.screen.size()
    }

    /// See [`Screen::print`].
    pub fn print(&mut self, lines: impl IntoIterator<Item = Line<'static>>) {
        self.screen.print(lines);
    }

    /// See [`Screen::frame`]. Looks at the window's size first, so that no row is drawn too long, and sets the
    /// terminal up again where it was taken from us.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn frame(
        &mut self,
        height: impl FnOnce(Size) -> u16,
        draw: impl FnOnce(&mut Buffer) -> Option<(u16, u16)>,
    ) -> io::Result<()> {
        if self.told.borrow().ending.is_some() || self.modes.is_stopping() {
            return Ok(());
        }
        if self.modes.is_lost() {
            self.modes.set()?;
            self.screen.restart();
        }
        let size = self.measure();
        self.screen.frame(height(size), draw)?;
        self.modes.note(self.screen.is_alternate(), self.screen.below());
        Ok(())
    }

    /// Draws everything anew with the next frame, below what is there.
    pub fn redraw(&mut self) {
        self.screen.restart();
    }

    /// See [`Screen::alternate`].
    pub fn alternate(&mut self, on: bool) {
        self.screen.alternate(on);
    }

    /// The window's title, until the terminal is restored.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn title(&mut self, text: &str) -> io::Result<()> {
        self.modes.write(&notice::title(text))
    }

    /// Shows a notification; says nothing about whether the window has the focus.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn notify(&mut self, kind: notice::Notice, text: &str) -> io::Result<()> {
        self.modes.write(&notice::notify(kind, text))
    }

    /// Copies to the clipboard; `false` where `text` is too long for terminals.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn copy(&mut self, text: &str) -> io::Result<bool> {
        match notice::copy(text) {
            Some(bytes) => self.modes.write(&bytes).map(|()| true),
            None => Ok(false),
        }
    }

    /// Asks what the background looks like, and waits at most for `patience` (a tenth of a second is long).
    /// To be asked after the first frame and before there is a stream of inputs, which gets what was typed
    /// meanwhile: the second of the two.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn background(&mut self, patience: Duration) -> io::Result<(Option<Background>, Vec<u8>)> {
        self.modes.write(ask::QUESTION)?;
        Ok(ask::answer(patience))
    }

    /// Gives the terminal to `work` (an editor, say), without the tail, and takes it back. The stream of
    /// inputs must have been dropped: it would read what is meant for others.
    ///
    /// # Errors
    /// The terminal cannot be set up again.
    pub fn with_released<T>(&mut self, work: impl FnOnce() -> T) -> io::Result<T> {
        self.give(false)?;
        let result = work();
        self.modes.set()?;
        Ok(result)
    }

    /// Ctrl+Z: gives the terminal back, stops until the shell lets us go on, and takes it again. `false`, and
    /// nothing else, where no shell is there to do so.
    ///
    /// # Errors
    /// The terminal cannot be set up again.
    pub fn suspend(&mut self) -> io::Result<bool> {
        if !signals::may_stop() {
            return Ok(false);
        }
        self.give(false)?;
        signals::stop_group(&self.modes);
        self.modes.set()?;
        Ok(true)
    }

    /// Ends in order: what waits is printed, the tail left or taken away.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn close(mut self, keep: bool) -> io::Result<()> {
        self.give(keep)
    }

    fn give(&mut self, keep: bool) -> io::Result<()> {
        let left = self.screen.leave(keep);
        self.modes.note(false, 0);
        self.modes.restore(false);
        left
    }
}

impl Drop for Tty {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // The hook did it, and a panicking thread may not change hooks.
            self.modes.restore(false);
            return;
        }
        let _ = self.give(false);
        let before = self.hook.clone();
        std::panic::set_hook(Box::new(move |panic| before(panic)));
    }
}

/// Restores before a panic says what it has to say; the hook that was there before says it.
fn hook(modes: &Arc<Modes>, told: &Arc<watch::Sender<Happened>>) -> Hook {
    let before: Hook = Arc::from(std::panic::take_hook());
    let (ours, modes, told) = (before.clone(), modes.clone(), told.clone());
    std::panic::set_hook(Box::new(move |panic| {
        modes.restore(true);
        ours(panic);
        // Where the panic ends only a task, the screen begins again below its message.
        told.send_modify(|happened| happened.lost += 1);
    }));
    before
}

/// The window's size now.
fn window() -> io::Result<Size> {
    let window = crossterm::terminal::window_size()?;
    // Some serial lines say 0 for what they do not know.
    let known = |value: u16, usual: u16| if value == 0 { usual } else { value };
    Ok(Size::new(known(window.columns, 80), known(window.rows, 24)))
}
