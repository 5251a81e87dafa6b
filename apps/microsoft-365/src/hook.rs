//! What Graph sends: its question whether we are there, and its notices (MSG-15 to MSG-17).

use http::Method;
use jiff::Timestamp;
use kalends_app::{
    Error, Hook, RemoteId, Secrets,
    hook::{Raw, Refused, Reply, Signal, What, signature},
};
use serde::Deserialize;
use serde_json::{Value, json};

/// No token is longer.
const LONGEST_TOKEN: usize = 2_048;

/// How notices are understood.
pub struct Notices;

impl Hook for Notices {
    /// The token comes back as it is, as plain text: whoever sends it may write what they like.
    fn handshake(&self, raw: &Raw, _: &Secrets) -> Option<Reply> {
        let token = raw.query("validationToken").filter(|_| raw.method == Method::POST)?;
        (1..=LONGEST_TOKEN).contains(&token.len()).then(|| Reply::text(token.into_owned()))
    }

    /// Each notice in it carries the secret we gave the subscription; one of them is enough to go on.
    fn verify(&self, raw: &Raw, secrets: &Secrets, _: Timestamp) -> Result<(), Refused> {
        signature::secrets(secrets)?;
        let all: Notifications = raw.json().map_err(|_| Refused::Odd)?;
        // All are looked at, so that the time taken tells nothing of which was wrong.
        let proofs: Vec<Result<(), Refused>> = all.value.iter().map(|one| one.proof(secrets)).collect();
        match proofs.iter().find(|proof| proof.is_ok()).or(proofs.first()) {
            Some(proof) => *proof,
            None => Err(Refused::Odd),
        }
    }

    /// A notice without the secret is left out; those beside it are as good as before.
    fn believed(&self, raw: Raw, secrets: &Secrets) -> Raw {
        let Ok(Bundle { value }) = raw.json() else { return raw };
        let theirs = |one: &Value| Notification::deserialize(one).is_ok_and(|one| one.proof(secrets).is_ok());
        let kept: Vec<Value> = value.into_iter().filter(theirs).collect();
        Raw { body: json!({ "value": kept }).to_string().into(), ..raw }
    }

    fn signals(&self, raw: &Raw) -> Result<Vec<Signal>, Error> {
        let all: Notifications = raw.json()?;
        // What tells of a channel's fate has no name of its own; the delivery has.
        let delivery =
            raw.header("client-request-id").or_else(|| raw.header("request-id")).unwrap_or_default();
        Ok(all.value.into_iter().map(|one| one.signal(delivery)).collect())
    }
}

/// The same, not looked into.
#[derive(Debug, Deserialize)]
struct Bundle {
    value: Vec<Value>,
}

#[derive(Debug, Deserialize)]
struct Notifications {
    value: Vec<Notification>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Notification {
    id: Option<String>,
    subscription_id: String,
    client_state: Option<String>,
    change_type: Option<String>,
    lifecycle_event: Option<String>,
    subscription_expiration_date_time: Option<String>,
    resource_data: Option<Resource>,
}

#[derive(Debug, Deserialize)]
struct Resource {
    id: Option<String>,
    #[serde(rename = "@odata.etag")]
    etag: Option<String>,
}

impl Notification {
    fn proof(&self, secrets: &Secrets) -> Result<(), Refused> {
        match self.client_state.as_deref() {
            Some(given) => signature::check_token(given, secrets),
            None => Err(Refused::Unsigned),
        }
    }

    fn signal(self, delivery: &str) -> Signal {
        let channel = RemoteId::new(&self.subscription_id);
        let what = match self.lifecycle_event.as_deref() {
            None | Some("missed") => What::CalendarChanged { channel },
            Some("reauthorizationRequired") => What::Reauthorize { channel },
            Some("subscriptionRemoved") => What::ChannelEnded { channel },
            Some(other) => What::Other { kind: other.to_owned() },
        };
        Signal { id: self.name(delivery), what }
    }

    /// The same notice sent again has the same name.
    fn name(self, delivery: &str) -> String {
        if let Some(id) = self.id {
            return id;
        }
        let subscription = self.subscription_id;
        let text = |text: Option<String>| text.unwrap_or_default();
        if let Some(event) = self.lifecycle_event {
            let until = text(self.subscription_expiration_date_time);
            return format!("{subscription} {event} {until} {delivery}");
        }
        let (item, etag) = self.resource_data.map_or((None, None), |data| (data.id, data.etag));
        format!("{subscription} {} {} {}", text(self.change_type), text(item), text(etag))
    }
}

#[cfg(test)]
mod tests;
