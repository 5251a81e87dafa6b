//! What every sign-in at a provider must get right, as its manifest describes it and its fake plays it.

use std::sync::Arc;

use futures::future::BoxFuture;
use kalends_app::{
    App, Secret,
    fake::Counted,
    oauth::{Ask, Class, Client, Desk, pkce},
};
use libtest_mimic::Trial;

use crate::{Pass, Stage, perform};

const REDIRECT: &str = "https://kalends.example/apps/app/callback";

type Run = fn(Arc<Stage>) -> BoxFuture<'static, ()>;

/// The checks, for each app whose accounts are granted at its provider.
pub fn all(apps: &[&'static App]) -> Vec<Trial> {
    let checks: [(&str, Run); 4] = [
        ("a_code_is_worth_tokens_once", |stage| Box::pin(async move { once(&stage).await })),
        ("an_id_and_a_secret_of_any_letters_prove_us", |stage| Box::pin(async move { odd(&stage).await })),
        ("a_key_proves_us_where_one_is_taken", |stage| Box::pin(async move { keyed(&stage).await })),
        ("a_renewal_leaves_a_token_to_renew_with", |stage| Box::pin(async move { renewed(&stage).await })),
    ];
    let granted = apps.iter().copied().filter(|app| (app.fake)().oauth().is_some());
    granted
        .flat_map(|app| {
            checks.map(|(name, run)| {
                Trial::test(format!("sign_in::{}::{name}", app.slug), move || {
                    perform(app, &[], Pass::AtOnce, run)
                })
            })
        })
        .collect()
}

/// Somebody says yes; the code their browser brings back.
fn code(desk: &Desk, client: &Client, verifier: &Secret) -> Secret {
    let state = "a-state-of-more-than-128-bits-for-sure";
    let ask = Ask { client, redirect: REDIRECT, state, verifier, hint: None };
    let back = desk.authorize(&ask).expect("the fake takes what the manifest asks for");
    let code = back.query_pairs().find(|(name, _)| name == "code").expect("it said yes").1;
    Secret::new(&*code)
}

fn known(stage: &Stage) -> (Desk, Client) {
    let client = stage.fake.oauth().expect("it has a sign-in").client();
    (stage.desk(), client)
}

async fn once(stage: &Stage) {
    let (desk, client) = known(stage);
    let verifier = pkce::verifier(&Counted::default());
    let code = code(&desk, &client, &verifier);
    // Tokens are opaque: played ones could not be taken apart (MSG-04).
    desk.exchange(&client, &code, REDIRECT, &verifier).await.expect("tokens");
    let refusal =
        desk.exchange(&client, &code, REDIRECT, &verifier).await.expect_err("a code is good for one use");
    assert_eq!(refusal.class, Class::Grant);
}

async fn odd(stage: &Stage) {
    // OAU-05: in the header both are form-encoded before they are joined (RFC 6749, 2.3.1).
    let client = Client::with_secret("our id/1", "a:b+c d%e/f&g=ü");
    stage.fake.oauth().expect("it has a sign-in").knows(client.clone());
    let desk = stage.desk();
    if !desk.descriptor().takes_secrets() {
        return;
    }
    let verifier = pkce::verifier(&Counted::default());
    let granted = desk.exchange(&client, &code(&desk, &client, &verifier), REDIRECT, &verifier).await;
    granted.expect("the provider reads the same id and secret");
    let wrong = Client::with_secret(&client.id, "another");
    let refusal =
        desk.exchange(&wrong, &Secret::new("x"), REDIRECT, &verifier).await.expect_err("not our secret");
    assert_eq!(refusal.class, Class::Client);
}

async fn keyed(stage: &Stage) {
    // OAU-05: instead of a secret, or alone.
    let sign_in = stage.fake.oauth().expect("it has a sign-in");
    let Some(client) = sign_in.keyed() else {
        assert!(stage.desk().descriptor().key.is_none(), "the fake knows keys where the manifest does");
        return;
    };
    let desk = stage.desk();
    let verifier = pkce::verifier(&Counted::default());
    let granted = desk.exchange(&client, &code(&desk, &client, &verifier), REDIRECT, &verifier).await;
    let refresh = granted.expect("the provider knows whose key it is").refresh.expect("to renew with");
    desk.refresh(&client, &refresh).await.expect("the next word of the key is another");
    let secret = Client::with_secret(&client.id, "a secret it never gave");
    let refusal = desk.refresh(&secret, &refresh).await.expect_err("it knows the key alone");
    assert_eq!(refusal.class, Class::Client);
}

async fn renewed(stage: &Stage) {
    let (desk, client) = known(stage);
    let verifier = pkce::verifier(&Counted::default());
    let code = code(&desk, &client, &verifier);
    let first = desk.exchange(&client, &code, REDIRECT, &verifier).await.expect("tokens");
    let before = first.refresh.expect("a sign-in that lasts comes with a token to renew it");
    let second = desk.refresh(&client, &before).await.expect("renewed");
    assert_ne!(second.access, first.access);
    match second.refresh {
        // MSG-02, ZOOM-02: another one comes, and is the one to keep.
        Some(after) => {
            assert_ne!(after, before);
            desk.refresh(&client, &after).await.expect("the newest is good");
        }
        // OAU-09, GOTO-02: none comes, and the one before stays good.
        None => drop(desk.refresh(&client, &before).await.expect("the old one is still good")),
    }
}
