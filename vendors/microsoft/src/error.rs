//! What Microsoft says no with: the code in the body, never its text (MSG-03, MSG-20).

use kalends_app::{Error, Kind, Response};
use serde_json::Value;

/// Reads the code of a refusal; no opinion without one.
pub fn judge(response: &Response) -> Option<Error> {
    if response.status.is_success() {
        return None;
    }
    let body: Value = serde_json::from_slice(&response.body).ok()?;
    let asked = response.url.path().ends_with("/authorize");
    said(response.status.as_u16(), &body, asked).map(|error| match request_id(response) {
        // Microsoft's support asks for it (MSG-21).
        Some(id) => {
            tracing::info!(request_id = id, kind = error.kind.name(), "Graph refused a request");
            error
        }
        None => error,
    })
}

/// True when an account may not look into a calendar that it can see.
pub fn is_refused(error: &Error) -> bool {
    error.kind == Kind::PolicyDenied && error.http_status() == Some(403)
}

fn request_id(response: &Response) -> Option<&str> {
    response.header("request-id").or_else(|| response.header("client-request-id"))
}

/// What a refusal's body means; `None` when its code is not one that matters.
///
/// `asked` says that a person was just asked: who could not say yes then needs their administrator.
pub(crate) fn said(status: u16, body: &Value, asked: bool) -> Option<Error> {
    let error = body.get("error")?;
    if error.is_string() {
        return sign_in(body, asked);
    }
    let code = error.get("code")?.as_str()?;
    let (kind, message) = meaning(status, code)?;
    Some(Error::new(kind, message).said(code))
}

fn meaning(status: u16, code: &str) -> Option<(Kind, &'static str)> {
    let lower = code.to_ascii_lowercase();
    Some(match lower.as_str() {
        "invalidauthenticationtoken" | "unauthenticated" => {
            (Kind::AuthExpired, "Microsoft refused the sign-in")
        }
        "errorinsufficientpermissionsinaccesstoken" | "nopermissionsinaccesstoken" => (
            Kind::ScopeMissing { scope: "Calendars.ReadWrite".into() },
            "the connection lacks a permission: connect it again and allow what is asked",
        ),
        "erroraccessdenied" | "accessdenied" | "authorization_requestdenied" | "forbidden" => {
            (Kind::PolicyDenied, "the account may not do this at Microsoft")
        }
        "mailboxnotenabledforrestapi" | "mailboxnotsupportedforrestapi" => {
            (Kind::PolicyDenied, "this mailbox is not in Microsoft's cloud: connect it with the Exchange app")
        }
        "erroritemnotfound" | "itemnotfound" | "errorfoldernotfound" | "resourcenotfound" | "notfound" => {
            (Kind::NotFound, "Microsoft has no such thing")
        }
        "errorirresolvableconflict" | "preconditionfailed" | "conditionnotmet" | "conflict" => {
            (Kind::Conflict, "somebody changed it at Microsoft meanwhile")
        }
        "errorduplicatetransactionid" => (Kind::Conflict, "the calendar has another event for this booking"),
        "syncstatenotfound" | "syncstateinvalid" | "resyncrequired" | "errorinvalidsyncstatedata" => {
            (Kind::CursorExpired, "Microsoft no longer knows where we left off")
        }
        "applicationthrottled" | "mailboxconcurrency" | "toomanyrequests" | "activitylimitreached" => {
            (Kind::RateLimited { until: None }, "Microsoft asks for fewer calls")
        }
        "errorquotaexceeded" | "quotaexceeded" => {
            (Kind::QuotaExhausted { resets: None }, "the mailbox is full")
        }
        "errorserverbusy" | "concurrentitemsave" | "errortimeoutexpired" => {
            (Kind::Down, "Microsoft has trouble")
        }
        _ if status == 404 || status == 410 => return None,
        _ => return None,
    })
}

/// What the sign-in service says: the `AADSTS` number decides (MSG-03).
fn sign_in(body: &Value, asked: bool) -> Option<Error> {
    let listed = body.get("error_codes").and_then(Value::as_array).and_then(|codes| codes.first()?.as_u64());
    let written = || {
        let text = body.get("error_description")?.as_str()?;
        let digits = text.split("AADSTS").nth(1)?;
        digits.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
    };
    let number = listed.or_else(written)?;
    let (kind, message) = match number {
        65_001 if !asked => (Kind::AuthRevoked, "the permission was taken back: connect the account again"),
        65_001 | 90_093 | 90_094 | 90_095 | 900_941 => {
            (Kind::PolicyDenied, "an administrator of the Microsoft organization must allow this app first")
        }
        50_105 => (Kind::PolicyDenied, "the account was not given this app by its Microsoft administrator"),
        50_076 | 50_079 | 50_158 | 53_003 => {
            (Kind::AuthRevoked, "Microsoft wants to see the person again: connect the account again")
        }
        70_008 | 700_082 | 700_084 | 50_173 | 70_043 => {
            (Kind::AuthRevoked, "the sign-in has run out: connect the account again")
        }
        7_000_215 => (Kind::Invalid, "the client secret is wrong: enter the app's credentials again"),
        7_000_222 => {
            (Kind::Invalid, "the client secret has expired: make a new one at Microsoft and enter it")
        }
        700_016 => (Kind::Invalid, "Microsoft does not know this client id in that organization"),
        _ => return None,
    };
    Some(Error::new(kind, message).said(format!("AADSTS{number}")))
}

#[cfg(test)]
mod tests {
    use kalends_app::{Request, fake::answer};
    use rstest::rstest;
    use serde_json::json;
    use url::Url;

    use super::*;

    fn response(status: u16, path: &str, body: &Value) -> Response {
        let url = Url::parse("https://graph.microsoft.com/v1.0").unwrap().join(path).unwrap();
        answer(&Request::get("x", url), status, &[], body.to_string())
    }

    #[rstest]
    #[case(401, "InvalidAuthenticationToken", "auth_expired")]
    #[case(403, "ErrorAccessDenied", "policy_denied")]
    #[case(404, "MailboxNotEnabledForRESTAPI", "policy_denied")]
    #[case(404, "ErrorItemNotFound", "not_found")]
    #[case(412, "ErrorIrresolvableConflict", "conflict")]
    #[case(409, "ErrorDuplicateTransactionId", "conflict")]
    #[case(410, "SyncStateNotFound", "cursor_expired")]
    #[case(410, "syncStateNotFound", "cursor_expired")]
    #[case(410, "resyncRequired", "cursor_expired")]
    #[case(429, "ApplicationThrottled", "rate_limited")]
    #[case(507, "ErrorQuotaExceeded", "quota_exhausted")]
    fn msg_20_a_code_has_its_meaning(#[case] status: u16, #[case] code: &str, #[case] kind: &str) {
        let body = json!({ "error": { "code": code, "message": "whatever it says" } });
        assert_eq!(judge(&response(status, "/v1.0/me", &body)).unwrap().kind.name(), kind);
    }

    #[test]
    fn msg_21_the_log_names_a_refusal_as_microsoft_does() {
        let asked = Request::get("x", Url::parse("https://graph.microsoft.com/v1.0/me").unwrap());
        let theirs = answer(&asked, 403, &[("request-id", "theirs"), ("client-request-id", "ours")], "");
        let ours = answer(&asked, 403, &[("client-request-id", "ours")], "");
        assert_eq!((request_id(&theirs), request_id(&ours)), (Some("theirs"), Some("ours")));
    }

    #[test]
    fn an_unknown_code_is_left_to_the_status() {
        let body = json!({ "error": { "code": "ErrorNobodyKnows", "message": "?" } });
        assert_eq!(judge(&response(400, "/v1.0/me", &body)), None);
    }

    #[rstest]
    #[case(65001, "auth_revoked")]
    #[case(90094, "policy_denied")]
    #[case(90093, "policy_denied")]
    #[case(50105, "policy_denied")]
    #[case(50076, "auth_revoked")]
    #[case(700_082, "auth_revoked")]
    #[case(70008, "auth_revoked")]
    #[case(7_000_215, "invalid_request")]
    #[case(7_000_222, "invalid_request")]
    fn msg_03_consent_errors_are_told_apart_by_number(#[case] number: u64, #[case] kind: &str) {
        let listed =
            json!({ "error": "invalid_grant", "error_description": "words", "error_codes": [number] });
        let written =
            json!({ "error": "invalid_grant", "error_description": format!("AADSTS{number}: words") });
        for body in [listed, written] {
            assert_eq!(judge(&response(400, "/common/oauth2/v2.0/token", &body)).unwrap().kind.name(), kind);
        }
    }

    #[rstest]
    #[case("AADSTS65001: The user or administrator has not consented to use the application.", true)]
    #[case("AADSTS90094: The grant requires admin permission.", true)]
    #[case("AADSTS90095: The admin consent workflow is on.", true)]
    #[case("AADSTS50105: The signed in user is not assigned to a role.", true)]
    #[case("AADSTS65004: The user declined to consent.", false)]
    fn msg_03_a_person_who_may_not_say_yes_needs_an_administrator(#[case] said: &str, #[case] needs: bool) {
        let body = json!({ "error": "consent_required", "error_description": said });
        let judged = judge(&response(400, "/common/oauth2/v2.0/authorize", &body));
        assert_eq!(judged.is_some_and(|error| error.kind == Kind::PolicyDenied), needs, "{said}");
    }
}
