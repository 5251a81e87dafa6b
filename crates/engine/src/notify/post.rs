//! The way mails leave: the organization's own mail server, else the instance's.

use kalends_app::kind::messenger::Message;
use kalends_domain::{Id, people::Organization};

use crate::{Engine, job::Failed};

/// Sends one mail, now.
pub(crate) async fn post(
    engine: &Engine,
    _organization: Id<Organization>,
    _message: &Message,
) -> Result<(), Failed> {
    let _ = engine;
    Err(Failed::never("no mail server"))
}
