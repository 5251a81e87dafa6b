//! Signing in by a token the account's owner granted: SASL XOAUTH2, as Google and Microsoft describe it.

use base64::{Engine, prelude::BASE64_STANDARD};
use kalends_app::{Error, Kind, Secret};
use lettre::transport::smtp::{authentication::Mechanism, client::AsyncSmtpConnection};

use crate::{
    error::{Step, judge},
    server::Judge,
};

/// Shows the token. A refusal is [`Kind::AuthExpired`]: whoever has one gets another and comes back.
pub async fn show(
    connection: &mut AsyncSmtpConnection,
    user: &str,
    token: &Secret,
    of: Judge,
) -> Result<(), Error> {
    if !connection.server_info().supports_auth_mechanism(Mechanism::Xoauth2) {
        let message = "the mail server offers no sign-in by token (XOAUTH2): it may be off for this mailbox";
        return Err(Error::new(Kind::PolicyDenied, message));
    }
    let word = word(user, token)?;
    let answer = connection.command(format!("AUTH XOAUTH2 {word}\r\n")).await;
    let answer = answer.map_err(|error| refused(judge(Step::SignIn, &error, of)))?;
    if !answer.has_code(334) {
        return Ok(());
    }
    // A refusal comes as a question: what is wrong, as JSON. It ends with an empty answer of ours.
    let asked = answer.first_line().and_then(reason);
    match connection.command("\r\n").await {
        Ok(_) => {
            Err(Error::new(Kind::Malformed, "the mail server refused the token and let us in all the same"))
        }
        Err(error) => {
            let error = refused(judge(Step::SignIn, &error, of));
            Err(match asked {
                Some(reason) if error.kind == Kind::AuthExpired => error.said(reason),
                _ => error,
            })
        }
    }
}

/// What is shown: user and token, their ends marked by a byte that neither may hold.
fn word(user: &str, token: &Secret) -> Result<String, Error> {
    if user.is_empty() || user.chars().chain(token.expose().chars()).any(char::is_control) {
        return Err(Error::new(
            Kind::Invalid,
            "the mailbox's address or its token cannot be shown to a mail server",
        ));
    }
    Ok(BASE64_STANDARD.encode(format!("user={user}\x01auth=Bearer {}\x01\x01", token.expose())))
}

/// A refused token may only be old; every other refusal stays what it is.
fn refused(error: Error) -> Error {
    if error.kind != Kind::AuthRevoked {
        return error;
    }
    let message =
        "the mail server does not take this sign-in for this mailbox: connect it again, as its owner";
    let told = Error::new(Kind::AuthExpired, message).said(error.provider_said().unwrap_or_default());
    match error.http_status() {
        Some(code) => told.status(code),
        None => told,
    }
}

/// The words of a refusal's JSON: `{"status":"400","schemes":"Bearer","scope":"https://…"}`.
fn reason(asked: &str) -> Option<String> {
    let json = BASE64_STANDARD.decode(asked.trim()).ok()?;
    let json: serde_json::Value = serde_json::from_slice(&json).ok()?;
    let part = |name: &str| match json.get(name)? {
        serde_json::Value::String(text) => Some(format!("{name} {text}")),
        serde_json::Value::Number(number) => Some(format!("{name} {number}")),
        _ => None,
    };
    let parts: Vec<_> = ["status", "scope", "error"].into_iter().filter_map(part).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eml_01_what_is_shown_is_as_google_and_microsoft_print_it() {
        // The example of both vendors' pages.
        let shown =
            word("someuser@example.com", &Secret::new("ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg"));
        let printed = "dXNlcj1zb21ldXNlckBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciB5YTI5LnZGOWRmdDRxbVRjMk52YjNSbGNrQmhkSFJoZG1semRHRXVZMjl0Q2cBAQ==";
        assert_eq!(shown.expect("can be shown"), printed);
    }

    #[test]
    fn nothing_can_be_slipped_into_what_is_shown() {
        for (user, token) in
            [("", "t"), ("a@b\u{1}auth=Bearer x", "t"), ("a@b\r\nQUIT", "t"), ("a@b", "t\u{1}")]
        {
            assert_eq!(word(user, &Secret::new(token)).expect_err(user).kind, Kind::Invalid);
        }
    }

    #[test]
    fn a_refusal_is_read_or_left() {
        let asked = |json: &str| reason(&BASE64_STANDARD.encode(json));
        let google = r#"{"status":"400","schemes":"Bearer","scope":"https://mail.google.com/"}"#;
        assert_eq!(asked(google).as_deref(), Some("status 400, scope https://mail.google.com/"));
        assert_eq!(asked(r#"{"status":401}"#).as_deref(), Some("status 401"));
        for odd in ["", "{}", "[]", "no JSON", r#"{"status":{"a":1}}"#] {
            assert_eq!(asked(odd), None, "{odd}");
        }
        assert_eq!(reason("%%%"), None);
    }
}
