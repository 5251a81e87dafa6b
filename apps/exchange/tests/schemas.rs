//! Every request the app makes, judged by the schemas Exchange itself publishes.
//!
//! They are looked for in `KALENDS_SPECS` (default `../shared/specs`) and read by `xmllint`; without either, the trials are
//! ignored and say why.
#![expect(clippy::expect_used, reason = "a trial fails by panicking, with the sentence it expected")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use app_exchange::APP;
use kalends_app::fake::{Fake, Played, example, gateway};
use kalends_app::gateway::Patience;
use kalends_app::kind::calendar::{Attendance, Attendee, Draft, Shown};
use kalends_app::{AnyCalendar, Cx, RemoteId};
use kalends_domain::{Span, event_type::Visibility};
use libtest_mimic::{Arguments, Failed, Trial};

/// The operations the app is made of; each must be seen.
const OPERATIONS: [&str; 9] = [
    "GetFolder",
    "FindFolder",
    "FindItem",
    "GetItem",
    "CreateItem",
    "UpdateItem",
    "DeleteItem",
    "SyncFolderItems",
    "GetUserAvailabilityRequest",
];

fn main() {
    let arguments = Arguments::from_args();
    let trials = match schemas() {
        Ok(schemas) => trials(&schemas),
        Err(reason) => vec![Trial::test(format!("requests - {reason}"), || Ok(())).with_ignored_flag(true)],
    };
    libtest_mimic::run(&arguments, trials).exit();
}

/// Where the schemas are, if they can be read.
fn schemas() -> Result<PathBuf, String> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/specs");
    let folder = std::env::var_os("KALENDS_SPECS").map_or_else(beside, PathBuf::from);
    let path = folder.join("exchange-ews/messages.xsd");
    if !path.is_file() {
        return Err(format!("{} is not there: requests are not judged (set KALENDS_SPECS)", path.display()));
    }
    match Command::new("xmllint").arg("--version").output() {
        Ok(_) => Ok(path),
        Err(_) => Err("xmllint is not there: requests are not judged (Debian: libxml2-utils)".to_owned()),
    }
}

fn trials(schemas: &Path) -> Vec<Trial> {
    let all = requests();
    let mut trials: Vec<Trial> = OPERATIONS
        .into_iter()
        .map(|operation| {
            let bodies: Vec<String> =
                all.iter().filter(|(name, _)| name == operation).map(|(_, body)| body.clone()).collect();
            let schemas = schemas.to_owned();
            Trial::test(format!("ews_05_{operation}_is_as_the_schema_says"), move || {
                if bodies.is_empty() {
                    return Err("the app never asked it".into());
                }
                bodies.iter().try_for_each(|body| judge(&schemas, body))
            })
        })
        .collect();
    let schemas = schemas.to_owned();
    trials.push(Trial::test("the_judge_can_say_no", move || {
        let wrong = r#"<m:FindItem xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages"/>"#;
        if judge(&schemas, wrong).is_ok() { Err("it takes anything".into()) } else { Ok(()) }
    }));
    trials
}

fn judge(schemas: &Path, body: &str) -> Result<(), Failed> {
    let file = tempfile::NamedTempFile::new()?;
    std::fs::write(file.path(), body)?;
    let said = Command::new("xmllint")
        .args(["--nonet", "--noout", "--schema"])
        .arg(schemas)
        .arg(file.path())
        .output()?;
    if said.status.success() {
        Ok(())
    } else {
        Err(format!("{}\n{body}", String::from_utf8_lossy(&said.stderr)).into())
    }
}

/// The name and the XML of everything the app asks in a life of a few events.
fn requests() -> Vec<(String, String)> {
    let fake = (APP.fake)();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    runtime.expect("a runtime").block_on(live(&fake));
    let bodies =
        fake.bench().seen().into_iter().map(|request| String::from_utf8_lossy(&request.body).into_owned());
    // Each once: every judgement is a process.
    let named: BTreeMap<String, String> = bodies.map(|body| (operation(&body), name(&body))).collect();
    named.into_iter().map(|(body, name)| (name, body)).collect()
}

/// What stands in the envelope, with the prefixes it needs to stand alone.
fn operation(envelope: &str) -> String {
    let inside = envelope.split_once("<s:Body>").and_then(|(_, rest)| rest.split_once("</s:Body>"));
    let (inside, _) = inside.expect("an envelope with a body");
    let spaces = r#" xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages" xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types""#;
    let at = inside.find([' ', '>', '/']).expect("an element");
    format!("{}{spaces}{}", &inside[..at], &inside[at..])
}

fn name(envelope: &str) -> String {
    let inside = operation(envelope);
    inside.trim_start_matches("<m:").split(' ').next().unwrap_or_default().to_owned()
}

async fn live(fake: &Arc<dyn Fake>) {
    let cx = cx(fake);
    let part = APP.calendar().expect("a calendar");
    let probe = part.probe(&cx).await.expect("connects");
    let settings = with(cx.settings.clone(), probe.found);
    let mut cx = cx;
    cx.settings = settings;
    let calendars = part.calendars(&cx).await.expect("lists");
    let into = &calendars.iter().find(|calendar| calendar.primary).expect("a main calendar").id;
    write(&part, &cx, into).await;
    let within = Span::new(1_803_859_200, 1_803_859_200 + 400 * 86_400);
    let all = part.changes(&cx, into, None, within).await.expect("tells");
    part.changes(&cx, into, all.cursor.as_deref(), within).await.expect("tells");
    part.busy(&cx, std::slice::from_ref(into), within).await.expect("says");
    let room = RemoteId::new("busy:room@example.com");
    part.busy(&cx, &[room], within).await.expect("says");
}

/// Events with all there is in them, and with as little as there can be.
async fn write(part: &Arc<dyn AnyCalendar>, cx: &Cx, into: &RemoteId) {
    let full = draft();
    let bare = Draft {
        uid: "bare".into(),
        title: String::new(),
        description: String::new(),
        location: None,
        url: None,
        attendees: vec![],
        shown: Shown { visibility: Visibility::Private, ..Shown::default() },
        zone: "Antarctica/Troll".into(),
        ..draft()
    };
    let rough = Draft { uid: "rough".into(), title: "<&>\"'\u{0}\u{1b}\r\n\u{1f388}".into(), ..draft() };
    for draft in [full, bare, rough] {
        let written = part.create(cx, into, &draft).await.expect("creates");
        let later = Draft { sequence: 1, location: None, ..draft.clone() };
        let newer = part.update(cx, into, &written, &later).await.expect("updates");
        part.update(cx, into, &written, &later).await.expect("is our own earlier try");
        let unguarded = kalends_app::kind::calendar::Written { etag: None, ..newer };
        part.update(cx, into, &unguarded, &draft).await.expect("updates");
        part.delete(cx, into, &unguarded).await.expect("deletes");
    }
}

fn draft() -> Draft {
    Draft {
        description: "See you\nsoon".into(),
        location: Some("https://meet.example.com/room?a=1&b=2".into()),
        url: Some("https://kalends.example.com/booking/x".into()),
        attendees: vec![Attendee { person: example::guest(), status: Attendance::Accepted, optional: false }],
        ..example::draft("full", Span::new(1_803_981_600, 1_803_985_200))
    }
}

fn with(
    mut settings: serde_json::Value,
    found: serde_json::Map<String, serde_json::Value>,
) -> serde_json::Value {
    settings.as_object_mut().expect("settings").extend(found);
    settings
}

fn cx(fake: &Arc<dyn Fake>) -> Cx {
    let account = example::filled_in(&APP, &fake.form()).expect("the form takes it");
    let net = Arc::new(Played::new(Arc::clone(fake)));
    gateway(net, example::begin()).cx(&APP, account, Patience::Job).expect("the app takes the account")
}
