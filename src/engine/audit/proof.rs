//! What a commit's trailers are worth: held against the journal that they name.

use super::shape::Proof;
use super::sources::Sources;
use crate::host::git::CommitInfo;
use crate::protocol::Report;

/// `Iosm-Journal: FIRST-LAST:HASH`.
struct Claim<'a> {
    first: u64,
    last: u64,
    /// Hash of the last row.
    hash: &'a str,
}

impl<'a> Claim<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let (rows, hash) = text.split_once(':')?;
        let (first, last) = rows.split_once('-')?;
        let (first, last) = (first.parse().ok()?, last.parse().ok()?);
        let is_hash = hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
        (is_hash && first >= 1 && first <= last).then_some(Self { first, last, hash })
    }
}

pub(in crate::engine) fn prove(commit: &CommitInfo, sources: &Sources) -> Result<Proof, Report> {
    let (run, claim) = match (commit.trailer("Iosm-Run"), commit.trailer("Iosm-Journal")) {
        (None, None) => return Ok(Proof::NoTrailer),
        (Some(run), Some(claim)) => (run, claim),
        (Some(_), None) => return Ok(malformed("it names a run and no rows of a journal")),
        (None, Some(_)) => return Ok(malformed("it names rows of a journal and no run")),
    };
    let Some(claim) = Claim::read(claim) else {
        return Ok(malformed("Iosm-Journal is not of the form FIRST-LAST:HASH"));
    };
    let Some(session) = sources.session_of_run(run)? else { return Ok(Proof::NotHere) };
    let known = sources.known(&session);
    let sealed = match &known.journal {
        Ok(sealed) => sealed,
        Err(why) => return Ok(Proof::Broken { session, why: why.clone() }),
    };
    let differs = |why: String| Ok(Proof::Differs { session: session.clone(), why });
    let at = |seq: u64| usize::try_from(seq - 1).ok().and_then(|at| sealed.rows.get(at));
    let Some(row) = at(claim.last) else {
        return differs(format!("it names row {}, and the journal has {}", claim.last, sealed.rows.len()));
    };
    let hash = sealed.hash_of(claim.last).unwrap_or_default();
    if hash != claim.hash {
        return differs(format!("row {} has the hash {hash}, the commit says {}", claim.last, claim.hash));
    }
    let theirs = at(claim.first).and_then(|row| row.run.as_deref());
    if row.run.as_deref() != Some(run) || theirs != Some(run) {
        return differs(format!("rows {}-{} are not of run {run}", claim.first, claim.last));
    }
    let seen =
        sealed.rows.iter().skip(claim.last as usize).any(|row| row.commit.as_deref() == Some(&commit.id));
    Ok(Proof::Verified {
        session,
        first_row: claim.first,
        last_row: claim.last,
        seen,
        sealed: claim.last <= sealed.verified.sealed && sealed.verified.signed_by.is_some(),
    })
}

fn malformed(why: &str) -> Proof {
    Proof::Malformed { why: why.to_owned() }
}

impl Proof {
    /// The session it leads to.
    pub fn session(&self) -> Option<&str> {
        match self {
            Self::NoTrailer | Self::Malformed { .. } | Self::NotHere => None,
            Self::Broken { session, .. } | Self::Differs { session, .. } | Self::Verified { session, .. } => {
                Some(session)
            }
        }
    }

    /// One line for people; what does not fit is said in capitals.
    pub fn in_words(&self) -> String {
        match self {
            Self::NoTrailer => "no trailer: made by a person, by another program, or with commit_trailers off".into(),
            Self::Malformed { why } => format!("NOT PROVED: {why}"),
            Self::NotHere => {
                "not proved: the journal of its run is not on this machine (an export of it proves it: iosm audit export)".into()
            }
            Self::Broken { session, why } => format!("NOT PROVED: the journal of {session} is broken: {why}"),
            Self::Differs { session, why } => {
                format!("DOES NOT FIT the journal of {session}: {why}; the commit or its message was changed")
            }
            Self::Verified { session, first_row, last_row, seen, sealed } => {
                let seen = if *seen { "" } else { "; the kernel did not see this very commit (amended, rebased, or made by hand)" };
                let sealed = if *sealed { "" } else { "; those rows are not sealed yet" };
                format!("verified: rows {first_row}-{last_row} of {session} have this hash{seen}{sealed}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_are_read_strictly() {
        let hash = "a".repeat(64);
        assert!(Claim::read(&format!("2-7:{hash}")).is_some());
        for bad in ["", "2-7", "7-2:HASH", "0-2:HASH", "-1-2:HASH", "1-2:HASHa", "1:HASH", "1-2-3:HASH"] {
            assert!(Claim::read(&bad.replace("HASH", &hash)).is_none(), "{bad}");
        }
    }
}
