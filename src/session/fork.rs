//! A session that begins with the conversation of another, which stays as it is.

use std::collections::BTreeSet;

use super::entry::{Entry, Origin, Payload, Start};
use super::index::{Kind, Row};
use super::kept;
use super::log::{Loaded, SessionError, SessionLog, damaged, file_name, open_alone};
use crate::base::{StateDir, Stored, now_ms, rfc3339};

/// Makes the session that `start` names of the conversation of `from`: up to `entry` (for a message of the
/// user, with what answered it), else as it stands. Marks of taint of every branch come along; its name
/// and what held in it are the caller's to give. `from` may be in use: it is only read.
pub fn fork(dir: &StateDir, from: &str, entry: Option<u64>, start: Start) -> Result<Loaded, SessionError> {
    let log = Stored::open(dir, &file_name(from))?;
    let index = kept::known(dir, from, &log)?.index;
    let tip = match entry {
        None => index.tip(),
        Some(entry) => index.end_of(entry).ok_or(SessionError::NoMessage { entry })?,
    };
    let branch: BTreeSet<u64> = index.branch(tip).iter().map(|row| row.id).collect();
    let copied = |row: &&Row| match row.kind {
        Kind::Start | Kind::Name | Kind::Holds => false,
        Kind::Taint => true,
        _ => branch.contains(&row.id),
    };
    let until = index.tip() + 1;
    let id = start.session.clone();
    let origin = Origin { session: from.to_owned(), entry: tip, calls: index.totals.calls, until };
    let first = Entry {
        id: 1,
        parent: 0,
        ts: rfc3339(now_ms()),
        payload: Payload::Start(Start { origin: Some(origin), ..start }),
    };
    let mut file = open_alone(dir, &id)?;
    let written = (|| {
        file.line(&line(&first))?;
        let mut last = 1;
        for row in index.rows.iter().filter(copied) {
            let Some(mut entry) = kept::entry(&log, row) else {
                return Err(damaged(from, index.line_of(row), "it is not what the index says"));
            };
            // Ids stay, for entries name each other by them; what was left out is no parent.
            entry.parent = last;
            last = entry.id;
            file.line(&line(&entry))?;
        }
        let payload = Payload::Switch { to: last };
        let mark = Entry { id: until, parent: last, ts: rfc3339(now_ms()), payload };
        file.line(&line(&mark))?;
        Ok(file.sync()?)
    })();
    drop(file);
    if let Err(error) = written {
        // Half a copy is nobody's conversation.
        let _ = dir.remove(&file_name(&id));
        return Err(error);
    }
    SessionLog::resume(dir, &id)
}

fn line(entry: &Entry) -> Vec<u8> {
    serde_json::to_vec(entry).expect("an entry has only string keys")
}
