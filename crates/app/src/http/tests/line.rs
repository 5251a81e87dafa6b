use std::{
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use super::{
    super::{Flight, Lines, Logged, Recorder, Request, Transport, Unsigned, line::Call, sign::Fixed},
    MOST, Script, Step, kind, read, time, write,
};
use crate::{App, Declared, Error, Kind, fake, manifest::Quota, no_opinion};

struct NoFake;

impl fake::Fake for NoFake {
    fn answer(&self, _: &Request) -> Result<crate::Response, String> {
        Err("never called".into())
    }
    fn bench(&self) -> &fake::Bench {
        unreachable!("never called")
    }
    fn form(&self) -> std::collections::BTreeMap<String, String> {
        std::collections::BTreeMap::new()
    }
}

static APP: App = App {
    slug: "acme",
    manifest: Declared::new(""),
    icon: "",
    parts: Vec::new,
    judge: no_opinion,
    fake: || Arc::new(NoFake),
};

#[derive(Default)]
struct Kept(Mutex<Vec<Flight>>);

impl Recorder for Kept {
    fn record(&self, flight: Flight) {
        self.0.lock().expect("no panic").push(flight);
    }
}

impl Kept {
    fn all(&self) -> Vec<Flight> {
        self.0.lock().expect("no panic").clone()
    }
}

fn lines() -> (Lines, Arc<Kept>) {
    let kept = Arc::new(Kept::default());
    (Lines::new(time(), Arc::new(MOST), Arc::clone(&kept) as Arc<dyn Recorder>), kept)
}

#[tokio::test(start_paused = true)]
async fn every_try_is_recorded_without_secrets() {
    let (lines, kept) = lines();
    let script = Script::of([Step::Status(503)]);
    let line = lines.line("acme", "account-1", Quota::default());
    let http = line.stack(&APP, Arc::new(Unsigned), Arc::clone(&script) as Arc<dyn Transport>);
    let mut request = read().secret_header("x-key", "canary-1").expect("a header");
    request.url.set_path("/v1/canary-2-0123456789abcdef0123/things");
    request.url.set_query(Some("token=canary-3"));
    http.send(request).await.expect("the second try");
    let flights = kept.all();
    let seen: Vec<_> = flights.iter().map(|f| (f.attempt, f.attempts, f.status, f.outcome)).collect();
    assert_eq!(seen, [(1, 4, Some(503), "provider_down"), (2, 4, Some(200), "ok")]);
    assert_eq!((flights[0].host.as_str(), flights[0].path.as_str()), ("api.example.com", "/v1/…/things?…"));
    assert!(!format!("{flights:?}").contains("canary"), "ALL-08: {flights:?}");
}

#[tokio::test(start_paused = true)]
async fn a_record_says_when_the_provider_wants_to_be_asked_again() {
    let (lines, kept) = lines();
    let script = Script::of([Step::With(429, "retry-after", "120".into())]);
    let line = lines.line("acme", "account-1", Quota::default());
    let http = line.stack(&APP, Arc::new(Unsigned), Arc::clone(&script) as Arc<dyn Transport>);
    let _ = http.send(write()).await;
    let flight = kept.all().remove(0);
    let wait = flight.not_before.map(|at| at.duration_since(flight.at).as_secs());
    assert_eq!((flight.attempt, flight.attempts, wait), (1, 1, Some(120)));
}

#[tokio::test(start_paused = true)]
async fn all_08_no_planted_secret_reaches_a_record() {
    let (lines, kept) = lines();
    let script =
        Script::of([Step::With(403, "www-authenticate", "Bearer canary-1".into()), Step::Fail(Kind::Down)]);
    let line = lines.line("acme", "account-1", Quota::default());
    let signer = Arc::new(Fixed::bearer("canary-2").expect("usable"));
    let http = line.stack(&APP, signer, Arc::clone(&script) as Arc<dyn Transport>);
    for _ in 0..2 {
        let mut request = write().secret_header("cookie", "canary-3").expect("a header");
        request.url = "https://canary-4:canary-5@api.example.com/x;key=canary-6/canary-7-%2B0123456789abcdef/y?k=canary-8#canary-9"
            .parse()
            .expect("an address");
        let _ = http.send(request.body("text/plain", "canary-10")).await;
    }
    let said = Error::new(Kind::Invalid, "Authorization: Bearer canary-11 was refused")
        .said("see https://u:canary@x.example/canary?canary");
    let call =
        Call { op: "send", protocol: "SMTP", host: "mail.example.com", deadline: Duration::from_secs(5) };
    let _ = line.around(&call, async { Err::<(), _>(said) }).await;
    let flights = kept.all();
    assert_eq!(flights.len(), 3);
    assert!(!format!("{flights:?}").contains("canary"), "{flights:?}");
    assert_eq!(flights[0].path, "/…/…/y?…");
}

#[tokio::test(start_paused = true)]
async fn all_calls_of_an_account_share_a_line_and_no_other_account_does() {
    let (lines, _) = lines();
    let script = Script::of(vec![Step::Fail(Kind::Down); 5]);
    let http = |account: &str| {
        let line = lines.line("acme", account, Quota::default());
        line.stack(&APP, Arc::new(Unsigned), Arc::clone(&script) as Arc<dyn Transport>)
    };
    for _ in 0..5 {
        let _ = http("one").send(write()).await;
    }
    assert!(lines.line("acme", "one", Quota::default()).is_broken());
    assert_eq!(kind(http("one").send(write()).await), Kind::Down);
    http("two").send(write()).await.expect("another account's line stands");
    lines.mended("acme", "one");
    http("one").send(write()).await.expect("mended, it starts afresh");
}

#[tokio::test(start_paused = true)]
async fn all_04_a_mended_account_keeps_its_providers_silence_and_its_limits() {
    let (lines, kept) = lines();
    let quota = Quota { concurrent: 1, ..Quota::default() };
    let http = |script: &Arc<Script>| {
        let line = lines.line("acme", "one", quota);
        line.stack(&APP, Arc::new(Unsigned), Arc::clone(script) as Arc<dyn Transport>)
    };
    let script =
        Script::of([Step::With(429, "retry-after", "60".into()), Step::Slow(Duration::from_secs(5))]);
    assert!(matches!(kind(http(&script).send(write()).await), Kind::RateLimited { .. }));
    lines.mended("acme", "one");
    let slow = http(&script);
    let slow = tokio::spawn(async move { slow.send(write()).await });
    tokio::time::sleep(Duration::from_secs(61)).await;
    assert_eq!(script.count(), 2, "the slow one is under way");
    lines.mended("acme", "one");
    http(&script).send(write()).await.expect("after the slow one");
    slow.await.expect("ends").expect("is answered");
    let at: Vec<i64> =
        kept.all().iter().map(|flight| flight.at.as_second() - kept.all()[0].at.as_second()).collect();
    assert_eq!(at, [0, 60, 65]);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_http_has_the_same_deadline_records_and_breaker() {
    let (lines, kept) = lines();
    let line = lines.line("acme", "one", Quota::default());
    let call =
        Call { op: "send", protocol: "SMTP", host: "mail.example.com", deadline: Duration::from_secs(5) };
    for _ in 0..5 {
        let hangs = std::future::pending::<Result<(), Error>>();
        assert_eq!(line.around(&call, hangs).await.expect_err("hangs").kind, Kind::UnknownOutcome);
    }
    assert!(line.is_broken());
    let refused = line.around(&call, async { Ok(()) }).await.expect_err("open");
    assert_eq!(refused.kind, Kind::Down);
    let flights = kept.all();
    assert_eq!(flights.len(), 5, "a refused call never left");
    assert!(flights.iter().all(|f| f.method == "SMTP" && f.took == Duration::from_secs(5)), "{flights:?}");
}

#[tokio::test(start_paused = true)]
async fn a_hanging_provider_costs_no_more_than_the_callers_patience() {
    let (lines, _) = lines();
    let script = Script::of(vec![Step::Hang; 10]);
    let line = lines.line("acme", "one", Quota::default());
    let http = line.stack(&APP, Arc::new(Unsigned), Arc::clone(&script) as Arc<dyn Transport>);
    let began = tokio::time::Instant::now();
    assert_eq!(kind(http.patient(Duration::from_secs(2)).send(read()).await), Kind::Down);
    assert_eq!(began.elapsed(), Duration::from_secs(2), "ALL-05, in paused time: exact");
}

/// Everything the process would log.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no panic").extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn all_08_no_planted_secret_reaches_the_log_at_any_level() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::level_filters::LevelFilter::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);

    let lines = Lines::new(time(), Arc::new(MOST), Arc::new(Logged));
    let script = Script::of([
        Step::Status(503),
        Step::With(429, "retry-after", "999999999".into()),
        Step::With(401, "www-authenticate", "canary-1".into()),
    ]);
    let line = lines.line("acme", "account-1", Quota::default());
    let signer = Arc::new(Fixed::basic("hanna", "canary-2").expect("usable"));
    let http = line.stack(&APP, signer, Arc::clone(&script) as Arc<dyn Transport>);
    for _ in 0..3 {
        let mut request =
            read().secret_header("cookie", "canary-3").expect("a header").body("text/plain", "canary-4");
        request.url.set_path("/u/canary-5@example.com/canary-6-0123456789abcdef");
        request.url.set_query(Some("code=canary-7"));
        let _ = http.send(request).await;
    }
    let said = Error::new(Kind::Down, "password=canary-8 was sent")
        .said("token canary-9-00112233 for canary@example.com");
    let call =
        Call { op: "send", protocol: "SMTP", host: "mail.example.com", deadline: Duration::from_secs(5) };
    let _ = line.around(&call, async { Err::<(), _>(said) }).await;

    let text = String::from_utf8(log.0.lock().expect("no panic").clone()).expect("text");
    assert!(
        text.contains("outgoing call failed") && text.contains("waiting one day"),
        "the log was captured: {text}"
    );
    assert!(!text.contains("canary") && !text.contains("Y2FuYXJ5"), "{text}");
}
