//! Our own events on the server: marked as ours, looked for before they are written, never twice (EWS-10, ALL-07).

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, prelude::BASE64_STANDARD_NO_PAD};
use jiff::Timestamp;
use kalends_app::kind::calendar::{Draft, Written};
use kalends_app::{Error, Kind, RemoteId};
use kalends_domain::{Zone, event_type::Visibility};
use vendor_microsoft::category;
use vendor_xml::escaped;

use crate::items::{self, DIGEST, Item, REVISION, SHAPE, UID, utc};
use crate::session::Session;
use crate::soap::{self, MESSAGES, TYPES};

/// Exchange sends nobody anything: the mails are ours.
const QUIETLY: &str = "SendToNone";

/// Writes a new event, unless it is there.
pub(crate) async fn create(session: &Session<'_>, into: &RemoteId, draft: &Draft) -> Result<Written, Error> {
    // Nothing on this wire refuses a second event of the same name, so we look first.
    if let Some(there) = look(session, into, &draft.uid).await? {
        return compared(
            &there,
            draft,
            Error::new(Kind::Conflict, "the calendar has this booking with other words"),
        );
    }
    let fields = Fields::of(draft)?;
    let body = format!(
        r#"<m:CreateItem SendMeetingInvitations="{QUIETLY}"><m:SavedItemFolderId>{}</m:SavedItemFolderId><m:Items><t:CalendarItem>{}</t:CalendarItem></m:Items></m:CreateItem>"#,
        items::folder_id(into.as_str()),
        fields.new_item(),
    );
    written(&session.change("CreateItem", &body).await?)
}

/// Makes an event of ours say this instead, unless somebody changed it since.
pub(crate) async fn update(session: &Session<'_>, old: &Written, draft: &Draft) -> Result<Written, Error> {
    let fields = Fields::of(draft)?;
    let (key, resolution) = match &old.etag {
        Some(key) => (format!(r#" ChangeKey="{}""#, escaped(key)), "NeverOverwrite"),
        None => (String::new(), "AlwaysOverwrite"),
    };
    let body = format!(
        r#"<m:UpdateItem ConflictResolution="{resolution}" SendMeetingInvitationsOrCancellations="{QUIETLY}"><m:ItemChanges><t:ItemChange><t:ItemId Id="{}"{key}/><t:Updates>{}</t:Updates></t:ItemChange></m:ItemChanges></m:UpdateItem>"#,
        escaped(old.id.as_str()),
        fields.changes(),
    );
    match session.change("UpdateItem", &body).await {
        Ok(answer) => written(&answer),
        Err(error) if error.kind == Kind::Conflict => compared(&get(session, &old.id).await?, draft, error),
        Err(error) => Err(error),
    }
}

/// Puts an event of ours into the bin, whatever became of it.
pub(crate) async fn delete(session: &Session<'_>, old: &Written) -> Result<(), Error> {
    let body = format!(
        r#"<m:DeleteItem DeleteType="MoveToDeletedItems" SendMeetingCancellations="{QUIETLY}"><m:ItemIds><t:ItemId Id="{}"/></m:ItemIds></m:DeleteItem>"#,
        escaped(old.id.as_str())
    );
    soap::message(&session.settle("DeleteItem", &body).await?).map(|_| ())
}

/// Looks for our event by our own mark.
pub(crate) async fn find(
    session: &Session<'_>,
    into: &RemoteId,
    uid: &str,
) -> Result<Option<Written>, Error> {
    Ok(look(session, into, uid).await?.map(|item| known(&item)))
}

async fn look(session: &Session<'_>, into: &RemoteId, uid: &str) -> Result<Option<Item>, Error> {
    let body = format!(
        r#"<m:FindItem Traversal="Shallow">{SHAPE}<m:IndexedPageItemView MaxEntriesReturned="10" Offset="0" BasePoint="Beginning"/><m:Restriction><t:IsEqualTo>{}<t:FieldURIOrConstant><t:Constant Value="{}"/></t:FieldURIOrConstant></t:IsEqualTo></m:Restriction><m:ParentFolderIds>{}</m:ParentFolderIds></m:FindItem>"#,
        mark(UID, "String"),
        escaped(uid),
        items::folder_id(into.as_str()),
    );
    let answer = session.ask("FindItem", &body).await?;
    let root =
        soap::message(&answer)?.child(MESSAGES, "RootFolder").ok_or_else(|| soap::lacking("the events"))?;
    let owner = items::owner(session);
    let found = items::events(root).map(|item| Item::read(item, &owner)).collect::<Result<Vec<_>, _>>()?;
    // Servers compare texts without regard to case; our uids differ by it.
    Ok(found.into_iter().find(|item| item.booking.as_deref() == Some(uid)))
}

async fn get(session: &Session<'_>, id: &RemoteId) -> Result<Item, Error> {
    let body = format!(
        r#"<m:GetItem>{SHAPE}<m:ItemIds><t:ItemId Id="{}"/></m:ItemIds></m:GetItem>"#,
        escaped(id.as_str())
    );
    let answer = session.ask("GetItem", &body).await?;
    let item = items::events(soap::message(&answer)?).next().ok_or_else(|| soap::lacking("the event"))?;
    Item::read(item, &items::owner(session))
}

/// After a refusal: is what stands there what we meant to write? Then it was our own earlier try.
fn compared(there: &Item, draft: &Draft, refusal: Error) -> Result<Written, Error> {
    if there.digest.as_deref() == Some(said(draft)?.as_str()) && there.span == draft.span {
        Ok(known(there))
    } else {
        Err(refusal)
    }
}

fn known(item: &Item) -> Written {
    Written { id: RemoteId::new(&item.id), etag: item.change_key.clone() }
}

fn written(answer: &vendor_xml::Element) -> Result<Written, Error> {
    let item = items::events(soap::message(answer)?).next();
    let id =
        item.and_then(|item| item.child(TYPES, "ItemId")).ok_or_else(|| soap::lacking("the event's id"))?;
    let text = |name| id.attribute(name).map(ToOwned::to_owned);
    Ok(Written {
        id: RemoteId::new(text("Id").ok_or_else(|| soap::lacking("the event's id"))?),
        etag: text("ChangeKey"),
    })
}

/// All a draft says but for when it was said.
fn said(draft: &Draft) -> Result<String, Error> {
    let text = serde_json::to_vec(&Draft { stamp: Timestamp::UNIX_EPOCH, ..draft.clone() })
        .map_err(|error| Error::new(Kind::Invalid, format!("the event cannot be written: {error}")))?;
    Ok(BASE64_STANDARD_NO_PAD.encode(digest(&SHA256, &text)))
}

fn mark(name: &str, kind: &str) -> String {
    format!(
        r#"<t:ExtendedFieldURI DistinguishedPropertySetId="PublicStrings" PropertyName="{name}" PropertyType="{kind}"/>"#
    )
}

/// A draft as properties, in the order the schema wants them.
struct Fields {
    uid: String,
    /// Property, and its element; `None` takes it away.
    plain: Vec<(&'static str, Option<String>)>,
    /// What the event type says of how it is shown.
    wishes: Vec<(&'static str, Option<String>)>,
    marks: Vec<(String, String)>,
}

impl Fields {
    fn of(draft: &Draft) -> Result<Self, Error> {
        let zone = Zone::parse(&draft.zone).map_err(|error| Error::new(Kind::Invalid, error.to_string()))?;
        // Windows knows fewer zones; the time is right without one, only a change of rules would not be followed.
        let zone = zone.to_windows().unwrap_or("UTC");
        let element = |name: &str, text: &str| Some(format!("<t:{name}>{}</t:{name}>", escaped(text)));
        let line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let marked = |name, kind, value: &str| {
            let uri = mark(name, kind);
            let property = format!(
                "<t:ExtendedProperty>{uri}<t:Value>{}</t:Value></t:ExtendedProperty>",
                escaped(value)
            );
            (uri, property)
        };
        let shown = &draft.shown;
        let sensitivity = if shown.visibility == Visibility::Private { "Private" } else { "Normal" };
        let mut wishes = Vec::new();
        // Without a wish of ours its owner's categories and reminder stay.
        if let Some(colour) = shown.colour {
            let category = format!("<t:String>{}</t:String>", category(colour));
            wishes.push(("item:Categories", Some(format!("<t:Categories>{category}</t:Categories>"))));
        }
        if let Some(reminders) = shown.nearest(1) {
            let on = if reminders.is_empty() { "false" } else { "true" };
            wishes.push(("item:ReminderIsSet", element("ReminderIsSet", on)));
            if let Some(minutes) = reminders.first() {
                let minutes = element("ReminderMinutesBeforeStart", &minutes.to_string());
                wishes.push(("item:ReminderMinutesBeforeStart", minutes));
            }
        }
        Ok(Self {
            wishes,
            uid: format!("<t:UID>{}</t:UID>", escaped(&draft.uid)),
            plain: vec![
                ("item:Subject", element("Subject", &line(&draft.title))),
                ("item:Sensitivity", element("Sensitivity", sensitivity)),
                ("item:Body", Some(format!(r#"<t:Body BodyType="Text">{}</t:Body>"#, escaped(&text(draft))))),
                ("calendar:Start", element("Start", &utc(draft.span.start))),
                ("calendar:End", element("End", &utc(draft.span.end))),
                ("calendar:LegacyFreeBusyStatus", element("LegacyFreeBusyStatus", "Busy")),
                (
                    "calendar:Location",
                    draft.location.as_deref().and_then(|place| element("Location", &line(place))),
                ),
                ("calendar:StartTimeZone", Some(format!(r#"<t:StartTimeZone Id="{zone}"/>"#))),
                ("calendar:EndTimeZone", Some(format!(r#"<t:EndTimeZone Id="{zone}"/>"#))),
            ],
            marks: vec![
                marked(UID, "String", &draft.uid),
                marked(REVISION, "Integer", &i32::try_from(draft.sequence).unwrap_or(i32::MAX).to_string()),
                marked(DIGEST, "String", &said(draft)?),
            ],
        })
    }

    /// The inside of a new event. Wishes and marks stand behind the text, the uid behind the marks.
    fn new_item(&self) -> String {
        let (text, times) = self.plain.split_at(3);
        let marks = self.marks.iter().map(|(_, property)| property.as_str());
        text.iter()
            .chain(&self.wishes)
            .filter_map(|(_, element)| element.as_deref())
            .chain(marks)
            .chain([self.uid.as_str()])
            .chain(times.iter().filter_map(|(_, element)| element.as_deref()))
            .collect()
    }

    /// The changes that make an event say this.
    fn changes(&self) -> String {
        let set = |uri: &str, element: &str| {
            format!("<t:SetItemField>{uri}<t:CalendarItem>{element}</t:CalendarItem></t:SetItemField>")
        };
        let plain = self.plain.iter().chain(&self.wishes).map(|(name, element)| {
            let uri = format!(r#"<t:FieldURI FieldURI="{name}"/>"#);
            element.as_ref().map_or_else(
                || format!("<t:DeleteItemField>{uri}</t:DeleteItemField>"),
                |element| set(&uri, element),
            )
        });
        plain.chain(self.marks.iter().map(|(uri, property)| set(uri, property))).collect::<Vec<_>>().concat()
    }
}

/// The event's text. Guests stand here and not among its attendees, whom Exchange would want to invite itself.
fn text(draft: &Draft) -> String {
    let mut parts = vec![draft.description.clone()];
    let guests: Vec<String> = draft
        .attendees
        .iter()
        .map(|attendee| format!("{} <{}>", attendee.person.name, attendee.person.email).trim().to_owned())
        .collect();
    parts.push(guests.join("\n"));
    parts.extend(draft.url.clone());
    parts.retain(|part| !part.trim().is_empty());
    parts.join("\n\n")
}
