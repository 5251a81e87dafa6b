//! What Microsoft's mail servers say no with. The class before the words decides, never the words.

use std::time::Duration;

use kalends_app::{Error, Kind, Retry};
use vendor_mail::enhanced;

/// Microsoft counts mails by the minute and recipients by the day.
const MINUTE: Duration = Duration::from_mins(1);

/// The meaning of a class that is Microsoft's own; none for what every mail server says.
pub fn judge(code: u16, words: &str) -> Option<Error> {
    Some(match (code, enhanced(words)?) {
        (535, "5.7.139") => Error::new(
            Kind::PolicyDenied,
            "Microsoft lets this mailbox send no mail by SMTP: its administrator switches on \"Authenticated SMTP\" for it (Microsoft 365 admin centre, the user, Mail, Manage email apps)",
        ),
        (550 | 554, "5.2.252" | "5.7.60") => Error::new(
            Kind::PolicyDenied,
            "the account that signed in may not send as this mailbox: give it \"Send as\" there, or sign in as the mailbox's owner",
        ),
        (432, "4.3.2") => {
            Error::new(Kind::RateLimited { until: None }, "too many conversations with this mailbox at once")
        }
        (421 | 450 | 451 | 452, "4.2.0" | "4.7.500") => {
            Error::new(Kind::RateLimited { until: None }, "Microsoft asks for fewer mails")
                .retry(Retry::After(MINUTE))
        }
        (550 | 554, "5.1.90" | "5.2.251") => Error::new(
            Kind::QuotaExhausted { resets: None },
            "this mailbox has reached Microsoft's limit of recipients; it fills again within a day",
        )
        .retry(Retry::After(Duration::from_hours(4))),
        (550, "5.1.8" | "5.7.501" | "5.7.502" | "5.7.503") => Error::new(
            Kind::PolicyDenied,
            "Microsoft has blocked this mailbox from sending: its administrator unblocks it under Restricted entities in the Defender portal",
        ),
        _ => return None,
    })
}
