//! Accounts at providers: their calendars, and the rooms they make.

use std::collections::BTreeMap;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use kalends_app::manifest::AppKind;
use kalends_engine::connect::{Calendar, ConnectionView, Health, Refreshed};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

/// Everything connected that has calendars, and the one that receives bookings.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the v2 API's own field names, described there")]
pub struct CalendarsOut {
    pub connected_calendars: Vec<ConnectedOut>,
    /// `null` while no calendar receives bookings.
    pub destination_calendar: Option<DestinationOut>,
}

/// An account with its calendars.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the v2 API's own field names, described there")]
pub struct ConnectedOut {
    pub integration: IntegrationOut,
    /// The account's number.
    pub credential_id: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub primary: Option<CalendarOut>,
    pub calendars: Vec<CalendarOut>,
}

/// An app, as clients know it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the v2 API's own field names, described there")]
pub struct IntegrationOut {
    pub name: String,
    pub title: String,
    pub description: String,
    #[serde(rename = "type")]
    pub of_type: String,
    pub variant: &'static str,
    pub category: &'static str,
    pub categories: Vec<String>,
    /// The picture itself, as a `data:` address.
    pub logo: String,
    pub publisher: String,
    pub slug: String,
    pub url: String,
    pub email: String,
    pub installed: bool,
    pub location_option: Option<Value>,
}

/// One calendar of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the v2 API's own field names, described there")]
pub struct CalendarOut {
    pub external_id: String,
    pub integration: String,
    pub name: String,
    pub primary: bool,
    pub read_only: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Its events make its owner busy.
    pub is_selected: bool,
    pub credential_id: i64,
}

/// The calendar that receives bookings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the v2 API's own field names, described there")]
pub struct DestinationOut {
    /// The user's number: everybody has one such calendar.
    pub id: i64,
    pub integration: String,
    pub external_id: String,
    pub primary_email: Option<String>,
    pub user_id: Option<i64>,
    pub event_type_id: Option<i64>,
    pub credential_id: Option<i64>,
    pub name: Option<String>,
    pub primary: bool,
    pub read_only: bool,
    pub integration_title: String,
}

/// A calendar that was chosen, or is not chosen any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the v2 API's own field names, described there")]
pub struct ChosenOut {
    pub user_id: i64,
    pub integration: String,
    pub external_id: String,
    pub credential_id: Option<i64>,
}

/// A calendar by its names.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChosenIn {
    /// The `type` of its app, as `/v2/calendars` says it.
    pub integration: String,
    /// Its name over there.
    pub external_id: String,
    /// The number of its account.
    pub credential_id: i64,
}

/// The calendar that is to receive bookings.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DestinationIn {
    /// The `type` of its app, as `/v2/calendars` says it.
    pub integration: String,
    /// Its name over there.
    pub external_id: String,
    /// The number of its account, where two accounts have a calendar of this name.
    #[serde(default)]
    pub credential_id: Option<i64>,
}

/// A calendar that is chosen no more.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct ChosenQuery {
    /// The `type` of its app, as `/v2/calendars` says it.
    pub integration: String,
    /// Its name over there.
    pub external_id: String,
    /// The number of its account.
    pub credential_id: i64,
}

/// A name and a password, and whatever else the app's setup form asks, by its fields' names.
#[derive(Debug, Clone, Default, Deserialize, Serialize, ToSchema)]
#[serde(default)]
pub struct CredentialsIn {
    /// The name one signs in with there.
    pub username: Option<String>,
    /// The password, best one made for this app alone.
    pub password: Option<String>,
    /// Other fields of the form, such as `server`.
    #[serde(flatten)]
    pub others: BTreeMap<String, Value>,
}

/// Calendars that are read at links.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FeedIn {
    /// Where they are: one account is made of each.
    pub urls: Vec<String>,
    /// They can only be read, whatever is said here.
    #[serde(default)]
    pub read_only: Option<bool>,
}

/// An account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the v2 API's own field names, described there")]
pub struct AccountOut {
    pub id: i64,
    #[serde(rename = "type")]
    pub of_type: String,
    pub user_id: Option<i64>,
    pub team_id: Option<i64>,
    pub app_id: String,
    /// Somebody must sign in again.
    pub invalid: bool,
}

/// An account, by its number.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
pub struct AccountIn {
    /// As `/v2/calendars` says it.
    pub id: i64,
}

/// What another look at an account found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RefreshedOut {
    /// So many calendars it has now.
    pub found: usize,
    /// So many of them were not listed before.
    pub new: usize,
    /// So many that were listed it has no more.
    pub gone: usize,
    /// All of them, as `/v2/calendars` lists them.
    pub calendars: Vec<CalendarOut>,
}

impl RefreshedOut {
    /// This look at this account.
    pub fn of(seen: Refreshed, view: &ConnectionView) -> Self {
        let calendars = ConnectedOut::of(view).calendars;
        Self { found: seen.there, new: seen.new, gone: seen.gone, calendars }
    }
}

/// An account that makes rooms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the v2 API's own field names, described there")]
pub struct RoomsOut {
    pub id: i64,
    #[serde(rename = "type")]
    pub of_type: String,
    pub user_id: i64,
    /// Somebody must sign in again.
    pub invalid: bool,
}

/// The app that makes the rooms of new event types; without `appSlug` none does.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the v2 API's own field names, described there")]
pub struct UsualRoomOut {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_slug: Option<String>,
}

/// A busy time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the v2 API's own field names, described there")]
pub struct BusyOut {
    pub start: String,
    pub end: String,
    /// The calendar's name.
    pub source: Option<String>,
}

/// Where a person goes to sign in at a provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SignInOut {
    /// A page of this server: the sign-in begins and ends in one browser.
    pub auth_url: String,
}

/// The same, as the conferencing paths say it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RoomsSignInOut {
    /// A page of this server: the sign-in begins and ends in one browser.
    pub url: String,
}

impl ConnectedOut {
    /// An account with calendars.
    pub fn of(view: &ConnectionView) -> Self {
        let calendars: Vec<CalendarOut> =
            view.calendars.iter().map(|one| CalendarOut::of(view, one)).collect();
        Self {
            integration: IntegrationOut::of(view, AppKind::Calendar),
            credential_id: view.number,
            primary: calendars.iter().find(|one| one.primary).cloned(),
            calendars,
        }
    }
}

impl IntegrationOut {
    fn of(view: &ConnectionView, kind: AppKind) -> Self {
        let app = view.app.manifest();
        Self {
            name: app.name.clone(),
            title: app.name.clone(),
            description: app.tagline.clone(),
            of_type: app.api_type(kind),
            variant: kind.name(),
            category: kind.name(),
            categories: app.categories.clone(),
            logo: format!("data:image/svg+xml;base64,{}", BASE64_STANDARD.encode(view.app.icon)),
            publisher: app.publisher.clone(),
            slug: app.slug.clone(),
            url: app.links.website.as_ref().map(ToString::to_string).unwrap_or_default(),
            email: String::new(),
            installed: view.enabled,
            location_option: None,
        }
    }
}

impl CalendarOut {
    fn of(view: &ConnectionView, calendar: &Calendar) -> Self {
        Self {
            external_id: calendar.remote_id.clone(),
            integration: view.app.manifest().api_type(AppKind::Calendar),
            name: calendar.name.clone(),
            primary: calendar.main,
            read_only: !calendar.writable,
            email: email(view),
            is_selected: calendar.blocks,
            credential_id: view.number,
        }
    }
}

impl DestinationOut {
    /// The calendar of an account that receives this user's bookings, if one does.
    pub fn of(view: &ConnectionView, user: i64) -> Option<Self> {
        let calendar = view.calendars.iter().find(|one| one.receives)?;
        Some(Self {
            id: user,
            integration: view.app.manifest().api_type(AppKind::Calendar),
            external_id: calendar.remote_id.clone(),
            primary_email: email(view),
            user_id: Some(user),
            event_type_id: None,
            credential_id: Some(view.number),
            name: Some(calendar.name.clone()),
            primary: calendar.main,
            read_only: !calendar.writable,
            integration_title: view.app.manifest().name.clone(),
        })
    }
}

impl AccountOut {
    /// An account with calendars.
    pub fn of(view: &ConnectionView, user: i64) -> Self {
        Self {
            id: view.number,
            of_type: view.app.manifest().api_type(AppKind::Calendar),
            user_id: Some(user),
            team_id: None,
            app_id: view.app.slug.to_owned(),
            invalid: is_invalid(view),
        }
    }
}

impl RoomsOut {
    /// An account that makes rooms.
    pub fn of(view: &ConnectionView, user: i64) -> Self {
        Self {
            id: view.number,
            of_type: view.app.manifest().api_type(AppKind::Conference),
            user_id: user,
            invalid: is_invalid(view),
        }
    }
}

const fn is_invalid(view: &ConnectionView) -> bool {
    matches!(view.health, Health::NeedsReconnect | Health::Revoked)
}

/// The account's own name, where it is an email.
fn email(view: &ConnectionView) -> Option<String> {
    Some(view.account.clone()).filter(|name| name.contains('@') && !name.contains(' '))
}
