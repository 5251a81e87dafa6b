//! The line of one account: its breaker, its pace, its records, shared by all its calls.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use kalends_domain::id::Chance;

use super::{
    Http, Layer, Recorder, Signer, Time, Transport,
    breaker::{Breaker, Breaking},
    deadline::{self, Deadline},
    handshake::Shaking,
    judge::Judged,
    meter::Metering,
    pace::{Pace, Pacing},
    record::{Begun, Recording},
    retry::Retrying,
    sign::Signing,
    silence::{Hush, Silence},
};
use crate::{App, Error, Secrets, manifest::Quota};

/// All lines of this process.
pub struct Lines {
    time: Arc<dyn Time>,
    chance: Arc<dyn Chance>,
    recorder: Arc<dyn Recorder>,
    open: Mutex<HashMap<(&'static str, String), Line>>,
}

impl Lines {
    /// None yet.
    pub fn new(time: Arc<dyn Time>, chance: Arc<dyn Chance>, recorder: Arc<dyn Recorder>) -> Self {
        Self { time, chance, recorder, open: Mutex::default() }
    }

    /// The line of this account, the same one every time.
    pub fn line(&self, app: &'static str, account: &str, quota: Quota) -> Line {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.entry((app, account.to_owned())).or_insert_with(|| self.fresh(app, account, quota)).clone()
    }

    /// Lets an account's next call through whatever failed before: its owner has just mended it. Its pace, what is under way
    /// and a silence the provider asked for are not its owner's to mend, and stay.
    pub fn mended(&self, app: &'static str, account: &str) {
        if let Some(line) =
            self.open.lock().unwrap_or_else(PoisonError::into_inner).get(&(app, account.to_owned()))
        {
            line.breaker.close();
        }
    }

    /// Forgets the line of an account that is gone.
    pub fn forget(&self, app: &'static str, account: &str) {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).remove(&(app, account.to_owned()));
    }

    fn fresh(&self, app: &'static str, account: &str, quota: Quota) -> Line {
        Line {
            app,
            account: Arc::from(account),
            time: Arc::clone(&self.time),
            chance: Arc::clone(&self.chance),
            recorder: Arc::clone(&self.recorder),
            breaker: Arc::new(Breaker::new(Arc::clone(&self.time))),
            hush: Hush { pace: Arc::new(Pace::new(Arc::clone(&self.time), quota)), beyond: None },
            secrets: Arc::default(),
        }
    }
}

/// One account's line.
#[derive(Clone)]
pub struct Line {
    app: &'static str,
    account: Arc<str>,
    time: Arc<dyn Time>,
    chance: Arc<dyn Chance>,
    recorder: Arc<dyn Recorder>,
    breaker: Arc<Breaker>,
    hush: Hush,
    secrets: Arc<Secrets>,
}

impl Line {
    /// The same line, for calls with these secrets.
    #[must_use]
    pub(crate) fn keeping(mut self, secrets: &Secrets) -> Self {
        self.secrets = Arc::new(secrets.clone());
        self
    }

    /// The same line, silent until then if nobody here has heard of it yet, and keeping silences there.
    #[must_use]
    pub(crate) fn hushed(mut self, until: Option<Timestamp>, beyond: Option<Arc<dyn Silence>>) -> Self {
        if let Some(until) = until {
            self.hush.pace.silence(until);
        }
        self.hush.beyond = beyond;
        self
    }

    /// Every policy around this transport, outermost first. Read it downwards: count it, try again, is the line
    /// open, wait our turn, shake hands, sign, write it down, judge, time out.
    pub fn stack(&self, app: &App, signer: Arc<dyn Signer>, base: Arc<dyn Transport>) -> Http {
        let layers: [Arc<dyn Layer>; 9] = [
            Arc::new(self.meter()),
            Arc::new(Retrying { time: Arc::clone(&self.time), chance: Arc::clone(&self.chance) }),
            Arc::new(Breaking(Arc::clone(&self.breaker))),
            Arc::new(Pacing(self.hush.clone())),
            Arc::new(Shaking),
            Arc::new(Signing::by(signer)),
            Arc::new(self.recording()),
            Arc::new(Judged { app: app.judge, time: Arc::clone(&self.time) }),
            Arc::new(Deadline { time: Arc::clone(&self.time) }),
        ];
        Http::new(base, layers)
    }

    /// The way to a token endpoint: counted, written down, ended at the deadline. Nothing is judged, for a refusal is read
    /// by its body, and nothing is sent twice.
    pub(crate) fn desk(&self, base: Arc<dyn Transport>) -> Http {
        let layers: [Arc<dyn Layer>; 3] = [
            Arc::new(self.meter()),
            Arc::new(Recording { judged: false, ..self.recording() }),
            Arc::new(Deadline { time: Arc::clone(&self.time) }),
        ];
        Http::new(base, layers)
    }

    /// The same for what is not HTTP: counted, behind the breaker, at its pace, recorded, and ended at the deadline.
    /// It runs once.
    pub async fn around<T: Send>(
        &self,
        call: &Call<'_>,
        work: impl Future<Output = Result<T, Error>> + Send,
    ) -> Result<T, Error> {
        let work = Box::pin(work);
        let guarded = async {
            let admission = self.breaker.admit()?;
            let result = async {
                let _turn = self.hush.pace.turn(call.deadline, false).await?;
                let recording = self.recording();
                let begun = Begun {
                    op: call.op,
                    method: call.protocol.to_owned(),
                    host: call.host.to_owned(),
                    path: String::new(),
                    at: self.time.now(),
                    attempt: 1,
                    attempts: 1,
                };
                let result =
                    recording.hushed(deadline::within(self.time.as_ref(), call.deadline, work).await);
                recording.ended(&begun, None, result.as_ref().err());
                result
            }
            .await;
            admission.settle(&result);
            result
        };
        self.meter().around(call.op, guarded).await
    }

    /// True while the breaker refuses calls.
    pub fn is_broken(&self) -> bool {
        self.breaker.is_open()
    }

    /// Heeds a wish for silence that stood inside an answer: no call of this account goes out before it ends.
    pub async fn heed(&self, error: &Error) {
        self.hush.heed(error).await;
    }

    /// The time its layers live by.
    pub fn time(&self) -> &Arc<dyn Time> {
        &self.time
    }

    fn meter(&self) -> Metering {
        Metering { app: self.app, time: Arc::clone(&self.time) }
    }

    fn recording(&self) -> Recording {
        Recording {
            app: self.app,
            account: Arc::clone(&self.account),
            time: Arc::clone(&self.time),
            recorder: Arc::clone(&self.recorder),
            secrets: Arc::clone(&self.secrets),
            judged: true,
        }
    }
}

/// A call that is not HTTP.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// Its name in metrics and records.
    pub op: &'static str,
    /// `SMTP`, say.
    pub protocol: &'static str,
    /// Whom it talks to.
    pub host: &'a str,
    /// For all of it.
    pub deadline: Duration,
}
