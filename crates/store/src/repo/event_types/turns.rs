//! Whose turn it is under round robin: counters, so that choosing never counts bookings.

use jiff::Timestamp;
use kalends_domain::{Id, event_type::EventType, people::User};

use super::EventTypes;
use crate::{Result, Value, sql};

/// How often and when one host was booked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn {
    /// Who.
    pub user: Id<User>,
    /// So many bookings, those given back not counted.
    pub booked: i64,
    /// The last one was made then; never is before everybody.
    pub last_booked_at: Option<Timestamp>,
}

impl EventTypes<'_> {
    /// Every host's turn, longest unbooked first; hosts never booked are there with nothing.
    pub async fn turns(&mut self, of: &EventType) -> Result<Vec<Turn>> {
        let rows = self
            .tx
            .rows(
                sql("SELECT user_id, booked, last_booked_at FROM host_turns
                     WHERE organization_id = $1 AND event_type_id = $2")
                .bind(of.organization)
                .bind(of.id),
            )
            .await?;
        let mut turns: Vec<Turn> =
            of.hosts.iter().map(|host| Turn { user: host.user, booked: 0, last_booked_at: None }).collect();
        for row in &rows {
            let user: Id<User> = row.get("user_id")?;
            if let Some(turn) = turns.iter_mut().find(|turn| turn.user == user) {
                turn.booked = row.get("booked")?;
                turn.last_booked_at = row.get("last_booked_at")?;
            }
        }
        turns.sort_by_key(|turn| turn.last_booked_at);
        Ok(turns)
    }

    /// Counts a booking for these hosts, in the transaction that makes it.
    pub async fn took_turn(&mut self, of: &EventType, hosts: &[Id<User>]) -> Result<()> {
        if hosts.is_empty() {
            return Ok(());
        }
        let now = self.tx.now();
        let mut hosts = hosts.to_vec();
        // In one order for all, so that two transactions never wait for each other.
        hosts.sort_unstable();
        let rows = hosts.into_iter().map(|host| {
            vec![Value::from(of.organization), of.id.into(), host.into(), 1_i64.into(), now.into()]
        });
        self.tx
            .soon(
                sql("INSERT INTO host_turns (organization_id, event_type_id, user_id, booked, last_booked_at) VALUES $*
                     ON CONFLICT (organization_id, event_type_id, user_id)
                     DO UPDATE SET booked = host_turns.booked + 1, last_booked_at = excluded.last_booked_at")
                .bind_rows(rows)
                .over(format!("turns {}", of.id)),
            )
            .await
    }

    /// Takes a booking off these hosts' count: it was cancelled, or given to another.
    pub async fn gave_turn_back(&mut self, of: &EventType, hosts: &[Id<User>]) -> Result<()> {
        self.tx
            .run(
                sql("UPDATE host_turns SET booked = booked - 1
                     WHERE organization_id = $1 AND event_type_id = $2 AND booked > 0 AND user_id IN ($*)")
                .bind(of.organization)
                .bind(of.id)
                .bind_list(hosts.iter().copied()),
            )
            .await
            .map(drop)
    }
}
