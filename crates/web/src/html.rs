//! Reading drawn pages in tests, as a browser and a screen reader do.

use scraper::{ElementRef, Html, Selector};

/// The page, after checks that hold for every page. With `KALENDS_PAGES` set it is also written there, to look at.
pub fn sound(name: &str, text: &str) -> Html {
    if let Ok(folder) = std::env::var("KALENDS_PAGES") {
        std::fs::write(format!("{folder}/{name}.html"), text).unwrap();
    }
    let page = Html::parse_document(text);
    assert_eq!(count(&page, "[style], style"), 0, "{name}: inline style");
    assert_eq!(count(&page, "script:not([src])"), 0, "{name}: inline script");
    assert_eq!(count(&page, "main"), 1, "{name}: one main");
    assert_eq!(count(&page, "h1"), 1, "{name}: one h1");
    assert!(!texts(&page, "title")[0].trim().is_empty(), "{name}: a title");
    for attribute in ["src", "href", "action", "formaction"] {
        for value in attributes(
            &page,
            &format!("link[{attribute}], script[{attribute}], img[{attribute}], form[{attribute}]"),
            attribute,
        ) {
            assert!(value.starts_with('/') && !value.starts_with("//"), "{name}: leads away: {value}");
        }
    }
    labels(name, &page);
    headings(name, &page);
    ids(name, &page);
    page
}

fn labels(name: &str, page: &Html) {
    let fields = all(page, "input:not([type=hidden]), select, textarea");
    for field in fields {
        let id = field.attr("id").unwrap_or_default();
        let within =
            field.ancestors().filter_map(ElementRef::wrap).any(|above| above.value().name() == "label");
        let pointed = !id.is_empty() && count(page, &format!("label[for='{id}']")) == 1;
        assert!(
            within || pointed || field.attr("aria-label").is_some(),
            "{name}: no label: {}",
            field.html()
        );
    }
    for button in all(page, "button, a[href]") {
        let named =
            !button.text().collect::<String>().trim().is_empty() || button.attr("aria-label").is_some();
        assert!(named, "{name}: no name: {}", button.html());
    }
    for describing in attributes(page, "[aria-describedby], [aria-labelledby]", "aria-describedby") {
        for id in describing.split(' ') {
            assert_eq!(count(page, &format!("[id='{id}']")), 1, "{name}: nothing has the id {id}");
        }
    }
}

fn headings(name: &str, page: &Html) {
    let mut last = 0;
    let main = all(page, "main h1, main h2, main h3, main h4");
    for heading in main.iter().filter(|heading| !within_aside(heading)) {
        let level: u8 = heading.value().name()[1..].parse().unwrap();
        assert!(level <= last + 1, "{name}: h{level} after h{last}: {}", heading.html());
        last = level;
    }
}

/// A summary beside a form has its own order.
fn within_aside(heading: &ElementRef) -> bool {
    heading.ancestors().filter_map(ElementRef::wrap).any(|above| above.value().name() == "aside")
}

fn ids(name: &str, page: &Html) {
    let mut seen = std::collections::BTreeSet::new();
    for id in attributes(page, "[id]", "id") {
        assert!(seen.insert(id.clone()), "{name}: the id {id} comes twice");
    }
}

fn all<'a>(page: &'a Html, selector: &str) -> Vec<ElementRef<'a>> {
    page.select(&Selector::parse(selector).unwrap()).collect()
}

/// How many elements fit.
pub fn count(page: &Html, selector: &str) -> usize {
    all(page, selector).len()
}

/// The texts of all elements that fit, without spaces around them.
pub fn texts(page: &Html, selector: &str) -> Vec<String> {
    all(page, selector).iter().map(|one| one.text().collect::<String>().trim().to_owned()).collect()
}

/// One attribute of all elements that fit and have it.
pub fn attributes(page: &Html, selector: &str, name: &str) -> Vec<String> {
    all(page, selector).iter().filter_map(|one| one.attr(name).map(str::to_owned)).collect()
}
