//! Rooms that are left over.

use jiff::Timestamp;
use kalends_domain::{Id, Uid};

use super::{Installation, Reference, References, SELECT, reference};
use crate::{Result, Sql, sql};

/// So many rows are asked for by id at once.
const PAGE: usize = 500;

impl References<'_> {
    /// Rooms that nothing follows any more although they should be gone: their booking does not take place, or taking them away
    /// was given up. Those touched since `before` are left in peace.
    pub async fn left_over(&mut self, before: Timestamp, most: u32) -> Result<Vec<Reference>> {
        let query = Sql::built(format!(
            "{SELECT} r WHERE kind = 'conferencing' AND updated_at < $1 AND external_id IS NOT NULL
                AND ((NOT desired_present AND status = 'given_up')
                    OR (desired_present AND NOT EXISTS (SELECT 1 FROM bookings b
                        WHERE b.organization_id = r.organization_id AND b.id = r.booking_id AND b.status = 'confirmed')))
             ORDER BY updated_at LIMIT $2"
        ));
        self.tx.rows(query.bind(before).bind(most)).await?.iter().map(reference).collect()
    }

    /// The rooms of an account whose bookings end after this instant, each with its booking's uid, there or gone.
    pub async fn rooms_of(
        &mut self,
        of: &Installation,
        ending_after: Timestamp,
    ) -> Result<Vec<(Uid, Reference)>> {
        let query = sql("SELECT b.uid AS booking_uid, r.id AS reference_id FROM booking_references r
             JOIN bookings b ON b.organization_id = r.organization_id AND b.id = r.booking_id
             WHERE r.organization_id = $1 AND r.installation_id = $2 AND r.kind = 'conferencing' AND b.ends > $3");
        let query = query.bind(of.organization).bind(of.id).bind(ending_after.as_second());
        let uids: Vec<(Uid, Id<Reference>)> = self
            .tx
            .rows(query)
            .await?
            .iter()
            .map(|row| Ok((row.get("booking_uid")?, row.get("reference_id")?)))
            .collect::<Result<_>>()?;
        let mut all = Vec::with_capacity(uids.len());
        for page in uids.chunks(PAGE) {
            let query = Sql::built(format!("{SELECT} WHERE organization_id = $1 AND id IN ($*)"))
                .bind(of.organization);
            let rows = self.tx.rows(query.bind_list(page.iter().map(|(_, id)| *id))).await?;
            for row in &rows {
                let row = reference(row)?;
                let uid = page.iter().find(|(_, id)| *id == row.id).map(|(uid, _)| uid.clone());
                all.extend(uid.map(|uid| (uid, row)));
            }
        }
        Ok(all)
    }
}
