//! The organization whose pages have no name before them.

use kalends_domain::people::Organization;

use crate::{Engine, Trouble};

impl Engine {
    /// The organization that was made when the server was set up; none before that.
    ///
    /// Read once: it never changes while a server runs, but for its name.
    pub async fn home(&self) -> Result<Option<&Organization>, Trouble> {
        if let Some(home) = self.home.get() {
            return Ok(Some(home));
        }
        let first = self.db.read().await?.people().organizations().await?.into_iter().next();
        Ok(first.map(|first| self.home.get_or_init(|| first)))
    }
}
