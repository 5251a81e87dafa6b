//! Apps on pages: found, installed, off and on, away and back; what public pages load and what they never do.

use kalends_app::App;
use kalends_domain::event_type::Settings;

use crate::{
    browser::{Browser, Seen},
    house::{Server, plain},
};

const ICON: &str = r#"<svg viewBox="0 0 40 40"><text>Ha</text></svg>"#;

static HALLS: App = App::of_data(
    "halls",
    r#"
slug = "halls"
name = "Halls"
tagline = "A hall of your own."
description = "Give its link."
kinds = ["location"]
categories = ["video"]
publisher = "Kalends"
scope = ["user", "organization"]
may = ["Put your link into bookings"]

[location]
label = "Your hall"
placeholder = "https://halls.example/ines"
links = ["https://halls.example/{hall}"]
"#,
    ICON,
);

static TALLY: App = App::of_data(
    "tally",
    r#"
slug = "tally"
name = "Tally"
tagline = "Counts visits."
description = "Counts."
kinds = ["tag"]
categories = ["statistics"]
publisher = "Kalends"
may = ["Count"]

[tag]
consent = "ask"
scripts = ["https://cdn.tally.example"]
connect = ["https://in.tally.example"]
start = "window.tally = {{id}};"
load = [{ src = "https://cdn.tally.example/t.js", attributes = { data-id = "{{id}}" } }]

[[setup]]
name = "id"
label = "Id"
type = "text"
required = true
placeholder = "T-7"
pattern = "T-[0-9]+"
"#,
    ICON,
);

async fn server() -> (Server, Browser) {
    let server = Server::start_with_apps(&[&HALLS, &TALLY]).await;
    let host = server.host();
    (server, host)
}

async fn install(host: &mut Browser, slug: &str, typed: &[(&str, &str)]) -> Seen {
    let page = host.get(&format!("/apps/{slug}")).await;
    host.submit_to(&page, &format!("/apps/{slug}"), typed).await
}

/// The row of the one installed app, by its address.
async fn row(host: &mut Browser) -> String {
    let page = host.get("/apps/installed").await;
    let id = page.values("section li[id]", "id").into_iter().next().expect("an installed app");
    format!("/apps/installed/{}", id.strip_prefix("a-").unwrap())
}

#[tokio::test]
async fn the_store_is_searched_without_scripts() {
    let (_server, mut host) = server().await;
    let names = |page: &Seen| page.texts(".catalogue h3");
    assert_eq!(names(&host.get("/apps").await), ["Halls", "Tally"]);
    assert_eq!(names(&host.get("/apps?q=counts").await), ["Tally"]);
    assert_eq!(names(&host.get("/apps?q=VIDEO+link").await), ["Halls"]);
    assert_eq!(names(&host.get("/apps?show=installed").await), Vec::<String>::new());
    install(&mut host, "halls", &[]).await;
    assert_eq!(names(&host.get("/apps?show=installed").await), ["Halls"]);
    assert_eq!(names(&host.get("/apps?show=others").await), ["Tally"]);
}

#[tokio::test]
async fn a_setting_that_does_not_fit_its_pattern_is_refused_with_an_example() {
    let (_server, mut host) = server().await;
    for wrong in ["", "7", "T-7</script>", "T-7\"); alert(1); (\""] {
        let refused = install(&mut host, "tally", &[("id", wrong)]).await;
        assert_eq!(refused.status, 422, "{wrong}");
        assert!(!refused.text.contains("</script>\"") && !refused.text.contains("\"); alert"), "{wrong}");
    }
    let said = install(&mut host, "tally", &[("id", "7")]).await.texts(".error");
    assert!(said[0].contains("T-7"), "{said:?}");
}

#[tokio::test]
async fn a_tag_waits_for_its_guest_and_its_hosts_alone_are_allowed() {
    let (server, mut host) = server().await;
    server.offer("call", plain()).await;
    install(&mut host, "tally", &[("id", "T-7")]).await;
    let mut guest = server.guest();

    let before = guest.get("/ines/call").await;
    assert!(!before.text.contains("tally.example"), "nothing before a yes");
    assert!(!before.header("content-security-policy").contains("tally.example"));
    assert_eq!(before.header("set-cookie"), "");
    assert!(before.texts(".consent strong")[0].contains("Tally"));

    let yes = guest.submit_to(&before, "/privacy/consent", &[("answer", "yes")]).await;
    assert_eq!(yes.to(), "/ines/call");
    let after = guest.get("/ines/call").await;
    let policy = after.header("content-security-policy").to_owned();
    let nonce = after.values("script[nonce]", "nonce");
    assert_eq!(nonce.len(), 2);
    let scripts = format!("script-src 'self' 'nonce-{}' https://cdn.tally.example;", nonce[0]);
    assert!(policy.contains(&scripts), "{policy}");
    assert!(policy.contains("connect-src 'self' https://in.tally.example;"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    assert_eq!(after.texts("script[nonce]:not([src])"), ["window.tally = \"T-7\";"]);
    assert_eq!(after.values("script[data-id]", "data-id"), ["T-7"]);
    let again = guest.get("/ines/call").await;
    assert_ne!(again.values("script[nonce]", "nonce")[0], nonce[0], "a nonce is used once");

    guest.submit_to(&after, "/privacy/consent", &[("answer", "no")]).await;
    assert!(!guest.get("/ines/call").await.text.contains("tally.example"), "a yes can be taken back");
}

#[tokio::test]
async fn no_tag_stands_where_somebody_typed_or_on_pages_of_hosts() {
    let (server, mut host) = server().await;
    server.offer("call", plain()).await;
    install(&mut host, "tally", &[("id", "T-7")]).await;
    let mut guest = server.guest().with_cookie("kalends_consent", "tally");
    assert!(guest.get("/ines").await.text.contains("tally.example"), "the profile is public");
    let start = "/ines/call/book?start=2026-11-25T10:00:00%2B00:00";
    for path in ["/ines/call?name=Ann", "/ines/call?email=ann%40guest.example", start] {
        let page = guest.get(path).await;
        assert!(!page.text.contains("tally.example"), "{path}");
        assert!(!page.header("content-security-policy").contains("tally"), "{path}");
    }
    for path in ["/apps", "/bookings/upcoming"] {
        assert!(!host.get(path).await.header("content-security-policy").contains("tally"), "{path}");
    }
}

#[tokio::test]
async fn an_answer_about_tags_never_leads_away_and_names_only_tags() {
    let (server, _) = server().await;
    let mut guest = server.guest();
    let fields = [("answer", "yes"), ("tag", "halls"), ("tag", "x; Domain=evil"), ("back", "//evil.example")];
    let done = guest.post("/privacy/consent", &fields).await;
    assert_eq!(done.to(), "/");
    assert!(done.header("set-cookie").starts_with("kalends_consent=;"), "{}", done.header("set-cookie"));
}

#[tokio::test]
async fn a_room_is_offered_by_a_link_of_its_app_and_by_no_other() {
    let (server, mut host) = server().await;
    let number = server.offer("call", Settings::default()).await.number;
    let tab = format!("/event-types/{number}/locations");
    assert!(
        host.get(&tab).await.values("[name=room-halls]", "name").is_empty(),
        "not before it is installed"
    );
    install(&mut host, "halls", &[]).await;
    let page = host.get(&tab).await;
    let ticked = |url| [("room-halls", "1"), ("url-halls", url)];
    for wrong in ["https://evil.example/ines", "javascript:alert(1)", "http://halls.example/ines"] {
        let refused = host.submit_to(&page, &tab, &ticked(wrong)).await;
        assert_eq!(refused.status, 422, "{wrong}");
        assert!(refused.texts("#url-halls-problem")[0].contains("https://halls.example/ines"), "{wrong}");
    }
    host.submit_to(&page, &tab, &ticked("halls.example/ines")).await;
    assert_eq!(host.get(&tab).await.values("[name=url-halls]", "value"), ["https://halls.example/ines"]);
    let seen = server.guest().get("/ines/call").await;
    assert!(
        seen.text.contains("Halls") && !seen.text.contains("halls.example"),
        "the link comes with a booking"
    );
}

#[tokio::test]
async fn what_is_lost_is_said_before_and_can_come_back() {
    let (server, mut host) = server().await;
    let number = server.offer("call", Settings::default()).await.number;
    install(&mut host, "halls", &[]).await;
    let tab = format!("/event-types/{number}/locations");
    let page = host.get(&tab).await;
    host.submit_to(&page, &tab, &[("room-halls", "1"), ("url-halls", "https://halls.example/ines")]).await;

    let there = row(&mut host).await;
    let ask = host.get(&format!("{there}/remove")).await;
    assert!(ask.text.contains("Project consultation will have no place at all"), "{}", ask.text);
    assert!(ask.text.contains("For 7 days"));
    let gone = host.submit_to(&ask, &format!("{there}/remove"), &[]).await;
    let list = host.follow(&gone).await;
    assert_eq!(list.texts("#g-removed"), ["Uninstalled"]);
    assert!(host.get(&tab).await.values("[name=room-halls]", "name").is_empty());
    let back = host.submit_to(&list, &format!("{there}/undo"), &[]).await;
    assert!(back.to().starts_with("/apps/installed?did=back"), "{}", back.to());
    assert_eq!(host.get(&tab).await.values("[name=url-halls]", "value"), ["https://halls.example/ines"]);
}

#[tokio::test]
async fn an_app_is_switched_off_and_on_by_plain_forms() {
    let (server, mut host) = server().await;
    server.offer("call", plain()).await;
    install(&mut host, "tally", &[("id", "T-7")]).await;
    let there = row(&mut host).await;
    let ask = host.get(&format!("{there}/off")).await;
    assert!(ask.text.contains("Public pages do not load it."));
    host.submit_to(&ask, &format!("{there}/off"), &[]).await;
    let list = host.get("/apps/installed").await;
    assert!(list.texts(".chip.off")[0].starts_with("Switched off since"));
    assert!(server.guest().get("/ines/call").await.texts(".consent").is_empty(), "nothing is asked for then");
    host.submit_to(&list, &format!("{there}/on"), &[]).await;
    assert_eq!(server.guest().get("/ines/call").await.texts(".consent strong").len(), 1);
}

fn microsoft() -> &'static App {
    kalends_catalog::APPS
        .iter()
        .copied()
        .find(|app| app.slug == "microsoft-365")
        .expect("it is in the catalog")
}

#[tokio::test]
async fn msg_03_who_needs_an_administrator_gets_a_link_to_send_them() {
    let server = Server::start_registered(microsoft(), "our-client").await;
    let mut host = server.host();
    for came_to in ["approval", "denied"] {
        let page = host.get(&format!("/apps/microsoft-365?sign_in={came_to}")).await;
        let link = page.texts("section[aria-labelledby=approve] code").remove(0);
        let link: url::Url = link.parse().expect("an address");
        assert_eq!(link.path(), "/organizations/v2.0/adminconsent");
        let parts: std::collections::BTreeMap<_, _> = link.query_pairs().into_owned().collect();
        assert_eq!(parts["client_id"], "our-client");
        assert_eq!(parts["redirect_uri"], "https://book.example/apps/microsoft-365/callback", "OAU-04");
        assert_eq!(parts["scope"], "offline_access User.Read Calendars.ReadWrite");
        assert!(!page.text.contains("our-secret"));
    }
    let usual = host.get("/apps/microsoft-365").await;
    assert!(!usual.text.contains("adminconsent"));
    assert!(host.get("/apps/microsoft-365/registration").await.text.contains("adminconsent"));
}

#[tokio::test]
async fn msg_03_an_administrator_without_an_account_here_is_thanked_and_sees_nothing_else() {
    let server = Server::start_with_apps(&[microsoft()]).await;
    let back = "/apps/microsoft-365/callback?admin_consent=True&tenant=%3Cscript%3E&scope=x";
    let thanked = server.guest().get(back).await;
    assert_eq!((thanked.status, thanked.texts("h1")), (http::StatusCode::OK, vec!["Thank you".to_owned()]));
    assert!(!thanked.text.contains("&lt;script&gt;") && !thanked.text.contains("<script>"));
    assert_eq!(thanked.header("referrer-policy"), "no-referrer");
    let refused = server.guest().get(&format!("{back}&error=permission_denied")).await;
    assert_eq!(refused.texts("h1"), ["Not allowed"]);
    let mut host = server.host();
    let to = host.get(back).await.to().clone();
    assert_eq!(to, "/apps/microsoft-365?sign_in=approved");
    assert!(host.get(&to).await.text.contains("Connect now."));
}

#[tokio::test]
async fn oau_05_a_key_is_pasted_where_one_is_taken_and_never_shown_again() {
    let server = Server::start_with_apps(&[microsoft()]).await;
    let mut host = server.host();
    let place = "/apps/microsoft-365/registration";
    let page = host.get(place).await;
    assert!(page.text.contains("name=\"client_key\"") && page.text.contains("name=\"client_secret\""));
    let typed =
        [("client_id", "ours"), ("client_secret", ""), ("client_key", "-----BEGIN canary"), ("do", "save")];
    let again = host.submit_to(&page, place, &typed).await;
    assert_eq!(again.status, http::StatusCode::UNPROCESSABLE_ENTITY);
    let problems = again.texts("#client_key-problem");
    assert!(problems[0].contains("from its line BEGIN PRIVATE KEY"), "{problems:?}");
    assert!(!again.text.contains("canary"));
}

#[tokio::test]
async fn a_sign_in_that_comes_to_nothing_loses_nothing_that_was_typed() {
    let mail = kalends_catalog::APPS.iter().copied().find(|app| app.slug == "outlook-mail");
    let server = Server::start_playing(mail.expect("it is in the catalog")).await;
    let mut host = server.host();
    let page = host.get("/apps/outlook-mail").await;
    // A mailbox that whoever signs in is not let into.
    let typed = [("mailbox", "office@example.com"), ("from_name", "The office")];
    let away = host.submit_to(&page, "/apps/outlook-mail", &typed).await;
    let refused = host.get(&leads(&away)).await.to().clone();
    assert_eq!(refused, "/apps/outlook-mail?sign_in=refused");
    let page = host.get(&refused).await;
    assert!(page.text.contains("does not take this sign-in for this mailbox"), "EML-01");
    assert_eq!(page.values("[name=mailbox]", "value"), ["office@example.com"]);
    assert_eq!(page.values("[name=from_name]", "value"), ["The office"]);
    let right = host.submit_to(&page, "/apps/outlook-mail", &[("mailbox", "ines@example.com")]).await;
    let connected = host.get(&leads(&right)).await.to().clone();
    assert!(connected.starts_with("/apps/installed?did=connected"), "{connected}");
}

/// Where the page that leaves for a provider leads: here again, for a played one says yes at once.
fn leads(page: &Seen) -> String {
    let to = page.values("meta[http-equiv=refresh]", "content").remove(0);
    let to: url::Url = to.trim_start_matches("0;url=").parse().expect("an address");
    format!("{}?{}", to.path(), to.query().unwrap_or_default())
}
