//! The screen at work: what is shown, what keys and events do to it, and the loop that goes round.

mod backstage;
mod boards;
mod command;
mod effect;
mod footer;
mod jobs;
mod opening;
mod outside;
mod pager;
mod roll;
mod secret;
mod show;
mod state;
mod view;
mod welcome;
mod work;

#[cfg(test)]
mod tests;

use std::time::Duration;

use ratatui::text::Line;
use tokio::sync::mpsc;

use backstage::Backstage;
use jobs::Job;
use state::App;

use super::composer::{Composer, PaletteEntry};
use super::keys::Keys;
use super::style::Styles;
use super::term::{FrameRequester, Frames, Inputs, Kind, Tty};
use crate::base::now_ms;
use crate::config::{Keymap, Theme};
use crate::engine::{Demo, Ground, Options, Ready, Session, SharedEnv};
use crate::protocol::{Op, Report, ReportKind, Stamped};
use crate::tui::term::{Background, Depth, Input};

/// Events taken in one go before a frame may be drawn.
const MOST_AT_ONCE: usize = 256;
/// Answers of work beside the loop that wait to be taken.
const JOBS_WAITING: usize = 16;

/// The theme that follows the terminal's background, and the two it chooses from.
const AUTO: &str = "auto";
const DARK: &str = "dark";
const LIGHT: &str = "light";
/// How long the terminal is given to say what its background is.
const ANSWER: Duration = Duration::from_millis(100);

/// What the screen starts with.
pub struct Start {
    pub options: Options,
    /// The first prompt, from the command line.
    pub first: Option<String>,
    pub env: SharedEnv,
    /// Looks at the ground anew: settings change when a model is chosen, trust when the project is trusted.
    pub survey: Box<dyn Fn() -> Result<Ground, Report>>,
    /// Everything on the alternate screen.
    pub fullscreen: bool,
    /// Begin with the list of sessions.
    pub pick_session: bool,
}

/// Runs the screen to its end; the exit code.
pub fn run(start: Start) -> Result<u8, Report> {
    let env = start.env.clone();
    let mut kind = Kind::detect(|name| env(name))?;
    // Elsewhere the terminal's own scrollback has the wheel, and a drag selects.
    kind.wheel = start.fullscreen && kind.modern;
    let ground = (start.survey)()?;
    let backstage = Backstage::start()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Report::new(ReportKind::Internal, "no runtime").cause(error.to_string()))?;
    runtime.block_on(async {
        let keymap = Keymap::load(Some(&ground.dirs.config.join("keymap.yaml")))
            .map_err(|error| Report::from_error(ReportKind::Config, &error))?;
        // A theme that is not there is told before the terminal is taken.
        let styles = dressed(&ground, kind, DARK)?;
        let mut app =
            App::new(Composer::new(Vec::new(), PaletteEntry::built_in()), Keys::new(keymap), styles);
        app.composer.look_at_paths_with(|path| std::path::Path::new(path).exists());
        app.roll = start.fullscreen.then(roll::Roll::default);
        let mut tty = Tty::open(kind)?;
        let mut typed = Vec::new();
        if ground.settings.settings.theme.as_deref() == Some(AUTO) {
            let (background, meanwhile) = tty.background(ANSWER).map_err(lost)?;
            typed = meanwhile;
            let theme = if background == Some(Background::Light) { LIGHT } else { DARK };
            app.dress(dressed(&ground, kind, theme)?);
        }
        let (frames, frame) = Frames::new();
        let (done, jobs) = mpsc::channel(JOBS_WAITING);
        let inputs = Some(Inputs::new(&typed));
        let mut screen = Screen {
            app,
            tty,
            kind,
            inputs,
            frame,
            done,
            backstage,
            ground,
            session: None,
            opening: false,
            pasting: false,
            waiting: Vec::new(),
            demo: None,
            ways: Vec::new(),
            found: Vec::new(),
            first: None,
            quit: None,
            start,
        };
        screen.begin();
        let ended = screen.go_round(frames, jobs).await;
        let closed = screen.close();
        let code = ended?;
        closed.map(|()| code)
    })
}

/// The looks of the theme that is set, in as many colours as the terminal has; `found` for one that follows
/// the terminal's background.
fn dressed(ground: &Ground, kind: Kind, found: &str) -> Result<Styles, Report> {
    if kind.depth == Depth::None {
        return Ok(Styles::plain());
    }
    let set = ground.settings.settings.theme.as_deref().unwrap_or(DARK);
    let name = if set == AUTO { found } else { set };
    let folder = ground.dirs.config.join("themes");
    let theme =
        Theme::load(name, &[&folder]).map_err(|error| Report::from_error(ReportKind::Config, &error))?;
    Ok(Styles::new(&theme))
}

/// Everything that the loop holds.
struct Screen {
    app: App,
    tty: Tty,
    kind: Kind,
    /// `None` while another program has the terminal.
    inputs: Option<Inputs>,
    frame: FrameRequester,
    done: mpsc::Sender<Job>,
    backstage: Backstage,
    ground: Ground,
    session: Option<Session>,
    /// One is being opened, and what waits for it.
    opening: bool,
    waiting: Vec<Op>,
    /// The clipboard is being read.
    pasting: bool,
    /// The repository of the demo, while that is what one works in.
    demo: Option<Demo>,
    ways: Vec<welcome::Way>,
    /// What the ways were made of.
    found: Vec<Ready>,
    /// The first prompt, once a session is there to take it.
    first: Option<String>,
    quit: Option<u8>,
    start: Start,
}

/// What woke the loop.
enum Woken {
    Input(Option<std::io::Result<Input>>),
    Event(Option<Stamped>),
    Job(Job),
    Frame,
    Terminal,
}

impl Screen {
    async fn go_round(&mut self, mut frames: Frames, mut jobs: mpsc::Receiver<Job>) -> Result<u8, Report> {
        let mut happened = self.tty.happened();
        self.frame.request();
        loop {
            let woken = {
                let inputs = &mut self.inputs;
                let session = &mut self.session;
                tokio::select! {
                    biased;
                    input = next_input(inputs) => Woken::Input(input),
                    Ok(()) = happened.changed() => Woken::Terminal,
                    () = frames.next() => Woken::Frame,
                    Some(job) = jobs.recv() => Woken::Job(job),
                    event = next_event(session) => Woken::Event(event),
                }
            };
            let typed = matches!(&woken, Woken::Input(_));
            match woken {
                Woken::Frame => {
                    self.draw()?;
                    continue;
                }
                Woken::Input(Some(Ok(input))) => self.on_input(input),
                Woken::Input(_) => return Ok(0),
                Woken::Event(Some(stamped)) => self.on_events(stamped),
                Woken::Event(None) => self.session = None,
                Woken::Job(job) => self.on_job(job).await,
                Woken::Terminal => {
                    if let Some(status) = happened.borrow_and_update().ending {
                        return Ok(u8::try_from(status).unwrap_or(1));
                    }
                }
            }
            self.act().await?;
            if let Some(code) = self.quit {
                return Ok(code);
            }
            if typed {
                self.frame.request_for_key();
            } else {
                self.frame.request();
            }
        }
    }

    fn on_input(&mut self, input: Input) {
        let now = now_ms();
        match input {
            Input::Key(key) => self.app.on_key(key, now),
            Input::Paste(text) => self.app.on_paste(&text, now),
            // Its lines were laid out for the width that was.
            Input::Resize(size) => {
                let again = self.app.pager.as_ref().and_then(|pager| pager.again(size.cols));
                self.app.effects.extend(again);
            }
            Input::Wheel { up } => self.app.wheel(up, now),
            Input::Focus(focused) => self.app.focused = focused,
        }
    }

    /// One event, and what waits behind it: a flood makes no more frames than a trickle.
    fn on_events(&mut self, first: Stamped) {
        let now = now_ms();
        self.app.on_event(&first, now);
        for _ in 1..MOST_AT_ONCE {
            let Some(session) = &mut self.session else { break };
            let Ok(stamped) = session.events.try_recv() else { break };
            self.app.on_event(&stamped, now);
        }
    }

    /// Ends in order: the session's thread tidies up when the session is let go.
    fn close(self) -> Result<(), Report> {
        let Self { mut tty, session, backstage, inputs, start, .. } = self;
        drop(inputs);
        // Nothing else of the session is left on the terminal.
        if let (true, Some(id)) = (start.fullscreen, session.as_ref().and_then(|session| session.id.as_ref()))
        {
            tty.print([Line::from(format!("iosm -c goes on with this session ({id})"))]);
        }
        let closed = tty.close(false);
        drop(session);
        drop(backstage);
        closed.map_err(lost)
    }
}

async fn next_input(inputs: &mut Option<Inputs>) -> Option<std::io::Result<Input>> {
    match inputs {
        Some(inputs) => inputs.next().await,
        None => std::future::pending().await,
    }
}

async fn next_event(session: &mut Option<Session>) -> Option<Stamped> {
    match session {
        Some(session) => session.events.recv().await,
        None => std::future::pending().await,
    }
}

fn lost(error: std::io::Error) -> Report {
    Report::new(ReportKind::Host, "the terminal is gone").cause(error.to_string())
}

/// From now until a moment of [`now_ms`].
fn until(moment_ms: u64) -> Duration {
    Duration::from_millis(moment_ms.saturating_sub(now_ms()))
}
