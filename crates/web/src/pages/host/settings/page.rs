//! Profile, security, keys and the audit log, as the templates draw them.

use askama::Template;

use crate::{
    pages::{
        Frame, Side,
        host::{form::Form, notice::Notice},
    },
    zones::ZoneGroup,
};

/// How the host appears, and how times are shown to them.
#[derive(Template)]
#[template(path = "host/settings/profile.html")]
pub struct Profile {
    /// Around every page.
    pub frame: Frame,
    /// The menu.
    pub side: Side,
    /// What just happened.
    pub notice: Option<Notice>,
    /// The form.
    pub form: Form,
    /// What the public address begins with.
    pub prefix: String,
    /// Zones to choose from.
    pub zones: Vec<ZoneGroup>,
    /// Which tab.
    pub tab: &'static str,
}

/// Password and sessions.
#[derive(Template)]
#[template(path = "host/settings/security.html")]
pub struct Security {
    /// Around every page.
    pub frame: Frame,
    /// The menu.
    pub side: Side,
    /// What just happened.
    pub notice: Option<Notice>,
    /// The forms for email and password.
    pub form: Form,
    /// Where they sign in now, and mails go.
    pub email: String,
    /// Whether that was proven.
    pub proven: bool,
    /// Whether a link can be mailed at all.
    pub mails: bool,
    /// The zone times are in.
    pub zone: String,
    /// Where they are signed in.
    pub sessions: Vec<SessionRow>,
    /// Which tab.
    pub tab: &'static str,
}

/// One place they are signed in.
#[derive(Debug, Clone)]
pub struct SessionRow {
    /// The session.
    pub id: String,
    /// The browser.
    pub browser: String,
    /// Where from, and when last.
    pub words: String,
    /// The one they look from.
    pub this_one: bool,
}

/// API keys.
#[derive(Template)]
#[template(path = "host/settings/keys.html")]
#[expect(clippy::struct_field_names, reason = "the page of keys lists keys")]
pub struct Keys {
    /// Around every page.
    pub frame: Frame,
    /// The menu.
    pub side: Side,
    /// What just happened.
    pub notice: Option<Notice>,
    /// The form for a new one.
    pub form: Form,
    /// The key just made, shown once.
    pub fresh: Option<String>,
    /// Those that are good.
    pub keys: Vec<KeyRow>,
    /// Which tab.
    pub tab: &'static str,
}

/// One key.
#[derive(Debug, Clone)]
pub struct KeyRow {
    /// The key's row.
    pub id: String,
    /// Its name.
    pub label: String,
    /// Its first letters.
    pub shown: String,
    /// When it was last used.
    pub used: String,
    /// When it ends.
    pub expires: String,
}

/// What was done, and by whom.
#[derive(Template)]
#[template(path = "host/settings/audit.html")]
pub struct Audit {
    /// Around every page.
    pub frame: Frame,
    /// The menu.
    pub side: Side,
    /// The zone times are in.
    pub zone: String,
    /// Latest first.
    pub lines: Vec<AuditLine>,
    /// Which tab.
    pub tab: &'static str,
}

/// One thing that was done.
#[derive(Debug, Clone)]
pub struct AuditLine {
    /// When.
    pub at: String,
    /// By whom.
    pub who: String,
    /// What.
    pub what: String,
    /// From which address.
    pub from: String,
}

/// A browser in a few words, as it calls itself.
pub fn browser(agent: &str) -> String {
    let has = |word: &str| agent.contains(word);
    let name = match () {
        () if has("Edg/") => "Edge",
        () if has("OPR/") => "Opera",
        () if has("Firefox/") => "Firefox",
        () if has("Chrome/") => "Chrome",
        () if has("Safari/") => "Safari",
        () => "A program",
    };
    let system = match () {
        () if has("iPhone") || has("iPad") => "iOS",
        () if has("Android") => "Android",
        () if has("Windows") => "Windows",
        () if has("Mac OS") => "macOS",
        () if has("Linux") => "Linux",
        () => return name.to_owned(),
    };
    format!("{name} on {system}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_told_apart_by_what_only_they_say() {
        let edge = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/130 Safari/537.36 Edg/130";
        assert_eq!(browser(edge), "Edge on Windows");
        assert_eq!(
            browser("Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"),
            "Firefox on Linux"
        );
        assert_eq!(browser("curl/8"), "A program");
    }

    #[test]
    fn a_key_is_shown_once_and_passwords_never() {
        let mut form = Form::default();
        form.typed.set("current_password", "hunter2-hunter2");
        form.say("new_password", "Use at least 12 characters.");
        let (frame, side) = (Frame::sample(), Side::default());
        let security = Security {
            frame: frame.clone(),
            side: side.clone(),
            notice: None,
            form,
            email: "ines@example.com".into(),
            proven: true,
            mails: true,
            zone: "UTC".into(),
            sessions: vec![],
            tab: "security",
        };
        assert!(!security.render().unwrap().contains("hunter2"));
        let keys = Keys {
            frame,
            side,
            notice: None,
            form: Form::default(),
            fresh: Some("cal_x".into()),
            keys: vec![],
            tab: "keys",
        };
        assert!(keys.render().unwrap().contains("cal_x"));
    }
}
