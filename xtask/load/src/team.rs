//! Many busy hosts at once, put straight into the database: over the API it would take an hour.

use anyhow::{Context, Result};
use jiff::Timestamp;
use kalends_domain::availability::{Schedule, WallTime, Weekday, WeeklyHours};
use kalends_domain::event_type::{Assignment, BookingWindow, EventType, Host, Owner, Settings};
use kalends_domain::people::{Profile, Role, Slug, User};
use kalends_domain::{Span, Zone};
use kalends_store::repo::{Ask, Claimed, StoredSchedule};
use kalends_store::{Error, Tx};

use crate::database;

/// So many hosts in turn, each with so many blocks spread over the days; the event type's number.
pub async fn make(url: &str, hosts: usize, blocks: usize, from: Timestamp, days: i64) -> Result<i64> {
    let db = database::open(url).await?;
    let number = db
        .write(move |tx| {
            Box::pin(async move { made(tx, hosts, blocks, from.as_second(), days * 86_400).await })
        })
        .await
        .context("the team")?;
    db.close().await;
    Ok(number)
}

async fn made(tx: &mut Tx, hosts: usize, blocks: usize, from: i64, within: i64) -> Result<i64, Error> {
    let refused = |error: &dyn std::fmt::Display| Error::Refused(error.to_string());
    let slug = |text: &str| Slug::parse(text).map_err(|error| refused(&error));
    let organization = tx.people().organizations().await?.into_iter().next();
    let organization = organization.ok_or(Error::Missing("organization"))?.id;
    let zone = Zone::parse("Europe/Berlin").map_err(|error| refused(&error))?;
    let at = |hour: u16| WallTime::from_minutes(hour * 60).ok_or(Error::Missing("hour"));
    let days =
        Weekday::ALL.into_iter().filter(|day| !matches!(day, Weekday::Saturday | Weekday::Sunday)).collect();
    let hours = Schedule::new(zone, vec![WeeklyHours { days, start: at(9)?, end: at(17)? }], vec![]);
    let hours = hours.map_err(|error| refused(&error))?;
    let mut users = Vec::with_capacity(hosts);
    for number in 0..hosts {
        let (id, schedule) = (tx.ids().id::<User>(), tx.ids().id());
        let user = User {
            id,
            number: tx.ids().number(),
            organization,
            email: format!("team{number}@example.com"),
            email_verified_at: None,
            name: format!("Team {number}"),
            username: slug(&format!("team-{number}"))?,
            role: Role::Member,
            profile: Profile::default(),
            default_schedule: None,
            disabled_at: None,
            created_at: tx.now(),
        };
        tx.people().add(&user).await?;
        let row = StoredSchedule {
            id: schedule,
            number: tx.ids().number(),
            organization,
            user: id,
            name: "Office".to_owned(),
            hours: hours.clone(),
        };
        tx.schedules().add(&row).await?;
        tx.people().save(&User { default_schedule: Some(schedule), ..user }).await?;
        let step = within / i64::try_from(blocks.max(1)).unwrap_or(1);
        let mut asks = Vec::with_capacity(blocks);
        for block in 0..blocks {
            let start =
                from + i64::try_from(block).unwrap_or(0) * step + i64::try_from(number).unwrap_or(0) * 60;
            // Below four days' length and apart from each other, as bookings are.
            let span = Span::new(start, start + (step / 3).max(60));
            asks.push(Ask::booking(organization, tx.ids().id(), &[id], span));
        }
        for some in asks.chunks(50) {
            if tx.claims().take_all(some).await? != Claimed::Made {
                return Err(Error::Refused("the blocks overlap".into()));
            }
        }
        users.push(id);
    }
    let first = *users.first().ok_or(Error::Missing("host"))?;
    let host = |user| Host { user, fixed: false, priority: 2, weight: 100, schedule: None };
    let mut settings =
        Settings { notice: 0, window: BookingWindow::Days { days: 90 }, ..Settings::default() };
    settings.lengths.usual = 30;
    let event_type = EventType {
        id: tx.ids().id(),
        number: tx.ids().number(),
        organization,
        owner: Owner::User(first),
        slug: slug("with-whom")?,
        title: "With whoever is free".to_owned(),
        description: String::new(),
        hidden: false,
        position: 0,
        schedule: None,
        assignment: Assignment::RoundRobin,
        hosts: users.into_iter().map(host).collect(),
        settings,
    };
    tx.event_types().add(&event_type).await?;
    Ok(event_type.number)
}
