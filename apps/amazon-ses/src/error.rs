//! Everything Amazon says no with: a type, in a header or in the body, and a sentence.

use kalends_app::{Error, Kind, Response};
use serde::Deserialize;

/// Reads a refusal; none leaves the decision to the status.
pub fn judge(answer: &Response) -> Option<Error> {
    if answer.status.as_u16() < 400 {
        return None;
    }
    let no: No = answer.json().unwrap_or_default();
    let kind_of_no = answer.header("x-amzn-errortype").unwrap_or(&no.kind);
    // `com.amazonaws…#MessageRejected`, or with an address behind a colon.
    let kind_of_no = kind_of_no.split(':').next().unwrap_or_default();
    let kind_of_no = kind_of_no.rsplit('#').next().unwrap_or_default();
    let words = [&no.message, &no.capital].into_iter().find(|text| !text.is_empty());
    let words = words.map(String::as_str).unwrap_or_default();
    let says = |text: &str| words.to_ascii_lowercase().contains(text);
    let (kind, message) = match kind_of_no {
        // Signed with a time that is not Amazon's.
        "InvalidSignatureException" | "SignatureDoesNotMatch" | "RequestExpired"
            if says("expired") || says("not yet current") =>
        {
            (Kind::Down, "Amazon finds this server's clock wrong: set it")
        }
        "UnrecognizedClientException"
        | "InvalidClientTokenId"
        | "InvalidSignatureException"
        | "SignatureDoesNotMatch"
        | "IncompleteSignatureException"
        | "MissingAuthenticationTokenException"
        | "ExpiredTokenException" => {
            (Kind::AuthRevoked, "Amazon refuses the access key: look at both its parts")
        }
        "AccessDeniedException" | "AccessDenied" => {
            let scope = scope(words);
            let message = format!("the access key lacks the permission {scope} at Amazon");
            return Some(Error::new(Kind::ScopeMissing { scope }, message).said(words));
        }
        "MailFromDomainNotVerifiedException" => {
            (Kind::PolicyDenied, "Amazon sends nothing from here: the MAIL FROM domain is not verified")
        }
        "MessageRejected" if says("not verified") => (
            Kind::PolicyDenied,
            "Amazon sends nothing from a sender, or on trial to a recipient, that is not verified in this region",
        ),
        "AccountSuspendedException" => (Kind::PolicyDenied, "Amazon has suspended sending for this account"),
        "SendingPausedException" => (Kind::PolicyDenied, "sending is paused for this account at Amazon"),
        "NotFoundException" if says("configuration set") => {
            (Kind::PolicyDenied, "Amazon has no such configuration set in this region")
        }
        "LimitExceededException" | "TooManyRequestsException" | "ThrottlingException" | "Throttling"
            if says("daily") || says("quota") =>
        {
            (
                Kind::QuotaExhausted { resets: None },
                "Amazon sends no more mails for this account within a day",
            )
        }
        "LimitExceededException" | "TooManyRequestsException" | "ThrottlingException" | "Throttling" => {
            (Kind::RateLimited { until: None }, "Amazon asks for fewer mails a second")
        }
        "BadRequestException" if says("address") || says("recipient") => {
            (Kind::Invalid, "Amazon refuses an address of the mail")
        }
        "MessageRejected" | "BadRequestException" => {
            (Kind::Invalid, "Amazon does not take the mail as it is")
        }
        _ => return None,
    };
    Some(Error::new(kind, message).said(words))
}

#[derive(Deserialize, Default)]
struct No {
    #[serde(default, rename = "__type")]
    kind: String,
    #[serde(default)]
    message: String,
    #[serde(default, rename = "Message")]
    capital: String,
}

/// What stands in "User: … is not authorized to perform: ses:SendEmail on resource: …".
fn scope(words: &str) -> String {
    let rest = words.split_once("perform: ").map(|(_, rest)| rest);
    let scope = rest.and_then(|rest| rest.split([' ', '`']).find(|word| word.starts_with("ses:")));
    scope.unwrap_or("ses:SendRawEmail").to_owned()
}
