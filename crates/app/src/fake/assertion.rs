//! A played provider that knows us by a key: what the key signed is taken once, when nothing of it is off (RFC 7523, OAU-05).

use std::collections::{BTreeMap, BTreeSet};

use jsonwebtoken::{DecodingKey, Validation};
use serde::Deserialize;
use url::Url;

use crate::{
    Secret,
    oauth::{ASSERTION, Algorithm, Client, ClientKey, KeyUse, Proof},
};

/// A registration by a key, as an administrator would have made it.
pub(super) fn client(id: &str, of: &KeyUse) -> Client {
    let curve = of.algorithms.first() == Some(&Algorithm::ES256);
    let pem = if curve { include_str!("client-ec.pem") } else { include_str!("client-rsa.pem") };
    Client { id: id.to_owned(), proof: Some(Proof::Key(Secret::new(pem))) }
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: String,
    jti: String,
    iat: i64,
    exp: i64,
}

/// Whether this form comes from whoever has the key. What no client of ours should say is an `Err`; an assertion that was
/// used before is refused.
pub(super) fn judge(
    form: &BTreeMap<String, String>,
    id: &str,
    key: &ClientKey,
    here: &Url,
    used: &mut BTreeSet<String>,
) -> Result<bool, String> {
    let Some(assertion) = form.get("client_assertion") else { return Ok(false) };
    if form.get("client_assertion_type").map(String::as_str) != Some(ASSERTION) {
        return Err("client_assertion_type is not the one of RFC 7523".into());
    }
    if form.contains_key("client_secret") {
        return Err("a client proves itself in one way (RFC 6749, 2.3)".into());
    }
    let Some(claims) = claims(assertion, key)? else { return Ok(false) };
    if claims.aud != here.as_str() {
        return Err(format!("the assertion is for {}, which is not here", claims.aud));
    }
    // There is no clock here: only how long it lives can be judged.
    if !(1..=600).contains(&(claims.exp - claims.iat)) {
        return Err("an assertion of a client is good for minutes".into());
    }
    if claims.jti.len() < 22 {
        return Err("a jti of less than 128 bits may come twice".into());
    }
    let ours = claims.iss == id && claims.sub == id && form.get("client_id").is_none_or(|said| said == id);
    Ok(ours && used.insert(claims.jti))
}

/// What is claimed under this key; none under another.
fn claims(assertion: &str, key: &ClientKey) -> Result<Option<Claims>, String> {
    let (public, algorithm, thumbprint) = key.public().ok_or("the played key is none")?;
    let public = DecodingKey::from_jwk(&public).map_err(|error| error.to_string())?;
    let mut rules = Validation::new(algorithm);
    rules.validate_exp = false;
    rules.validate_aud = false;
    let Ok(read) = jsonwebtoken::decode::<Claims>(assertion, &public, &rules) else { return Ok(None) };
    Ok((read.header.x5t_s256.as_deref() == thumbprint).then_some(read.claims))
}
