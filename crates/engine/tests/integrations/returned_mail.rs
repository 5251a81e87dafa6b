//! What became of a mail, as its sender tells (EML-04): it stands with the booking, and a host hears of it once.

use kalends_app::{
    fake::{Fake, Fault},
    hook::{Back, MailName, What},
    kind::RemoteId,
};
use kalends_domain::{
    Span,
    booking::{Booking, By, Event},
};
use kalends_engine::reconcile::{Fix, Happening, Progress};
use kalends_store::{
    repo::{Delivery, Sent, Step},
    sql,
};
use kalends_testkit::TestDb;

use crate::{
    notices::told,
    stage::{Stage, nowhere},
};

checks![
    eml_04_a_mail_that_came_back_stands_with_its_booking_and_its_host_hears_why,
    eml_04_a_host_hears_of_an_address_once_however_often_it_is_told,
    eml_04_what_came_back_for_good_is_never_sent_again,
    eml_04_what_came_back_for_now_is_sent_again_when_a_host_says_so,
    eml_04_spam_is_said_and_nothing_is_sent_again,
    eml_04_a_notice_of_arrival_settles_a_lost_answer,
    eml_04_a_notice_of_arrival_after_one_of_return_changes_nothing,
    eml_01_a_recipient_who_is_not_taken_is_said_like_a_mail_that_came_back,
    eml_04_a_host_whose_own_mail_came_back_is_not_written_to,
    eml_04_a_notice_of_a_mail_nobody_knows_is_let_go_quietly,
    inb_08_a_notice_that_is_faster_than_our_own_note_is_not_lost,
];

const GUS: &str = "gus@guests.example.com";
const WHY: &str = "550 5.1.1 No such mailbox";

fn about(delivery: &Delivery) -> MailName {
    let recipient = delivery.what.recipient.to_uppercase();
    MailName { message_id: delivery.message_id.clone(), id: None, recipient }
}

fn back(delivery: &Delivery, back: Back) -> What {
    What::MailReturned { mail: about(delivery), back, why: WHY.into() }
}

/// A booking whose guest and host have their mails.
async fn booked(t: &TestDb) -> (Stage<'_>, Booking) {
    let stage = Stage::bare(t, true).await;
    let booking = stage.book(nowhere()).await;
    stage.settle().await;
    (stage, booking)
}

async fn guests(stage: &Stage<'_>, booking: &Booking) -> Delivery {
    let all = stage.deliveries(booking).await;
    all.into_iter().rfind(|one| one.what.recipient == GUS).unwrap()
}

async fn shown(stage: &Stage<'_>, booking: &Booking) -> Happening {
    let all = stage.engine.happened_outside(&stage.member, &booking.uid).await.unwrap();
    all.into_iter().rfind(|one| one.whose == GUS).unwrap()
}

/// Mails to the host that say so, subject and text.
fn heard(stage: &Stage<'_>) -> Vec<(String, String)> {
    let kept = stage.provider.kept();
    let news =
        kept.mails.iter().filter(|mail| mail.to.starts_with("ines") && mail.id.starts_with("mail-returned"));
    news.map(|mail| (mail.subject.clone(), mail.text.clone())).collect()
}

async fn eml_04_a_mail_that_came_back_stands_with_its_booking_and_its_host_hears_why(t: &TestDb) {
    let (stage, booking) = booked(t).await;
    let mail = guests(&stage, &booking).await;
    assert_eq!(told(&stage, back(&mail, Back::ForGood)).await, "done");
    let row = guests(&stage, &booking).await;
    assert_eq!((row.sent, row.last_error.as_deref()), (Sent::Refused, Some(WHY)));
    let shown = shown(&stage, &booking).await;
    assert_eq!((shown.progress, shown.words.as_str()), (Progress::Stuck, "Confirmation came back"));
    assert!(
        shown.detail.starts_with("This address takes no mails") && shown.detail.ends_with(WHY),
        "{shown:?}"
    );
    assert_eq!(shown.fix, None);
    let heard = heard(&stage);
    assert_eq!(heard.len(), 1);
    assert_eq!(heard[0].0, "A mail to gus did not arrive");
    assert!([GUS, WHY, "/bookings/"].iter().all(|part| heard[0].1.contains(part)), "{}", heard[0].1);
    let history = t.db.read().await.unwrap().bookings().history(&booking).await.unwrap();
    assert_eq!(history.iter().filter(|one| one.kind == "mail_returned").count(), 1);
}

async fn eml_04_a_host_hears_of_an_address_once_however_often_it_is_told(t: &TestDb) {
    let (stage, booking) = booked(t).await;
    let mail = guests(&stage, &booking).await;
    for one in [Back::ForNow, Back::ForNow, Back::ForGood, Back::ForNow, Back::Complaint] {
        assert_eq!(told(&stage, back(&mail, one)).await, "done");
    }
    assert_eq!(guests(&stage, &booking).await.sent, Sent::Refused, "nothing makes up for what is for good");
    let event = Event::Cancelled { by: By::Host, reason: String::new() };
    stage.change(&booking, event, None).await;
    stage.settle().await;
    let cancellation = guests(&stage, &booking).await;
    assert_ne!(cancellation.id, mail.id);
    assert_eq!(told(&stage, back(&cancellation, Back::ForGood)).await, "done");
    assert_eq!(guests(&stage, &booking).await.sent, Sent::Refused);
    assert_eq!(heard(&stage).len(), 1);
}

async fn eml_04_what_came_back_for_good_is_never_sent_again(t: &TestDb) {
    let (stage, booking) = booked(t).await;
    let mail = guests(&stage, &booking).await;
    told(&stage, back(&mail, Back::ForGood)).await;
    let sent = stage.mails().len();
    let step = Some(Step::Delivery(mail.id));
    assert!(stage.engine.try_outside_again(&stage.member, &booking.uid, step).await.is_err());
    t.clock.advance(jiff::SignedDuration::from_hours(48));
    stage.settle().await;
    assert_eq!(stage.mails().len(), sent);
}

async fn eml_04_what_came_back_for_now_is_sent_again_when_a_host_says_so(t: &TestDb) {
    let (stage, booking) = booked(t).await;
    let mail = guests(&stage, &booking).await;
    told(&stage, back(&mail, Back::ForNow)).await;
    assert_eq!(shown(&stage, &booking).await.fix, Some(Fix::TryAgain));
    let step = Some(Step::Delivery(mail.id));
    stage.engine.try_outside_again(&stage.member, &booking.uid, step).await.unwrap();
    stage.settle().await;
    let row = guests(&stage, &booking).await;
    assert_eq!((row.sent, row.last_error, row.returned_at), (Sent::Done, None, None));
    let kept = stage.provider.kept();
    let ids: Vec<_> = kept.mails.iter().filter(|mail| mail.to == GUS).map(|mail| mail.id.clone()).collect();
    assert!(ids.len() == 2 && ids[0] == ids[1], "EML-03: {ids:?}");
}

async fn eml_04_spam_is_said_and_nothing_is_sent_again(t: &TestDb) {
    let (stage, booking) = booked(t).await;
    let mail = guests(&stage, &booking).await;
    told(&stage, What::MailDelivered { mail: about(&mail) }).await;
    assert_eq!(shown(&stage, &booking).await.words, "Confirmation delivered");
    told(&stage, back(&mail, Back::Complaint)).await;
    let shown = shown(&stage, &booking).await;
    assert_eq!((shown.words.as_str(), shown.fix), ("Confirmation called spam", None));
    assert_eq!(heard(&stage)[0].0, "gus called a mail about a booking spam");
}

async fn eml_04_a_notice_of_arrival_settles_a_lost_answer(t: &TestDb) {
    let stage = Stage::bare(t, true).await;
    stage.provider.bench().next([Fault::Drop, Fault::Drop]);
    let booking = stage.book(nowhere()).await;
    stage.settle().await;
    let mail = guests(&stage, &booking).await;
    assert_eq!((mail.sent, mail.remote_id.as_deref()), (Sent::Failed, None));
    assert_eq!(told(&stage, What::MailDelivered { mail: about(&mail) }).await, "done");
    let row = guests(&stage, &booking).await;
    assert_eq!((row.sent, row.last_error), (Sent::Done, None));
    assert_eq!(shown(&stage, &booking).await.words, "Confirmation delivered");
}

async fn eml_04_a_notice_of_arrival_after_one_of_return_changes_nothing(t: &TestDb) {
    let (stage, booking) = booked(t).await;
    let mail = guests(&stage, &booking).await;
    told(&stage, back(&mail, Back::ForGood)).await;
    told(&stage, What::MailDelivered { mail: about(&mail) }).await;
    assert_eq!(guests(&stage, &booking).await.sent, Sent::Refused);
}

async fn eml_01_a_recipient_who_is_not_taken_is_said_like_a_mail_that_came_back(t: &TestDb) {
    let stage = Stage::bare(t, true).await;
    stage.provider.kept().refuses = Some("gus");
    let booking = stage.book(nowhere()).await;
    stage.settle().await;
    let row = guests(&stage, &booking).await;
    assert_eq!((row.sent, row.tries, row.last_error.as_deref()), (Sent::Bounced, 1, Some(WHY)));
    assert_eq!(heard(&stage).len(), 1);
    assert_eq!(shown(&stage, &booking).await.fix, Some(Fix::TryAgain));
    stage.provider.kept().refuses = None;
    stage.engine.try_outside_again(&stage.member, &booking.uid, Some(Step::Delivery(row.id))).await.unwrap();
    stage.settle().await;
    assert_eq!(guests(&stage, &booking).await.sent, Sent::Done);
}

async fn eml_04_a_host_whose_own_mail_came_back_is_not_written_to(t: &TestDb) {
    let (stage, booking) = booked(t).await;
    let all = stage.deliveries(&booking).await;
    let own = all.iter().find(|one| one.what.recipient.starts_with("ines")).unwrap();
    assert_eq!(told(&stage, back(own, Back::ForGood)).await, "done");
    assert!(heard(&stage).is_empty());
    assert_eq!(guests(&stage, &booking).await.sent, Sent::Done, "another's mail is another's");
}

async fn eml_04_a_notice_of_a_mail_nobody_knows_is_let_go_quietly(t: &TestDb) {
    let (stage, booking) = booked(t).await;
    let known = guests(&stage, &booking).await;
    let named = |message_id: Option<&str>, id: Option<&str>, recipient: &str| What::MailReturned {
        mail: MailName {
            message_id: message_id.map(str::to_owned),
            id: id.map(RemoteId::new),
            recipient: recipient.to_owned(),
        },
        back: Back::ForGood,
        why: WHY.into(),
    };
    for other in [
        named(Some("password-reset.0123@book.example"), None, GUS),
        named(None, Some("another-program's"), GUS),
        named(None, None, GUS),
        named(known.message_id.as_deref(), None, "somebody@else.example"),
    ] {
        assert_eq!(told(&stage, other).await, "ignored");
    }
    assert_eq!(guests(&stage, &booking).await.sent, Sent::Done);
    assert!(t.db.read().await.unwrap().jobs().dead(10).await.unwrap().is_empty());
    assert!(heard(&stage).is_empty());
}

async fn inb_08_a_notice_that_is_faster_than_our_own_note_is_not_lost(t: &TestDb) {
    let (stage, booking) = booked(t).await;
    let mail = guests(&stage, &booking).await;
    // As it was while the mail was on its way: the name is written down, its going out is not.
    let (id, name) = (mail.id, mail.message_id.clone().unwrap());
    let early = t.db.write(move |tx| {
        let query =
            sql("UPDATE deliveries SET status = 'trying', remote_id = NULL, sent_at = NULL WHERE id = $1");
        Box::pin(async move { tx.run(query.bind(id)).await.map(drop) })
    });
    early.await.map_err(|error: kalends_store::Error| error).unwrap();
    assert_eq!(told(&stage, back(&mail, Back::ForGood)).await, "done");
    let late = mail.clone();
    let noted = t.db.write(move |tx| {
        let late = late.clone();
        Box::pin(async move { tx.deliveries().done(&late, Some("there-1")).await })
    });
    noted.await.map_err(|error: kalends_store::Error| error).unwrap();
    let row = guests(&stage, &booking).await;
    assert_eq!((row.sent, row.last_error.as_deref()), (Sent::Refused, Some(WHY)));
    assert_eq!((row.remote_id.as_deref(), row.message_id), (Some("there-1"), Some(name)));
    // Another sending moves on: the booking's next mail is its own.
    let span = Span::new(booking.span.start + 3600, booking.span.end + 3600);
    stage.change(&booking, Event::Moved { by: By::Guest, needs_host: false }, Some(span)).await;
    stage.settle().await;
    assert_eq!(guests(&stage, &booking).await.sent, Sent::Done);
}
