//! Random walks through the states of a booking.

use jiff::Timestamp;
use kalends_domain::booking::{By, Effect, Event, Rules, State};
use proptest::prelude::*;

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        Just(Event::Paid),
        Just(Event::PaymentExpired),
        Just(Event::Approved),
        Just(Event::Declined { reason: "no".into() }),
        any::<bool>().prop_map(|needs_host| Event::Moved { by: By::Guest, needs_host }),
        Just(Event::Cancelled { by: By::Guest, reason: "ill".into() }),
    ]
}

fn start() -> impl Strategy<Value = State> {
    let now = Timestamp::UNIX_EPOCH;
    prop_oneof![
        Just(State::AwaitingPayment { until: now }),
        Just(State::AwaitingConfirmation { since: now, paid: false }),
        Just(State::Confirmed { since: now, paid: false }),
    ]
}

proptest! {
    #[test]
    fn time_is_released_exactly_once_and_money_kept_or_refunded(
        first in start(),
        events in prop::collection::vec(event(), 0..24),
        host_approves in any::<bool>(),
    ) {
        let mut state = first;
        let (mut released, mut taken, mut refunded) = (0, 0, 0);
        for event in events {
            let paid = event == Event::Paid;
            let before = state.clone();
            let Ok((after, effects)) = state.clone().step(event, Rules { host_approves }, Timestamp::UNIX_EPOCH) else {
                continue;
            };
            let new_money = paid && (matches!(before, State::AwaitingPayment { .. }) || !before.claims_time());
            taken += i32::from(new_money);
            released += effects.iter().filter(|effect| **effect == Effect::ReleaseTime).count();
            refunded += i32::from(effects.contains(&Effect::Refund));
            prop_assert!(before.claims_time() || !after.claims_time(), "time given away never comes back");
            state = after;
        }
        prop_assert_eq!(released, usize::from(!state.claims_time()));
        let kept = match state {
            State::Confirmed { paid, .. } | State::AwaitingConfirmation { paid, .. } => i32::from(paid),
            _ => 0,
        };
        prop_assert_eq!(taken - refunded, kept, "money is kept or refunded, never both");
    }

    #[test]
    fn whoever_was_told_yes_is_told_no(events in prop::collection::vec(event(), 0..24)) {
        use kalends_domain::booking::Message;
        let mut state = State::AwaitingConfirmation { since: Timestamp::UNIX_EPOCH, paid: false };
        let mut believes = false;
        for event in events {
            let Ok((after, effects)) = state.clone().step(event, Rules { host_approves: true }, Timestamp::UNIX_EPOCH) else {
                continue;
            };
            for effect in effects {
                if let Effect::Tell(message) = effect {
                    believes = matches!(message, Message::Confirmed | Message::Moved);
                }
            }
            state = after;
            prop_assert_eq!(believes, state.is_confirmed());
        }
    }
}
