//! What becomes of sessions that are kept: given a name, removed, let go when they are old. Only ever because
//! somebody asked.

use super::ground::{Ground, state};
use super::opened::forget_vault;
use crate::base::{now_ms, unix_seconds};
use crate::protocol::{Report, ReportKind};
use crate::session::{self, Payload, SessionError, SessionLog, Summary};

/// Days after its last entry from which on a session counts as old.
pub const OLD_DAYS: i64 = 90;
/// Bytes that all sessions of a project may take before the oldest go.
pub const MOST_BYTES: u64 = 5_000_000_000;

/// What pruning removes, or would.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pruned {
    pub removed: Vec<Summary>,
    /// Old or too large as well, but in use.
    pub in_use: Vec<Summary>,
    /// Bytes of those removed.
    pub bytes: u64,
}

/// Gives a session a name; gives its id.
pub fn name_session(ground: &Ground, given: &str, name: &str) -> Result<String, Report> {
    let dir = ground.state()?.sub("sessions").map_err(state)?;
    let name = session::valid_name(name).map_err(usage)?;
    let id = session::find(&dir, given).map_err(usage)?;
    let mut log = SessionLog::resume(&dir, &id).map_err(usage)?.log;
    log.append(Payload::Name { name }).map_err(state)?;
    log.sync().map_err(state)?;
    Ok(id)
}

/// The sessions that each of these names, all of them or none.
pub fn named_sessions(ground: &Ground, given: &[String]) -> Result<Vec<Summary>, Report> {
    let dir = ground.state()?.sub("sessions").map_err(state)?;
    let mut found: Vec<Summary> = Vec::new();
    for given in given {
        let id = session::find(&dir, given).map_err(usage)?;
        if found.iter().all(|known| known.id != id) {
            found.push(session::summary(&dir, &id));
        }
    }
    Ok(found)
}

/// Removes a session, its index, and what was taken out of it. Its journal stays: that is the record.
pub fn remove_session(ground: &Ground, id: &str) -> Result<(), Report> {
    let dir = ground.state()?.sub("sessions").map_err(state)?;
    session::remove(&dir, id).map_err(|error| match error {
        SessionError::InUse(_) => {
            Report::new(ReportKind::State, format!("session {id} is in use and was not removed"))
                .hint("end it first")
        }
        other => state(other),
    })?;
    forget_vault(ground, id)
}

/// Removes what is older than [`OLD_DAYS`], then the oldest until all take less than [`MOST_BYTES`]. Sessions
/// with a name stay, and so does what cannot be read. `dry_run` only says what would go.
pub fn prune_sessions(ground: &Ground, dry_run: bool) -> Result<Pruned, Report> {
    let dir = ground.state()?.sub("sessions").map_err(state)?;
    let all = session::list(&dir).map_err(state)?;
    let now = (now_ms() / 1000) as i64;
    let mut pruned = Pruned::default();
    for summary in due(all, now, MOST_BYTES) {
        let removed = if dry_run { Ok(()) } else { session::remove(&dir, &summary.id) };
        match removed {
            Ok(()) => {
                if !dry_run {
                    forget_vault(ground, &summary.id)?;
                }
                pruned.bytes += summary.bytes;
                pruned.removed.push(summary);
            }
            Err(SessionError::InUse(_)) => pruned.in_use.push(summary),
            Err(error) => return Err(state(error)),
        }
    }
    Ok(pruned)
}

/// Those that may go at `now` (Unix seconds), the oldest first.
fn due(mut all: Vec<Summary>, now: i64, most_bytes: u64) -> Vec<Summary> {
    let mut total: u64 = all.iter().map(|summary| summary.bytes).sum();
    all.retain(|summary| summary.damage.is_none() && !summary.is_named);
    all.sort_by(|a, b| a.last.cmp(&b.last));
    all.retain(|summary| {
        let is_old = unix_seconds(&summary.last).is_some_and(|last| now - last > OLD_DAYS * 24 * 60 * 60);
        let goes = is_old || total > most_bytes;
        total -= if goes { summary.bytes } else { 0 };
        goes
    });
    all
}

fn usage(error: SessionError) -> Report {
    Report::from_error(ReportKind::Usage, &error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(id: &str, last: &str, bytes: u64) -> Summary {
        Summary { id: id.into(), last: last.into(), bytes, ..Summary::default() }
    }

    fn ids(found: &[Summary]) -> Vec<&str> {
        found.iter().map(|summary| summary.id.as_str()).collect()
    }

    #[test]
    fn what_is_due_is_old_or_too_much_and_never_named() {
        let now = unix_seconds("2026-11-21T00:00:00.000Z").unwrap();
        let day = |ago: i64| crate::base::rfc3339(((now - ago * 24 * 60 * 60) * 1000) as u64);
        let just_old = crate::base::rfc3339(((now - OLD_DAYS * 24 * 60 * 60 - 1) * 1000) as u64);
        let named = Summary { is_named: true, ..one("named", &day(400), 900) };
        let damaged = Summary { damage: Some("torn".into()), ..one("damaged", "", 0) };
        let all = vec![
            one("new", &day(0), 10),
            one("edge", &day(90), 20),
            one("old", &just_old, 30),
            named,
            damaged,
        ];
        assert_eq!(ids(&due(all.clone(), now, 10_000)), ["old"]);
        assert_eq!(ids(&due(all.clone(), now, 930)), ["old"], "what is left fits exactly");
        assert_eq!(ids(&due(all.clone(), now, 929)), ["old", "edge"]);
        assert_eq!(ids(&due(all, now, 0)), ["old", "edge", "new"], "the named one takes room and stays");
    }
}
