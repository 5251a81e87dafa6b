//! The room of a conferencing app, and the link it brings.

use jiff::SignedDuration;
use kalends_app::{
    AnyConference, Cx, Error, Kind,
    gateway::Patience,
    kind::conference::{Link, Meeting, Room, Rooms},
};
use kalends_domain::{booking::Booking, event_type::BookedLocation};
use kalends_store::repo::{Applied, Following, Reference};
use serde_json::{Value, json};

use super::{
    Trouble, allowance, draft,
    look::{self, Found},
    scene::{Scene, Tie},
    turn,
};
use crate::{Engine, notify};

/// How soon a link that is still being made is asked for again; each time twice as late.
const AGAIN: SignedDuration = SignedDuration::from_secs(2);

/// Brings the room to what is wanted, and its link into the booking.
pub(super) async fn follow(engine: &Engine, scene: &mut Scene, tie: &Tie) -> Result<(), Trouble> {
    let mut known = Known::of(tie);
    let calendar = scene.event_beside(tie).map(|event| event.place());
    let meeting = Meeting { calendar, ..draft::meeting(&scene.booking, &scene.hosts) };
    let print = draft::fingerprint(&meeting);
    let ready = known.room.as_ref().is_some_and(|room| room.link != Link::Pending);
    let same = tie.kept("print").and_then(Value::as_str) == Some(&print);
    if tie.row.desired_present {
        if ready && same && tie.row.is_settled() && look::times(&tie.row).is_none() {
            return Ok(());
        }
    } else if !is_known_there(engine, tie) || known.room.is_none() && !known.attempted {
        let settled = tie.row.following == Following::Done;
        return if settled { Ok(()) } else { save(engine, scene, tie, None, Marks::of(&print)).await };
    }
    let Some(installed) = &tie.installed else {
        return Err(Trouble::Parked("The account that makes the rooms is not connected any more.".into()));
    };
    let Some(part) = installed.app.conference() else {
        return Err(Trouble::Parked("This app makes no rooms any more.".into()));
    };
    if !installed.is_usable() {
        return Err(Trouble::Parked(installed.why_unusable()));
    }
    let cx = engine.cx(installed, Patience::Job).await?;
    if !tie.row.desired_present {
        unsettle_event(engine, scene, tie).await?;
        let answer = close(part.as_ref(), &cx, &known, &meeting).await;
        engine.heard(installed, &answer).await;
        answer?;
        return save(engine, scene, tie, None, Marks::of(&print)).await;
    }
    let mut marks = Marks { print: &print, set_right: if same { look::set_right(tie) } else { 0 } };
    if let (true, true, Some(_), Some(room)) = (ready, same, look::times(&tie.row), &known.room) {
        if part.can().told {
            let answer = look::look(part.as_ref(), &cx, tie, room, &meeting).await;
            engine.heard(installed, &answer).await;
            match answer.map_err(Trouble::Unseen)? {
                Found::Stands(room) => return save(engine, scene, tie, Some(room), marks).await,
                Found::Differs => marks.set_right += 1,
                Found::Gone => known = Known::default(),
            }
        } else {
            // Whatever was said of it: its tag finds it, if it is there.
            known.room = None;
        }
    }
    allowance::take(engine, installed, scene.booking.host).await?;
    let answer = open(part.as_ref(), &cx, &known, &meeting).await;
    allowance::settle(engine, installed, scene.booking.host, &answer).await?;
    engine.heard(installed, &answer).await;
    let room = answer?;
    let pending = room.link == Link::Pending;
    save(engine, scene, tie, Some(room), marks).await?;
    if pending {
        let later = AGAIN * (1 << tie.row.tries.min(8));
        let at = engine.now().checked_add(later).unwrap_or(jiff::Timestamp::MAX);
        return Err(Trouble::Pending(at, "The link is still being made."));
    }
    Ok(())
}

/// False for rooms that are links and exist nowhere: nobody has to be told that one is not wanted any more.
fn is_known_there(engine: &Engine, tie: &Tie) -> bool {
    let part = engine.outside.app(&tie.row.wanted.app).and_then(kalends_app::App::conference);
    part.is_none_or(|part| part.can().rooms != Rooms::Links)
}

/// What we remember of a room.
#[derive(Default)]
struct Known {
    /// As it was answered last.
    room: Option<Room>,
    /// One was begun before, perhaps by a worker that died: it may stand there without our knowing.
    attempted: bool,
}

impl Known {
    fn of(tie: &Tie) -> Self {
        let room = tie.kept("room").and_then(|room| serde_json::from_value(room.clone()).ok());
        Self { room, attempted: tie.row.external_id.is_some() }
    }

    /// The room, looked for where its answer was lost (ALL-07).
    async fn look(
        &self,
        part: &dyn AnyConference,
        cx: &Cx,
        meeting: &Meeting,
    ) -> Result<Option<Room>, Error> {
        match &self.room {
            Some(room) => Ok(Some(room.clone())),
            None if self.attempted => part.find(cx, meeting).await,
            None => Ok(None),
        }
    }
}

/// A room there was is kept, with its link; one that is gone over there is made anew.
async fn open(part: &dyn AnyConference, cx: &Cx, known: &Known, meeting: &Meeting) -> Result<Room, Error> {
    if let Some(room) = known.look(part, cx, meeting).await? {
        match part.update(cx, &room, meeting).await {
            Err(error) if error.is_missing() => {}
            answer => return answer,
        }
    }
    match part.open(cx, meeting).await {
        // Lists lag behind: what is not found now is looked for again before the next try, which comes later.
        Err(error) if error.kind == Kind::UnknownOutcome => match part.find(cx, meeting).await? {
            Some(room) => part.update(cx, &room, meeting).await,
            None => Err(error),
        },
        answer => answer,
    }
}

/// The room is gone, also one that was made without our knowing, and one that was gone before.
async fn close(part: &dyn AnyConference, cx: &Cx, known: &Known, meeting: &Meeting) -> Result<(), Error> {
    let Some(room) = known.look(part, cx, meeting).await? else { return Ok(()) };
    match part.close(cx, &room).await {
        Err(error) if error.is_missing() => Ok(()),
        answer => answer,
    }
}

/// The event in which a room stood may go with it: from here on it is not known to stand as it was written.
async fn unsettle_event(engine: &Engine, scene: &mut Scene, tie: &Tie) -> kalends_store::Result<()> {
    let Some(event) = scene.event_beside(tie) else { return Ok(()) };
    event.row.detail = json!({});
    let row = event.row.clone();
    engine
        .db
        .write(move |tx| {
            let row = row.clone();
            Box::pin(async move { tx.references().keep(&row, &row.detail).await })
        })
        .await
}

/// Writes down since when the app has had trouble.
pub(super) async fn troubled(engine: &Engine, tie: &Tie) -> kalends_store::Result<()> {
    if turn::since(tie).is_some() {
        return Ok(());
    }
    let (row, detail) = (tie.row.clone(), turn::troubled(tie, engine.now()));
    engine
        .db
        .write(move |tx| {
            let (row, detail) = (row.clone(), detail.clone());
            Box::pin(async move { tx.references().keep(&row, &detail).await })
        })
        .await
}

/// The app has lost its turn: the plan that follows wants its room gone. A link of it that guests have is taken out of the
/// booking, since it will not work.
pub(super) async fn pass(engine: &Engine, scene: &Scene, tie: &Tie, why: &str) -> kalends_store::Result<()> {
    let detail = turn::passed(tie, &scene.booking, why);
    let (row, uid, why) = (tie.row.clone(), scene.booking.uid.clone(), why.to_owned());
    engine
        .db
        .write(move |tx| {
            let (row, uid, detail, why) = (row.clone(), uid.clone(), detail.clone(), why.clone());
            Box::pin(async move {
                tx.references().failed(&row, &why, None).await?;
                tx.references().keep(&row, &detail).await?;
                let Some(mut booking) = tx.bookings().lock(&uid).await? else { return Ok(()) };
                if booking.location.made_by() == Some(&row.wanted.app)
                    && let BookedLocation::App { url, password, .. } = &mut booking.location
                    && url.take().is_some()
                {
                    *password = None;
                    tx.bookings().save(&booking, booking.revision).await?;
                }
                Ok(())
            })
        })
        .await
}

/// Writes down the room, and its link into the booking, in one transaction; who was promised the link is told.
async fn save(
    engine: &Engine,
    scene: &mut Scene,
    tie: &Tie,
    room: Option<Room>,
    marks: Marks<'_>,
) -> Result<(), Trouble> {
    let url = room.as_ref().and_then(|room| match &room.link {
        Link::Ready(url) => Some(url.clone()),
        Link::AtDoor => Some(engine.outside.links().join(&scene.booking.uid)),
        Link::Pending => None,
    });
    let password = room.as_ref().and_then(|room| room.password.clone());
    let applied = Applied {
        revision: scene.booking.revision,
        present: room.is_some(),
        external_id: room.as_ref().map(|room| room.id.to_string()),
        external_url: url.clone(),
        etag: None,
        detail: detail(tie, room.as_ref(), marks),
    };
    let (row, uid) = (tie.row.clone(), scene.booking.uid.clone());
    let there = engine
        .db
        .write(move |tx| {
            let (row, uid, applied) = (row.clone(), uid.clone(), applied.clone());
            let (url, password) = (url.clone(), password.clone());
            Box::pin(async move {
                // Whoever says something while we write is heard by the next run.
                let said =
                    tx.references().get(row.id).await?.filter(|now| look::times(now) > look::times(&row));
                tx.references().applied(&row, &applied).await?;
                if said.is_some() {
                    let applied = Reference { detail: applied.detail.clone(), ..row.clone() };
                    tx.references().look_again(&row, &look::told(&applied)).await?;
                }
                let Some(booking) = tx.bookings().lock(&uid).await? else { return Ok(None) };
                if !applied.present {
                    return Ok(None);
                }
                let Some(booking) = with_room(booking, &row.wanted.app, url.as_deref(), password) else {
                    return Ok(None);
                };
                tx.bookings().save(&booking, booking.revision).await?;
                if let Some(url) = url {
                    notify::link_ready(tx, &booking, &url).await?;
                }
                Ok::<_, kalends_store::Error>(Some(booking.location))
            })
        })
        .await?;
    if let Some(location) = there {
        scene.booking.location = location;
    }
    Ok(())
}

/// What is kept beside a room.
#[derive(Clone, Copy)]
struct Marks<'a> {
    /// Of the meeting it was written for.
    print: &'a str,
    /// So often it was set right at this print.
    set_right: u64,
}

impl<'a> Marks<'a> {
    const fn of(print: &'a str) -> Self {
        Self { print, set_right: 0 }
    }
}

/// What is kept with the tie: of a room that is there everything, of one that is gone why its app was passed over, and of one
/// in the making since when it is.
fn detail(tie: &Tie, room: Option<&Room>, Marks { print, set_right }: Marks<'_>) -> Value {
    match (room, tie.kept("passed"), tie.kept("trouble_since")) {
        (Some(room), _, Some(since)) if room.link == Link::Pending => {
            json!({ "room": room, "print": print, "trouble_since": since })
        }
        (Some(room), ..) if set_right > 0 => json!({ "room": room, "print": print, "set_right": set_right }),
        (Some(room), ..) => json!({ "room": room, "print": print }),
        (None, Some(passed), _) => json!({ "passed": passed }),
        (None, None, _) => json!({}),
    }
}

/// The booking with its room, and the link where there is one yet; none when it has both already, or takes place elsewhere
/// by now.
fn with_room(
    mut booking: Booking,
    made_by: &str,
    link: Option<&str>,
    typed: Option<String>,
) -> Option<Booking> {
    if !booking.location.apps().any(|app| app == made_by) {
        return None;
    }
    let before = booking.location.clone();
    if let BookedLocation::App { app, url, password, instead, .. } = &mut booking.location {
        *instead = (app != made_by).then(|| made_by.to_owned());
        if let Some(link) = link {
            *url = Some(link.to_owned());
            *password = typed;
        }
    }
    (booking.location != before).then_some(booking)
}
