//! What Exchange says no with: in a fault, or in one message of an answer with status 200 (EWS-06).

use std::time::Duration;

use kalends_app::{Error, Kind, Response, Retry};
use vendor_xml::{Element, parse};

use crate::soap::{ERRORS, MESSAGES, SOAP, TYPES};

/// Reads the first error an answer holds.
pub(crate) fn judge(response: &Response) -> Option<Error> {
    // Most answers hold none: nothing is taken apart for them.
    let holds = |needle: &[u8]| response.body.windows(needle.len()).any(|window| window == needle);
    if !holds(b"ResponseClass=\"Error\"") && !holds(b"Fault") {
        return None;
    }
    let root = parse(&response.body).ok().filter(|root| root.is(SOAP, "Envelope"))?;
    let body = root.child(SOAP, "Body")?;
    if let Some(fault) = body.child(SOAP, "Fault") {
        return by_fault(fault);
    }
    let told = failed(body)?;
    let code =
        told.child(MESSAGES, "ResponseCode").and_then(Element::words).unwrap_or("an error without a name");
    let text = told.child(MESSAGES, "MessageText").and_then(Element::words).unwrap_or_default();
    let known = known(code).unwrap_or((Kind::Invalid, "the server refused the request"));
    Some(error(known, code, text, told.child(MESSAGES, "MessageXml")))
}

/// The first message that says no, wherever it stands.
fn failed(of: &Element) -> Option<&Element> {
    if of.attribute("ResponseClass") == Some("Error") {
        return Some(of);
    }
    // Items and times hold none and are many.
    of.children.iter().filter(|child| child.space == MESSAGES).find_map(failed)
}

/// A code nobody knows leaves the decision to the status.
fn by_fault(fault: &Element) -> Option<Error> {
    let detail = fault.child("", "detail");
    let code = detail.and_then(|detail| detail.child(ERRORS, "ResponseCode")).and_then(Element::words);
    let coarse =
        fault.child("", "faultcode").and_then(Element::words).and_then(|code| code.rsplit(':').next());
    let code = code.or(coarse)?;
    let text = fault.child("", "faultstring").and_then(Element::words).unwrap_or_default();
    Some(error(known(code)?, code, text, detail.and_then(|detail| detail.child(TYPES, "MessageXml"))))
}

fn error((kind, message): (Kind, &str), code: &str, text: &str, more: Option<&Element>) -> Error {
    let pause = more.and_then(|more| {
        let named = |value: &&Element| value.attribute("Name") == Some("BackOffMilliseconds");
        more.all(TYPES, "Value").find(named)?.words()?.parse().ok().map(Duration::from_millis)
    });
    let code = code.strip_prefix("Error").unwrap_or(code);
    let error = Error::new(kind, message).said(format!("{code}: {text}"));
    match pause {
        // Said as a bound it holds for all calls of the account.
        Some(pause) => error.retry(Retry::After(pause)),
        None => error,
    }
}

/// What a code means.
fn known(code: &str) -> Option<(Kind, &'static str)> {
    Some(match code {
        "ErrorServerBusy" | "ErrorTooManyObjectsOpened" | "ErrorExceededConnectionCount" => {
            (Kind::RateLimited { until: None }, "the server asks for fewer calls")
        }
        "ErrorMailboxStoreUnavailable"
        | "ErrorInternalServerTransientError"
        | "ErrorInternalServerError"
        | "ErrorTimeoutExpired"
        | "ErrorConnectionFailed"
        | "ErrorMailboxMoveInProgress"
        | "ErrorMailboxFailover"
        | "ErrorNotEnoughMemory" => (Kind::Down, "the server has trouble"),
        "ErrorAccessDenied" | "ErrorFreeBusyGenerationFailed" | "ErrorNoFreeBusyAccess" => {
            (Kind::PolicyDenied, "the account may not do this on the server")
        }
        "ErrorPasswordExpired" | "ErrorPasswordChangeRequired" | "ErrorAccountDisabled" => {
            (Kind::AuthRevoked, "the server asks for another password or has closed the account")
        }
        "ErrorItemNotFound" | "ErrorFolderNotFound" | "ErrorSyncFolderNotFound" => {
            (Kind::NotFound, "the server has no such thing")
        }
        "ErrorNonExistentMailbox" | "ErrorMailRecipientNotFound" | "ErrorMissingEmailAddress" => {
            (Kind::NotFound, "the server has no mailbox of this address")
        }
        "ErrorInvalidSyncStateData" => (Kind::CursorExpired, "the server no longer knows where we left off"),
        "ErrorIrresolvableConflict" | "ErrorStaleObject" | "ErrorConflictResolutionRequired" => {
            (Kind::Conflict, "somebody changed the event meanwhile")
        }
        "ErrorQuotaExceeded" => (Kind::QuotaExhausted { resets: None }, "the mailbox is full"),
        "ErrorInvalidServerVersion" | "ErrorIncorrectSchemaVersion" => {
            (Kind::Invalid, "the server is older than Exchange 2013")
        }
        "ErrorCalendarEndDateIsEarlierThanStartDate" => (Kind::Invalid, "the event ends before it begins"),
        "ErrorCalendarDurationIsTooLong" => (Kind::Invalid, "the event is longer than the server takes"),
        _ if code.starts_with("ErrorInvalid") || code.starts_with("ErrorSchema") => {
            (Kind::Invalid, "the server does not understand the request")
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn response(status: u16, body: String) -> Response {
        Response {
            status: http::StatusCode::from_u16(status).unwrap(),
            headers: http::HeaderMap::new(),
            body: body.into(),
            url: url::Url::parse("https://mail.example.test/").unwrap(),
        }
    }

    fn told(code: &str, more: &str) -> Response {
        response(
            200,
            format!(
                r#"<s:Envelope xmlns:s="{SOAP}"><s:Body><m:FindItemResponse xmlns:m="{MESSAGES}" xmlns:t="{TYPES}"><m:ResponseMessages><m:FindItemResponseMessage ResponseClass="Success"/><m:FindItemResponseMessage ResponseClass="Error"><m:MessageText>No.</m:MessageText><m:ResponseCode>{code}</m:ResponseCode>{more}</m:FindItemResponseMessage></m:ResponseMessages></m:FindItemResponse></s:Body></s:Envelope>"#
            ),
        )
    }

    #[rstest]
    #[case("ErrorServerBusy", Kind::RateLimited { until: None })]
    #[case("ErrorTooManyObjectsOpened", Kind::RateLimited { until: None })]
    #[case("ErrorAccessDenied", Kind::PolicyDenied)]
    #[case("ErrorItemNotFound", Kind::NotFound)]
    #[case("ErrorNonExistentMailbox", Kind::NotFound)]
    #[case("ErrorInvalidSyncStateData", Kind::CursorExpired)]
    #[case("ErrorIrresolvableConflict", Kind::Conflict)]
    #[case("ErrorCalendarEndDateIsEarlierThanStartDate", Kind::Invalid)]
    #[case("ErrorMailboxStoreUnavailable", Kind::Down)]
    #[case("ErrorNobodyHasHeardOf", Kind::Invalid)]
    fn ews_06_an_error_inside_a_200_is_an_error(#[case] code: &str, #[case] kind: Kind) {
        let error = judge(&told(code, "")).unwrap();
        assert_eq!(error.kind, kind);
        assert_eq!(error.provider_said(), Some(format!("{}: No.", &code["Error".len()..]).as_str()));
    }

    #[test]
    fn ews_06_a_busy_server_says_for_how_long() {
        let more = r#"<m:MessageXml><t:Value Name="BackOffMilliseconds">297749</t:Value></m:MessageXml>"#;
        assert_eq!(
            judge(&told("ErrorServerBusy", more)).unwrap().retry,
            Retry::After(Duration::from_millis(297_749))
        );
        let fault = format!(
            r#"<s:Envelope xmlns:s="{SOAP}"><s:Body><s:Fault><faultcode xmlns:a="{TYPES}">a:ErrorServerBusy</faultcode><faultstring>Busy.</faultstring><detail><e:ResponseCode xmlns:e="{ERRORS}">ErrorServerBusy</e:ResponseCode><t:MessageXml xmlns:t="{TYPES}"><t:Value Name="BackOffMilliseconds">1500</t:Value></t:MessageXml></detail></s:Fault></s:Body></s:Envelope>"#
        );
        let error = judge(&response(500, fault)).unwrap();
        assert_eq!(
            (error.kind, error.retry),
            (Kind::RateLimited { until: None }, Retry::After(Duration::from_millis(1500)))
        );
    }

    #[test]
    fn what_is_no_error_is_not_judged() {
        assert_eq!(judge(&response(200, "<html>Fault</html>".into())), None);
        assert_eq!(judge(&response(500, String::new())), None);
    }

    proptest! {
        #[test]
        fn all_10_no_answer_makes_it_panic(text in "\\PC{0,60}", code in "[A-Za-z<&;]{0,12}") {
            let _ = judge(&response(200, format!("{text}ResponseClass=\"Error\"{text}"))); // whatever it says, it says it
            let _ = judge(&told(&code, &text)); // whatever it says, it says it
        }
    }
}
