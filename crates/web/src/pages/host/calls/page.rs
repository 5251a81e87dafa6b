//! A time line, as the template draws it.

use askama::Template;
use kalends_engine::flights::TimeLine;

use super::Entry;
use crate::{
    mark,
    pages::{Frame, Side, host::notice::Notice},
    when::Face,
};

/// A page of a time line.
#[derive(Template)]
#[template(path = "host/calls.html")]
pub struct Calls {
    /// Around every page.
    pub frame: Frame,
    /// The menu.
    pub side: Side,
    /// What just happened.
    pub notice: Option<Notice>,
    /// Where this is.
    pub trail: Trail,
    /// What was called, newest first.
    pub rows: Vec<Entry>,
    /// Where the next page begins, if there is one.
    pub older: Option<String>,
    /// How many calls are missing and when the last one was made; nothing when none are.
    pub lost: String,
    /// Days that calls are kept.
    pub days: i64,
    /// The reader's zone.
    pub zone: String,
}

/// Where a time line is.
#[derive(Debug, Clone)]
pub struct Trail {
    /// The list above all.
    pub list: (&'static str, &'static str),
    /// What the line belongs to.
    pub up: (String, String),
    /// The page's name.
    pub heading: String,
    /// `for this booking`.
    pub of: &'static str,
    /// This page.
    pub here: String,
    /// Where buttons lead, before the call's name.
    pub again: String,
    /// The connection whose calls and notices are tabs.
    pub tabs: Option<String>,
}

impl Calls {
    /// The page as this person reads it.
    pub fn of(
        frame: Frame,
        side: Side,
        notice: Option<Notice>,
        trail: Trail,
        line: &TimeLine,
        face: &Face,
    ) -> Self {
        let lost = line.lost.map_or_else(String::new, |lost| {
            let calls =
                if lost.count == 1 { "1 call is".to_owned() } else { format!("{} calls are", lost.count) };
            format!(
                "{calls} on no list: there were too many at once to write down. The last one was made on {}.",
                face.whole(lost.last_at)
            )
        });
        Self {
            frame,
            side,
            notice,
            rows: Entry::all(&line.calls, face),
            older: line
                .more
                .map(|place| format!("{}?before={}", trail.here, mark::write(place.at, place.id))),
            trail,
            lost,
            days: line.kept.as_hours() / 24,
            zone: face.zone_name(),
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use kalends_engine::flights::{Lost, Mark};

    use super::{
        super::entry::tests::{call, face},
        *,
    };
    use crate::html::{count, sound, texts};

    #[test]
    fn a_time_line_is_drawn_soundly_and_escaped() {
        let place = Mark { at: face().now.timestamp(), id: call().id };
        let line = TimeLine {
            calls: vec![call(), call()],
            more: Some(place),
            kept: SignedDuration::from_hours(24 * 30),
            lost: Some(Lost { count: 12, last_at: face().now.timestamp() }),
        };
        let trail = Trail {
            list: ("/apps/installed", "Installed apps"),
            up: ("/apps/installed#a".into(), "Acme, ines".into()),
            heading: "Calls".into(),
            of: "through this account",
            here: "/apps/installed/7/calls".into(),
            again: "/apps/installed/7/calls".into(),
            tabs: Some("7".into()),
        };
        let page = Calls::of(Frame::sample(), Side::default(), None, trail, &line, &face());
        let text = page.render().unwrap();
        assert!(!text.contains("<script>") && !text.contains("Acme <b>"), "{text}");
        let page = sound("host-calls", &text);
        assert_eq!(count(&page, ".log .entry"), 2);
        assert_eq!(count(&page, "main form"), 1, "one step, one button");
        assert!(texts(&page, ".notice")[0].starts_with("12 calls are on no list"));
    }
}
