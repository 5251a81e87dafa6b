//! 207 Multi-Status: one answer about many things, each with a status of its own (DAV-08).

use kalends_app::{Error, Kind, Response};

use crate::xml::{self, DAV, Element};

/// A multistatus answer.
#[derive(Debug, Default)]
pub struct Multistatus {
    /// One for each thing asked about or found.
    pub items: Vec<Item>,
    /// Where the next `sync-collection` goes on.
    pub sync_token: Option<String>,
}

/// What a multistatus says about one thing.
#[derive(Debug)]
pub struct Item {
    /// As the server wrote it.
    pub href: String,
    /// The thing's own status; absent when only its properties have one.
    pub status: Option<u16>,
    /// The properties whose status is a success.
    pub properties: Vec<Element>,
}

impl Item {
    /// The property of this name, if the server has it.
    pub fn property(&self, space: &str, name: &str) -> Option<&Element> {
        self.properties.iter().find(|property| property.is(space, name))
    }

    /// The text of this property.
    pub fn words(&self, space: &str, name: &str) -> Option<&str> {
        self.property(space, name)?.words()
    }

    /// The first `href` inside this property.
    pub fn link(&self, space: &str, name: &str) -> Option<&str> {
        self.property(space, name)?.child(DAV, "href")?.words()
    }

    /// True when the server says that it is not there.
    pub const fn is_missing(&self) -> bool {
        matches!(self.status, Some(404 | 410))
    }
}

impl Multistatus {
    /// Reads an answer. Anything but a complete multistatus is malformed.
    pub fn read(response: &Response) -> Result<Self, Error> {
        let root = xml::parse(&response.body)?;
        if !root.is(DAV, "multistatus") {
            return Err(Error::new(
                Kind::Malformed,
                "the answer is not what a calendar server says: check the address",
            ));
        }
        let items = root.all(DAV, "response").filter_map(item).collect();
        let sync_token = root.child(DAV, "sync-token").and_then(Element::words).map(ToOwned::to_owned);
        Ok(Self { items, sync_token })
    }
}

fn item(response: &Element) -> Option<Item> {
    let href = response.child(DAV, "href")?.words()?.to_owned();
    let status = response.child(DAV, "status").and_then(code);
    let properties = response
        .all(DAV, "propstat")
        // A missing status is a broken server; its properties are taken for present, as most clients do.
        .filter(|part| part.child(DAV, "status").and_then(code).is_none_or(|code| (200..300).contains(&code)))
        .filter_map(|part| part.child(DAV, "prop"))
        .flat_map(|properties| properties.children.iter().cloned())
        .collect();
    Some(Item { href, status, properties })
}

/// The number in `HTTP/1.1 404 Not Found`.
fn code(status: &Element) -> Option<u16> {
    status.words()?.split_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use kalends_app::{Request, fake::answer};
    use url::Url;

    use super::*;

    fn read(body: &str) -> Multistatus {
        let request = Request::get("x", Url::parse("https://dav.example.test/").unwrap());
        Multistatus::read(&answer(&request, 207, &[], body.to_owned())).unwrap()
    }

    #[test]
    fn dav_08_each_thing_and_each_property_has_a_status_of_its_own() {
        let read = read(
            r#"<d:multistatus xmlns:d="DAV:">
              <d:response><d:href>/there</d:href>
                <d:propstat><d:prop><d:displayname>Work</d:displayname></d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat>
                <d:propstat><d:prop><d:getetag>"none"</d:getetag></d:prop><d:status>HTTP/1.1 404 Not Found</d:status></d:propstat>
              </d:response>
              <d:response><d:href>/gone</d:href><d:status>HTTP/1.1 404 Not Found</d:status></d:response>
              <d:response><d:href>/forbidden</d:href><d:status>HTTP/1.1 403 Forbidden</d:status></d:response>
            </d:multistatus>"#,
        );
        let [there, gone, forbidden] = read.items.as_slice() else { panic!("{read:?}") };
        assert_eq!(there.words(DAV, "displayname"), Some("Work"));
        assert!(there.property(DAV, "getetag").is_none(), "a property that is not there has no value");
        assert_eq!((there.status, there.is_missing()), (None, false));
        assert!(gone.is_missing() && !forbidden.is_missing());
    }
}
