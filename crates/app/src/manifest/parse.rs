//! Reads a manifest strictly: whatever is odd in it is refused, with the place and the fix.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{AppKind, Field, Input, Manifest};
use crate::{
    http::sign::{self, FieldUse},
    oauth::ClientProof,
};

/// Why an `app.toml` is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// Not the TOML we know, with the parser's own account of where.
    #[error("{0}")]
    Toml(String),
    /// Well-formed, but it does not hold together.
    #[error("{place}: {problem}")]
    Wrong {
        /// The key.
        place: String,
        /// What is wrong and how to mend it.
        problem: String,
    },
}

/// An app's page stands beside the list of installed apps, which has this name.
const TAKEN: &str = "installed";

impl Manifest {
    /// Reads and checks an `app.toml`. Unknown keys are refused.
    pub fn parse(text: &str) -> Result<Self, ManifestError> {
        let manifest: Self = toml::from_str(text).map_err(|error| ManifestError::Toml(error.to_string()))?;
        manifest.hold_together()?;
        Ok(manifest)
    }

    fn hold_together(&self) -> Result<(), ManifestError> {
        demand(is_slug(&self.slug), "slug", "use lower-case letters, digits and single hyphens")?;
        demand(self.slug != TAKEN, "slug", "\"installed\" is a page of the server; choose another one")?;
        for (place, text) in [
            ("name", &self.name),
            ("tagline", &self.tagline),
            ("description", &self.description),
            ("publisher", &self.publisher),
        ] {
            demand(!text.trim().is_empty(), place, "must not be empty")?;
        }
        demand(
            !self.tagline.contains('\n') && self.tagline.chars().count() <= 80,
            "tagline",
            "one line, at most 80 characters",
        )?;
        demand(!self.kinds.is_empty(), "kinds", "name at least one kind")?;
        demand(!self.may.is_empty(), "may", "say in plain words what the app may do")?;
        for link in [&self.links.website, &self.links.help, &self.links.privacy].into_iter().flatten() {
            demand(link.scheme() == "https", "links", "use https addresses")?;
        }
        for (place, name) in [("api.name", &self.api.name), ("api.stem", &self.api.stem)] {
            let fits = name.as_deref().is_none_or(is_slug);
            demand(fits, place, "use lower-case letters, digits and single hyphens")?;
        }
        for (name, url) in &self.endpoints {
            demand(
                !url.cannot_be_a_base(),
                &format!("endpoints.{name}"),
                "must be a base address such as https://api.example.com/",
            )?;
        }
        let quota = self.quota;
        demand(
            quota.per_second > 0 && quota.burst > 0 && quota.concurrent > 0,
            "quota",
            "every figure is at least 1",
        )?;
        self.fields_hold_together()?;
        self.auth_names_fields()?;
        self.data_holds_together()
    }

    /// A kind that is data has its table, and a table its kind.
    fn data_holds_together(&self) -> Result<(), ManifestError> {
        for (kind, there) in [
            (AppKind::Location, self.place.is_some()),
            (AppKind::Tag, self.tag.is_some()),
            (AppKind::Link, self.shortcut.is_some()),
        ] {
            let name = kind.name();
            let problem = format!("kinds names {name:?} and the table [{name}] is there, or neither");
            demand(self.kinds.contains(&kind) == there, name, &problem)?;
        }
        if self.is_data() {
            demand(
                self.auth == super::Auth::None,
                "auth",
                "an app without code signs nothing: leave this out",
            )?;
            demand(
                self.endpoints.is_empty(),
                "endpoints",
                "an app without code calls nothing: leave this out",
            )?;
            let secret = self.setup.iter().find(|field| field.is_secret());
            let place = secret.map_or_else(String::new, |field| format!("setup.{}", field.name));
            demand(secret.is_none(), &place, "an app without code keeps no secret")?;
        }
        if let Some(place) = &self.place {
            demand(!place.label.trim().is_empty(), "location.label", "must not be empty")?;
            demand(!place.links.is_empty(), "location.links", "name at least one pattern of links")?;
            let problem = "must be a link that location.links take, because it is shown as the example";
            demand(place.link(&place.placeholder).is_ok(), "location.placeholder", problem)?;
        }
        if let Some(shortcut) = &self.shortcut {
            demand(shortcut.opens.scheme() == "https", "link.opens", "use an https address")?;
            demand(!shortcut.action.trim().is_empty(), "link.action", "must not be empty")?;
            demand(!shortcut.steps.is_empty(), "link.steps", "say what to do")?;
        }
        self.tag.as_ref().map_or(Ok(()), |tag| tag.holds_together(self))
    }

    fn fields_hold_together(&self) -> Result<(), ManifestError> {
        let mut before = BTreeSet::new();
        for field in &self.setup {
            let place = format!("setup.{}", field.name);
            demand(is_name(&field.name), &place, "use lower-case letters, digits and underscores")?;
            demand(before.insert(field.name.as_str()), &place, "this name stands there twice")?;
            demand(!field.label.trim().is_empty(), &place, "give it a label")?;
            demand(
                (field.input == Input::Select) != field.options.is_empty(),
                &place,
                "a select, and only a select, has options",
            )?;
            let bounded = field.min.is_some() || field.max.is_some();
            demand(!bounded || field.input == Input::Number, &place, "only a number has min and max")?;
            demand(
                field.schemes.is_empty() || field.input == Input::Url,
                &place,
                "only an address has schemes",
            )?;
            if let Some(when) = &field.when {
                let earlier = when.field != field.name && before.contains(when.field.as_str());
                demand(earlier, &format!("{place}.when"), "must name a field that stands above this one")?;
                demand(!when.is.is_empty(), &format!("{place}.when.is"), "name at least one value")?;
            }
            pattern_fits(field, &place)?;
            default_fits(field, &place)?;
        }
        Ok(())
    }

    fn oauth_holds_together(&self) -> Result<(), ManifestError> {
        let Some(oauth) = self.auth.oauth() else { return Ok(()) };
        let named = [("authorize", Some(&oauth.authorize)), ("token", Some(&oauth.token))];
        let maybe = [
            ("revoke", oauth.revoke.as_ref()),
            ("approve", oauth.approve.as_ref()),
            ("issuer", oauth.issuer.as_ref()),
            ("key.audience", oauth.key.as_ref().and_then(|key| key.audience.as_ref())),
        ];
        for (place, name) in named.into_iter().chain(maybe) {
            let there = name.is_none_or(|name| self.endpoints.contains_key(name));
            demand(there, &format!("auth.{place}"), "must name an address in [endpoints]")?;
        }
        demand(!oauth.grants.is_empty(), "auth.grants", "name at least one grant")?;
        let keyed = oauth.client != ClientProof::PrivateKeyJwt || oauth.key.is_some();
        demand(keyed, "auth.key", "say how keys are taken: algorithms = [\"RS256\"]")?;
        let signs = oauth.key.as_ref().is_none_or(|key| !key.algorithms.is_empty());
        demand(signs, "auth.key.algorithms", "name at least one of RS256, PS256 and ES256")?;
        let mut before = BTreeSet::new();
        for one in &oauth.scopes {
            let place = format!("auth.scopes.{}", one.scope);
            demand(!one.scope.trim().is_empty(), &place, "name the scope")?;
            demand(before.insert(&one.scope), &place, "this scope stands there twice")?;
            demand(
                one.unlisted || !one.uses.is_empty(),
                &place,
                "say what does not work without it: for = [\"…\"]",
            )?;
        }
        for taken in ["response_type", "client_id", "redirect_uri", "state", "scope", "code_challenge"] {
            demand(
                !oauth.params.contains_key(taken),
                &format!("auth.params.{taken}"),
                "is set by the server",
            )?;
        }
        for grant in &oauth.grants {
            for (name, secret) in grant.fields() {
                let field = self.setup.iter().find(|field| field.name == *name);
                let kept = if *secret { "secret" } else { "plain" };
                demand(
                    field.is_some_and(|field| field.is_secret() == *secret),
                    "auth.grants",
                    &format!("{} needs the {kept} setup field {name}", grant.name()),
                )?;
            }
        }
        Ok(())
    }

    fn auth_names_fields(&self) -> Result<(), ManifestError> {
        self.oauth_holds_together()?;
        for (name, used) in sign::fields(&self.auth) {
            let field = self.setup.iter().find(|field| field.name == name);
            let fits = field.is_some_and(|field| field.is_secret() == (used == FieldUse::Secret));
            demand(
                fits,
                &format!("auth.{name}"),
                "must name a setup field, secret for a password or token and plain for a user",
            )?;
        }
        if let super::Auth::Header { header, .. } = &self.auth {
            let named = sign::header_name(header).is_some();
            demand(named, "auth.header", "must be a header's name such as x-api-key")?;
        }
        Ok(())
    }
}

fn pattern_fits(field: &Field, place: &str) -> Result<(), ManifestError> {
    let Some(pattern) = &field.pattern else { return Ok(()) };
    let place = format!("{place}.pattern");
    demand(field.input == Input::Text && !field.is_secret(), &place, "only one plain line has a pattern")?;
    let problem = format!("{:?} is shown as the example, so the pattern must take it", field.placeholder);
    demand(pattern.takes(&field.placeholder), &place, &problem)
}

fn default_fits(field: &Field, place: &str) -> Result<(), ManifestError> {
    let Some(default) = &field.default else { return Ok(()) };
    demand(!field.is_secret(), place, "a secret has no default")?;
    let fits = match field.input {
        Input::Checkbox => default.is_boolean(),
        Input::Number => default.is_i64(),
        Input::Select => field.options.iter().any(|choice| *default == Value::String(choice.value.clone())),
        Input::Text | Input::Lines | Input::Password | Input::Url | Input::Email => default.is_string(),
    };
    demand(fits, &format!("{place}.default"), "must be a value this field can hold")
}

pub(super) fn demand(holds: bool, place: &str, problem: &str) -> Result<(), ManifestError> {
    if holds {
        Ok(())
    } else {
        Err(ManifestError::Wrong { place: place.to_owned(), problem: problem.to_owned() })
    }
}

fn is_slug(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with('-')
        && !text.ends_with('-')
        && !text.contains("--")
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}
