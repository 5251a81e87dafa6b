//! A booking as a file for the guest's own calendar.

use kalends_domain::{
    Uid, Zone,
    booking::{State, Status},
    event_type::Visibility,
};
use kalends_ical as ical;

use super::join_line;
use crate::{Engine, book::ChangeError};

impl Engine {
    /// The booking of this uid, or of a seat, as an iCalendar file; one that does not take place is not there.
    pub async fn calendar_file(&self, uid: &Uid) -> Result<String, ChangeError> {
        let view = self.booking(uid).await?;
        let booking = &view.booking;
        let stands = matches!(booking.state, State::Confirmed { .. });
        if !stands || booking.status(self.now()) == Status::Cancelled {
            return Err(ChangeError::NotFound);
        }
        let links = self.outside.links();
        // The same object as the invitation in the mail, so that a calendar that has both shows one.
        let object = view.seat.as_ref().unwrap_or(&booking.uid);
        let meeting = ical::Meeting {
            uid: object.to_string(),
            sequence: booking.revision,
            stamp: booking.updated_at,
            start: booking.span.starts(),
            end: booking.span.ends(),
            zone: Zone::parse(&booking.zone).unwrap_or_else(|_| Zone::utc()),
            title: booking.title.clone(),
            description: match booking.location.url() {
                Some(url) => join_line(self.outside.known().of_booking(&booking.location).as_deref(), url),
                None => String::new(),
            },
            location: booking.location.line().to_owned(),
            url: Some(links.booking(object)),
            organizer: view
                .hosts
                .first()
                .map(|host| ical::Person { name: host.name.clone(), email: host.email.clone() }),
            attendees: Vec::new(),
            status: ical::Status::Confirmed,
            shows_as: ical::ShowsAs::Busy,
            visibility: Visibility::Usual,
            colour: None,
            reminders: Vec::new(),
        };
        Ok(meeting.message(ical::Method::Publish))
    }
}
