//! The operations the fake knows, each strict about its request.

use kalends_app::fake::answer as reply;
use kalends_app::{Request, Response};
use kalends_domain::Span;
use vendor_xml::{Element, escaped};

use super::mailbox::{BIN, CALENDAR, Event, Folder, Mailbox};
use crate::items::{instant, utc};
use crate::soap::{ERRORS, MESSAGES, SOAP, TYPES};

/// What an operation tells, or which code it says no with.
type Told = Result<String, &'static str>;

/// The answer to an operation, as XML; an `Err` for what no client should ask.
pub(crate) fn perform(mailbox: &mut Mailbox, name: &str, asked: &Element) -> Result<String, String> {
    if name == "GetUserAvailability" {
        return availability(asked);
    }
    let told = match name {
        "GetFolder" => get_folder(mailbox, asked)?,
        "FindFolder" => vec![find_folder(mailbox, asked)?],
        "FindItem" => vec![find_item(mailbox, asked)?],
        "GetItem" => vec![get_item(mailbox, asked)?],
        "CreateItem" => vec![create_item(mailbox, asked)?],
        "UpdateItem" => vec![update_item(mailbox, asked)?],
        "DeleteItem" => vec![delete_item(mailbox, asked)?],
        "SyncFolderItems" => vec![sync(mailbox, asked)?],
        _ => return Err(format!("the operation {name}")),
    };
    let messages: Vec<String> = told.iter().map(|told| message(name, told)).collect();
    Ok(format!(
        "<m:{name}Response><m:ResponseMessages>{}</m:ResponseMessages></m:{name}Response>",
        messages.concat()
    ))
}

fn message(name: &str, told: &Told) -> String {
    match told {
        Ok(inside) => format!(
            r#"<m:{name}ResponseMessage ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode>{inside}</m:{name}ResponseMessage>"#
        ),
        Err(code) => format!(
            r#"<m:{name}ResponseMessage ResponseClass="Error"><m:MessageText>It is not possible.</m:MessageText><m:ResponseCode>{code}</m:ResponseCode><m:DescriptiveLinkKey>0</m:DescriptiveLinkKey></m:{name}ResponseMessage>"#
        ),
    }
}

pub(crate) fn enveloped(inside: &str) -> String {
    format!(
        r#"<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="{SOAP}"><s:Header><h:ServerVersionInfo MajorVersion="15" MinorVersion="2" xmlns:h="{TYPES}"/></s:Header><s:Body xmlns:m="{MESSAGES}" xmlns:t="{TYPES}">{inside}</s:Body></s:Envelope>"#
    )
}

/// A server that does not know the version asked for (EWS-02).
pub(crate) fn too_new(request: &Request) -> Response {
    let fault = format!(
        r#"<s:Fault><faultcode xmlns:a="{TYPES}">a:ErrorInvalidServerVersion</faultcode><faultstring>The specified server version is invalid.</faultstring><detail><e:ResponseCode xmlns:e="{ERRORS}">ErrorInvalidServerVersion</e:ResponseCode></detail></s:Fault>"#
    );
    reply(request, 500, &[("content-type", "text/xml; charset=utf-8")], enveloped(&fault))
}

fn get_folder(mailbox: &Mailbox, asked: &Element) -> Result<Vec<Told>, String> {
    let ids = asked.child(MESSAGES, "FolderIds").ok_or("a GetFolder without FolderIds")?;
    let one = |of: &Element| match (of.name.as_str(), of.attribute("Id")) {
        ("DistinguishedFolderId", Some("calendar")) => {
            Ok(Ok(format!("<m:Folders>{}</m:Folders>", folder(CALENDAR, &mailbox.folders[CALENDAR]))))
        }
        ("DistinguishedFolderId", Some("deleteditems")) => Ok(Ok(format!(
            r#"<m:Folders><t:Folder><t:FolderId Id="{BIN}" ChangeKey="AQ=="/><t:DisplayName>Deleted Items</t:DisplayName></t:Folder></m:Folders>"#
        ))),
        (name, id) => Err(format!("the folder {name} {id:?}")),
    };
    ids.children.iter().map(one).collect()
}

fn find_folder(mailbox: &Mailbox, asked: &Element) -> Result<Told, String> {
    if asked.attribute("Traversal") != Some("Deep") {
        return Err("a look for calendars that leaves out those inside others".into());
    }
    let wanted = asked
        .child(MESSAGES, "Restriction")
        .and_then(|restriction| restriction.child(TYPES, "IsEqualTo")?.child(TYPES, "FieldURIOrConstant"))
        .and_then(|constant| constant.child(TYPES, "Constant")?.attribute("Value"));
    if wanted != Some("IPF.Appointment") {
        return Err("a look for folders of any kind".into());
    }
    let all: Vec<String> = mailbox.folders.iter().map(|(id, of)| folder(id, of)).collect();
    Ok(Ok(format!(
        r#"<m:RootFolder TotalItemsInView="{}" IncludesLastItemInRange="true"><t:Folders>{}</t:Folders></m:RootFolder>"#,
        all.len(),
        all.concat()
    )))
}

fn folder(id: &str, of: &Folder) -> String {
    format!(
        r#"<t:CalendarFolder><t:FolderId Id="{id}" ChangeKey="AQ=="/><t:ParentFolderId Id="{}" ChangeKey="AQ=="/><t:DisplayName>{}</t:DisplayName><t:EffectiveRights><t:CreateAssociated>true</t:CreateAssociated><t:CreateContents>{}</t:CreateContents><t:Read>true</t:Read></t:EffectiveRights></t:CalendarFolder>"#,
        of.parent, of.name, of.writable
    )
}

fn find_item(mailbox: &Mailbox, asked: &Element) -> Result<Told, String> {
    let shape = Shape::of(asked)?;
    let Some(of) = named_folder(mailbox, asked.child(MESSAGES, "ParentFolderIds"))? else {
        return Ok(Err("ErrorFolderNotFound"));
    };
    if let Some(view) = asked.child(MESSAGES, "CalendarView") {
        return Ok(Ok(in_view(of, view, &shape)?));
    }
    let equal = asked
        .child(MESSAGES, "Restriction")
        .and_then(|restriction| restriction.child(TYPES, "IsEqualTo"))
        .ok_or("a search without a view or a restriction")?;
    let name = equal.child(TYPES, "ExtendedFieldURI").and_then(|uri| uri.attribute("PropertyName"));
    let name = name.ok_or("a restriction on something else than a mark")?;
    let value = equal
        .child(TYPES, "FieldURIOrConstant")
        .and_then(|constant| constant.child(TYPES, "Constant")?.attribute("Value"))
        .ok_or("a restriction to nothing")?;
    // As the real one, without regard to case.
    let fits = |event: &Event| event.marks.get(name).is_some_and(|mark| mark.eq_ignore_ascii_case(value));
    let found: String = of
        .events
        .iter()
        .filter(|(_, event)| fits(event))
        .map(|(id, event)| shape.item(id, event, None))
        .collect();
    Ok(Ok(root(&found, true)))
}

fn in_view(of: &Folder, view: &Element, shape: &Shape) -> Result<String, String> {
    let at = |name| view.attribute(name).and_then(instant).ok_or_else(|| format!("a view without {name}"));
    let window = Span::new(at("StartDate")?, at("EndDate")?);
    if window.end - window.start > 2 * 366 * 86_400 {
        return Err("a view of more than two years".into());
    }
    let most: usize = view
        .attribute("MaxEntriesReturned")
        .and_then(|text| text.parse().ok())
        .ok_or("a view without end")?;
    let mut found: Vec<(Span, String)> = Vec::new();
    for (id, event) in &of.events {
        let takes = if event.series.is_empty() { std::slice::from_ref(&event.span) } else { &event.series };
        for (n, span) in
            (0..).zip(takes).filter(|(_, span)| span.start < window.end && span.end > window.start)
        {
            let occurrence = (!event.series.is_empty()).then_some((n, *span));
            found.push((*span, shape.item(id, event, occurrence)));
        }
    }
    found.sort();
    let last = found.len() <= most;
    let inside: Vec<String> = found.into_iter().take(most).map(|(_, item)| item).collect();
    Ok(root(&inside.concat(), last))
}

fn root(items: &str, last: bool) -> String {
    format!(r#"<m:RootFolder IncludesLastItemInRange="{last}"><t:Items>{items}</t:Items></m:RootFolder>"#)
}

fn named_folder<'a>(mailbox: &'a Mailbox, list: Option<&Element>) -> Result<Option<&'a Folder>, String> {
    let id = list.and_then(|list| list.child(TYPES, "FolderId")?.attribute("Id")).ok_or("no folder")?;
    Ok(mailbox.folders.get(id))
}

fn item_id(of: Option<&Element>) -> Result<&Element, String> {
    of.and_then(|of| of.child(TYPES, "ItemId")).ok_or_else(|| "no item".to_owned())
}

fn get_item(mailbox: &mut Mailbox, asked: &Element) -> Result<Told, String> {
    let shape = Shape::of(asked)?;
    let id = item_id(asked.child(MESSAGES, "ItemIds"))?.attribute("Id").unwrap_or_default();
    let found = mailbox.holding(id).and_then(|folder| folder.events.get(id));
    Ok(found.map_or(Err("ErrorItemNotFound"), |event| {
        Ok(format!("<m:Items>{}</m:Items>", shape.item(id, event, None)))
    }))
}

fn create_item(mailbox: &mut Mailbox, asked: &Element) -> Result<Told, String> {
    if asked.attribute("SendMeetingInvitations") != Some("SendToNone") {
        return Err("an event that the server would invite people to, too".into());
    }
    let id = mailbox.id();
    let folder = asked
        .child(MESSAGES, "SavedItemFolderId")
        .and_then(|list| list.child(TYPES, "FolderId")?.attribute("Id"));
    let Some(folder) = mailbox.folders.get_mut(folder.unwrap_or(CALENDAR)) else {
        return Ok(Err("ErrorFolderNotFound"));
    };
    if !folder.writable {
        return Ok(Err("ErrorAccessDenied"));
    }
    let item = asked
        .child(MESSAGES, "Items")
        .and_then(|items| items.child(TYPES, "CalendarItem"))
        .ok_or("no event")?;
    let mut event = Event::default();
    item.children.iter().try_for_each(|property| take(&mut event, property))?;
    Ok(store(folder, &id, event))
}

fn store(folder: &mut Folder, id: &str, event: Event) -> Told {
    if event.span.end < event.span.start {
        return Err("ErrorCalendarEndDateIsEarlierThanStartDate");
    }
    folder.put(id, event);
    let key = folder.events[id].change_key();
    Ok(format!(
        r#"<m:Items><t:CalendarItem><t:ItemId Id="{id}" ChangeKey="{key}"/></t:CalendarItem></m:Items>"#
    ))
}

/// Puts one property into an event.
fn take(event: &mut Event, property: &Element) -> Result<(), String> {
    let text = property.text.clone();
    let when = || instant(text.trim()).ok_or_else(|| format!("the time {text}"));
    match property.name.as_str() {
        "Start" => event.span.start = when()?,
        "End" => event.span.end = when()?,
        "UID" => event.uid = text,
        "LegacyFreeBusyStatus" => event.status = text,
        "StartTimeZone" => property.attribute("Id").unwrap_or_default().clone_into(&mut event.zone),
        "EndTimeZone" => {}
        "ExtendedProperty" => {
            let uri = property.child(TYPES, "ExtendedFieldURI").ok_or("a mark without a name")?;
            let name = uri.attribute("PropertyName").ok_or("a mark without a name")?;
            if uri.attribute("DistinguishedPropertySetId") != Some("PublicStrings") {
                return Err("a mark outside of the public ones".into());
            }
            let value = property.child(TYPES, "Value").map(|value| value.text.clone()).unwrap_or_default();
            event.marks.insert(name.to_owned(), value);
        }
        "Categories" => {
            let first = property.child(TYPES, "String").map(|one| one.text.clone());
            event.texts.insert("Categories".to_owned(), first.ok_or("categories without one")?);
        }
        "ReminderIsSet" if !matches!(&*text, "true" | "false") => {
            return Err(format!("a reminder that is {text}"));
        }
        "ReminderMinutesBeforeStart" if text.parse::<u32>().is_err() => {
            return Err(format!("a reminder {text} minutes before"));
        }
        name @ ("Subject"
        | "Body"
        | "Location"
        | "Sensitivity"
        | "ReminderIsSet"
        | "ReminderMinutesBeforeStart") => {
            if name != "Body" && text.contains(['\n', '\r']) {
                return Err(format!("a {name} of several lines"));
            }
            event.texts.insert(name.to_owned(), text);
        }
        name => return Err(format!("the property {name}")),
    }
    Ok(())
}

fn update_item(mailbox: &mut Mailbox, asked: &Element) -> Result<Told, String> {
    if asked.attribute("SendMeetingInvitationsOrCancellations") != Some("SendToNone") {
        return Err("a change that the server would tell people, too".into());
    }
    let change = asked
        .child(MESSAGES, "ItemChanges")
        .and_then(|all| all.child(TYPES, "ItemChange"))
        .ok_or("no change")?;
    let id = item_id(Some(change))?;
    let (id, key) = (id.attribute("Id").unwrap_or_default(), id.attribute("ChangeKey"));
    let Some(folder) = mailbox.holding(id) else { return Ok(Err("ErrorItemNotFound")) };
    let mut event = folder.events[id].clone();
    match (asked.attribute("ConflictResolution"), key) {
        (Some("AlwaysOverwrite"), _) => {}
        (Some("NeverOverwrite"), Some(key)) if key == event.change_key() => {}
        (Some("NeverOverwrite"), Some(_)) => return Ok(Err("ErrorIrresolvableConflict")),
        (Some("NeverOverwrite"), None) => return Ok(Err("ErrorChangeKeyRequired")),
        (other, _) => return Err(format!("the conflict resolution {other:?}")),
    }
    for one in &change.child(TYPES, "Updates").ok_or("no updates")?.children {
        match (one.name.as_str(), one.child(TYPES, "CalendarItem").map(|item| item.children.as_slice())) {
            ("SetItemField", Some([property])) => take(&mut event, property)?,
            ("DeleteItemField", None) => {
                let field = one.child(TYPES, "FieldURI").and_then(|uri| uri.attribute("FieldURI"));
                let name = field.and_then(|field| field.rsplit(':').next()).ok_or("no field to delete")?;
                event.texts.remove(name);
            }
            (name, _) => return Err(format!("an update {name} that is not of one property")),
        }
    }
    Ok(store(folder, id, event))
}

fn delete_item(mailbox: &mut Mailbox, asked: &Element) -> Result<Told, String> {
    if asked.attribute("SendMeetingCancellations") != Some("SendToNone")
        || asked.attribute("DeleteType").is_none()
    {
        return Err("a deletion that the server would tell people, too".into());
    }
    let id = item_id(asked.child(MESSAGES, "ItemIds"))?.attribute("Id").unwrap_or_default();
    let Some(folder) = mailbox.holding(id) else { return Ok(Err("ErrorItemNotFound")) };
    folder.remove(id);
    Ok(Ok(String::new()))
}

fn sync(mailbox: &Mailbox, asked: &Element) -> Result<Told, String> {
    let shape = Shape::of(asked)?;
    let Some(of) = named_folder(mailbox, asked.child(MESSAGES, "SyncFolderId"))? else {
        return Ok(Err("ErrorSyncFolderNotFound"));
    };
    let most = asked
        .child(MESSAGES, "MaxChangesReturned")
        .and_then(Element::words)
        .and_then(|text| text.parse().ok());
    let most: usize =
        most.filter(|most| (1..=512).contains(most)).ok_or("more changes than the schema allows")?;
    let state = asked.child(MESSAGES, "SyncState").and_then(Element::words);
    let Some(page) = of.since(state, most) else {
        return Ok(Err("ErrorInvalidSyncStateData"));
    };
    let told: Vec<String> = page
        .changes
        .iter()
        .map(|id| match of.events.get(*id) {
            Some(event) => format!("<t:Create>{}</t:Create>", shape.item(id, event, None)),
            None => format!(r#"<t:Delete><t:ItemId Id="{id}" ChangeKey="AQ=="/></t:Delete>"#),
        })
        .collect();
    Ok(Ok(format!(
        "<m:SyncState>{}</m:SyncState><m:IncludesLastItemInRange>{}</m:IncludesLastItemInRange><m:Changes>{}</m:Changes>",
        Folder::state(page.to),
        page.last,
        told.concat()
    )))
}

/// Which properties were asked for.
struct Shape(Vec<String>);

impl Shape {
    fn of(asked: &Element) -> Result<Self, String> {
        let shape = asked.child(MESSAGES, "ItemShape").ok_or("no ItemShape")?;
        let more = shape
            .child(TYPES, "AdditionalProperties")
            .map(|more| more.children.as_slice())
            .unwrap_or_default();
        let name = |one: &Element| {
            one.attribute("FieldURI").or_else(|| one.attribute("PropertyName")).map(ToOwned::to_owned)
        };
        Ok(Self(more.iter().filter_map(name).collect()))
    }

    fn item(&self, id: &str, event: &Event, occurrence: Option<(u32, Span)>) -> String {
        let asks = |name: &str| self.0.iter().any(|asked| asked == name);
        let element = |name: &str, text: &str| {
            let shown = asks(&format!("calendar:{name}")) && !text.is_empty();
            if shown { format!("<t:{name}>{}</t:{name}>", escaped(text)) } else { String::new() }
        };
        let span = occurrence.map_or(event.span, |(_, span)| span);
        let kind = match occurrence {
            Some(_) => "Occurrence",
            None if event.series.is_empty() => "Single",
            None => "RecurringMaster",
        };
        let id = occurrence.map_or_else(|| id.to_owned(), |(n, _)| format!("{id}#{n}"));
        let marks: Vec<String> = event
            .marks
            .iter()
            .filter(|(name, _)| asks(name))
            .map(|(name, value)| format!(r#"<t:ExtendedProperty><t:ExtendedFieldURI DistinguishedPropertySetId="PublicStrings" PropertyName="{name}" PropertyType="String"/><t:Value>{}</t:Value></t:ExtendedProperty>"#, escaped(value)))
            .collect();
        let zone = if asks("calendar:StartTimeZone") && !event.zone.is_empty() {
            format!(r#"<t:StartTimeZone Id="{}"/>"#, escaped(&event.zone))
        } else {
            String::new()
        };
        [
            format!(r#"<t:CalendarItem><t:ItemId Id="{id}" ChangeKey="{}"/>"#, event.change_key()),
            marks.concat(),
            element("UID", &event.uid),
            element("Start", &utc(span.start)),
            element("End", &utc(span.end)),
            element("IsAllDayEvent", if event.all_day { "true" } else { "false" }),
            element("LegacyFreeBusyStatus", &event.status),
            element("IsCancelled", if event.cancelled { "true" } else { "false" }),
            element("CalendarItemType", kind),
            element("MyResponseType", &event.response),
            zone,
            "</t:CalendarItem>".to_owned(),
        ]
        .concat()
    }
}

/// Busy times of people: `room@example.com` shows them, `hidden@example.com` does not, others are nobody.
fn availability(asked: &Element) -> Result<String, String> {
    let zone = asked.child(TYPES, "TimeZone").and_then(|zone| zone.child(TYPES, "Bias")?.words());
    if zone != Some("0") {
        return Err("busy times in a zone the caller does not name".into());
    }
    let data = asked
        .child(MESSAGES, "MailboxDataArray")
        .and_then(|all| all.child(TYPES, "MailboxData"))
        .ok_or("no mailbox")?;
    let address = data
        .child(TYPES, "Email")
        .and_then(|email| email.child(TYPES, "Address")?.words())
        .ok_or("no address")?;
    let window = asked
        .child(TYPES, "FreeBusyViewOptions")
        .and_then(|options| options.child(TYPES, "TimeWindow"))
        .and_then(|window| {
            let at = |name| window.child(TYPES, name)?.words().and_then(instant);
            Some(Span::new(at("StartTime")?, at("EndTime")?))
        })
        .ok_or("no time window")?;
    if window.end - window.start > 62 * 86_400 {
        return Err("busy times of more than 62 days".into());
    }
    let success = r#"<m:ResponseMessage ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode></m:ResponseMessage>"#;
    let one = match address {
        "room@example.com" => {
            // Every morning, five to six in UTC.
            let first = window.start.div_euclid(86_400);
            let events: Vec<String> = (first..=window.end.div_euclid(86_400))
                .map(|day| Span::new(day * 86_400 + 5 * 3600, day * 86_400 + 6 * 3600))
                .filter(|span| span.overlaps(window))
                .map(|span| {
                    let wall = |at: i64| utc(at).replace('Z', "");
                    format!("<t:CalendarEvent><t:StartTime>{}</t:StartTime><t:EndTime>{}</t:EndTime><t:BusyType>Busy</t:BusyType></t:CalendarEvent>", wall(span.start), wall(span.end))
                })
                .collect();
            format!("{success}<m:FreeBusyView><t:FreeBusyViewType>FreeBusy</t:FreeBusyViewType><t:CalendarEventArray>{}</t:CalendarEventArray></m:FreeBusyView>", events.concat())
        }
        "hidden@example.com" => {
            format!("{success}<m:FreeBusyView><t:FreeBusyViewType>None</t:FreeBusyViewType></m:FreeBusyView>")
        }
        _ => r#"<m:ResponseMessage ResponseClass="Error"><m:MessageText>Unable to resolve e-mail address.</m:MessageText><m:ResponseCode>ErrorMailRecipientNotFound</m:ResponseCode></m:ResponseMessage>"#.to_owned(),
    };
    Ok(format!(
        "<m:GetUserAvailabilityResponse><m:FreeBusyResponseArray><m:FreeBusyResponse>{one}</m:FreeBusyResponse></m:FreeBusyResponseArray></m:GetUserAvailabilityResponse>"
    ))
}
