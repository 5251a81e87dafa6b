//! Settings: profile, password, sessions, keys, the audit log.

use http::StatusCode;

use super::{NASTY, after, is_harmless, notice, open};
use crate::house::Server;

#[tokio::test]
async fn a_profile_is_saved_and_read_in_its_hours() {
    let server = Server::start().await;
    let mut host = server.host();
    let page = open(&mut host, "/settings/profile").await;
    let typed = [("name", NASTY), ("username", "ines-c"), ("hours", "12"), ("brand", "#0a4f8f")];
    let done = host.submit_to(&page, "/settings/profile", &typed).await;
    let page = after(&mut host, &done).await;
    assert_eq!(notice(&page), "Saved.");
    assert_eq!(page.values("[name=hours][checked]", "value"), ["12"]);
    assert!(is_harmless(&page));
    assert!(is_harmless(&open(&mut server.guest(), "/ines-c").await));
}

#[tokio::test]
async fn what_will_not_do_in_a_profile_is_said_at_its_field() {
    let server = Server::start().await;
    server.colleague("bruno").await;
    let mut host = server.host();
    let page = open(&mut host, "/settings/profile").await;
    for (field, value) in [
        ("name", ""),
        ("username", "no good"),
        ("username", "bruno"),
        ("zone", "Moon/Crater"),
        ("brand", "red"),
    ] {
        let typed = [("bio", "Kept"), (field, value)];
        let back = host.submit_to(&page, "/settings/profile", &typed).await;
        assert_eq!(back.status, StatusCode::UNPROCESSABLE_ENTITY, "{field}");
        assert_eq!(back.values("#errors a", "href"), [format!("#{field}")]);
        assert_eq!(back.texts("#bio"), ["Kept"]);
    }
}

#[tokio::test]
async fn a_password_is_changed_by_who_knows_it() {
    let server = Server::start().await;
    let (mut host, mut elsewhere) = (server.host(), server.signed_in("ines").await);
    let page = open(&mut host, "/settings/security").await;
    let wrong = [("current_password", "not this one"), ("new_password", "another long password")];
    let back = host.submit_to(&page, "/settings/password", &wrong).await;
    assert_eq!(back.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", back.text);
    assert!(!back.text.contains("not this one") && !back.text.contains("another long password"));
    let short = [("current_password", "a long enough password"), ("new_password", "short")];
    let back = host.submit_to(&page, "/settings/password", &short).await;
    assert_eq!(back.values("#errors a", "href"), ["#new_password"]);
    let right = [("current_password", "a long enough password"), ("new_password", "another long password")];
    let done = host.submit_to(&page, "/settings/password", &right).await;
    assert!(notice(&after(&mut host, &done).await).starts_with("Your password is changed."));
    assert!(elsewhere.get("/bookings/upcoming").await.status.is_redirection(), "signed out elsewhere");
}

#[tokio::test]
async fn other_sessions_are_ended_one_by_one_or_all() {
    let server = Server::start().await;
    let mut host = server.host();
    let (mut first, mut second) = (server.signed_in("ines").await, server.signed_in("ines").await);
    let page = open(&mut host, "/settings/security").await;
    let ends = page.values("form[action$='/end']", "action");
    assert_eq!(ends.len(), 2);
    let done = host.submit_to(&page, &ends[0], &[]).await;
    let page = after(&mut host, &done).await;
    let signed_out = [&mut first, &mut second];
    let mut left = 0;
    for browser in signed_out {
        left += usize::from(browser.get("/bookings/upcoming").await.status == StatusCode::OK);
    }
    assert_eq!(left, 1);
    let done = host.submit_to(&page, "/settings/sessions/others", &[]).await;
    let page = after(&mut host, &done).await;
    assert_eq!(page.values("form[action$='/end']", "action").len(), 0);
}

#[tokio::test]
async fn a_key_is_shown_once_and_revoked() {
    let server = Server::start().await;
    let mut host = server.host();
    let page = open(&mut host, "/settings/keys").await;
    let nameless = host.submit_to(&page, "/settings/keys", &[("label", "")]).await;
    assert_eq!(nameless.status, StatusCode::UNPROCESSABLE_ENTITY);
    let page = host.submit_to(&page, "/settings/keys", &[("label", NASTY)]).await;
    let key = page.texts("code.secret").remove(0);
    assert!(key.len() > 30 && is_harmless(&page), "{key}");
    let page = open(&mut host, "/settings/keys").await;
    assert!(!page.text.contains(&key) && page.texts("tbody tr").len() == 1);
    let revoke = page.values("form[action$='/revoke']", "action").remove(0);
    let done = host.submit_to(&page, &revoke, &[]).await;
    assert_eq!(after(&mut host, &done).await.texts("tbody tr").len(), 0);
}

#[tokio::test]
async fn the_audit_log_is_for_those_who_manage() {
    let server = Server::start().await;
    let mut host = server.host();
    let page = open(&mut host, "/settings/keys").await;
    host.submit_to(&page, "/settings/keys", &[("label", NASTY)]).await;
    let log = open(&mut host, "/settings/audit").await;
    assert!(!log.texts("tbody tr").is_empty());
    assert!(!log.text.contains("<script>alert"));
    let mut other = server.colleague("bruno").await;
    assert_eq!(other.get("/settings/audit").await.status, StatusCode::FORBIDDEN);
}
