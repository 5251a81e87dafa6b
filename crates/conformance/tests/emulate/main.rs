//! Google as somebody else plays it: signing in, renewing, and a small calendar, before the `emulate` peer.
//!
//! `KALENDS_PEER_EMULATE_GOOGLE` says where it is; where it is not said, the trials are ignored. What the peer does not keep
//! (ids of ours, private properties, cursors) the fake and the published description judge. Where `KALENDS_PEER_EMULATE_STRICT` is
//! said, too, every call to the calendar goes through its description.
#![expect(clippy::expect_used, reason = "a check fails by panicking, with the sentence it expected")]

mod account;
mod mail;
#[path = "../peers/socket.rs"]
mod socket;

use futures::{FutureExt, future::BoxFuture};
use kalends_app::{
    Kind, RemoteId,
    kind::calendar::{Busy, Draft, Written},
    oauth::{Class, Client},
};
use kalends_conformance::suites::calendar::{draft, window};
use libtest_mimic::{Arguments, Trial};

use self::account::{Account, VERIFIER, at, registration};

type Run = fn() -> BoxFuture<'static, ()>;

const TRIALS: &[(&str, Run)] = &[
    ("a_code_becomes_tokens_by_pkce", || a_code_becomes_tokens_by_pkce().boxed()),
    ("another_verifier_is_refused", || another_verifier_is_refused().boxed()),
    ("a_wrong_client_secret_is_the_administrators_affair", || wrong_secret().boxed()),
    ("a_refresh_token_is_kept_where_none_comes_back", || a_refresh_token_is_kept().boxed()),
    ("an_account_that_gives_its_token_back_may", || a_token_is_given_back().boxed()),
    ("the_account_and_its_calendars_are_found", || the_account_is_found().boxed()),
    ("an_event_is_written_read_and_taken_away", || an_event_comes_and_goes().boxed()),
    ("a_calendar_the_answer_leaves_out_is_not_free", || left_out_is_not_free().boxed()),
    ("eml_01_a_mail_is_sent_by_signing_in_and_read_back_as_it_was", || mail::goes_out().boxed()),
];

fn main() {
    let arguments = Arguments::from_args();
    let trial = |(name, run): &(&'static str, Run)| {
        if std::env::var(account::PLACE).is_err() {
            let name = format!("google::{name} - {} is not set", account::PLACE);
            return Trial::test(name, || Ok(())).with_ignored_flag(true);
        }
        let run = *run;
        Trial::test(format!("google::{name}"), move || {
            tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(run());
            Ok(())
        })
    };
    libtest_mimic::run(&arguments, TRIALS.iter().map(trial).collect()).exit();
}

async fn a_code_becomes_tokens_by_pkce() {
    // OAU-01, GCAL-01
    let account = Account::new();
    let code = account.code().await;
    let tokens = account.exchange(&registration(), &code, VERIFIER).await.expect("it is ours");
    assert!(!tokens.access.expose().is_empty());
    assert!(tokens.refresh.is_some(), "access_type=offline brings one");
    assert!(tokens.expires_at.is_some());
    account.exchange(&registration(), &code, VERIFIER).await.expect_err("a code is good once");
}

async fn another_verifier_is_refused() {
    // OAU-01
    let account = Account::new();
    let code = account.code().await;
    let other = "another-verifier-of-at-least-forty-three-characters";
    let refusal = account.exchange(&registration(), &code, other).await.expect_err("it is not whoever asked");
    assert_eq!(refusal.class, Class::Grant, "{refusal}");
}

async fn wrong_secret() {
    // OAU-12: no account is at fault.
    let account = Account::new();
    let code = account.code().await;
    let client = Client::with_secret(registration().id, "not-the-secret");
    let refusal = account.exchange(&client, &code, VERIFIER).await.expect_err("Google does not know us");
    assert_eq!(refusal.class, Class::Client, "{refusal}");
}

async fn a_refresh_token_is_kept() {
    // OAU-09: Google answers without one.
    let account = Account::new();
    let tokens = account.signed_in().await;
    let refresh = tokens.refresh.expect("a refresh token");
    for _ in 0..3 {
        let fresh =
            account.desk().refresh(&registration(), &refresh).await.expect("it is good again and again");
        assert_ne!(fresh.access.expose(), tokens.access.expose());
        assert!(fresh.refresh.is_none_or(|same| same.expose() == refresh.expose()));
    }
}

async fn a_token_is_given_back() {
    // OAU-16
    let account = Account::new();
    let refresh = account.signed_in().await.refresh.expect("a refresh token");
    account.desk().revoke(&registration(), &refresh).await.expect("takes it");
    let refusal = account.desk().refresh(&registration(), &refresh).await.expect_err("it is gone");
    assert_eq!(refusal.class, Class::Grant, "{refusal}");
}

async fn the_account_is_found() {
    // GCAL-04
    let account = Account::new();
    let (cx, part) = account.connected().await;
    assert_eq!(part.probe(&cx).await.expect("looks around").identity, "host@example.com");
    let all = part.calendars(&cx).await.expect("lists");
    let told: Vec<_> = all.iter().map(|one| (one.name.as_str(), one.primary, one.writable)).collect();
    assert_eq!(told, [("host@example.com", true, true), ("Team", false, true)]);
}

async fn an_event_comes_and_goes() {
    // GCAL-05, GCAL-11, GCAL-13
    let account = Account::new();
    let (cx, part) = account.connected().await;
    let team = RemoteId::new("team");
    let draft: Draft = draft("emulate", 0);
    let written: Written = part.create(&cx, &team, &draft).await.expect("creates");
    let busy: Vec<Busy> = part.busy(&cx, std::slice::from_ref(&team), window()).await.expect("says when");
    assert!(busy.iter().any(|one| one.span == draft.span), "{busy:?}");
    let all = part.changes(&cx, &team, None, window()).await.expect("lists");
    let ours = all.upserts.iter().find(|one| one.id == written.id).expect("it is listed");
    assert_eq!(ours.busy, [draft.span]);
    part.delete(&cx, &team, &written).await.expect("deletes");
    let all = part.changes(&cx, &team, None, window()).await.expect("lists");
    assert!(all.upserts.iter().all(|one| one.id != written.id));
    let error = part.delete(&cx, &team, &written).await.expect_err("it is gone");
    assert!(error.is_missing(), "{error}");
    let seeded = part.busy(&cx, &[RemoteId::new("primary")], window()).await.expect("says when");
    assert!(seeded.iter().any(|one| one.span.start == at("2027-03-02T09:00:00Z")), "{seeded:?}");
}

async fn left_out_is_not_free() {
    // GCAL-05: this server says nothing at all of a calendar it does not know.
    let account = Account::new();
    let (cx, part) = account.connected().await;
    let both = [RemoteId::new("primary"), RemoteId::new("nobodys")];
    let error = part.busy(&cx, &both, window()).await.expect_err("one is left out");
    assert_eq!(error.kind, Kind::Malformed);
}
