//! How large a mail a server takes (RFC 1870).

use kalends_app::{Error, Kind};
use lettre::transport::smtp::{
    client::AsyncSmtpConnection,
    commands::Ehlo,
    extension::{ClientId, MailParameter},
    response::Response,
};

use crate::{
    Mail,
    error::{Step, judge},
    server::Judge,
};

/// Every server takes this much (RFC 5321, 4.5.3.1.7), so nobody is asked about less.
const EVERY: usize = 64 * 1024;

/// What the server is told about the mail's size; a mail it would not take is refused before anything of it is sent.
pub async fn parameter(
    connection: &mut AsyncSmtpConnection,
    hello: &ClientId,
    mail: &Mail,
    of: Judge,
) -> Result<Option<MailParameter>, Error> {
    let size = mail.text.len();
    if size <= EVERY {
        return Ok(None);
    }
    // The library keeps nothing of what a server says about sizes.
    let said = connection.command(Ehlo::new(hello.clone())).await;
    let Some(most) = most(&said.map_err(|error| judge(Step::Envelope, &error, of))?) else { return Ok(None) };
    if most > 0 && size > most {
        let message = format!(
            "the mail has {} and the mail server takes at most {}: leave files out of it",
            people(size),
            people(most)
        );
        return Err(Error::new(Kind::Invalid, message));
    }
    Ok(Some(MailParameter::Size(size)))
}

/// What a server says it takes: 0 where it says no figure, none where it knows no sizes.
fn most(said: &Response) -> Option<usize> {
    said.message().find_map(|line| {
        let mut words = line.split_ascii_whitespace();
        let first = words.next()?;
        first
            .eq_ignore_ascii_case("SIZE")
            .then(|| words.next().and_then(|most| most.parse().ok()).unwrap_or(0))
    })
}

/// As people count bytes.
fn people(bytes: usize) -> String {
    const MEGA: usize = 1_000_000;
    if bytes >= MEGA {
        format!("{}.{} MB", bytes / MEGA, bytes % MEGA / (MEGA / 10))
    } else {
        format!("{} kB", bytes / 1_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eml_01_a_server_says_how_much_it_takes_in_three_ways() {
        let said = |text: &str| most(&text.parse().expect("an answer"));
        assert_eq!(said("250-mail.example.com\r\n250-SIZE 35882577\r\n250 8BITMIME\r\n"), Some(35_882_577));
        assert_eq!(said("250-mail.example.com\r\n250 size\r\n"), Some(0), "it knows sizes and has no figure");
        assert_eq!(said("250-mail.example.com\r\n250 8BITMIME\r\n"), None);
    }

    #[test]
    fn sizes_are_said_as_people_count() {
        assert_eq!((people(35_882_577), people(999_000)), ("35.8 MB".into(), "999 kB".into()));
    }
}
