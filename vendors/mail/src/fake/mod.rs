//! A mail server, played on a loopback port: strict about the order of commands, and out of order on demand.

mod talk;
mod tls;

use std::{net::SocketAddr, sync::Arc};

use futures::future::BoxFuture;
use kalends_app::{
    Error, Kind, Names, Srv,
    fake::{Bench, OAuth},
};
use tokio::{net::TcpListener, sync::OnceCell};

pub use self::{
    talk::{PASSWORD, Talk, USER},
    tls::{ROOT, acceptor},
};

/// How a played mail server lets people in.
#[derive(Debug, Clone, Default)]
pub enum Door {
    /// By [`USER`] and [`PASSWORD`], in clear: it is on this machine.
    #[default]
    Password,
    /// By a token of this sign-in that may do this, after STARTTLS and never before.
    Granted {
        /// The sign-in.
        desk: OAuth,
        /// What a token must be good for.
        scope: &'static str,
    },
}

/// A mail server.
#[derive(Default)]
pub struct MailServer {
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    bench: Bench,
    door: Door,
    address: OnceCell<SocketAddr>,
}

impl MailServer {
    /// One that lets people in like this.
    pub fn behind(door: Door) -> Self {
        Self { inner: Arc::new(Inner { door, ..Inner::default() }) }
    }

    /// Its record and its faults; a mail is noted as the request `message`, its recipients in the address.
    pub fn bench(&self) -> &Bench {
        &self.inner.bench
    }

    /// A world in which every name leads to it. It listens from the first look-up on.
    pub fn names(&self) -> Arc<dyn Names> {
        Arc::new(Here(Arc::clone(&self.inner)))
    }
}

/// Every name leads to the fake.
struct Here(Arc<Inner>);

impl Names for Here {
    fn addresses<'a>(&'a self, _: &'a str, _: u16) -> BoxFuture<'a, Result<Vec<SocketAddr>, Error>> {
        Box::pin(async {
            let address = self.0.address.get_or_try_init(|| listen(Arc::clone(&self.0))).await;
            let address =
                address.map_err(|error| Error::new(Kind::Down, format!("no loopback port: {error}")))?;
            Ok(vec![*address])
        })
    }

    fn srv<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Vec<Srv>, Error>> {
        Box::pin(async { Ok(vec![]) })
    }

    fn txt<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Vec<String>, Error>> {
        Box::pin(async { Ok(vec![]) })
    }
}

async fn listen(inner: Arc<Inner>) -> std::io::Result<SocketAddr> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let inner = Arc::clone(&inner);
            tokio::spawn(async move {
                // A client that goes away mid-sentence is its own business.
                let _ = Talk::new(&inner.bench, &inner.door, socket).run().await;
            });
        }
    });
    Ok(address)
}
