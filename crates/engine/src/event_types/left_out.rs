//! What hosts' calendars do not keep of what an event type wishes for its events (GCAL-26).

use std::collections::BTreeMap;

use kalends_app::kind::calendar::Keeps;
use kalends_domain::{
    Id,
    event_type::{EventType, Settings, Visibility},
    people::User,
};

use crate::{EditError, Engine, Member, connect::Installed};

/// A calendar app and what its events lack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// The app's name.
    pub app: String,
    /// In words, at least one.
    pub what: Vec<&'static str>,
}

impl Engine {
    /// What the calendars in which this event type's bookings are written leave out; none where all keep everything.
    pub async fn left_out(&self, member: &Member, id: Id<EventType>) -> Result<Vec<LeftOut>, EditError> {
        let event_type = self.event_type(member, id).await?;
        let hosts: Vec<Id<User>> = event_type.hosts.iter().map(|host| host.user).collect();
        let mut tx = self.db.read().await?;
        let calendars = tx.calendars().of_users(&hosts).await?;
        let there = Installed::there_for(&mut tx, &self.outside, event_type.organization, &hosts).await?;
        let mut found = BTreeMap::new();
        for one in there {
            let written = calendars
                .iter()
                .any(|calendar| calendar.receives && calendar.connection == one.connection.id);
            let Some(part) = one.app.calendar().filter(|_| written) else { continue };
            let what = lacks(&event_type.settings, part.can().keeps);
            if !what.is_empty() {
                found.insert(one.app.manifest().name.clone(), what);
            }
        }
        Ok(found.into_iter().map(|(app, what)| LeftOut { app, what }).collect())
    }
}

/// What of these wishes such events do not keep.
fn lacks(wished: &Settings, keeps: Keeps) -> Vec<&'static str> {
    let reminders = wished.reminders.as_ref().map_or(0, Vec::len);
    let all = [
        (wished.hue().is_some() && !keeps.colour, "no colour"),
        (wished.visibility == Visibility::Private && !keeps.private, "no private events"),
        (wished.visibility == Visibility::Public && !keeps.public, "no public events"),
        (reminders > 0 && keeps.reminders == 0, "no reminders"),
        (reminders > keeps.reminders && keeps.reminders > 0, "only the last reminder"),
    ];
    all.into_iter().filter(|(lacks, _)| *lacks).map(|(_, what)| what).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gcal_26_only_what_is_wished_and_not_kept_is_said() {
        let outlook = Keeps { colour: true, private: true, reminders: 1, ..Keeps::NOTHING };
        let wished = Settings {
            colour: Some("#ff0000".into()),
            visibility: Visibility::Public,
            reminders: Some(vec![60, 10]),
            ..Settings::default()
        };
        assert_eq!(lacks(&wished, outlook), ["no public events", "only the last reminder"]);
        assert_eq!(lacks(&wished, Keeps::NOTHING).len(), 3);
        assert_eq!(lacks(&Settings::default(), Keeps::NOTHING), [""; 0]);
        let none = Settings { reminders: Some(vec![]), ..Settings::default() };
        assert_eq!(lacks(&none, Keeps::NOTHING), [""; 0]);
    }
}
