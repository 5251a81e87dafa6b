//! What became of a mail, as its sender told: written down with the delivery, and said to the hosts where a guest's did not
//! arrive. Nothing is ever sent again because of it (EML-04).

use kalends_app::{
    hook::{Back, MailName},
    redact,
};
use kalends_store::{
    Result as StoreResult, Tx,
    repo::{Delivery, InboundEvent, Sent},
};

use super::apply::Came;
use crate::notify;

/// What stands with a delivery whose sender gave no reason.
const NO_REASON: &str = "No reason was given.";

/// It is in its recipient's mailbox.
pub(super) async fn delivered(tx: &mut Tx, event: &InboundEvent, mail: &MailName) -> StoreResult<Came> {
    let Some(delivery) = named(tx, event, mail).await? else { return Ok(unknown(mail)) };
    tx.deliveries().delivered(&delivery).await?;
    Ok(Came::Done)
}

/// It came back.
pub(super) async fn returned(
    tx: &mut Tx,
    event: &InboundEvent,
    mail: &MailName,
    back: Back,
    why: &str,
) -> StoreResult<Came> {
    let Some(delivery) = named(tx, event, mail).await? else { return Ok(unknown(mail)) };
    let sent = match back {
        Back::ForNow => Sent::Bounced,
        Back::ForGood => Sent::Refused,
        Back::Complaint => Sent::Complained,
    };
    let why = redact::text(why.trim());
    let why = if why.is_empty() { NO_REASON } else { &why };
    notify::returned::note(tx, &delivery, sent, why, &event.hook.app).await?;
    Ok(Came::Done)
}

/// The delivery a mail's names stand for: the copy of that recipient.
async fn named(tx: &mut Tx, event: &InboundEvent, mail: &MailName) -> StoreResult<Option<Delivery>> {
    let (ours, theirs) = (mail.message_id.as_deref(), mail.id.as_ref().map(kalends_app::RemoteId::as_str));
    let found = tx.deliveries().named(event.hook.organization, ours, theirs).await?;
    let whose = mail.recipient.trim().to_lowercase();
    Ok(found.into_iter().find(|one| one.what.recipient.to_lowercase() == whose))
}

/// What we name ourselves is written down before it is sent, so such a name that nobody knows is of a mail without a delivery:
/// a new password, or another program's at the same account. The sender's own name may be faster than our note of it (INB-08).
const fn unknown(mail: &MailName) -> Came {
    if mail.message_id.is_some() { Came::Nothing } else { Came::Unknown("a mail nobody knows yet") }
}
