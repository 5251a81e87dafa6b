//! What a check plays on: an app, its provider's fake, and a way between them that shows everything.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use kalends_app::{
    Account, App, Cx, Error, Gateway, NoNames,
    fake::{Bench, Counted, Fake, OAuth, Played, example},
    gateway::Patience,
    http::{Flight, Recorder, Signer, Simulated, Tokio, Transport},
    kind::Probe,
    oauth::Desk,
};
use libtest_mimic::Failed;

use crate::published::Published;

/// The instant at which every check begins: a Monday morning.
pub const BEGIN: &str = "2027-03-01T08:00:00Z";

/// An app, its provider's fake, and a way between them.
pub struct Stage {
    /// The app.
    pub app: &'static App,
    /// Its provider.
    pub fake: Arc<dyn Fake>,
    /// A connected account.
    pub cx: Cx,
    /// What the name of the calendar to write into contains; anyone's where it is not said.
    pub calendar: Option<String>,
    gateway: Gateway,
    flights: Arc<Flights>,
    signer: Option<Arc<dyn Signer>>,
}

impl Stage {
    /// A fresh stage with an account connected as the fake's form says, but for what is typed otherwise.
    pub(crate) async fn of(app: &'static App, typed: &[(&str, &str)]) -> Result<Self, Failed> {
        let fake = (app.fake)();
        let mut form = fake.form();
        form.extend(typed.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())));
        let signer = fake.oauth().map(OAuth::signer);
        Self::with(app, fake, None, &form, signer)?.connected().await
    }

    /// A stage before a real server, reached by this transport, with an account connected as this form says. Its fake
    /// stands idle.
    pub async fn before(
        app: &'static App,
        transport: Arc<dyn Transport>,
        form: &BTreeMap<String, String>,
    ) -> Result<Self, Failed> {
        Self::with(app, (app.fake)(), Some(transport), form, None)?.connected().await
    }

    /// The same, with requests signed by tokens that were granted there.
    pub async fn before_signed(
        app: &'static App,
        transport: Arc<dyn Transport>,
        form: &BTreeMap<String, String>,
        signer: Arc<dyn Signer>,
    ) -> Result<Self, Failed> {
        Self::with(app, (app.fake)(), Some(transport), form, Some(signer))?.connected().await
    }

    fn with(
        app: &'static App,
        fake: Arc<dyn Fake>,
        transport: Option<Arc<dyn Transport>>,
        form: &BTreeMap<String, String>,
        signer: Option<Arc<dyn Signer>>,
    ) -> Result<Self, Failed> {
        let flights = Arc::new(Flights::default());
        let begin: Timestamp = BEGIN.parse().map_err(|error| format!("{BEGIN}: {error}"))?;
        let time = Arc::new(Tokio(Arc::new(Simulated::from(begin))));
        let real = transport.is_some();
        let gateway = Gateway::new(
            transport.unwrap_or_else(|| Arc::new(Played::new(Arc::clone(&fake)))),
            Arc::new(NoNames),
            time,
            Arc::new(Counted::default()),
            Arc::clone(&flights) as Arc<dyn Recorder>,
        );
        let gateway = if real { gateway } else { gateway.playing(app, Arc::clone(&fake)) };
        let account = account(app, form, signer.clone())?;
        let cx = gateway.cx(app, account, Patience::Job).map_err(|error| error.to_string())?;
        Ok(Self { app, fake, cx, calendar: None, gateway, flights, signer })
    }

    /// The account as the connect page leaves it: a calendar's probe keeps what it found among the settings.
    async fn connected(mut self) -> Result<Self, Failed> {
        if let Some(calendar) = self.app.calendar() {
            let probe = calendar.probe(&self.cx).await;
            self.keep(probe)?;
        }
        Ok(self)
    }

    /// The same for a messenger, whose provider may be a socket: its checks run in real time.
    pub(crate) async fn asked(mut self) -> Result<Self, Failed> {
        if let Some(messenger) = self.app.messenger() {
            let probe = messenger.probe(&self.cx).await;
            self.keep(probe)?;
        }
        Ok(self)
    }

    fn keep(&mut self, probe: Result<Probe, Error>) -> Result<(), Failed> {
        let probe = probe.map_err(|error| error.to_string())?;
        if let Some(settings) = self.cx.settings.as_object_mut() {
            settings.extend(probe.found);
        }
        Ok(())
    }

    /// What the fake was asked, and what is to go wrong next.
    pub fn bench(&self) -> &Bench {
        self.fake.bench()
    }

    /// The account with other things typed into its form.
    ///
    /// # Panics
    /// When the form does not take them.
    pub fn typed(&self, changes: &[(&str, &str)]) -> Cx {
        let mut form = self.fake.form();
        form.extend(changes.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())));
        let cx = account(self.app, &form, self.signer.clone())
            .map(|account| self.gateway.cx(self.app, account, Patience::Job));
        match cx {
            Ok(Ok(cx)) => cx,
            Ok(Err(error)) => panic!("the app takes the form but cannot use it: {error}"),
            Err(failed) => panic!("{}", failed.message().unwrap_or("the form does not take this")),
        }
    }

    /// The account with this much patience.
    pub fn patient(&self, patience: Duration) -> Cx {
        let mut cx = self.cx.clone();
        cx.http = cx.http.patient(patience);
        cx
    }

    /// Its provider's sign-in desk.
    ///
    /// # Panics
    /// When accounts of the app are not granted at its provider.
    pub fn desk(&self) -> Desk {
        match self.gateway.desk(self.app, "account-1", Patience::Job) {
            Ok(Some(desk)) => desk,
            other => panic!("the app has no sign-in: {other:?}"),
        }
    }

    /// What time it is.
    pub fn now(&self) -> Timestamp {
        self.gateway.time().now()
    }

    /// The flight records so far.
    pub fn flights(&self) -> Vec<Flight> {
        self.flights.all()
    }

    /// At the end: the fake understood everything, and no secret stands in a record (ALL-08).
    pub(crate) fn closed(&self) -> Result<(), Failed> {
        if let Some(stray) = self.bench().strays().first() {
            return Err(format!("the provider would not have understood: {stray}").into());
        }
        if let Some(Ok(published)) = Published::of(self.app, self.fake.as_ref()) {
            for request in self.bench().seen() {
                published
                    .judge(&request, self.fake.undescribed())
                    .map_err(|problem| format!("not as published: {problem}"))?;
            }
        }
        let records = format!("{:?}", self.flights());
        match self.cx.secrets.iter().find(|(_, secret)| records.contains(secret.expose())) {
            Some((name, _)) => Err(format!("the secret {name:?} stands in a flight record").into()),
            None => Ok(()),
        }
    }
}

fn account(
    app: &App,
    form: &BTreeMap<String, String>,
    signer: Option<Arc<dyn Signer>>,
) -> Result<Account, Failed> {
    let account = example::filled_in(app, form).map_err(|wrong| {
        let all: Vec<String> = wrong.iter().map(ToString::to_string).collect();
        format!("the form does not take this: {}", all.join("; "))
    })?;
    Ok(Account { id: "account-1".into(), signer, ..account })
}

/// Flight records, kept for a check to read.
#[derive(Debug, Default)]
pub struct Flights(Mutex<Vec<Flight>>);

impl Flights {
    fn all(&self) -> Vec<Flight> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Recorder for Flights {
    fn record(&self, flight: Flight) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(flight);
    }
}
