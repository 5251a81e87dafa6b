//! One call, in words for a person.

use std::collections::HashSet;

use jiff::Timestamp;
use kalends_engine::flights::{Again, Call, Step};

use crate::when::Face;

/// One call, as it stands on a page.
#[derive(Debug, Clone, Default)]
pub struct Entry {
    /// Its name.
    pub id: String,
    /// The time of day, with the day when it is not today.
    pub at: String,
    /// The instant, for programs.
    pub instant: String,
    /// What was to be done: `Create event`.
    pub what: String,
    /// To whom.
    pub host: String,
    /// Through which app.
    pub app: String,
    /// `ok`, `off`, `wait` or `fail`.
    pub tone: &'static str,
    /// How it ended.
    pub outcome: String,
    /// How long it took, and which try it was.
    pub took: String,
    /// The request line, masked.
    pub request: String,
    /// What went wrong; empty when nothing did.
    pub said: String,
    /// Name and value of what else is known.
    pub facts: Vec<(&'static str, String)>,
    /// The booking's page.
    pub booking: Option<String>,
    /// The account's calls.
    pub account: Option<String>,
    /// There is a button that does its step again.
    pub again: bool,
    /// Why there is none, where there could be one.
    pub why_not: String,
}

impl Entry {
    /// Calls as this person reads them. Of the failures of one step the latest alone has the button.
    pub fn all(calls: &[Call], face: &Face) -> Vec<Self> {
        let mut seen = HashSet::new();
        calls.iter().map(|call| Self::of(call, &mut seen, face)).collect()
    }

    fn of(call: &Call, seen: &mut HashSet<Step>, face: &Face) -> Self {
        let mut first = || call.step.is_none_or(|step| seen.insert(step));
        let (again, why_not) = match &call.again {
            Again::Yes { .. } => (first(), String::new()),
            Again::No(why) if !is_an_answer(call) && first() => (false, why.clone()),
            Again::NotNeeded | Again::No(_) => (false, String::new()),
        };
        Self {
            id: call.id.to_string(),
            at: face.clock(call.at),
            instant: call.at.to_string(),
            what: sentence(&call.operation),
            host: call.host.clone(),
            app: call.app_name.clone(),
            tone: tone(call),
            outcome: outcome(call),
            took: took(call),
            request: format!("{} {}{}", call.method, call.host, call.path),
            said: call.said.clone(),
            facts: facts(call, face),
            booking: call.booking.as_ref().map(|uid| format!("/bookings/{uid}")),
            account: call.installation.map(|id| format!("/apps/installed/{id}/calls")),
            again,
            why_not,
        }
    }

    /// The icon of its tone.
    pub fn icon(&self) -> &'static str {
        match self.tone {
            "ok" => "check",
            "wait" => "wait",
            "fail" => "alert",
            _ => "ring",
        }
    }
}

/// `create_event` becomes `Create event`.
pub fn sentence(word: &str) -> String {
    let mut words = word.replace('_', " ");
    if let Some(first) = words.get_mut(0..1) {
        first.make_ascii_uppercase();
    }
    words
}

/// "It is not there" answers a question as well as a yes does.
fn is_an_answer(call: &Call) -> bool {
    matches!(call.outcome.as_str(), "not_found" | "gone")
}

fn tone(call: &Call) -> &'static str {
    match &call.again {
        _ if call.is_ok() => "ok",
        _ if is_an_answer(call) => "off",
        Again::Yes { next_try: Some(_) } => "wait",
        _ => "fail",
    }
}

fn outcome(call: &Call) -> String {
    let words = match call.outcome.as_str() {
        "ok" => "answered",
        "refused" => "refused",
        "auth_expired" => "sign-in is spent",
        "auth_revoked" => "sign-in refused",
        "scope_missing" => "not allowed to",
        "rate_limited" => "too many calls",
        "quota_exhausted" => "allowance used up",
        "not_found" => "not there",
        "gone" => "gone there",
        "conflict" => "changed there meanwhile",
        "invalid_request" => "request refused",
        "provider_down" if call.status.is_some() => "trouble there",
        "provider_down" => "no answer",
        "unknown_outcome" => "answer lost",
        "cursor_expired" => "starts over",
        "policy_denied" => "forbidden there",
        "malformed" => "unreadable answer",
        _ => "failed",
    };
    match call.status {
        Some(status) if call.is_ok() => status.to_string(),
        Some(status) => format!("{status}, {words}"),
        None => sentence(words),
    }
}

fn took(call: &Call) -> String {
    let took = match call.millis {
        long @ 10_000.. => format!("{} s", long / 1_000),
        long @ 1_000.. => format!("{}.{} s", long / 1_000, long % 1_000 / 100),
        short => format!("{short} ms"),
    };
    match call.attempt {
        (1, 1) => took,
        (1, _) if call.is_ok() => took,
        (at, most) => format!("{took}, try {at} of {most}"),
    }
}

fn facts(call: &Call, face: &Face) -> Vec<(&'static str, String)> {
    let mut facts = vec![("Began", face.whole(call.at))];
    if let Some((at, most)) = call.run {
        facts.push(("Run", format!("{at} of {most}")));
    }
    let later = |at: Timestamp| (at > face.now.timestamp()).then(|| face.whole(at));
    if let Some(at) = call.not_before.and_then(later) {
        facts.push(("Asked to wait until", at));
    }
    if let Again::Yes { next_try: Some(at) } = call.again {
        facts.push(("Next try", later(at).unwrap_or_else(|| "now".to_owned())));
    }
    facts
}

#[cfg(test)]
pub(super) mod tests {
    use kalends_domain::{Id, Zone, people::Hours};
    use uuid::Uuid;

    use super::*;

    pub fn face() -> Face {
        Face::new(Zone::utc(), Hours::TwentyFour, "2027-03-09T14:05:00Z".parse().unwrap())
    }

    pub fn call() -> Call {
        let uuid = Uuid::from_u128(7);
        Call {
            id: Id::new(uuid),
            at: "2027-03-09T14:04:12Z".parse().unwrap(),
            app: "acme".into(),
            app_name: "Acme <b>".into(),
            operation: "create_event".into(),
            installation: Some(Id::new(uuid)),
            booking: None,
            notice: None,
            step: Some(Step::Reference(Id::new(uuid))),
            method: "PUT".into(),
            host: "acme.example".into(),
            path: "/events/…".into(),
            status: Some(503),
            millis: 84,
            outcome: "provider_down".into(),
            said: "<script>".into(),
            attempt: (2, 4),
            run: Some((1, 30)),
            not_before: None,
            again: Again::Yes { next_try: Some("2027-03-09T14:09:00Z".parse().unwrap()) },
        }
    }

    #[test]
    fn a_call_is_told_in_words() {
        let entry = &Entry::all(&[call()], &face())[0];
        assert_eq!((entry.at.as_str(), entry.what.as_str()), ("14:04:12", "Create event"));
        assert_eq!((entry.outcome.as_str(), entry.tone), ("503, trouble there", "wait"));
        assert_eq!(entry.took, "84 ms, try 2 of 4");
        assert_eq!(entry.request, "PUT acme.example/events/…");
        assert!(entry.facts.contains(&("Next try", "Tuesday 9 March, 14:09".into())), "{:?}", entry.facts);
        let lost = Call { status: None, outcome: "unknown_outcome".into(), millis: 12_345, ..call() };
        let entry = &Entry::all(&[lost], &face())[0];
        assert_eq!((entry.outcome.as_str(), entry.took.as_str()), ("Answer lost", "12 s, try 2 of 4"));
    }

    #[test]
    fn the_latest_failure_of_a_step_alone_has_the_button() {
        let other = Call { step: Some(Step::Reference(Id::new(Uuid::from_u128(8)))), ..call() };
        let buttons: Vec<bool> =
            Entry::all(&[call(), call(), other], &face()).iter().map(|entry| entry.again).collect();
        assert_eq!(buttons, [true, false, true]);
    }

    #[test]
    fn why_there_is_no_button_is_said_and_a_plain_no_is_an_answer() {
        let no = Again::No("It was done since.".into());
        let done = Call { again: no.clone(), ..call() };
        assert_eq!(Entry::all(&[done], &face())[0].why_not, "It was done since.");
        let asked = Call { again: no, outcome: "not_found".into(), status: Some(404), ..call() };
        let entry = &Entry::all(&[asked], &face())[0];
        assert_eq!((entry.tone, entry.why_not.as_str()), ("off", ""));
    }
}
