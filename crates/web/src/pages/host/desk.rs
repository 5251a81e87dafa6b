//! What every page of the signed-in side begins with.

use axum::extract::FromRequestParts;
use http::request::Parts;
use kalends_domain::{Zone, people::Profile};
use kalends_engine::Member;

use crate::{
    Problem, Web,
    extract::{Csrf, SignedIn},
    pages::{Frame, Side},
    when::Face,
};

/// Somebody signed in, and what their pages have around them.
#[derive(Clone)]
pub struct Desk {
    /// Who.
    pub by: SignedIn,
    csrf: Csrf,
}

impl Desk {
    /// As the engine's verbs take them.
    pub fn member(&self) -> Member {
        self.by.member()
    }

    /// How they are shown things.
    pub fn profile(&self) -> &Profile {
        &self.by.user.profile
    }

    /// How they read times.
    pub fn face(&self, web: &Web) -> Face {
        let zone = Zone::parse(&self.profile().zone).unwrap_or_else(|_| Zone::utc());
        Face::new(zone, self.profile().hours, web.engine.now())
    }

    /// What stands around a page at this place of the menu.
    pub async fn around(&self, web: &Web, here: &'static str) -> Result<(Frame, Side), Problem> {
        let side = Side {
            name: self.by.user.name.clone(),
            username: self.by.user.username.to_string(),
            here,
            to_confirm: web.engine.unconfirmed(&self.member()).await?,
            need_attention: web.engine.apps(&self.member()).await?.iter().filter(|card| card.broken).count()
                as u64,
        };
        Ok((Frame::signed(web, &self.csrf).await, side))
    }
}

impl FromRequestParts<Web> for Desk {
    type Rejection = <SignedIn as FromRequestParts<Web>>::Rejection;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Self::Rejection> {
        let by = <SignedIn as FromRequestParts<Web>>::from_request_parts(parts, web).await?;
        let Ok(csrf) = Csrf::from_request_parts(parts, web).await;
        Ok(Self { by, csrf })
    }
}
