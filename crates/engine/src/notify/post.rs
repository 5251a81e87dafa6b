//! Which mail server sends: the organization's own, else the instance's.

use std::sync::Arc;

use kalends_app::{
    AnyMessenger, Cx, Error,
    gateway::Patience,
    kind::messenger::{Message, Receipt},
};
use kalends_domain::{Id, people::Organization};
use kalends_store::at_once;

use crate::{
    Engine,
    connect::Installed,
    flights::{self, About},
    job::Failed,
};

/// Why a mail did not leave.
pub(crate) enum NotSent {
    /// There is no mail server.
    NoServer,
    /// The server said no, or nothing.
    App(Error),
    /// Our own database.
    Store(kalends_store::Error),
}

impl From<kalends_store::Error> for NotSent {
    fn from(error: kalends_store::Error) -> Self {
        Self::Store(error)
    }
}

/// Sends one mail, now.
pub(crate) async fn send(
    engine: &Engine,
    organization: Id<Organization>,
    message: &Message,
) -> Result<Receipt, NotSent> {
    let own = own(engine, organization).await?;
    let (working, broken) = match own {
        Some((one, part)) if one.is_usable() => (Some((one, part)), None),
        other => (None, other),
    };
    if let Some((one, part)) = working {
        return through(engine, &one, &part, message).await;
    }
    if let Some(post) = engine.outside.post()
        && let Some(part) = post.app.messenger()
    {
        let gateway = engine.outside.gateway();
        let cx = gateway.cx(post.app, post.account.clone(), Patience::Job).map_err(NotSent::App)?;
        let message = Message { from: message.from.clone().or_else(|| post.from.clone()), ..message.clone() };
        return part.send(&cx, &message).await.map_err(NotSent::App);
    }
    match broken {
        Some((one, part)) => through(engine, &one, &part, message).await,
        None => Err(NotSent::NoServer),
    }
}

/// The same for jobs that only know done and failed.
pub(crate) async fn post(
    engine: &Engine,
    organization: Id<Organization>,
    message: &Message,
) -> Result<(), Failed> {
    match flights::about(About::of(organization), Box::pin(send(engine, organization, message))).await {
        Ok(receipt) => match receipt.refused.into_iter().next() {
            None => Ok(()),
            Some((_, error)) => Err(error.into()),
        },
        Err(NotSent::NoServer) => Err(Failed::never("no mail server is set up")),
        Err(NotSent::App(error)) => Err(error.into()),
        Err(NotSent::Store(error)) => Err(error.into()),
    }
}

impl Engine {
    /// Whether this server can send mails to anybody: the operator named a mail server, or some organization has its own.
    pub async fn sends_mails(&self) -> kalends_store::Result<bool> {
        let organizations = self.db.read().await?.people().organizations().await?;
        for organization in &organizations {
            if can_send(self, organization.id).await? {
                return Ok(true);
            }
        }
        Ok(self.outside.post().is_some())
    }
}

/// Whether there is a mail server at all.
pub(crate) async fn can_send(engine: &Engine, organization: Id<Organization>) -> kalends_store::Result<bool> {
    Ok(engine.outside.post().is_some() || own(engine, organization).await?.is_some())
}

/// The organization's own mail server, a working one first.
async fn own(
    engine: &Engine,
    organization: Id<Organization>,
) -> kalends_store::Result<Option<(Installed, Arc<dyn AnyMessenger>)>> {
    let mut tx = engine.db.read().await?;
    let all = Installed::usable_by(&mut tx, &engine.outside, organization, &[]).await?;
    let mut servers: Vec<_> =
        all.into_iter().filter_map(|one| one.app.messenger().map(|part| (one, part))).collect();
    servers.sort_by_key(|(one, _)| !one.is_usable());
    Ok(servers.into_iter().next())
}

async fn through(
    engine: &Engine,
    one: &Installed,
    part: &Arc<dyn AnyMessenger>,
    message: &Message,
) -> Result<Receipt, NotSent> {
    let cx: Cx = engine.cx(one, Patience::Job).await.map_err(NotSent::App)?;
    let answer = part.send(&cx, message).await;
    // The mail is out and not yet noted: nothing here may take its time.
    at_once(engine.heard(one, &answer.as_ref().map(drop).map_err(Clone::clone))).await;
    answer.map_err(NotSent::App)
}
