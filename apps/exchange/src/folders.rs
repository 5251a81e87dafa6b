//! The calendars of a mailbox, and the people and rooms whose busy times can be asked for.

use std::collections::BTreeSet;

use kalends_app::kind::calendar::RemoteCalendar;
use kalends_app::{Cx, Error, RemoteId};
use vendor_xml::Element;

use crate::session::Session;
use crate::soap::{self, MESSAGES, TYPES};

/// The main calendar, and where deleted ones lie.
pub(crate) const GET_OWN: &str = r#"<m:GetFolder><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties><t:FieldURI FieldURI="folder:DisplayName"/><t:FieldURI FieldURI="folder:EffectiveRights"/></t:AdditionalProperties></m:FolderShape><m:FolderIds><t:DistinguishedFolderId Id="calendar"/><t:DistinguishedFolderId Id="deleteditems"/></m:FolderIds></m:GetFolder>"#;
/// Folders in one answer.
const PAGE: usize = 200;
/// Folders one mailbox may have; more are not listed.
const MOST: usize = 2_000;
/// Marks the calendar of somebody else, of whom only busy times are read.
const PERSON: &str = "busy:";
/// People and rooms that are listed.
const MOST_PEOPLE: usize = 50;

/// The mailbox's main calendar and its bin, by their ids.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Own {
    pub(crate) calendar: String,
    bin: String,
}

/// Asks for them: the cheapest question that shows whether the sign-in is right.
pub(crate) async fn own(session: &Session<'_>) -> Result<Own, Error> {
    let answer = session.ask("GetFolder", GET_OWN).await?;
    let ids: Vec<String> = soap::messages(&answer)?
        .iter()
        .filter_map(|message| message.child(MESSAGES, "Folders")?.children.first())
        .filter_map(id)
        .collect();
    match <[String; 2]>::try_from(ids) {
        Ok([calendar, bin]) => Ok(Own { calendar, bin }),
        Err(_) => Err(soap::lacking("the main calendar")),
    }
}

/// Every calendar that is not deleted, then the people and rooms that were named.
pub(crate) async fn all(session: &Session<'_>) -> Result<Vec<RemoteCalendar>, Error> {
    let own = own(session).await?;
    let mut gone: BTreeSet<String> = [own.bin].into();
    let mut found = Vec::new();
    for page in 0..MOST / PAGE {
        let answer = session.ask("FindFolder", &find(page * PAGE)).await?;
        let message = soap::message(&answer)?;
        let root = message.child(MESSAGES, "RootFolder").ok_or_else(|| soap::lacking("the folders"))?;
        let folders = root.child(TYPES, "Folders").map(|list| list.children.as_slice()).unwrap_or_default();
        for folder in folders {
            let Some(id) = id(folder) else { continue };
            let parent =
                folder.child(TYPES, "ParentFolderId").and_then(|id| id.attribute("Id")).unwrap_or_default();
            // Parents come before what is in them.
            if gone.contains(parent) {
                gone.insert(id);
            } else {
                found.push(calendar(folder, id, &own.calendar));
            }
        }
        if root.attribute("IncludesLastItemInRange") != Some("false") || folders.is_empty() {
            break;
        }
    }
    if found.iter().all(|calendar| !calendar.primary) {
        return Err(soap::lacking("the main calendar among all"));
    }
    found.extend(people(session.cx).map(|address| {
        let id = RemoteId::new(format!("{PERSON}{address}"));
        RemoteCalendar::of_others(id, address)
    }));
    Ok(found)
}

fn find(offset: usize) -> String {
    format!(
        r#"<m:FindFolder Traversal="Deep"><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties><t:FieldURI FieldURI="folder:DisplayName"/><t:FieldURI FieldURI="folder:ParentFolderId"/><t:FieldURI FieldURI="folder:EffectiveRights"/></t:AdditionalProperties></m:FolderShape><m:IndexedPageFolderView MaxEntriesReturned="{PAGE}" Offset="{offset}" BasePoint="Beginning"/><m:Restriction><t:IsEqualTo><t:FieldURI FieldURI="folder:FolderClass"/><t:FieldURIOrConstant><t:Constant Value="IPF.Appointment"/></t:FieldURIOrConstant></t:IsEqualTo></m:Restriction><m:ParentFolderIds><t:DistinguishedFolderId Id="msgfolderroot"/></m:ParentFolderIds></m:FindFolder>"#
    )
}

fn calendar(folder: &Element, id: String, main: &str) -> RemoteCalendar {
    let name = soap::words(folder, "DisplayName").unwrap_or("Calendar").to_owned();
    let rights = folder.child(TYPES, "EffectiveRights");
    // A server that says nothing of rights will tell when we write.
    let writable = rights.is_none_or(|rights| soap::yes(rights, "CreateContents") == Some(true));
    let primary = id == main;
    RemoteCalendar { id: RemoteId::new(id), name, colour: None, zone: None, writable, primary }
}

fn id(folder: &Element) -> Option<String> {
    folder.child(TYPES, "FolderId")?.attribute("Id").map(ToOwned::to_owned)
}

/// The addresses that were typed, each once.
fn people(cx: &Cx) -> impl Iterator<Item = String> {
    let typed = cx.setting("others").unwrap_or_default();
    let addresses: BTreeSet<String> = typed
        .split([',', ';', '\n', '\r', ' '])
        .map(|address| address.trim().to_lowercase())
        .filter(|address| address.contains('@'))
        .collect();
    addresses.into_iter().take(MOST_PEOPLE)
}

/// The address behind a calendar of which only busy times are read.
pub(crate) fn person(of: &RemoteId) -> Option<&str> {
    of.as_str().strip_prefix(PERSON)
}
