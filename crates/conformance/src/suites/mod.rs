//! The suites, one per kind.
#![expect(clippy::expect_used, reason = "a check fails by panicking, with the sentence it expected")]

pub mod busy_rules;
pub mod calendar;
pub mod calendar_faults;
pub mod conference;
pub mod conference_faults;
pub mod faults;
pub mod messenger;
pub mod returned_mail;
pub mod sign_in;
pub mod watch;
pub mod words;

use kalends_app::App;
use libtest_mimic::Trial;

use crate::{Pass, cross, described};

/// Every check of every kind, crossed with these apps.
pub fn all(apps: &[&'static App]) -> Vec<Trial> {
    // Not every messenger speaks HTTP: where a sign-in is all that has addresses, mails go another way.
    let by_http = |app: &&&'static App| {
        let manifest = app.manifest();
        manifest.auth.oauth().is_none() && !manifest.endpoints.is_empty()
    };
    let by_http: Vec<_> = apps.iter().filter(by_http).copied().collect();
    [
        cross("calendar", Pass::AtOnce, calendar::CHECKS, apps, App::calendar),
        cross("calendar", Pass::AtOnce, busy_rules::CHECKS, apps, App::calendar),
        cross("calendar", Pass::AtOnce, calendar_faults::READING, apps, App::calendar),
        cross("calendar", Pass::AtOnce, calendar_faults::CHECKS, apps, App::calendar),
        cross("conference", Pass::AtOnce, conference::CHECKS, apps, App::conference),
        cross("conference", Pass::AtOnce, conference_faults::READING, apps, App::conference),
        cross("conference", Pass::AtOnce, conference_faults::CHECKS, apps, App::conference),
        cross("watch", Pass::AtOnce, watch::CHECKS, apps, App::watch),
        cross("messenger", Pass::Real, messenger::CHECKS, apps, App::messenger),
        cross("messenger", Pass::AtOnce, messenger::READING, &by_http, App::messenger),
        cross("messenger", Pass::Real, returned_mail::CHECKS, apps, App::messenger),
        sign_in::all(apps),
        words::all(apps),
        described(apps),
    ]
    .into_iter()
    .flatten()
    .collect()
}
