//! What calendars are busy with, as we know it: the copies answer, nobody outside is asked.

use kalends_domain::{Id, Span};
use kalends_store::repo::Calendar;

use crate::{
    Engine, Member, Trouble,
    index::{Purpose, source_of},
};

/// One busy time of a calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CalendarBusy {
    /// When.
    pub span: Span,
    /// Of which calendar.
    pub calendar: Id<Calendar>,
}

impl Engine {
    /// The busy times of some of the asker's calendars, by start. A calendar that is not known well enough is busy all the
    /// time: unknown is never free (FB-09). One that does not block is not read, and none of its times are known.
    pub async fn calendar_busy(
        &self,
        asker: &Member,
        of: &[Id<Calendar>],
        window: Span,
    ) -> Result<Vec<CalendarBusy>, Trouble> {
        let times = self.memory.times(&[asker.user], window, Purpose::Page).await?;
        let now = self.now().as_second();
        let mut found = Vec::new();
        for time in &times {
            for calendar in of {
                let source = source_of(*calendar);
                let Some(trust) = time.habits.calendars.iter().find(|one| one.source == source) else {
                    continue;
                };
                if !trust.trusted(now) {
                    found.push(CalendarBusy { span: window, calendar: *calendar });
                    continue;
                }
                let own = time.blocks.rows().iter().filter(|block| block.source == source);
                found.extend(own.filter_map(|block| {
                    let span = Span::new(block.span.start.max(window.start), block.span.end.min(window.end));
                    (!span.is_empty()).then_some(CalendarBusy { span, calendar: *calendar })
                }));
            }
        }
        found.sort_unstable_by_key(|one| (one.span.start, one.span.end));
        Ok(found)
    }
}
