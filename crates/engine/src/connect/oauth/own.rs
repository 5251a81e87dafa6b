//! Accounts that bring a client or a key of their own: tokens whenever they are asked for, and nobody is sent anywhere.

use kalends_app::{
    Secret, Secrets,
    oauth::{Client, Delegate, Desk, Grant as How, OAuth, Proof, Refusal, Tokens, WrongKey},
};
use serde_json::Value;

/// What an account brings itself.
pub(super) enum Own {
    /// A client, and the account it is for.
    Client(Client, String),
    /// A service account's key, and whom it speaks for.
    Key(Delegate),
}

impl Own {
    /// By what its setup form holds; none where a person says yes.
    pub fn of(oauth: &OAuth, settings: &Value, secrets: &Secrets) -> Result<Option<Self>, WrongKey> {
        let text = |name: &str| settings.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        Ok(match oauth.grant(settings) {
            How::AuthorizationCode => None,
            How::AccountCredentials => {
                let proof = secrets.get("client_secret").cloned().map(Proof::Secret);
                let client = Client { id: text("client_id"), proof };
                Some(Self::Client(client, text("account_id")))
            }
            How::JwtBearer => {
                let file = secrets.get("service_account").cloned().unwrap_or_else(|| Secret::new(""));
                Some(Self::Key(Delegate::read(&file, &text("subject"))?))
            }
        })
    }

    /// Asks for tokens.
    pub async fn tokens(&self, desk: &Desk) -> Result<Tokens, Refusal> {
        match self {
            Self::Client(client, account) => desk.account(client, account).await,
            Self::Key(delegate) => desk.delegated(delegate).await,
        }
    }
}
