use std::collections::BTreeMap;

use proptest::prelude::*;
use rstest::rstest;
use serde_json::json;

use super::*;
use crate::{Secret, Secrets};

const ACME: &str = r#"
slug = "acme"
name = "Acme"
tagline = "Rooms by Acme."
description = "Rooms."
kinds = ["conference"]
categories = ["video"]
publisher = "Kalends"
may = ["Make rooms"]

[auth]
scheme = "basic"
user = "user"
password = "password"

[endpoints]
api = "https://api.acme.example/v1/"

[[setup]]
name = "server"
label = "Server"
type = "url"
required = true

[[setup]]
name = "user"
label = "User"
type = "text"
required = true
max_length = 20

[[setup]]
name = "password"
label = "Password"
type = "password"
required = true

[[setup]]
name = "size"
label = "Size"
type = "number"
default = 10
min = 1
max = 99

[[setup]]
name = "notify"
label = "Notify"
type = "checkbox"

[[setup]]
name = "mail"
label = "Mail"
type = "email"
required = true
when = { field = "notify", is = ["true"] }

[[setup]]
name = "look"
label = "Look"
type = "select"
default = "plain"
options = [{ value = "plain", label = "Plain" }, { value = "rich", label = "Rich" }]
"#;

fn acme() -> Manifest {
    Manifest::parse(ACME).expect("sound")
}

fn typed(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    let mut form = BTreeMap::from(
        [("server", "https://acme.example"), ("user", "hanna"), ("password", " s3cret ")]
            .map(|(name, text)| (name.to_owned(), text.to_owned())),
    );
    form.extend(pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())));
    form
}

fn wrong(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let wrong = acme().check(&typed(pairs), &Secrets::none()).expect_err("something is wrong");
    wrong.into_iter().map(|wrong| (wrong.field, wrong.problem)).collect()
}

const BASIC: &str = "scheme = \"basic\"\nuser = \"user\"\npassword = \"password\"";

#[rstest]
#[case("slug = \"acme\"", "slug = \"Acme\"", "slug: ")]
#[case("slug = \"acme\"", "slug = \"a--b\"", "slug: ")]
#[case("slug = \"acme\"", "slug = \"acme\"\ncolour = \"red\"", "unknown field `colour`")]
#[case("name = \"Acme\"", "name = \" \"", "name: ")]
#[case("kinds = [\"conference\"]", "kinds = []", "kinds: ")]
#[case("kinds = [\"conference\"]", "kinds = [\"toaster\"]", "unknown variant `toaster`")]
#[case("may = [\"Make rooms\"]", "may = []", "may: ")]
#[case("may = [\"Make rooms\"]", "", "missing field `may`")]
#[case("https://api.acme.example/v1/", "mailto:x@example.com", "endpoints.api: ")]
#[case("https://api.acme.example/v1/", "api.acme.example", "is no address")]
#[case("user = \"user\"", "user = \"nobody\"", "auth.nobody: ")]
#[case("password = \"password\"", "password = \"user\"", "auth.user: ")]
#[case(BASIC, "scheme = \"basic-key\"\nname = \"api\"\nkey = \"user\"", "auth.user: ")]
#[case(BASIC, "scheme = \"header\"\nheader = \"x key\"\ntoken = \"password\"", "auth.header: ")]
#[case("name = \"size\"", "name = \"user\"", "setup.user: ")]
#[case("name = \"size\"", "name = \"Size\"", "setup.Size: ")]
#[case("default = 10", "default = \"ten\"", "setup.size.default: ")]
#[case("type = \"checkbox\"", "type = \"checkbox\"\nmin = 3", "setup.notify: ")]
#[case("type = \"checkbox\"", "type = \"slider\"", "unknown variant `slider`")]
#[case("default = \"plain\"", "default = \"loud\"", "setup.look.default: ")]
#[case("field = \"notify\"", "field = \"look\"", "setup.mail.when: ")]
#[case("is = [\"true\"]", "is = []", "setup.mail.when.is: ")]
fn a_wrong_manifest_is_refused_by_place(#[case] right: &str, #[case] changed: &str, #[case] says: &str) {
    assert!(ACME.contains(right), "the case changes something");
    let error = Manifest::parse(&ACME.replacen(right, changed, 1)).expect_err("refused").to_string();
    assert!(error.contains(says), "{error}");
}

#[test]
fn a_form_becomes_settings_and_secrets() {
    let filled = acme().check(&typed(&[("size", " 42 ")]), &Secrets::none()).expect("fits");
    let settings = json!({"server": "https://acme.example/", "user": "hanna", "size": 42, "notify": false, "look": "plain"});
    assert_eq!(serde_json::Value::from(filled.settings), settings);
    assert_eq!(
        filled.secrets,
        Secrets::none().with("password", Secret::new(" s3cret ")),
        "blanks belong to it"
    );
}

#[test]
fn every_wrong_field_is_named_at_once() {
    let found = wrong(&[("server", ""), ("size", "100"), ("look", "loud"), ("password", "")]);
    let fields: Vec<&str> = found.iter().map(|(field, _)| field.as_str()).collect();
    assert_eq!(fields, ["server", "password", "size", "look"]);
}

#[rstest]
#[case("size", "0", "at least 1")]
#[case("size", "100", "at most 99")]
#[case("size", "many", "whole number")]
#[case("user", "a name that is far too long", "at most 20")]
#[case("user", "two\nlines", "one line")]
#[case("password", "two\nlines", "one line")]
#[case("server", "http://acme.example", "https://")]
#[case("server", "file:///etc/passwd", "https://")]
#[case("server", "https://hanna:s3cret@acme.example", "fields of their own")]
#[case("server", "https://", "address")]
#[case("server", "not an address", "address")]
fn a_wrong_value_says_how_to_mend_it(#[case] field: &str, #[case] text: &str, #[case] says: &str) {
    let found = wrong(&[(field, text)]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].0 == field && found[0].1.contains(says), "{found:?}");
}

#[test]
fn all_01_a_form_cannot_set_what_it_does_not_show() {
    assert_eq!(wrong(&[("endpoints.api", "https://evil.example")])[0].0, "endpoints.api");
    assert_eq!(wrong(&[("api", "https://evil.example")])[0].0, "api");
}

#[test]
fn a_field_that_depends_on_another_is_asked_only_then() {
    assert_eq!(wrong(&[("notify", "on")]), [("mail".to_owned(), "fill this in".to_owned())]);
    assert!(wrong(&[("notify", "on"), ("mail", "hanna")])[0].1.contains("email"));
    let unticked = acme().check(&typed(&[("mail", "not one")]), &Secrets::none()).expect("not asked");
    assert!(!unticked.settings.contains_key("mail"));
}

#[test]
fn a_blank_secret_keeps_the_sealed_one() {
    let kept = Secrets::none().with("password", Secret::new("before"));
    let filled = acme().check(&typed(&[("password", "")]), &kept).expect("fits");
    assert_eq!(filled.secrets, kept);
}

#[test]
fn an_address_that_is_a_secret_is_checked_and_sealed() {
    let manifest = ACME.replacen("label = \"Server\"", "label = \"Server\"\nsecret = true", 1);
    let manifest = Manifest::parse(&manifest).expect("sound");
    let filled = manifest.check(&typed(&[("server", "acme.example/key")]), &Secrets::none()).expect("fits");
    assert_eq!(filled.secrets.get("server"), Some(&Secret::new("https://acme.example/key")));
    assert!(!filled.settings.contains_key("server"));
    let wrong = manifest.check(&typed(&[("server", "ftp://acme.example/key")]), &Secrets::none());
    assert!(wrong.expect_err("no such scheme")[0].problem.contains("https://"));
}

#[test]
fn a_bare_host_is_taken_for_the_safe_scheme() {
    let filled = acme().check(&typed(&[("server", "acme.example/dav")]), &Secrets::none()).expect("fits");
    assert_eq!(filled.settings["server"], "https://acme.example/dav");
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in "\\PC{0,200}") {
        let _ = Manifest::parse(&text);
    }

    #[test]
    fn nothing_typed_makes_the_check_panic_or_puts_a_secret_among_the_settings(
        values in prop::collection::btree_map("server|user|password|size|notify|mail|look|x", "\\PC{0,30}", 0..8)
    ) {
        if let Ok(filled) = acme().check(&values, &Secrets::none()) {
            prop_assert!(!filled.settings.contains_key("password"));
        }
    }
}
