//! `kalends serve`: the server on one's own data.

use std::net::SocketAddr;
use std::process::ExitCode;

use anyhow::{Context, Result};
use axum::Router;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use url::Url;

use crate::config::Config;
use crate::wire;

/// Serves until it is told to stop.
pub async fn run(config: &Config) -> Result<ExitCode> {
    let door = Door::open(config).await?;
    let house = wire::house(config, &door.base_url, |gateway| gateway).await?;
    let workers = house.work();
    println!("address   {}", door.base_url);
    if house.engine.needs_setup().await? {
        println!("set up    {}setup", door.base_url);
    }
    door.serve(house.router()).await?;
    house.close(workers).await;
    Ok(ExitCode::SUCCESS)
}

/// Where the server listens, and the address guests see.
pub struct Door {
    listener: TcpListener,
    /// The address guests see.
    pub base_url: Url,
}

impl Door {
    /// Takes the port, so that nothing is done when it is taken already.
    pub async fn open(config: &Config) -> Result<Self> {
        let listener = TcpListener::bind(config.listen).await;
        let listener = listener
            .with_context(|| format!("cannot listen on {}; set listen to a free port", config.listen))?;
        let base_url = config.base_url(listener.local_addr()?);
        Ok(Self { listener, base_url })
    }

    /// Answers until SIGINT or SIGTERM; what is under way then is finished.
    pub async fn serve(self, router: Router) -> Result<()> {
        let (mut interrupt, mut terminate) =
            (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        let told_to_stop = async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            tracing::info!("stopping");
        };
        println!("Ready. Ctrl-C stops it.");
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        axum::serve(self.listener, service).with_graceful_shutdown(told_to_stop).await?;
        Ok(())
    }
}
