//! Room names, links and passes, all pure.

use std::collections::BTreeMap;

use kalends_app::{
    Cx, Kind, RemoteId, Secret, jwt,
    kind::conference::{Link, Meeting, Room, Side, Visitor},
};
use serde::Serialize;
use url::Url;

use crate::error::Error;

/// A pass is good from so many seconds before the start (JIT-02).
const BEFORE: i64 = 15 * 60;
/// To so many after the end.
const AFTER: i64 = 60 * 60;

/// The account's settings, read.
pub struct Setup {
    base: Url,
    prefix: String,
    access: Access,
}

enum Access {
    Open,
    /// Own server (JIT-02).
    Token {
        app_id: String,
        subject: String,
        key: Key,
    },
    /// 8x8's hosted service (JIT-03).
    Jaas {
        app_id: String,
        key: Key,
        features: Vec<&'static str>,
    },
}

enum Key {
    Shared(Secret),
    Pair { id: String, pem: Secret },
}

impl Setup {
    /// Reads the settings of this call.
    pub fn read(cx: &Cx) -> Result<Self, Error> {
        let access = match cx.setting("access").unwrap_or("open") {
            "open" => Access::Open,
            "hs256" => token(cx, Key::Shared(cx.secret("shared_secret")?.clone()))?,
            "rs256" => token(cx, pair(cx, needed(cx, "key_id")?)?)?,
            "jaas" => {
                let app_id = needed(cx, "app_id")?;
                // The console shows the key's id with and without the AppID before it.
                let key_id = needed(cx, "key_id")?;
                let own = key_id.rsplit_once('/').map_or(key_id.as_str(), |(_, own)| own);
                let key = pair(cx, format!("{app_id}/{own}"))?;
                Access::Jaas { app_id, key, features: features(cx) }
            }
            other => {
                let problem = format!("access: {other:?} is not one of open, hs256, rs256, jaas");
                return Err(kalends_app::Error::new(Kind::Invalid, problem).into());
            }
        };
        let base = match &access {
            Access::Open => cx.setting("server").map_or_else(|| cx.endpoints.get("meet").cloned(), server)?,
            Access::Token { .. } => server(&needed(cx, "token_server")?)?,
            Access::Jaas { app_id, .. } => {
                let mut base = cx.endpoints.get("jaas")?.clone();
                push(&mut base, app_id);
                base
            }
        };
        Ok(Self { base, prefix: spelled(cx.setting("prefix").unwrap_or_default()), access })
    }

    /// What the account is called.
    pub fn name(&self) -> String {
        let host = self.base.host_str().unwrap_or_default();
        match &self.access {
            Access::Open => host.to_owned(),
            Access::Token { app_id, .. } | Access::Jaas { app_id, .. } => format!("{app_id} at {host}"),
        }
    }

    /// Signs something, to see that the key can.
    pub fn prove(&self) -> Result<(), Error> {
        match &self.access {
            Access::Open => Ok(()),
            Access::Token { key, .. } | Access::Jaas { key, .. } => {
                key.sign(&serde_json::json!({})).map(drop)
            }
        }
    }

    /// A name of 128 random bits in lower-case letters and digits, after the readable part (JIT-01).
    pub fn fresh_name(&self, random: [u8; 16]) -> RemoteId {
        const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
        let mut bits = u128::from_be_bytes(random);
        let mut name = self.prefix.clone();
        if !name.is_empty() {
            name.push('-');
        }
        for _ in 0..25 {
            name.push(char::from(DIGITS[usize::try_from(bits % 36).unwrap_or(0)]));
            bits /= 36;
        }
        RemoteId(name)
    }

    /// The room of this name, with the way in that the access asks for (JIT-04).
    pub fn room(&self, id: RemoteId) -> Room {
        let link = match self.access {
            Access::Open => Link::Ready(self.address(&id).into()),
            Access::Token { .. } | Access::Jaas { .. } => Link::AtDoor,
        };
        Room { id, link, password: None }
    }

    /// A link with a pass for this visitor, this room and this time.
    pub fn pass(
        &self,
        now: i64,
        room: &RemoteId,
        meeting: &Meeting,
        visitor: &Visitor,
    ) -> Result<String, Error> {
        let mut url = self.address(room);
        let (key, audience, issuer, subject) = match &self.access {
            Access::Open => return Ok(url.into()),
            Access::Token { app_id, subject, key } => {
                (key, app_id.as_str(), app_id.as_str(), subject.as_str())
            }
            Access::Jaas { app_id, key, .. } => (key, "jitsi", "chat", app_id.as_str()),
        };
        let (nbf, exp) = (meeting.span.start - BEFORE, meeting.span.end + AFTER);
        match now {
            now if now < nbf => return Err(Error::Early),
            now if now >= exp => return Err(Error::Over),
            _ => {}
        }
        let hosts = visitor.part == Side::Host;
        let moderator = if hosts { "true" } else { "false" };
        // Each one by name, and none for guests: it takes a moderator to use them (JIT-03).
        let features = match &self.access {
            Access::Jaas { features, .. } => Some(
                FEATURES
                    .map(|(_, name)| (name, if hosts && features.contains(&name) { "true" } else { "false" }))
                    .into(),
            ),
            _ => None,
        };
        let user = User {
            id: &visitor.id,
            name: &visitor.person.name,
            email: &visitor.person.email,
            avatar: None,
            moderator,
        };
        let context = Context { user, features };
        let claims =
            Claims { aud: audience, iss: issuer, sub: subject, room: room.as_str(), nbf, exp, context };
        url.query_pairs_mut().append_pair("jwt", &key.sign(&claims)?);
        Ok(url.into())
    }

    fn address(&self, room: &RemoteId) -> Url {
        let mut url = self.base.clone();
        push(&mut url, room.as_str());
        url
    }
}

#[derive(Serialize)]
struct Claims<'a> {
    aud: &'a str,
    iss: &'a str,
    sub: &'a str,
    room: &'a str,
    nbf: i64,
    exp: i64,
    context: Context<'a>,
}

#[derive(Serialize)]
struct Context<'a> {
    user: User<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    features: Option<BTreeMap<&'static str, &'static str>>,
}

/// Every field is text or null: Jitsi refuses tokens with anything else in here (JIT-02, JIT-03).
#[derive(Serialize)]
struct User<'a> {
    id: &'a str,
    name: &'a str,
    email: &'a str,
    avatar: Option<&'a str>,
    moderator: &'a str,
}

impl Key {
    fn sign(&self, claims: &impl Serialize) -> Result<String, Error> {
        let signed = match self {
            Self::Shared(secret) => jwt::hs256(claims, secret),
            Self::Pair { id, pem } => jwt::rs256(claims, pem, Some(id)),
        };
        signed.map_err(|jwt::BadKey| Error::Key)
    }
}

fn token(cx: &Cx, key: Key) -> Result<Access, Error> {
    let server = server(&needed(cx, "token_server")?)?;
    let subject = cx.setting("subject").or(server.host_str()).unwrap_or("*").to_owned();
    Ok(Access::Token { app_id: needed(cx, "app_id")?, subject, key })
}

/// What hosts may do in a hosted room, by the form's names and by the service's own.
const FEATURES: [(&str, &str); 4] = [
    ("recording", "recording"),
    ("livestreaming", "livestreaming"),
    ("transcription", "transcription"),
    ("outbound_call", "outbound-call"),
];

fn features(cx: &Cx) -> Vec<&'static str> {
    let ticked = |field: &str| cx.settings.get(field).and_then(serde_json::Value::as_bool) == Some(true);
    FEATURES.iter().filter(|(field, _)| ticked(field)).map(|(_, name)| *name).collect()
}

fn pair(cx: &Cx, id: String) -> Result<Key, Error> {
    Ok(Key::Pair { id, pem: cx.secret("private_key")?.clone() })
}

fn needed(cx: &Cx, name: &str) -> Result<String, kalends_app::Error> {
    let missing = || {
        kalends_app::Error::new(Kind::Invalid, format!("{name}: this is not set; open the app's settings"))
    };
    cx.setting(name).map(str::to_owned).ok_or_else(missing)
}

fn server(text: &str) -> Result<Url, kalends_app::Error> {
    let wrong = || {
        kalends_app::Error::new(
            Kind::Invalid,
            "server: this must be an address such as https://meet.example.com",
        )
    };
    Url::parse(text).ok().filter(|url| !url.cannot_be_a_base()).ok_or_else(wrong)
}

/// Adds one part to the address's path.
fn push(url: &mut Url, part: &str) {
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().push(part);
    }
}

/// The readable part in lower-case letters, digits and hyphens; everything else becomes a hyphen.
fn spelled(text: &str) -> String {
    let spelled: String =
        text.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect();
    spelled.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
}
