//! The Meet room that Google makes with an event (GCAL-14 to GCAL-16).

use serde::Deserialize;
use serde_json::{Value, json};

/// A room as it stands with an event.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ConferenceData {
    /// What became of the wish for one.
    pub create_request: Option<CreateRequest>,
    /// The ways in.
    pub entry_points: Vec<EntryPoint>,
}

/// A wish for a room.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct CreateRequest {
    /// How far it is.
    pub status: Status,
}

/// How far a wish is.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Status {
    /// `pending`, `success`, `failure`.
    pub status_code: String,
}

/// One way into a room.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EntryPoint {
    /// `video`, `phone`, `sip`, `more`.
    pub entry_point_type: String,
    /// Where.
    pub uri: String,
}

/// What there is of a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Made {
    /// It stands, with this link.
    Ready(String),
    /// It is being made (GCAL-15).
    Pending,
    /// Google says it will not be.
    Failed,
    /// There is none and none was asked for.
    None,
}

/// What there is of a room with this event.
pub fn made(data: Option<&ConferenceData>) -> Made {
    let Some(data) = data else { return Made::None };
    let video = data.entry_points.iter().find(|point| point.entry_point_type == "video");
    if let Some(point) = video.filter(|point| point.uri.starts_with("https://")) {
        return Made::Ready(point.uri.clone());
    }
    match data.create_request.as_ref().map(|wish| wish.status.status_code.as_str()) {
        None => Made::None,
        Some("failure") => Made::Failed,
        // A success whose link is not there yet arrives like one that is pending.
        Some(_) => Made::Pending,
    }
}

/// The wish for a Meet room. The same `request` is the same wish: Google makes one room, however often it is told.
pub fn wish(request: &str) -> Value {
    json!({ "createRequest": { "requestId": request, "conferenceSolutionKey": { "type": "hangoutsMeet" } } })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Made {
        made(Some(&serde_json::from_str(text).unwrap()))
    }

    #[test]
    fn gcal_15_a_room_is_pending_ready_or_refused() {
        let wish = |code: &str| format!(r#"{{"createRequest":{{"status":{{"statusCode":"{code}"}}}}}}"#);
        assert_eq!(read(&wish("pending")), Made::Pending);
        assert_eq!(read(&wish("failure")), Made::Failed);
        assert_eq!(read(&wish("success")), Made::Pending);
        assert_eq!(read(&wish("something new")), Made::Pending);
        assert_eq!(made(None), Made::None);
    }

    #[test]
    fn gcal_16_the_video_entry_is_the_link() {
        let text = r#"{"entryPoints":[{"entryPointType":"phone","uri":"tel:+49"},{"entryPointType":"video","uri":"https://meet.google.com/abc-defg-hij"}]}"#;
        assert_eq!(read(text), Made::Ready("https://meet.google.com/abc-defg-hij".into()));
        assert_eq!(read(r#"{"entryPoints":[{"entryPointType":"video","uri":"javascript:1"}]}"#), Made::None);
    }
}
