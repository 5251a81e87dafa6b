//! What an integration is written against.
//!
//! An integration is one folder: a manifest (data) and, where needed, code that implements a *kind* from
//! [`kind`]. It keeps nothing: whatever a call may use arrives in [`Cx`]. It sends nothing by itself: every
//! request goes through [`Http`], whose layers retry, pace, meter and give up for it.

pub mod cx;
pub mod error;
pub mod fake;
pub mod gateway;
pub mod hook;
pub mod http;
pub mod jwt;
pub mod kind;
pub mod manifest;
pub mod oauth;
pub mod redact;
pub mod secret;

use std::sync::{Arc, OnceLock};

use futures::future::BoxFuture;

pub use crate::{
    cx::{Cx, Endpoints, Names, NoNames, Srv},
    error::{Error, Kind, Result, Retry},
    gateway::{Account, Gateway},
    hook::Hook,
    http::{Http, Request, Response},
    kind::{
        RemoteId,
        calendar::{AnyCalendar, Calendar},
        conference::{AnyConference, AnyJoin, Conference, Join},
        messenger::{AnyMessenger, Messenger},
        watch::{AnyWatch, Watch},
    },
    manifest::Manifest,
    secret::{Secret, Secrets},
};

/// One integration as the catalog lists it.
pub struct App {
    /// The folder's name, also in addresses, configuration and metrics.
    pub slug: &'static str,
    /// Its `app.toml`.
    pub manifest: Declared,
    /// Its `icon.svg`, drawn in `currentColor` or its own colours, never fetched from elsewhere.
    pub icon: &'static str,
    /// What it can do.
    pub parts: fn() -> Vec<Part>,
    /// Its reading of a provider's "no"; `None` leaves the decision to the status.
    pub judge: fn(&Response) -> Option<Error>,
    /// The provider played in memory, for tests and the demo.
    pub fake: fn() -> Arc<dyn fake::Fake>,
}

impl App {
    /// An app that is a manifest and an icon alone.
    pub const fn of_data(slug: &'static str, manifest: &'static str, icon: &'static str) -> Self {
        Self {
            slug,
            manifest: Declared::new(manifest),
            icon,
            parts: Vec::new,
            judge: no_opinion,
            fake: || Arc::<fake::Nobody>::default(),
        }
    }

    /// An app read while the server starts, which it outlives; refused where the manifest needs code.
    pub fn loaded(manifest: String, icon: String) -> Result<&'static Self, manifest::ManifestError> {
        let read = Manifest::parse(&manifest)?;
        if !read.is_data() {
            let problem =
                "only location, tag and link need no code; other kinds are part of a build".to_owned();
            return Err(manifest::ManifestError::Wrong { place: "kinds".to_owned(), problem });
        }
        // Read once when the server starts and never replaced, so nothing is lost by keeping it for good.
        Ok(Box::leak(Box::new(Self::of_data(read.slug.leak(), manifest.leak(), icon.leak()))))
    }

    /// What is wrong with an icon: it must be drawn by itself and fetch or run nothing.
    pub fn check_icon(icon: &str) -> Result<(), &'static str> {
        let foreign = [
            "<script",
            "href",
            "url(",
            "<image",
            "<foreignobject",
            "<style",
            "<!entity",
            "style=",
            "javascript:",
        ];
        let lower = icon.to_lowercase();
        let handler = lower.split_whitespace().any(|word| {
            word.split_once('=')
                .is_some_and(|(name, _)| name.len() > 2 && name.trim_start_matches('"').starts_with("on"))
        });
        if !icon.trim_start().starts_with("<svg") || !icon.trim_end().ends_with("</svg>") {
            Err("it must be one <svg> element and nothing before or after it")
        } else if handler || foreign.iter().any(|word| lower.contains(word)) {
            Err("it must fetch and run nothing: leave out scripts, links, images, styles and handlers")
        } else if icon.len() > 8_192 {
            Err("it must be at most 8 KiB long")
        } else {
            Ok(())
        }
    }

    /// The manifest, parsed once.
    pub fn manifest(&self) -> &Manifest {
        match self.manifest.read() {
            Ok(manifest) => manifest,
            #[expect(
                clippy::panic,
                reason = "a bundled manifest is data of this build; the catalog's tests parse every one"
            )]
            Err(error) => panic!("apps/{}/app.toml: {error}", self.slug),
        }
    }

    /// The calendar among its parts.
    pub fn calendar(&self) -> Option<Arc<dyn AnyCalendar>> {
        (self.parts)()
            .into_iter()
            .find_map(|part| if let Part::Calendar(part) = part { Some(part) } else { None })
    }

    /// The conference among its parts.
    pub fn conference(&self) -> Option<Arc<dyn AnyConference>> {
        (self.parts)()
            .into_iter()
            .find_map(|part| if let Part::Conference(part) = part { Some(part) } else { None })
    }

    /// The power to mint personal links for whoever joins, among its parts.
    pub fn join(&self) -> Option<Arc<dyn AnyJoin>> {
        (self.parts)()
            .into_iter()
            .find_map(|part| if let Part::Join(part) = part { Some(part) } else { None })
    }

    /// The messenger among its parts.
    pub fn messenger(&self) -> Option<Arc<dyn AnyMessenger>> {
        (self.parts)()
            .into_iter()
            .find_map(|part| if let Part::Messenger(part) = part { Some(part) } else { None })
    }

    /// The power to be told of changes, among its parts.
    pub fn watch(&self) -> Option<Arc<dyn AnyWatch>> {
        (self.parts)()
            .into_iter()
            .find_map(|part| if let Part::Watch(part) = part { Some(part) } else { None })
    }

    /// How its provider's notices are understood, among its parts.
    pub fn hook(&self) -> Option<Arc<dyn Hook>> {
        (self.parts)()
            .into_iter()
            .find_map(|part| if let Part::Hook(part) = part { Some(part) } else { None })
    }
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App").field("slug", &self.slug).finish_non_exhaustive()
    }
}

/// One capability of an app. Payments, sign-in and the other kinds join here as they are built.
#[derive(Clone)]
pub enum Part {
    /// Busy times out, events in.
    Calendar(Arc<dyn AnyCalendar>),
    /// A place to meet.
    Conference(Arc<dyn AnyConference>),
    /// Personal links, minted when somebody joins.
    Join(Arc<dyn AnyJoin>),
    /// Messages to people.
    Messenger(Arc<dyn AnyMessenger>),
    /// Channels by which the provider tells of changes.
    Watch(Arc<dyn AnyWatch>),
    /// The provider's notices, understood.
    Hook(Arc<dyn Hook>),
}

/// A manifest's text, parsed on first use.
pub struct Declared {
    text: &'static str,
    parsed: OnceLock<Result<Manifest, manifest::ManifestError>>,
}

impl Declared {
    /// From `include_str!("../app.toml")`.
    pub const fn new(text: &'static str) -> Self {
        Self { text, parsed: OnceLock::new() }
    }

    /// The manifest, or what is wrong with it.
    pub fn read(&self) -> Result<&Manifest, &manifest::ManifestError> {
        self.parsed.get_or_init(|| Manifest::parse(self.text)).as_ref()
    }
}

/// A future in a box, as the `Any…` twins return it.
pub type Boxed<'a, T> = BoxFuture<'a, Result<T, Error>>;

/// No opinion on any answer: the status decides.
pub fn no_opinion(_: &Response) -> Option<Error> {
    None
}
