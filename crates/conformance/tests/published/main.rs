//! The suites once more, with every request judged by what the provider has published about itself.
//!
//! The provider is still played, for its description keeps nothing; but each request first goes to a server that only knows
//! the description. `KALENDS_PEER_PRISM_…` say where they are; where one is not said, its trials are ignored.
#![expect(clippy::expect_used, reason = "a check fails by panicking, with the sentence it expected")]

mod channels;
mod judge;
mod mails;
mod mocked;
mod rooms;
mod signed_in;

use kalends_app::App;
use kalends_conformance::{played, suites::calendar};
use libtest_mimic::{Arguments, Trial};

use self::judge::{JUDGES, Judge};

fn main() {
    let arguments = Arguments::from_args();
    let trials = JUDGES.iter().flat_map(trials).chain(mocked::trials()).collect();
    libtest_mimic::run(&arguments, trials).exit();
}

fn trials(judge: &'static Judge) -> Vec<Trial> {
    let peer = format!("KALENDS_PEER_{}", judge.peer);
    let Some(app) = kalends_catalog::APPS.iter().copied().find(|app| app.slug == judge.slug) else {
        return vec![ignored(judge, "this build lacks the app")];
    };
    if std::env::var(&peer).is_err() {
        return vec![ignored(judge, &format!("{peer} is not set"))];
    }
    let calendar = App::calendar(app).map(|part| played(judge.slug, calendar::CHECKS, &part, judge::stage));
    let rooms = App::conference(app).map(|part| played(judge.slug, rooms::CHECKS, &part, judge::stage));
    let channels = App::watch(app).map(|part| played(judge.slug, channels::CHECKS, &part, judge::stage));
    let mails = App::messenger(app).map(|part| played(judge.slug, mails::CHECKS, &part, judge::stage));
    let signed_in = app.manifest().auth.oauth().map(|_| signed_in(judge));
    let honest = Trial::test(format!("{}::the_judge_refuses_what_is_not_described", judge.slug), move || {
        tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(judge::refuses(judge))
    });
    let suites = calendar.into_iter().chain(rooms).chain(channels).chain(mails).flatten();
    suites.chain([honest]).chain(signed_in).collect()
}

fn signed_in(judge: &'static Judge) -> Trial {
    let name = format!("{}::an_account_signs_in_elsewhere_and_is_read_as_published", judge.slug);
    if std::env::var("KALENDS_PEER_OAUTH2").is_err() {
        return Trial::test(format!("{name} - KALENDS_PEER_OAUTH2 is not set"), || Ok(()))
            .with_ignored_flag(true);
    }
    Trial::test(name, move || {
        let reads = signed_in::reads_its_account(judge);
        tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(reads)
    })
}

fn ignored(judge: &Judge, reason: &str) -> Trial {
    Trial::test(format!("{} - {reason}", judge.slug), || Ok(())).with_ignored_flag(true)
}
