//! Taking in a notice: known address, known sender, once, and then at once an answer (INB-02).

use bytes::Bytes;
use http::{HeaderMap, Method};
use kalends_app::hook::{Hook as Reads, Raw, Reply, Signal, What};
use kalends_domain::Id;
use kalends_store::{
    Result as StoreResult,
    repo::{Hook, Inbound, InboundEvent, RawNotice},
};

use super::{address::secrets, kept::Kept};
use crate::{
    Engine,
    job::{self, ApplyInbound},
};

/// Names at the provider longer than this are cut: no honest one is.
const LONGEST_NAME: usize = 300;
/// Things told in one notice, at most; what is more is read from the provider anyway.
const MOST: usize = 200;

/// A notice as it arrived.
#[derive(Debug)]
pub struct Arrived {
    /// The verb.
    pub method: Method,
    /// What came after the question mark.
    pub query: Option<String>,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, not looked at.
    pub body: Bytes,
}

/// What is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// It is written down, or was before.
    Taken,
    /// It only asked whether we are there (INB-04).
    Reply(Reply),
    /// There is no such address.
    Nowhere,
    /// Whoever sent it is not who they should be (INB-03).
    Refused,
    /// It is theirs, and cannot be read.
    Odd,
}

impl Engine {
    /// Takes in a notice. No provider is called, and what is refused writes nothing, and is
    /// counted in the background (INB-02, INB-03).
    #[tracing::instrument(name = "engine.receive", skip_all, fields(app = slug))]
    pub async fn receive(&self, slug: &str, key: &str, arrived: Arrived) -> StoreResult<Heard> {
        let Some((hook, reads, secrets)) = self.reader(slug, key).await? else { return Ok(Heard::Nowhere) };
        let mut address = self.outside.links().hook(slug, key);
        if let Some(query) = &arrived.query {
            address.push('?');
            address.push_str(query);
        }
        let Ok(url) = address.parse() else { return Ok(Heard::Odd) };
        let raw = Raw { method: arrived.method, url, headers: arrived.headers, body: arrived.body };
        if let Some(reply) = reads.handshake(&raw, &secrets) {
            return Ok(Heard::Reply(reply));
        }
        if let Err(refused) = reads.verify(&raw, &secrets, self.now()) {
            metrics::counter!("kalends_notices_refused_total", "app" => slug.to_owned()).increment(1);
            tracing::debug!(%refused, "a notice was refused");
            self.outside.flights().refused(&hook, refused.to_string(), self.now());
            return Ok(Heard::Refused);
        }
        let raw = reads.believed(raw, &secrets);
        let Ok(signals) = reads.signals(&raw) else { return Ok(Heard::Odd) };
        self.write_down(hook, &raw, signals).await?;
        Ok(Heard::Taken)
    }

    async fn reader(
        &self,
        slug: &str,
        key: &str,
    ) -> StoreResult<Option<(Hook, std::sync::Arc<dyn Reads>, kalends_app::Secrets)>> {
        let Some(reads) = self.outside.app(slug).and_then(kalends_app::App::hook) else { return Ok(None) };
        let hook = self.db.read().await?.hooks().by_key(key).await?.filter(|hook| hook.app == slug);
        let Some(hook) = hook else { return Ok(None) };
        let secrets = secrets(self, &hook).await?;
        Ok(Some((hook, reads, secrets)))
    }

    /// Each thing told once, and the notice as it came beside them (INB-02).
    async fn write_down(&self, hook: Hook, raw: &Raw, signals: Vec<Signal>) -> StoreResult<()> {
        let signals: Vec<Signal> = signals.into_iter().take(MOST).collect();
        if signals.is_empty() {
            return Ok(());
        }
        let (kept, outside) = (Kept::of(raw), std::sync::Arc::clone(&self.outside));
        self.db
            .write(move |tx| {
                let (hook, signals, kept) = (hook.clone(), signals.clone(), kept.clone());
                let outside = std::sync::Arc::clone(&outside);
                Box::pin(async move {
                    let notice: Option<Id<RawNotice>> = kept.is_some().then(|| tx.ids().id());
                    let mut is_new = false;
                    for signal in signals {
                        let status = match signal.what {
                            // A kind nobody knows yet is kept, and that is all (INB-06).
                            What::Other { .. } => Inbound::Ignored,
                            _ => Inbound::Waiting,
                        };
                        let name = name(&signal);
                        let told = serde_json::to_value(&signal.what)
                            .map_err(|error| kalends_store::Error::Unfit(error.to_string()))?;
                        let new: Option<Id<InboundEvent>> =
                            tx.hooks().receive(&hook, &name, &told, status, notice).await?;
                        is_new |= new.is_some();
                        if let Some(event) = new.filter(|_| status == Inbound::Waiting) {
                            job::add(tx, &ApplyInbound { organization: hook.organization, event }).await?;
                        }
                    }
                    if let (true, Some(id), Some(text)) = (is_new, notice, kept) {
                        tx.notices().keep(outside.keys(), &hook, id, &text).await?;
                    }
                    Ok(())
                })
            })
            .await
    }
}

/// What a signal is called over there, by which it is told apart.
pub(super) fn name(signal: &Signal) -> String {
    signal.id.chars().take(LONGEST_NAME).collect()
}
