//! Schedules, absences and stays elsewhere.

mod view;

pub use self::view::{Away, AwayRow, ScheduleDraft, ScheduleView, Stay, StayRow};
