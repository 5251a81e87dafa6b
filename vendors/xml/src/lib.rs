//! XML as WebDAV and SOAP need it, hardened: no DTD, no entities of its own, bounded depth and size (DAV-03).

use kalends_app::{Error, Kind};
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, Event};
use quick_xml::name::ResolveResult;
use quick_xml::reader::NsReader;

/// The largest answer that is read.
pub const MAX_BYTES: usize = 10 * 1024 * 1024;
const MAX_DEPTH: usize = 32;
/// Elements of one answer: 20,000 events make 200,000.
const MAX_ELEMENTS: usize = 1_000_000;

/// One element with what is in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Element {
    /// The namespace, whatever prefix stood for it.
    pub space: String,
    /// The name without its prefix.
    pub name: String,
    /// Attributes without a namespace.
    pub attributes: Vec<(String, String)>,
    /// All text directly inside.
    pub text: String,
    /// The elements inside, in order.
    pub children: Vec<Element>,
}

impl Element {
    /// True for this name in this namespace.
    pub fn is(&self, space: &str, name: &str) -> bool {
        self.name == name && self.space == space
    }

    /// The first child of this name.
    pub fn child(&self, space: &str, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.is(space, name))
    }

    /// The children of this name.
    pub fn all<'a>(&'a self, space: &'a str, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.is(space, name))
    }

    /// The text inside, trimmed; `None` when there is none.
    pub fn words(&self) -> Option<&str> {
        Some(self.text.trim()).filter(|text| !text.is_empty())
    }

    /// The attribute of this name.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// Reads a document to its root element. Anything but plain, complete, bounded XML is malformed.
pub fn parse(bytes: &[u8]) -> Result<Element, Error> {
    if bytes.len() > MAX_BYTES {
        return Err(malformed("the answer is larger than 10 MB"));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| malformed("the answer is not UTF-8"))?;
    let mut reader = NsReader::from_str(text.trim_start_matches('\u{feff}').trim_start());
    let mut open: Vec<Element> = Vec::new();
    let mut elements = 0;
    loop {
        let (space, event) = reader.read_resolved_event().map_err(|_| not_xml(text))?;
        match event {
            Event::Start(ref start) | Event::Empty(ref start) => {
                elements += 1;
                if open.len() >= MAX_DEPTH || elements > MAX_ELEMENTS {
                    return Err(malformed("the answer is nested too deeply or has too many parts"));
                }
                let element = element(&space, start)?;
                if matches!(event, Event::Start(_)) {
                    open.push(element);
                } else if let Some(root) = close(&mut open, element) {
                    return Ok(root);
                }
            }
            Event::End(_) => {
                let Some(element) = open.pop() else { return Err(not_xml(text)) };
                if let Some(root) = close(&mut open, element) {
                    return Ok(root);
                }
            }
            Event::Text(words) => add(&mut open, &words),
            Event::CData(words) => add(&mut open, &words),
            Event::GeneralRef(reference) => add(&mut open, &entity(&reference)?),
            Event::DocType(_) => {
                return Err(malformed(
                    "the answer brings a DTD, as web pages do: this may not be a calendar server, check the address",
                ));
            }
            Event::Eof => return Err(not_xml(text)),
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
        }
    }
}

fn element(space: &ResolveResult<'_>, start: &quick_xml::events::BytesStart<'_>) -> Result<Element, Error> {
    let space = match space {
        ResolveResult::Bound(space) => space.0.to_owned(),
        ResolveResult::Unbound => String::new(),
        ResolveResult::Unknown(_) => {
            return Err(malformed("the answer uses an XML prefix it does not declare"));
        }
    };
    let mut attributes = Vec::new();
    for attribute in start.attributes().flatten() {
        let name = attribute.key.0.to_owned();
        if !name.contains(':') && name != "xmlns" {
            attributes.push((name, attribute.value.into_owned()));
        }
    }
    Ok(Element { space, name: start.local_name().as_ref().to_owned(), attributes, ..Element::default() })
}

/// Puts a finished element into its parent; gives it back when it has none: it is the root.
fn close(open: &mut [Element], element: Element) -> Option<Element> {
    match open.last_mut() {
        Some(parent) => {
            parent.children.push(element);
            None
        }
        None => Some(element),
    }
}

fn add(open: &mut [Element], text: &str) {
    if let Some(element) = open.last_mut() {
        element.text.push_str(text);
    }
}

/// One of XML's own five, or a character by number. Others could only come from a DTD.
fn entity(reference: &BytesRef<'_>) -> Result<String, Error> {
    if let Ok(Some(c)) = reference.resolve_char_ref() {
        return Ok(c.to_string());
    }
    resolve_predefined_entity(reference)
        .map(ToOwned::to_owned)
        .ok_or_else(|| malformed("the answer uses an XML entity of its own"))
}

fn malformed(message: &str) -> Error {
    Error::new(Kind::Malformed, message)
}

/// What most often answers in place of a calendar server is a web page.
fn not_xml(text: &str) -> Error {
    let start = text.trim_start().get(..200).unwrap_or(text).to_ascii_lowercase();
    if start.starts_with("<!doctype html") || start.starts_with("<html") {
        return malformed("a web page answered, not a calendar server: check the address");
    }
    malformed("the answer is not XML: this may not be a calendar server, check the address")
}

/// Text for an element or attribute of a request, without the characters that XML cannot hold.
pub fn escaped(text: &str) -> String {
    let holds = |c: &char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    let plain: String = text.chars().filter(holds).collect();
    quick_xml::escape::escape(plain).into_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DAV: &str = "DAV:";

    #[test]
    fn dav_03_prefixes_do_not_matter_and_namespaces_do() {
        let read = |text: &str| parse(text.as_bytes()).unwrap();
        let (one, other) = (read("<a:x xmlns:a=\"DAV:\"/>"), read("<x xmlns=\"DAV:\"/>"));
        assert!(one.is(DAV, "x") && other.is(DAV, "x"));
        assert!(!read("<x xmlns=\"urn:other\"/>").is(DAV, "x"));
        assert!(parse(b"<a:x/>").is_err(), "a prefix that stands for nothing");
    }

    #[test]
    fn text_comes_with_its_entities_resolved() {
        let root = parse(b"<x> a &amp; b &#228;<![CDATA[<c>]]></x>").unwrap();
        assert_eq!(root.words(), Some("a & b \u{e4}<c>"));
    }

    proptest! {
        #[test]
        fn all_10_arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = parse(&bytes); // whatever it says, it says it
        }

        #[test]
        fn all_10_arbitrary_tags_never_panic(text in "(<[/!?]?[a-z:]{0,4}( [a-z:]{0,5}=\"[^\"]{0,6}\")?/?>|&[a-z#0-9]{0,6};|[ -~]{0,5}){0,20}") {
            let _ = parse(text.as_bytes()); // whatever it says, it says it
        }

        #[test]
        fn what_is_escaped_is_read_back(text in "[ -~\u{a0}-\u{ff}]{0,60}") {
            let root = parse(format!("<x>{}</x>", escaped(&text)).as_bytes()).unwrap();
            prop_assert_eq!(root.text, text);
        }
    }
}
