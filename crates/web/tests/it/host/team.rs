//! Teams: made, joined, left, and what they offer together.

use http::StatusCode;
use kalends_domain::event_type::Assignment;

use super::{NASTY, after, is_harmless, notice, open};
use crate::{
    browser::{Browser, Seen},
    house::Server,
};

async fn made(host: &mut Browser, name: &str, slug: &str) -> (Seen, String) {
    let page = open(host, "/teams").await;
    let done = host.submit_to(&page, "/teams", &[("name", name), ("slug", slug)]).await;
    let path = done.to().split('?').next().unwrap().to_owned();
    (after(host, &done).await, path)
}

#[tokio::test]
async fn a_team_is_made_and_people_join_and_leave() {
    let server = Server::start().await;
    server.colleague("bruno").await;
    let mut host = server.host();
    let (page, path) = made(&mut host, NASTY, "office").await;
    assert!(is_harmless(&page));
    let members = format!("{path}/members");
    let bruno = page.values("#user option", "value").remove(1);
    let csrf = page.values("input[name=csrf]", "value").remove(0);
    let add = [("csrf", csrf.as_str()), ("new", "yes"), ("user", bruno.as_str()), ("role", "member")];
    let done = host.post(&members, &add).await;
    let page = after(&mut host, &done).await;
    assert_eq!(notice(&page), "They are in the team now.");
    assert_eq!(page.texts("#members ~ ul h3"), ["Inês Carvalho", "bruno"]);
    let out = [("csrf", csrf.as_str()), ("user", bruno.as_str()), ("remove", "yes")];
    let done = host.post(&members, &out).await;
    assert_eq!(after(&mut host, &done).await.texts("#members ~ ul h3"), ["Inês Carvalho"]);
}

#[tokio::test]
async fn a_team_keeps_an_owner_and_an_address_of_its_own() {
    let server = Server::start().await;
    let mut host = server.host();
    let (page, path) = made(&mut host, "Office", "office").await;
    let leave = host.submit_to(&page, &format!("{path}/members"), &[("remove", "yes")]).await;
    assert_eq!(leave.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(notice(&leave), "Nothing was changed.");
    for (name, slug, field) in [("", "x", "name"), ("Two", "ines", "slug"), ("Two", "No!", "slug")] {
        let back = host.submit_to(&page, "/teams", &[("name", name), ("slug", slug)]).await;
        assert_eq!(back.status, StatusCode::UNPROCESSABLE_ENTITY, "{slug}");
        assert_eq!(back.values("#errors a", "href"), [format!("#{field}")]);
        assert_eq!(back.values("#slug", "value"), [slug]);
    }
    let nobody = host.submit_to(&page, &format!("{path}/members"), &[("user", "x")]).await;
    assert_eq!(nobody.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn a_team_is_not_found_by_who_is_not_in_it() {
    let server = Server::start().await;
    let (_, path) = made(&mut server.host(), "Office", "office").await;
    let mut other = server.colleague("bruno").await;
    assert_eq!(other.get(&path).await.status, StatusCode::NOT_FOUND);
    assert_eq!(other.get("/teams/x").await.status, StatusCode::NOT_FOUND);
    let page = open(&mut other, "/teams").await;
    let csrf = page.values("input[name=csrf]", "value").remove(0);
    let user = server.owner.id.to_string();
    let join = [("csrf", csrf.as_str()), ("user", user.as_str()), ("role", "owner")];
    let refused = other.post(&format!("{path}/members"), &join).await;
    assert!(refused.status.is_client_error(), "{}", refused.status);
}

#[tokio::test]
async fn a_teams_event_type_is_made_and_its_hosts_are_chosen() {
    let server = Server::start().await;
    let mut host = server.host();
    let (page, _) = made(&mut host, "Office", "office").await;
    assert_eq!(page.texts("#shared ~ ul h3").len(), 0);
    let list = open(&mut host, "/event-types").await;
    let team = list.values("#owner option", "value").remove(1);
    let typed = [("title", "First call"), ("owner", team.as_str())];
    let done = host.submit_to(&list, "/event-types", &typed).await;
    let page = after(&mut host, &done).await;
    let path = done.to().split('?').next().unwrap().to_owned();
    let done = host.submit_to(&page, &path, &[("assignment", "together")]).await;
    after(&mut host, &done).await;
    let own = server.house.engine.hosted_event_types(&server.member()).await.unwrap();
    assert_eq!((own[0].assignment, own[0].hosts[0].user), (Assignment::Collective, server.owner.id));
    let nobody = host.submit_to(&page, &path, &[("assignment", "single"), ("share", "x")]).await;
    nobody.to();
    let page = open(&mut host, "/teams").await;
    assert_eq!(page.texts("#shared ~ ul h3"), ["First call"]);
    let odd = host.submit_to(&list, "/event-types", &[("title", "X"), ("owner", "x")]).await;
    assert_eq!(odd.values("#errors a", "href"), ["#owner"]);
}
