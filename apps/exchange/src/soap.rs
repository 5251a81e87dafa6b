//! SOAP 1.1 as Exchange speaks it: envelopes out, answers in (EWS-02, EWS-06).

use kalends_app::{Error, Kind, Response};
use vendor_xml::{Element, escaped, parse};

/// The envelope.
pub(crate) const SOAP: &str = "http://schemas.xmlsoap.org/soap/envelope/";
/// Operations.
pub(crate) const MESSAGES: &str = "http://schemas.microsoft.com/exchange/services/2006/messages";
/// Things.
pub(crate) const TYPES: &str = "http://schemas.microsoft.com/exchange/services/2006/types";
/// Details of faults.
pub(crate) const ERRORS: &str = "http://schemas.microsoft.com/exchange/services/2006/errors";

/// An operation in its envelope, with the prefixes `m` and `t`. Times without a zone of their own are in UTC (EWS-08).
pub(crate) fn envelope(version: &str, operation: &str) -> String {
    let version = escaped(version);
    format!(
        r#"<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="{SOAP}" xmlns:m="{MESSAGES}" xmlns:t="{TYPES}"><s:Header><t:RequestServerVersion Version="{version}"/><t:TimeZoneContext><t:TimeZoneDefinition Id="UTC"/></t:TimeZoneContext></s:Header><s:Body>{operation}</s:Body></s:Envelope>"#
    )
}

/// What stands in the body of an answer to this operation. Errors in it were judged before.
pub(crate) fn answer(response: &Response, operation: &str) -> Result<Element, Error> {
    let root = parse(&response.body)?;
    let strange = || {
        let message = "the answer is not what an Exchange server says: check the address";
        Error::new(Kind::Malformed, message).status(response.status.as_u16())
    };
    if !root.is(SOAP, "Envelope") {
        return Err(strange());
    }
    let body = root.children.into_iter().find(|part| part.is(SOAP, "Body")).ok_or_else(strange)?;
    body.children
        .into_iter()
        .find(|part| part.space == MESSAGES && part.name == operation)
        .ok_or_else(strange)
}

/// The messages inside an answer, one for each thing asked for.
pub(crate) fn messages(answer: &Element) -> Result<&[Element], Error> {
    let list = answer.child(MESSAGES, "ResponseMessages").map(|list| list.children.as_slice());
    list.filter(|list| !list.is_empty()).ok_or_else(|| lacking("an answer"))
}

/// The only message inside an answer.
pub(crate) fn message(answer: &Element) -> Result<&Element, Error> {
    match messages(answer)? {
        [one] => Ok(one),
        _ => Err(Error::new(Kind::Malformed, "the server answers more than it was asked")),
    }
}

/// An answer without something every server sends.
pub(crate) fn lacking(what: &str) -> Error {
    Error::new(Kind::Malformed, format!("the server's answer lacks {what}"))
}

/// The text of the child of this name, in the space of things.
pub(crate) fn words<'a>(of: &'a Element, name: &str) -> Option<&'a str> {
    of.child(TYPES, name)?.words()
}

/// A yes, where it stands.
pub(crate) fn yes(of: &Element, name: &str) -> Option<bool> {
    match words(of, name)? {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}
