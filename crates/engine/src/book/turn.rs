//! Whose turn it is under round robin.

use std::cmp::Ordering;

use kalends_domain::{Id, event_type::Host, people::User};
use kalends_store::repo::Turn;

/// The hosts in the order in which they are asked to take a booking.
///
/// The highest priority goes first. Within it, where weights differ, whoever has the fewest bookings for their
/// weight; then whoever was booked longest ago, those never booked before all, and of several at the same moment who
/// has fewer; then the order of the event type.
pub(crate) fn in_turn(hosts: &[Host], turns: &[Turn]) -> Vec<Id<User>> {
    let weighted = hosts.windows(2).any(|pair| pair[0].weight != pair[1].weight);
    let turn = |host: &Host| turns.iter().find(|turn| turn.user == host.user);
    let booked = |host: &Host| turn(host).map_or(0, |turn| i128::from(turn.booked));
    let last = |host: &Host| turn(host).and_then(|turn| turn.last_booked_at);
    let mut order: Vec<&Host> = hosts.iter().collect();
    order.sort_by(|a, b| {
        let by_weight = if weighted {
            // The share each would have with one booking more; cross-multiplied, so that nothing is rounded.
            let (a_share, b_share) = (booked(a) + 1, booked(b) + 1);
            (a_share * i128::from(b.weight)).cmp(&(b_share * i128::from(a.weight)))
        } else {
            Ordering::Equal
        };
        let by_turn = last(a).cmp(&last(b)).then_with(|| booked(a).cmp(&booked(b)));
        b.priority.cmp(&a.priority).then(by_weight).then(by_turn)
    });
    order.into_iter().map(|host| host.user).collect()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use kalends_domain::span::instant;
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn host(number: u128, weight: u32, priority: u8) -> Host {
        Host { user: Id::new(Uuid::from_u128(number)), fixed: false, priority, weight, schedule: None }
    }

    /// Books so often through the same hosts, all always free.
    fn booked(hosts: &[Host], times: u32) -> Vec<i64> {
        let mut turns: Vec<Turn> = Vec::new();
        for at in 0..i64::from(times) {
            let first = in_turn(hosts, &turns)[0];
            let now: Option<Timestamp> = Some(instant(at));
            match turns.iter_mut().find(|turn| turn.user == first) {
                Some(turn) => (turn.booked, turn.last_booked_at) = (turn.booked + 1, now),
                None => turns.push(Turn { user: first, booked: 1, last_booked_at: now }),
            }
        }
        let count =
            |host: &Host| turns.iter().find(|turn| turn.user == host.user).map_or(0, |turn| turn.booked);
        hosts.iter().map(count).collect()
    }

    proptest! {
        #[test]
        fn shares_follow_the_weights_within_one_booking(
            weights in prop::collection::vec(1u32..=300, 2..8),
            times in 1u32..400,
        ) {
            let hosts: Vec<Host> = (1..).zip(&weights).map(|(n, weight)| host(n, *weight, 2)).collect();
            let total: f64 = weights.iter().map(|weight| f64::from(*weight)).sum();
            for (count, weight) in booked(&hosts, times).into_iter().zip(&weights) {
                let fair = f64::from(times) * f64::from(*weight) / total;
                #[expect(clippy::cast_precision_loss, reason = "small numbers")]
                let (off, most) = ((count as f64 - fair).abs(), weights.len() as f64);
                // Dividing by highest averages never strays further than the number of hosts.
                prop_assert!(off < most, "{count} of {times}, fair is {fair}");
            }
        }

        #[test]
        fn equal_weights_take_strict_turns(hosts in 2u128..9, times in 1u32..200) {
            let hosts: Vec<Host> = (1..=hosts).map(|n| host(n, 100, 2)).collect();
            let counts = booked(&hosts, times);
            prop_assert!(counts.iter().max().unwrap() - counts.iter().min().unwrap() <= 1);
        }
    }

    #[test]
    fn a_higher_priority_goes_before_every_turn() {
        let hosts = [host(1, 100, 2), host(2, 100, 4), host(3, 500, 3)];
        assert_eq!(booked(&hosts, 10), [0, 10, 0]);
    }

    #[test]
    fn a_new_host_among_equals_does_not_catch_up_on_everything() {
        let hosts = [host(1, 100, 2), host(2, 100, 2)];
        let turns = [Turn { user: hosts[0].user, booked: 90, last_booked_at: Some(instant(1)) }];
        assert_eq!(in_turn(&hosts, &turns)[0], hosts[1].user);
        let turns = [turns[0], Turn { user: hosts[1].user, booked: 1, last_booked_at: Some(instant(2)) }];
        assert_eq!(in_turn(&hosts, &turns)[0], hosts[0].user);
    }
}
