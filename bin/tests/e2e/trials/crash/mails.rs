//! One mail for each recipient and revision; a second copy has one excuse.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::truth::Known;
use crate::mailbox::Mail;

/// What a mail tells whom: booking, revision, topic, recipient.
pub type Told = (String, i64, String, String);

/// A kill of the server.
pub struct Kill {
    /// When it was killed.
    pub at: Instant,
    /// When it was dead for certain, and not yet started again.
    pub over: Instant,
    /// Mails whose sending was noted as begun then, and not as done.
    pub open: BTreeSet<Told>,
}

/// How the mails came out.
pub struct Mails {
    /// Mails that differ.
    pub different: usize,
    /// Second copies, each excused by a kill that came before our note: the time from the mail server's OK to that.
    pub again: Vec<Duration>,
}

/// A note that is not there so long after the mail server's OK was not made at once: no kill excuses that.
const AT_ONCE: Duration = Duration::from_millis(500);

/// Every mail that is due came, under one id, no other did, and none came twice that could have been known to be out.
///
/// SMTP has no way to ask whether a mail was taken. A server that dies between the mail server's OK and its own note
/// hands the mail over again, under the same Message-ID; nothing else may.
pub fn judged(truth: &[Known], taken: &[Mail], kills: &[Kill]) -> Result<Mails> {
    let due: BTreeSet<_> = truth.iter().flat_map(|one| one.told.iter().cloned()).collect();
    let mut came: BTreeMap<_, Vec<&Mail>> = BTreeMap::new();
    // A letter about an account is about no booking.
    for mail in taken.iter().filter(|mail| !mail.id.starts_with("verify-email.")) {
        came.entry(told(mail)?).or_default().push(mail);
    }
    let there: BTreeSet<_> = came.keys().cloned().collect();
    let (missing, unasked): (Vec<_>, Vec<_>) =
        (due.difference(&there).collect(), there.difference(&due).collect());
    ensure!(missing.is_empty() && unasked.is_empty(), "mails missing {missing:?}, unasked {unasked:?}");

    let mut mails = Mails { different: came.len(), again: Vec::new() };
    for (what, copies) in &came {
        for pair in copies.windows(2) {
            let [first, second] = pair else { continue };
            ensure!(first.id == second.id, "told twice, as two mails: {} and {}", first.id, second.id);
            let excuse = kills.iter().find(|kill| kill.excuses(what, first, second));
            let excuse = excuse.with_context(|| {
                let since = second.at.duration_since(first.at);
                let between = kills.iter().filter(|kill| kill.over > first.at && kill.at < second.at);
                let between: Vec<_> = between
                    .map(|kill| (kill.at.saturating_duration_since(first.at), kill.open.contains(what)))
                    .collect();
                format!(
                    "{} came again {since:?} later; kills meanwhile, and whether it was open: {between:?}",
                    first.id
                )
            })?;
            mails.again.push(excuse.at.saturating_duration_since(first.at));
        }
    }
    mails.again.sort();
    Ok(mails)
}

impl Kill {
    fn excuses(&self, what: &Told, first: &Mail, second: &Mail) -> bool {
        let fell_between = first.at < self.over && self.at < second.at;
        let soon_after = self.at.saturating_duration_since(first.at) <= AT_ONCE;
        fell_between && soon_after && self.open.contains(what)
    }
}

fn told(mail: &Mail) -> Result<Told> {
    let mut parts = mail.id.split('.');
    let mut part = || parts.next().with_context(|| format!("an id of another shape: {}", mail.id));
    let (uid, revision, topic) = (part()?.to_owned(), part()?, part()?.to_owned());
    let revision = revision.parse().with_context(|| format!("an id of another shape: {}", mail.id))?;
    Ok((uid, revision, topic, mail.to.clone()))
}
