//! The user behind a key.

use kalends_domain::people::{Hours, User};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Whole, schedule::week_start};

/// The user as they go out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the v2 API's own field names, described there")]
pub struct MeOut {
    pub id: i64,
    pub username: String,
    pub email: String,
    pub name: String,
    pub avatar_url: Option<String>,
    pub bio: String,
    pub time_format: u8,
    pub default_schedule_id: Option<i64>,
    pub week_start: &'static str,
    pub time_zone: String,
    pub locale: String,
    pub organization_id: Option<i64>,
}

impl MeOut {
    /// A user and the number of their default schedule.
    pub fn of(user: &User, default_schedule: Option<i64>) -> Self {
        Self {
            id: user.number,
            username: user.username.to_string(),
            email: user.email.clone(),
            name: user.name.clone(),
            avatar_url: None,
            bio: user.profile.bio.clone(),
            time_format: if user.profile.hours == Hours::Twelve { 12 } else { 24 },
            default_schedule_id: default_schedule,
            week_start: week_start(user.profile.week_start),
            time_zone: user.profile.zone.clone(),
            locale: user.profile.locale.clone(),
            organization_id: None,
        }
    }
}

/// Parts of the user to change: what is absent stays as it is.
#[derive(Debug, Clone, Default, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "the v2 API's own field names, described there")]
pub struct MeIn {
    pub name: Option<String>,
    pub email: Option<String>,
    pub bio: Option<String>,
    /// 12 or 24.
    pub time_format: Option<Whole>,
    pub default_schedule_id: Option<i64>,
    /// `Monday` to `Sunday`.
    pub week_start: Option<String>,
    pub time_zone: Option<String>,
    pub locale: Option<String>,
}
