//! Why a booking is not made or not changed: what each person reads, and a code for programs.

use kalends_domain::{
    booking::Refused,
    event_type::{LinkRefused, Period},
};

use crate::Invalid;

/// Why nothing was booked or held.
#[derive(Debug, thiserror::Error)]
pub enum BookError {
    /// No such event type, or it is not for the public.
    #[error("This event type does not exist any more. Ask your host for a new link.")]
    NotFound,
    /// A private link that does not book any more.
    #[error(transparent)]
    Link(#[from] LinkRefused),
    /// Something in the form will not do.
    #[error("{0}")]
    Invalid(#[from] Invalid),
    /// Somebody was faster.
    #[error("That time was just taken. Choose another one; what you typed is kept.")]
    Taken,
    /// A later time of a series cannot be booked.
    #[error(
        "{when} cannot be booked, and a series is booked as a whole. Choose another start or fewer times; what you typed is kept."
    )]
    Series {
        /// In the guest's zone, for people.
        when: String,
        /// What is in the way there.
        why: Box<BookError>,
    },
    /// All seats are taken.
    #[error("The last seat at that time was just taken. Choose another time; what you typed is kept.")]
    Full,
    /// The same guest is in this slot already.
    #[error("You have booked a seat at that time already. Your confirmation mail has the details.")]
    AlreadyIn,
    /// The start is not on the grid, or outside of all hours.
    #[error("That time is not offered. Choose one of the times shown.")]
    NotOffered,
    /// The slot ended while the form was open.
    #[error(
        "That time is too close now: bookings need {minutes} minutes’ notice. Choose a later time; what you typed is kept."
    )]
    TooSoon {
        /// The notice asked for.
        minutes: u32,
    },
    /// Beyond the days that can be booked.
    #[error("That day cannot be booked yet, or not any more. Choose a day shown in the calendar.")]
    OutsideWindow,
    /// A limit of the event type is reached.
    #[error("All bookings for that {} are gone. Choose another {}.", word(*.per), word(*.per))]
    Limit {
        /// Over this period.
        per: Period,
    },
    /// A host's calendar cannot be read, so nobody knows whether the time is free.
    #[error(
        "We cannot see {host}’s calendar right now, so this time cannot be booked. Try again in a few minutes."
    )]
    Withheld {
        /// As guests know them.
        host: String,
    },
    /// Nobody can be booked through it.
    #[error("Nobody can be booked here at the moment. Ask your host.")]
    NoHosts,
    /// It costs money, and there is no way to take it yet.
    #[error("This event has a price, and online payment is not set up. Ask your host to book for you.")]
    PaymentNotReady,
    /// The same idempotency key came with another request.
    #[error("This idempotency key was used for another request. Use a new key.")]
    KeyReused,
    /// The asked verb is not theirs.
    #[error("You may not do that here.")]
    Forbidden,
    /// Our own trouble.
    #[error("Something went wrong on our side. Nothing was booked; try again.")]
    Trouble(#[from] crate::Trouble),
}

impl BookError {
    /// Stable, for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "event_type_not_found",
            Self::Link(LinkRefused::Expired) => "link_expired",
            Self::Link(LinkRefused::UsedUp) => "link_used",
            Self::Invalid(_) => "invalid_input",
            Self::Taken => "slot_taken",
            Self::Series { why, .. } => why.code(),
            Self::Full => "slot_full",
            Self::AlreadyIn => "already_booked",
            Self::NotOffered => "slot_not_offered",
            Self::TooSoon { .. } => "too_soon",
            Self::OutsideWindow => "outside_window",
            Self::Limit { .. } => "limit_reached",
            Self::Withheld { .. } => "calendar_unreachable",
            Self::NoHosts => "no_hosts",
            Self::PaymentNotReady => "payment_not_ready",
            Self::KeyReused => "idempotency_key_reused",
            Self::Forbidden => "forbidden",
            Self::Trouble(_) => "internal",
        }
    }

    /// True when another slot would help: the page goes back to the times and keeps what was typed.
    pub const fn choose_again(&self) -> bool {
        matches!(
            self,
            Self::Taken
                | Self::Series { .. }
                | Self::Full
                | Self::NotOffered
                | Self::TooSoon { .. }
                | Self::OutsideWindow
                | Self::Limit { .. }
                | Self::Withheld { .. }
        )
    }
}

/// Why a booking stays as it is.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// No such booking, or not theirs to see.
    #[error("This booking does not exist. Check the link in your mail.")]
    NotFound,
    /// No such seat in it.
    #[error("This seat does not exist any more. Check the link in your mail.")]
    NoSeat,
    /// The guest may not, by the event type's policy.
    #[error("Your host does not let guests {what} this booking online. Write to them instead.")]
    Policy {
        /// `cancel` or `move`.
        what: &'static str,
    },
    /// The guest may not any more.
    #[error(
        "It is too late to {what} this booking online: that ends {minutes} minutes before the start. Write to your host."
    )]
    TooLate {
        /// `cancel` or `move`.
        what: &'static str,
        /// The policy's bound.
        minutes: u32,
    },
    /// It is over.
    #[error("This booking is over.")]
    Over,
    /// It does not fit where the booking stands.
    #[error("{0}")]
    Refused(#[from] Refused),
    /// The new time does not work.
    #[error(transparent)]
    Time(#[from] BookError),
    /// Something in the form will not do.
    #[error("{0}")]
    Invalid(#[from] Invalid),
    /// Not theirs to change.
    #[error("You may not change this booking.")]
    Forbidden,
    /// Our own trouble.
    #[error("Something went wrong on our side. Nothing was changed; try again.")]
    Trouble(#[from] crate::Trouble),
}

impl ChangeError {
    /// Stable, for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "booking_not_found",
            Self::NoSeat => "seat_not_found",
            Self::Policy { .. } => "not_allowed_by_policy",
            Self::TooLate { .. } => "too_late",
            Self::Over => "booking_over",
            Self::Refused(_) => "wrong_state",
            Self::Time(error) => error.code(),
            Self::Invalid(_) => "invalid_input",
            Self::Forbidden => "forbidden",
            Self::Trouble(_) => "internal",
        }
    }
}

const fn word(per: Period) -> &'static str {
    match per {
        Period::Day => "day",
        Period::Week => "week",
        Period::Month => "month",
        Period::Year => "year",
    }
}
