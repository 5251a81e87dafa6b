//! The names by which clients of the REST API know an app.

use serde::Deserialize;

use super::{AppKind, Manifest};

/// How clients of Cal.com's API v2 know an app, where that is not by its slug.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ApiNames {
    /// In addresses: `/v2/calendars/{name}/check`.
    pub name: Option<String>,
    /// What its types begin with: `{stem}_calendar`; the name where it is left out.
    pub stem: Option<String>,
}

impl Manifest {
    /// Its name in addresses of the API.
    pub fn api_name(&self) -> &str {
        self.api.name.as_deref().unwrap_or(&self.slug)
    }

    /// What the API calls an account of it that is used as this kind.
    pub fn api_type(&self, kind: AppKind) -> String {
        let stem = self.api.stem.as_deref().unwrap_or_else(|| self.api_name());
        // Rooms are videos over there.
        let kind = if kind == AppKind::Conference { "video" } else { kind.name() };
        format!("{stem}_{kind}")
    }
}
