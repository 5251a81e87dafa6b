//! Our registration at an app's provider: entered once by an administrator, and tried.

use askama::Template;
use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect},
};
use kalends_app::oauth::OAuth;
use kalends_engine::connect::{ConnectError, Entered, RegistrationView, Source, Tested};

use super::{page::Picture, setup::sentence};
use crate::{
    Web,
    extract::{self, Asked, Typed},
    pages::{
        Frame, Side,
        host::{Answer, desk::Desk, draw_form, form::Form, notice::Notice},
    },
};

#[derive(Template)]
#[template(path = "host/registration.html")]
#[expect(clippy::struct_excessive_bools, reason = "the template asks each by its own name")]
struct Page {
    frame: Frame,
    side: Side,
    notice: Option<Notice>,
    picture: Picture,
    slug: &'static str,
    name: String,
    help: Option<String>,
    redirect: String,
    notices: Option<String>,
    approval: Option<String>,
    registered: bool,
    /// The operator's settings decide, and this page only shows.
    fixed: bool,
    /// The provider is played, and knows everybody who tries the demo.
    played: bool,
    takes_secret: bool,
    takes_key: bool,
    /// The provider knows the key by its certificate.
    certificate: bool,
    /// A key is stored, not a secret.
    by_key: bool,
    webhook_secret: bool,
    has_webhook_secret: bool,
    old_webhook_secret: bool,
    scopes: Vec<String>,
    form: Form,
}

/// What a step leaves to say on the next page.
const DID: [(&str, &str); 5] = [
    ("known", "It works: the provider knows this server. Nothing was created there."),
    ("saved", "Saved and tried: the provider knows this server. People can connect now."),
    ("unreachable", "Saved. The provider could not be asked just now; test it later."),
    ("dropped", "Only notices signed with the new webhook secret are believed now."),
    ("removed", "The registration is deleted here."),
];

/// `GET /apps/{slug}/registration`
pub async fn show(
    State(web): State<Web>,
    desk: Desk,
    Path(slug): Path<String>,
    Asked(asked): Asked,
) -> Answer {
    let view = web.engine.registration_of(&desk.member(), &slug).await?;
    let notice = Notice::after(&asked, &DID).or_else(|| {
        let face = desk.face(&web);
        let (cause, since) = view.trouble.as_ref()?;
        let words = format!("{} Since {}.", sentence(cause), face.whole(*since));
        Some(Notice::fail(format!("{} does not take it.", view.app.manifest().name), words))
    });
    let form = Form::showing(Typed::from([("client_id", view.client_id.as_str())]));
    page(&web, &desk, view, form, notice).await
}

/// `POST /apps/{slug}/registration`: saves, tests, drops or removes, by the button.
pub async fn save(
    State(web): State<Web>,
    desk: Desk,
    Path(slug): Path<String>,
    extract::Form(typed): extract::Form,
) -> Answer {
    let member = desk.member();
    let done = match typed.get("do") {
        "remove" => web.engine.unregister(&member, &slug).await.map(|()| "removed"),
        "drop" => web.engine.drop_old_webhook_secret(&member, &slug).await.map(|()| "dropped"),
        "test" => web.engine.test_registration(&member, &slug).await.map(|tested| said(&tested, "known")),
        _ => {
            let [client_id, client_secret, client_key, webhook_secret] =
                ["client_id", "client_secret", "client_key", "webhook_secret"].map(|name| typed.get(name));
            let entered = Entered { client_id, client_secret, client_key, webhook_secret };
            web.engine.register(&member, &slug, entered).await.map(|tested| said(&tested, "saved"))
        }
    };
    let view = web.engine.registration_of(&member, &slug).await?;
    let mut form = Form::showing(typed);
    let notice = match done {
        Ok(did) => {
            return Ok(Redirect::to(&format!("/apps/{slug}/registration?did={did}")).into_response());
        }
        Err(ConnectError::Invalid(invalid)) => {
            form.refuse(invalid.problems);
            None
        }
        Err(error @ (ConnectError::Probe(_) | ConnectError::Unfinished(_))) => {
            Some(Notice::fail("It does not work.", sentence(&error.to_string())))
        }
        Err(error) => return Err(error.into()),
    };
    page(&web, &desk, view, form, notice).await
}

const fn said(tested: &Tested, known: &'static str) -> &'static str {
    match tested {
        Tested::Known => known,
        Tested::Unreachable(_) => "unreachable",
    }
}

async fn page(web: &Web, desk: &Desk, view: RegistrationView, form: Form, notice: Option<Notice>) -> Answer {
    let (frame, side) = desk.around(web, "apps").await?;
    let manifest = view.app.manifest();
    let oauth = manifest.auth.oauth();
    let failed = form.failed() || Notice::is_failure(notice.as_ref());
    let page = Page {
        frame,
        side,
        notice,
        picture: Picture(view.app.icon),
        slug: view.app.slug,
        name: manifest.name.clone(),
        help: manifest.links.help.as_ref().map(ToString::to_string),
        redirect: view.redirect,
        notices: view.notices,
        approval: view.approval.map(String::from),
        registered: view.from.is_some(),
        fixed: view.from.is_some_and(|from| from != Source::Page),
        played: view.from == Some(Source::Played),
        takes_secret: oauth.is_some_and(OAuth::takes_secrets),
        takes_key: oauth.is_some_and(|oauth| oauth.key.is_some()),
        certificate: oauth.and_then(|oauth| oauth.key.as_ref()).is_some_and(|key| key.certificate),
        by_key: view.by_key,
        webhook_secret: oauth.is_some_and(|oauth| oauth.webhook_secret),
        has_webhook_secret: view.has_webhook_secret,
        old_webhook_secret: view.has_old_webhook_secret && view.from == Some(Source::Page),
        scopes: oauth
            .map(|oauth| oauth.scopes.iter().map(|one| one.scope.clone()).collect())
            .unwrap_or_default(),
        form,
    };
    Ok(draw_form(&page, failed))
}
