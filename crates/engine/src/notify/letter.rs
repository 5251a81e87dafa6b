//! A mail before it is written out: what it says, not how it looks.

use askama::Template;

/// What one mail says. Every text here is plain: the HTML side escapes it (EML-02).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Letter {
    /// One line.
    pub subject: String,
    /// What is true now, in a few words.
    pub heading: String,
    /// Sentences before the facts.
    pub lead: Vec<String>,
    /// What, when, where, who.
    pub facts: Vec<Fact>,
    /// What the reader can do, as links.
    pub actions: Vec<Action>,
    /// Sentences after them.
    pub closing: Vec<String>,
    /// Why the reader got this, in one sentence.
    pub footer: String,
}

/// A label and its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// One or two words.
    pub label: String,
    /// The value, perhaps several lines.
    pub value: String,
    /// True when the value is an `http(s)` address made by us or an app, shown as a link.
    pub link: bool,
}

/// A link that does something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    /// A verb and its object.
    pub label: String,
    /// A page of ours.
    pub url: String,
}

#[derive(Template)]
#[template(path = "letter.html")]
struct Html<'a> {
    letter: &'a Letter,
}

impl Letter {
    /// Adds a fact unless its value is empty.
    pub fn fact(&mut self, label: &str, value: impl Into<String>) {
        let value = value.into();
        if !value.trim().is_empty() {
            self.facts.push(Fact { label: label.to_owned(), value, link: false });
        }
    }

    /// Adds a fact that is an address to click. Anything but `http` and `https` stays text.
    pub fn linked_fact(&mut self, label: &str, url: &str) {
        let link = url.starts_with("https://") || url.starts_with("http://");
        self.facts.push(Fact { label: label.to_owned(), value: url.to_owned(), link });
    }

    /// Adds a link that does something.
    pub fn action(&mut self, label: &str, url: String) {
        self.actions.push(Action { label: label.to_owned(), url });
    }

    /// The subject as a header can hold it: one line without control characters, not longer than mail programs show.
    pub fn subject_line(&self) -> String {
        one_line(&self.subject).chars().take(200).collect()
    }

    /// The plain text (EML-05).
    pub fn text(&self) -> String {
        let mut parts = vec![self.heading.clone()];
        parts.extend(self.lead.iter().cloned());
        let facts: Vec<String> = self
            .facts
            .iter()
            .map(|fact| format!("{}: {}", fact.label, fact.value.replace('\n', "\n  ")))
            .collect();
        if !facts.is_empty() {
            parts.push(facts.join("\n"));
        }
        parts.extend(self.actions.iter().map(|action| format!("{}:\n{}", action.label, action.url)));
        parts.extend(self.closing.iter().cloned());
        parts.push(format!("-- \n{}", self.footer));
        parts.join("\n\n") + "\n"
    }

    /// The same as HTML, without pictures or anything fetched.
    pub fn html(&self) -> Result<String, askama::Error> {
        Html { letter: self }.render()
    }
}

/// Control characters and line breaks become single spaces.
pub fn one_line(text: &str) -> String {
    let spaced: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter() -> Letter {
        let mut letter = Letter {
            subject: "Booked:\r\nBcc: everyone@example.com".into(),
            heading: "Booked".into(),
            footer: "You booked this.".into(),
            ..Letter::default()
        };
        letter.fact("Notes", "<img src=x onerror=alert(1)>\nsecond line");
        letter.linked_fact("Join", "javascript:alert(1)");
        letter.linked_fact("Join", "https://meet.example/a?b=1&c=2");
        letter
    }

    #[test]
    fn guest_text_never_becomes_html_eml_02() {
        let html = letter().html().unwrap();
        assert!(!html.contains("<img"), "{html}");
        assert!(!html.contains("href=\"javascript:"), "{html}");
        assert!(html.contains("href=\"https://meet.example/a?b=1&#38;c=2\""), "{html}");
    }

    #[test]
    fn a_subject_is_always_one_line_eml_02() {
        assert_eq!(letter().subject_line(), "Booked: Bcc: everyone@example.com");
    }

    #[test]
    fn the_text_says_all_that_the_html_says() {
        let mut letter = letter();
        letter.action("Cancel", "https://cal.example/booking/abc/cancel".into());
        let text = letter.text();
        for part in [
            "Booked",
            "second line",
            "https://meet.example/a?b=1&c=2",
            "/booking/abc/cancel",
            "You booked this.",
        ] {
            assert!(text.contains(part), "{part} is missing from {text}");
        }
    }
}
