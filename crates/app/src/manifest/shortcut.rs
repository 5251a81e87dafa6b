//! A way out to something that works with our API or webhooks by itself.

use serde::Deserialize;
use url::Url;

/// Where it leads, and what to do here and there.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shortcut {
    /// The page that opens.
    #[serde(deserialize_with = "super::address::needed")]
    pub opens: Url,
    /// The words on its button.
    pub action: String,
    /// What to do, one step after the other.
    pub steps: Vec<String>,
}
