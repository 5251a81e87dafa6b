//! Signature Version 4: a request signed with a key made for its day, region and service.

use std::fmt::Write as _;

use aws_lc_rs::digest;
use jiff::Timestamp;
use kalends_app::{Error, Request, Secret, hook::signature};
use url::{Position, Url};

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// The header with the time, which is signed.
pub const DATE: &str = "x-amz-date";

/// Whose key, and for what.
pub struct Key<'a> {
    pub id: &'a str,
    pub secret: &'a Secret,
    pub region: &'a str,
    pub service: &'a str,
}

/// The request, signed as of this time. Host, time and media type are signed with address and body.
pub fn signed(request: Request, key: &Key<'_>, now: Timestamp) -> Result<Request, Error> {
    let time = now.strftime("%Y%m%dT%H%M%SZ").to_string();
    let request = request.header(DATE, &time)?;
    let authorization = authorization(&request, key, &time);
    request.secret_header("authorization", &authorization)
}

/// The value of `Authorization` for a request of this time.
pub fn authorization(request: &Request, key: &Key<'_>, time: &str) -> String {
    let day = &time[..time.len().min(8)];
    let scope = format!("{day}/{}/{}/aws4_request", key.region, key.service);
    let (names, canonical) = canonical(request);
    let text = format!("{ALGORITHM}\n{time}\n{scope}\n{}", sha256(canonical.as_bytes()));
    let mut made = signature::hmac(format!("AWS4{}", key.secret.expose()).as_bytes(), &[day.as_bytes()]);
    for part in [key.region, key.service, "aws4_request"] {
        made = signature::hmac(&made, &[part.as_bytes()]);
    }
    let signature = signature::hmac_hex(&made, &[text.as_bytes()]);
    format!("{ALGORITHM} Credential={}/{scope}, SignedHeaders={names}, Signature={signature}", key.id)
}

/// The names of the signed headers, and the request in the one form both sides agree on.
fn canonical(request: &Request) -> (String, String) {
    let header = |name: &str| {
        let value = request.headers.get(name)?.to_str().ok()?;
        Some((name.to_owned(), value.split_whitespace().collect::<Vec<_>>().join(" ")))
    };
    let host = ("host".to_owned(), request.url[Position::BeforeHost..Position::AfterPort].to_owned());
    let mut headers: Vec<_> = ["content-type", DATE].into_iter().filter_map(header).chain([host]).collect();
    headers.sort();
    let names = headers.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(";");
    let lines = headers.iter().map(|(name, value)| format!("{name}:{value}")).collect::<Vec<_>>().join("\n");
    let (method, path, query) = (&request.method, path(&request.url), query(&request.url));
    let text = format!("{method}\n{path}\n{query}\n{lines}\n\n{names}\n{}", sha256(&request.body));
    (names, text)
}

/// The path as it goes out, encoded once more.
fn path(url: &Url) -> String {
    url.path().split('/').map(encoded).collect::<Vec<_>>().join("/")
}

fn query(url: &Url) -> String {
    let mut pairs: Vec<_> =
        url.query_pairs().map(|(name, value)| (encoded(&name), encoded(&value))).collect();
    pairs.sort();
    pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

/// Everything but letters, digits and four marks as `%XX`.
pub fn encoded(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut safe, byte| {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => safe.push(byte.into()),
            // Writing into a text cannot fail.
            byte => _ = write!(safe, "%{byte:02X}"),
        }
        safe
    })
}

fn sha256(bytes: &[u8]) -> String {
    let digest = digest::digest(&digest::SHA256, bytes);
    digest.as_ref().iter().fold(String::with_capacity(64), |mut hex, byte| {
        _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests {
    use http::Method;
    use rstest::rstest;

    use super::*;

    /// Of the test suite Amazon has published for this signature.
    #[rstest]
    #[case(
        Method::GET,
        "https://example.amazonaws.com/",
        "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
    )]
    #[case(
        Method::POST,
        "https://example.amazonaws.com/",
        "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"
    )]
    #[case(
        Method::GET,
        "https://example.amazonaws.com/?Param2=value2&Param1=value1",
        "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"
    )]
    fn the_published_examples_have_their_signatures(
        #[case] method: Method,
        #[case] url: &str,
        #[case] is: &str,
    ) {
        let secret = Secret::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
        let key = Key { id: "AKIDEXAMPLE", secret: &secret, region: "us-east-1", service: "service" };
        let now = "2015-08-30T12:36:00Z".parse().expect("a time");
        let request = Request::new("x", method, Url::parse(url).expect("an address"));
        let request = signed(request, &key, now).expect("signed");
        let authorization = &request.headers["authorization"];
        let credential = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, ";
        assert_eq!(authorization, &format!("{credential}SignedHeaders=host;x-amz-date, Signature={is}"));
        assert!(authorization.is_sensitive());
    }

    #[test]
    fn whatever_is_signed_changes_the_signature() {
        let secret = Secret::new("secret");
        let sign = |url: &str, body: &'static str, media: &'static str| {
            let key = Key { id: "id", secret: &secret, region: "eu-west-1", service: "ses" };
            let request =
                Request::new("x", Method::POST, Url::parse(url).expect("an address")).body(media, body);
            authorization(&request, &key, "20270301T080000Z")
        };
        let one = sign("https://email.eu-west-1.amazonaws.com/v2/x", "{}", "application/json");
        for other in [
            sign("https://email.eu-west-2.amazonaws.com/v2/x", "{}", "application/json"),
            sign("https://email.eu-west-1.amazonaws.com:8443/v2/x", "{}", "application/json"),
            sign("https://email.eu-west-1.amazonaws.com/v2/x%40y", "{}", "application/json"),
            sign("https://email.eu-west-1.amazonaws.com/v2/x", "{ }", "application/json"),
            sign("https://email.eu-west-1.amazonaws.com/v2/x", "{}", "text/plain"),
        ] {
            assert_ne!(one, other);
        }
    }
}
