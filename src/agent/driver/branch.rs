//! Where in its session the conversation stands: what the user said, and going back to before it.

use super::Agent;
use crate::agent::by_user::OWN_WORD;
use crate::protocol::{Event, Item, Part, Report, ReportKind};
use crate::session::{Moved, Payload, SessionError, SessionLog};

impl Agent {
    /// Goes back to before what the user said at `entry`, a place in the log, and gives what that was. The
    /// log keeps everything: what comes next is another branch. What the agent has read stays read: marks of
    /// taint, what was withheld, the numbers of its calls and what it spent do not go back.
    ///
    /// Errors: while a run goes on; where no session is kept; where `entry` is no message of the user.
    pub async fn rewind(&mut self, entry: u64) -> Result<String, Report> {
        let moved = self.go("rewind", |log| log.rewind(entry))?;
        let text = moved.text.clone();
        self.parts.items = moved.items;
        self.take_past(moved.past);
        self.emit(Event::Rewound { entry, text: text.clone() }).await;
        self.emit(self.stands()).await;
        Ok(text)
    }

    /// Goes to the branch that ends with `entry`: for a message of the user, with what answered it. The
    /// errors are those of [`Agent::rewind`].
    pub async fn go_to(&mut self, entry: u64) -> Result<(), Report> {
        let moved = self.go("tree", |log| log.switch(entry))?;
        self.parts.items = moved.items;
        self.take_past(moved.past);
        self.emit(Event::Switched { entry }).await;
        self.emit(self.stands()).await;
        Ok(())
    }

    /// Gives the session a name.
    ///
    /// Errors: where no session is kept, or it cannot be written.
    pub fn name_session(&mut self, name: &str) -> Result<(), Report> {
        let log = self.parts.log.as_mut().ok_or_else(|| unkept("name"))?;
        log.append(Payload::Name { name: name.to_owned() }).map(drop).map_err(|error| refused(&error))
    }

    fn go(
        &mut self,
        command: &str,
        to: impl FnOnce(&mut SessionLog) -> Result<Moved, SessionError>,
    ) -> Result<Moved, Report> {
        if self.is_running() {
            return Err(Report::new(ReportKind::Usage, format!("/{command} waits until the turn has ended"))
                .hint("stop the turn first, or wait for its end"));
        }
        let log = self.parts.log.as_mut().ok_or_else(|| unkept(command))?;
        to(log).map_err(|error| refused(&error))
    }

    pub(super) async fn said(&mut self, item: &Item, entry: Option<u64>) {
        let Item::User { parts } = item else { return };
        let (mut texts, mut images) = (Vec::new(), Vec::new());
        for part in parts {
            match part {
                Part::Text { text } => texts.push(text.as_str()),
                Part::Image { media_type, .. } => images.push(media_type.clone()),
            }
        }
        let text = texts.join("\n");
        // What we say in the user's place is told to them in other ways.
        if !text.starts_with(OWN_WORD) {
            self.emit(Event::Said { text, images, entry: entry.unwrap_or(0) }).await;
        }
    }
}

fn unkept(command: &str) -> Report {
    Report::new(ReportKind::Usage, format!("/{command}: this session is not kept"))
        .hint("begin one without --no-session")
}

fn refused(error: &SessionError) -> Report {
    let kind = match error {
        SessionError::NoMessage { .. } => ReportKind::Usage,
        _ => ReportKind::State,
    };
    Report::from_error(kind, error)
}
