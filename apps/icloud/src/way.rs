//! The way to an account: which of the many servers it is on, and looking again when it has moved (ICL-03, ICL-06).

use kalends_app::{Cx, Error, Kind};
use vendor_dav::{Account, At, House};

use crate::password;

/// Looks for the account from the front door on.
pub(crate) async fn discover(cx: &Cx) -> Result<Account<'_>, Error> {
    let (user, password) = (vendor_dav::text(cx, "username")?, password::of(cx)?);
    let house = House::around(cx.endpoints.get("caldav")?);
    Account::discover(cx, At::House(&house), user, &password).await.map_err(explained)
}

/// The way of one call.
pub(crate) struct Way<'a> {
    cx: &'a Cx,
    pub(crate) account: Account<'a>,
    looked_again: bool,
}

impl<'a> Way<'a> {
    /// As it was found when the account was connected.
    pub(crate) async fn open(cx: &'a Cx) -> Result<Self, Error> {
        let (user, password) = (vendor_dav::text(cx, "username")?, password::of(cx)?);
        let house = House::around(cx.endpoints.get("caldav")?);
        let account = Account::open(cx, At::House(&house), user, &password).await.map_err(explained)?;
        Ok(Self { cx, account, looked_again: false })
    }

    /// After an answer that may mean that the account has moved: looks once, and says whether to ask again there.
    ///
    /// A refusal is one of them, for a server that does not have the account knows no password of it. Nothing was done
    /// there, so even a write may be made again.
    pub(crate) async fn leads_elsewhere<T: Sync>(
        &mut self,
        answer: &Result<T, Error>,
    ) -> Result<bool, Error> {
        let Err(error) = answer else { return Ok(false) };
        let refused = error.kind == Kind::AuthRevoked;
        if self.looked_again || !(refused || error.is_missing()) {
            return if refused { Err(explained(error.clone())) } else { Ok(false) };
        }
        self.looked_again = true;
        let found = discover(self.cx).await?;
        // What is missing in the right place is missing; a refusal there is asked about once more, with the front door's
        // word that the password is good.
        let moved = found.place() != self.account.place();
        self.account = found;
        Ok(moved || refused)
    }
}

/// The commonest cause, and what to do (ICL-02).
fn explained(error: Error) -> Error {
    if error.kind != Kind::AuthRevoked {
        return error;
    }
    let message = "Apple refuses the email or the app-specific password. Changing the password of the Apple \
        Account withdraws them all: make a new one and connect again";
    match error.http_status() {
        Some(status) => Error::new(Kind::AuthRevoked, message).status(status),
        None => Error::new(Kind::AuthRevoked, message),
    }
}
