//! A draft of the engine's as a Graph event.

use kalends_app::{Error, Kind, RemoteId, kind::calendar::Draft};
use kalends_domain::{
    Span, Zone,
    event_type::{Hue, Visibility},
};
use serde_json::{Value, json};

use crate::{
    Event, Moment, SAID, UID,
    event::{hex, transaction},
};

/// The longest title and place Graph keeps.
const MOST: usize = 255;
/// What marks the part of a text that Teams put there.
const TEAMS: &str = "me-email-text";

/// What an event is meant to say.
///
/// It names no attendees: Exchange mails an invitation to each as soon as they stand there, and people already have ours. They
/// are named in the text.
#[derive(Debug, Clone)]
pub struct Meant {
    fields: Value,
    uid: String,
    said: String,
    span: Span,
    title: String,
    place: String,
    text: String,
    sensitivity: &'static str,
}

impl Meant {
    /// What this draft means.
    pub fn by(draft: &Draft) -> Result<Self, Error> {
        let zone = Zone::parse(&draft.zone).map_err(|error| Error::new(Kind::Invalid, error.to_string()))?;
        let title = line(&draft.title);
        let place = draft.location.as_deref().map(line).unwrap_or_default();
        let private = draft.shown.visibility == Visibility::Private;
        let sensitivity = if private { "private" } else { "normal" };
        let mut fields = json!({
            "subject": title,
            "start": Moment::of(draft.span.start, &zone),
            "end": Moment::of(draft.span.end, &zone),
            "location": { "displayName": place },
            "showAs": "busy",
            "sensitivity": sensitivity,
        });
        // Without a wish of ours its owner's categories and reminder stay.
        if let Some(colour) = draft.shown.colour {
            fields["categories"] = json!([category(colour)]);
        }
        if let Some(reminders) = draft.shown.nearest(1) {
            fields["isReminderOn"] = (!reminders.is_empty()).into();
            if let Some(minutes) = reminders.first() {
                fields["reminderMinutesBeforeStart"] = (*minutes).into();
            }
        }
        let digest = hex(format!("{fields}\n{}", draft.description).as_bytes());
        Ok(Self {
            fields,
            uid: draft.uid.clone(),
            said: format!("{} {}", draft.sequence, &digest[..16]),
            span: draft.span,
            title,
            place,
            text: draft.description.clone(),
            sensitivity,
        })
    }

    /// The new event. `again` tells a later making apart from one whose event is gone.
    pub fn new_event(&self, into: &RemoteId, again: Option<i64>) -> Value {
        let mut body = self.changed_event(Some(self.text()));
        making(&mut body, &self.uid, into, again);
        body
    }

    /// What to change in an event that is there, with this text or with the one it has.
    pub fn changed_event(&self, text: Option<Value>) -> Value {
        let mut body = self.fields.clone();
        if let Some(text) = text {
            body["body"] = text;
        }
        body["singleValueExtendedProperties"] =
            json!([{ "id": UID, "value": self.uid }, { "id": SAID, "value": self.said }]);
        body
    }

    /// The text as it is written into an event of our own.
    pub fn text(&self) -> Value {
        json!({ "contentType": "text", "content": self.text })
    }

    /// The text for an event that is a Teams meeting: before what Teams keeps in it. `None` when the text should be left as
    /// it is, also while Teams has yet to put its part there (MSG-12).
    pub fn text_beside(&self, event: &Event) -> Option<Value> {
        let html = event.html().unwrap_or_default();
        match teams_body(html, &self.text) {
            Some(content) => Some(json!({ "contentType": "html", "content": content })),
            None => (event.room().is_some() && !html.contains(TEAMS)).then(|| self.text()),
        }
    }

    /// True when the answer to a making shows what we meant: then it is new, or our own earlier try.
    pub fn shows_in(&self, event: &Event) -> bool {
        let place = event.location.as_ref().and_then(|place| place.display_name.as_deref());
        let text = event.body.as_ref().and_then(|body| body.content.as_deref());
        self.stands_in(event)
            && place.unwrap_or_default() == self.place
            && event.sensitivity.as_deref() == Some(self.sensitivity)
            && same_words(text.unwrap_or_default(), &self.text)
    }

    /// True when an event read with its properties was written by us to say this, and still does.
    pub fn was_written_to(&self, event: &Event) -> bool {
        event.property(SAID) == Some(self.said.as_str()) && self.stands_in(event)
    }

    fn stands_in(&self, event: &Event) -> bool {
        event.span(&Zone::utc()) == Ok(Some(self.span))
            && event.subject.as_deref() == Some(self.title.as_str())
    }
}

/// The category of a mailbox that shows this colour; those Outlook makes by itself, six in all.
pub const fn category(of: Hue) -> &'static str {
    match of {
        Hue::Red | Hue::Pink => "Red category",
        Hue::Orange => "Orange category",
        Hue::Yellow => "Yellow category",
        Hue::Green | Hue::Teal => "Green category",
        Hue::Blue | Hue::Grey => "Blue category",
        Hue::Purple => "Purple category",
    }
}

/// A category's colour, if it is one of those.
pub fn colour(category: &str) -> Option<Hue> {
    let all = [Hue::Red, Hue::Orange, Hue::Yellow, Hue::Green, Hue::Blue, Hue::Purple];
    all.into_iter().find(|hue| self::category(*hue) == category)
}

/// A booking's event that says nothing yet but when, and has a room: the calendar's app finds it under its own names and writes
/// the rest (MSG-09, MSG-11).
pub fn begun_event(uid: &str, title: &str, span: Span, into: &RemoteId, again: Option<i64>) -> Value {
    let mut body = json!({
        "subject": line(title),
        "start": Moment::utc(span.start),
        "end": Moment::utc(span.end),
        "showAs": "busy",
        "singleValueExtendedProperties": [{ "id": UID, "value": uid }],
    });
    making(&mut body, uid, into, again);
    for (name, value) in room_wish() {
        body[name] = value;
    }
    body
}

/// What makes an event a Teams meeting; once said it cannot be taken back (MSG-11).
pub fn room_wish() -> [(&'static str, Value); 2] {
    [("isOnlineMeeting", true.into()), ("onlineMeetingProvider", "teamsForBusiness".into())]
}

/// What is said only when an event is made.
fn making(body: &mut Value, uid: &str, into: &RemoteId, again: Option<i64>) {
    let id = transaction(uid, into);
    body["transactionId"] = again.map_or_else(|| id.clone(), |at| format!("{id}{at:x}")).into();
    if body.get("isReminderOn").is_none() {
        body["isReminderOn"] = true.into();
    }
    body["allowNewTimeProposals"] = false.into();
    body["responseRequested"] = false.into();
}

/// An event's HTML with our text in place of what stood before the part that Teams put there; the join button lives in that
/// part (MSG-12). `None` when it cannot be found.
pub fn teams_body(html: &str, text: &str) -> Option<String> {
    let rule = html.find("________________")?;
    let from = html[..rule].rfind("<div").unwrap_or(rule);
    let kept = &html[from..];
    let kept = kept.find("</body>").map_or(kept, |end| &kept[..end]);
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    let lines: Vec<&str> = escaped.lines().collect();
    Some(format!("<html><body><div>{}</div>{kept}</body></html>", lines.join("<br>")))
}

/// One line without control characters, as long as Graph keeps it.
pub fn line(text: &str) -> String {
    let words: Vec<&str> =
        text.split(|c: char| c.is_control() || c.is_whitespace()).filter(|word| !word.is_empty()).collect();
    words.join(" ").chars().take(MOST).collect()
}

/// Exchange turns texts into HTML and back: what counts is the words.
fn same_words(one: &str, other: &str) -> bool {
    one.split_whitespace().eq(other.split_whitespace())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEAMS: &str = "<html><body>old words<br><div style=\"width:100%\"><span>________________________</span></div>\
        <div class=\"me-email-text\"><a href=\"https://teams.microsoft.com/l/meetup-join/1\">Join</a></div></body></html>";

    #[test]
    fn msg_12_the_join_button_stays_when_the_text_changes() {
        let body = teams_body(TEAMS, "new <words>\nand more").unwrap();
        assert!(body.contains("meetup-join/1") && body.contains("new &lt;words&gt;<br>and more"), "{body}");
        assert!(!body.contains("old words"));
        assert_eq!(teams_body(&body, "again").unwrap().matches("me-email-text").count(), 1);
        assert_eq!(teams_body("<html>nothing of theirs</html>", "new"), None, "then the text stays as it is");
    }

    #[test]
    fn a_title_is_one_line() {
        assert_eq!(line("a\r\nBEGIN:VEVENT\t b"), "a BEGIN:VEVENT b");
        assert_eq!(line(&"x".repeat(300)).len(), MOST);
    }
}
