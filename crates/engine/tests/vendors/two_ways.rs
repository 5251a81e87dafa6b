//! What their owner does to an event of ours comes to its booking, by each vendor's own versions and notices; and no circle begins.

use http::Method;
use jiff::Timestamp;
use kalends_domain::{
    Span,
    booking::{Booking, State},
    people::CalendarChanges,
};
use kalends_engine::calendar_changes::ChangeAnswer;
use kalends_testkit::TestDb;
use serde_json::{Value, json};

use crate::{
    google::GOOGLE,
    microsoft::MICROSOFT,
    stage::{Stage, Vendor},
};

checks![
    an_event_moved_at_google_moves_its_booking_and_keeps_its_room,
    an_event_deleted_at_google_calls_its_booking_off,
    an_event_moved_at_microsoft_moves_its_booking_and_keeps_its_meeting,
    an_event_deleted_at_microsoft_calls_its_booking_off,
    an_event_put_back_at_google_stands_as_it_was_booked,
    an_event_put_back_at_microsoft_stands_as_it_was_booked,
];

/// How another program of its owner changes an event.
struct Hand {
    vendor: &'static Vendor,
    events: &'static str,
    headers: &'static [(&'static str, &'static str)],
    at: fn(Span) -> Value,
}

const AT_GOOGLE: Hand = Hand {
    vendor: &GOOGLE,
    events: "https://www.googleapis.com/calendar/v3/calendars/host@example.com/events",
    headers: &[],
    at: |span| {
        let at = |at: Timestamp| json!({ "dateTime": at.to_string(), "timeZone": "UTC" });
        json!({ "start": at(span.starts()), "end": at(span.ends()) })
    },
};

const AT_MICROSOFT: Hand = Hand {
    vendor: &MICROSOFT,
    events: "https://graph.microsoft.com/v1.0/me/events",
    headers: &[("prefer", r#"IdType="ImmutableId", outlook.timezone="UTC""#)],
    at: |span| {
        let at = |at: Timestamp| json!({ "dateTime": at.strftime("%Y-%m-%dT%H:%M:%S").to_string(), "timeZone": "UTC" });
        json!({ "start": at(span.starts()), "end": at(span.ends()) })
    },
};

impl Hand {
    async fn booked<'t>(&self, t: &'t TestDb, wish: CalendarChanges) -> (Stage<'t>, Booking) {
        let stage = Stage::new(t, self.vendor).await;
        stage.wishes(wish).await;
        let booking = stage.book(self.vendor.rooms).await;
        stage.calm().await;
        assert!(booking.location.url().is_some());
        (stage, booking)
    }

    async fn event(&self, stage: &Stage<'_>, booking: &Booking) -> String {
        let rows = stage.t.db.read().await.unwrap().references().of_booking(booking).await.unwrap();
        let event = rows.into_iter().find(|row| row.wanted.kind == "calendar").unwrap();
        format!("{}/{}", self.events, event.external_id.unwrap())
    }

    async fn moves(&self, stage: &Stage<'_>, booking: &Booking, to: Span) {
        let url = self.event(stage, booking).await;
        stage.does(Method::PATCH, &url, self.headers, &(self.at)(to)).await;
    }

    async fn deletes(&self, stage: &Stage<'_>, booking: &Booking) {
        let url = self.event(stage, booking).await;
        stage.does(Method::DELETE, &url, self.headers, &Value::Null).await;
    }

    async fn a_move_is_followed(&self, t: &TestDb) {
        let (stage, booking) = self.booked(t, CalendarChanges::Follow).await;
        let to = later(&booking);
        self.moves(&stage, &booking, to).await;
        stage.calm().await;
        let after = stage.now(&booking).await;
        assert_eq!((after.span, after.revision), (to, 1));
        assert_eq!(after.location.url(), booking.location.url(), "guests have that link");
        let writes = stage.writes();
        stage.settle().await;
        stage.calm().await;
        assert_eq!((stage.writes(), stage.now(&booking).await.revision), (writes, 1), "a circle");
    }

    async fn a_deletion_is_followed(&self, t: &TestDb) {
        let (stage, booking) = self.booked(t, CalendarChanges::Follow).await;
        self.deletes(&stage, &booking).await;
        stage.calm().await;
        assert!(matches!(stage.now(&booking).await.state, State::Cancelled { .. }));
    }

    async fn a_move_is_put_back(&self, t: &TestDb) {
        let (stage, booking) = self.booked(t, CalendarChanges::Ask).await;
        self.moves(&stage, &booking, later(&booking)).await;
        stage.calm().await;
        let asked = stage.engine.needs(&stage.member).await.unwrap().changed;
        assert_eq!(asked.len(), 1, "{asked:?}");
        let answer = ChangeAnswer::PutBack;
        stage.engine.answer_change(&stage.member, asked[0].id, answer).await.unwrap();
        stage.calm().await;
        stage.settle().await;
        stage.calm().await;
        assert!(stage.engine.needs(&stage.member).await.unwrap().is_empty());
        let after = stage.now(&booking).await;
        assert_eq!((after.span, after.revision, after.state.is_confirmed()), (booking.span, 0, true));
        let url = self.event(&stage, &booking).await;
        let start = &stage.reads(&url, self.headers).await["start"]["dateTime"];
        let start = start.as_str().unwrap();
        // Graph says no offset: it was asked for UTC.
        let stands = start.parse::<Timestamp>().or_else(|_| format!("{start}Z").parse()).unwrap();
        assert_eq!(stands, booking.span.starts());
    }
}

fn later(booking: &Booking) -> Span {
    Span::new(booking.span.start + 3600, booking.span.end + 3600)
}

async fn an_event_moved_at_google_moves_its_booking_and_keeps_its_room(t: &TestDb) {
    AT_GOOGLE.a_move_is_followed(t).await;
}

async fn an_event_deleted_at_google_calls_its_booking_off(t: &TestDb) {
    AT_GOOGLE.a_deletion_is_followed(t).await;
}

async fn an_event_put_back_at_google_stands_as_it_was_booked(t: &TestDb) {
    AT_GOOGLE.a_move_is_put_back(t).await;
}

async fn an_event_moved_at_microsoft_moves_its_booking_and_keeps_its_meeting(t: &TestDb) {
    AT_MICROSOFT.a_move_is_followed(t).await;
}

async fn an_event_deleted_at_microsoft_calls_its_booking_off(t: &TestDb) {
    AT_MICROSOFT.a_deletion_is_followed(t).await;
}

async fn an_event_put_back_at_microsoft_stands_as_it_was_booked(t: &TestDb) {
    AT_MICROSOFT.a_move_is_put_back(t).await;
}
