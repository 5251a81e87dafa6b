//! Apps: what there is, what is connected, and how well it is.

mod apps;
mod busy;
mod error;
mod health;
mod install;
mod installed;
mod kept;
pub(crate) mod letters;
mod list;
mod needs;
mod oauth;
mod outside;
mod pages;
mod refresh;
mod removal;
mod silence;
mod switch;
pub(crate) mod usual_room;
mod whose;

pub(crate) use self::installed::Installed;
pub use kalends_store::repo::{Calendar, FailurePolicy, Health, Installation, Scope};

pub use self::{
    apps::Apps,
    busy::CalendarBusy,
    error::ConnectError,
    list::{AppCard, CalendarUse, ConnectionName, ConnectionView, Push},
    needs::Need,
    oauth::{
        Answer, Begin, CameToNothing, Configured, Entered, Finished, RegistrationView, Source, Switch,
        Tested, Unfinished, Unregistered,
    },
    outside::{Outside, Post},
    pages::PageTag,
    refresh::Refreshed,
    removal::{Consequences, RemovedView},
    switch::Meanwhile,
    whose::ForWhom,
};
