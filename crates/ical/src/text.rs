//! Content lines: folding, escaping, parameters (RFC 5545 section 3.1).

/// Longest line in octets, its line break not counted.
const FOLD: usize = 75;

/// Lines of a calendar under construction.
#[derive(Default)]
pub(crate) struct Lines(String);

impl Lines {
    /// `BEGIN:name`
    pub(crate) fn begin(&mut self, name: &str) {
        self.line(&format!("BEGIN:{name}"));
    }

    /// `END:name`
    pub(crate) fn end(&mut self, name: &str) {
        self.line(&format!("END:{name}"));
    }

    /// A TEXT property; nothing is written for an empty value.
    pub(crate) fn text(&mut self, name: &str, value: &str) {
        let value = escaped(value);
        if !value.is_empty() {
            self.line(&format!("{name}:{value}"));
        }
    }

    /// A property whose value is already in its wire form. Control characters cannot get through.
    pub(crate) fn raw(&mut self, name: &str, value: &str) {
        let line: String = format!("{name}:{value}").chars().filter(|c| !c.is_control()).collect();
        self.line(&line);
    }

    /// Folds at 75 octets, never inside a character (DAV-12).
    fn line(&mut self, line: &str) {
        let mut used = 0;
        for c in line.chars() {
            if used + c.len_utf8() > FOLD {
                self.0.push_str("\r\n ");
                used = 1;
            }
            self.0.push(c);
            used += c.len_utf8();
        }
        self.0.push_str("\r\n");
    }

    pub(crate) fn finish(self) -> String {
        self.0
    }
}

/// A TEXT value: `\`, `;`, `,` and line breaks escaped, other control characters dropped.
fn escaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let mut chars = value.trim_end().chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => out.push_str("\\\\"),
            ';' => out.push_str("\\;"),
            ',' => out.push_str("\\,"),
            '\r' => {
                chars.next_if_eq(&'\n');
                out.push_str("\\n");
            }
            '\n' | '\u{85}' | '\u{2028}' | '\u{2029}' => out.push_str("\\n"),
            '\t' => out.push('\t'),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

/// A quoted parameter value. A double quote cannot be escaped in RFC 5545; few clients read RFC 6868, so it becomes
/// a single one.
pub(crate) fn quoted(value: &str) -> String {
    let inner: String = value
        .trim()
        .chars()
        .map(|c| match c {
            '"' => '\'',
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => ' ',
            c => c,
        })
        .collect();
    format!("\"{inner}\"")
}

/// `mailto:` with everything percent-encoded that could end the address or start a header.
pub(crate) fn mailto(email: &str) -> String {
    use std::fmt::Write;
    let mut out = String::from("mailto:");
    for b in email.trim().bytes() {
        match b {
            b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => out.push(b as char),
            b'@' | b'.' | b'-' | b'_' | b'+' | b'!' | b'$' | b'\'' | b'*' | b'=' | b'~' | b'/' => {
                out.push(b as char);
            }
            _ => {
                let _ = write!(out, "%{b:02X}"); // a String takes every write
            }
        }
    }
    out
}

/// A URI value: what has no place in one is percent-encoded.
pub(crate) fn uri(value: &str) -> String {
    use std::fmt::Write;
    let mut out = String::with_capacity(value.len());
    for c in value.trim().chars() {
        if c.is_control()
            || c.is_whitespace()
            || matches!(c, '"' | '<' | '>' | '\\' | '^' | '`' | '{' | '|' | '}')
        {
            let mut bytes = [0; 4];
            for b in c.encode_utf8(&mut bytes).bytes() {
                let _ = write!(out, "%{b:02X}"); // a String takes every write
            }
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dav_12_lines_fold_at_75_octets_between_characters() {
        let mut lines = Lines::default();
        lines.text("SUMMARY", &"é".repeat(100));
        let out = lines.finish();
        assert!(out.split("\r\n").all(|line| line.len() <= FOLD), "{out}");
        assert_eq!(out.replace("\r\n ", "").trim_end(), format!("SUMMARY:{}", "é".repeat(100)));
    }

    #[test]
    fn dav_12_separators_and_line_breaks_are_escaped() {
        assert_eq!(escaped("a\\b;c,d\r\ne\nf\rg"), "a\\\\b\\;c\\,d\\ne\\nf\\ng");
    }

    #[test]
    fn a_line_break_in_a_raw_value_cannot_start_a_new_line() {
        let mut lines = Lines::default();
        lines.raw("URL", "https://a\r\nATTENDEE:mailto:evil@example.com");
        assert_eq!(lines.finish().matches("\r\n").count(), 1);
    }

    #[test]
    fn a_quote_in_a_name_cannot_end_the_parameter() {
        assert_eq!(quoted("A \"B\"\r\nC"), "\"A 'B'  C\"");
    }

    #[test]
    fn an_address_cannot_smuggle_headers() {
        assert_eq!(mailto(" a?cc=b@x.test\r\n"), "mailto:a%3Fcc=b@x.test");
    }
}
