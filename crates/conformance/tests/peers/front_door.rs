//! iCloud's way in, with a server that others wrote behind its names: the app's own address, sign-in and paths.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use kalends_app::Request;
use kalends_app::http::{Answer, Transport};
use kalends_conformance::Stage;
use libtest_mimic::Failed;
use reqwest::{Method, Url};

use crate::peer::{address, calendars};
use crate::socket::{Socket, client};

const USER: &str = "icloud@example.com";
const PASSWORD: &str = "abcd-efgh-ijkl-mnop";

/// A stage with a fresh calendar of the account that has a password made for one app.
pub fn stage(_: &str, check: &'static str) -> BoxFuture<'static, Result<Stage, Failed>> {
    async move {
        let app =
            kalends_catalog::APPS.iter().copied().find(|app| app.slug == "icloud").ok_or("no iCloud")?;
        let peer = Url::parse(&address("RADICALE")).map_err(|error| error.to_string())?;
        let form = BTreeMap::from([("username", USER), ("password", PASSWORD)].map(own));
        let mut stage =
            Stage::before(app, Arc::new(Behind { socket: Socket(client()), peer: peer.clone() }), &form)
                .await?;
        let name = format!("{check}-{}", std::process::id());
        let left = calendars(&stage).await?.into_iter().filter(|path| path.contains(&format!("/{check}-")));
        for path in left {
            raw("DELETE", &peer, &path).await?;
        }
        let made = raw("MKCALENDAR", &peer, &format!("/{USER}/{name}/")).await?;
        if made != 201 {
            return Err(format!("MKCALENDAR {name}: {made}").into());
        }
        stage.calendar = Some(name);
        Ok(stage)
    }
    .boxed()
}

fn own((name, text): (&str, &str)) -> (String, String) {
    (name.to_owned(), text.to_owned())
}

async fn raw(method: &str, peer: &Url, path: &str) -> Result<u16, Failed> {
    let method = Method::from_bytes(method.as_bytes()).map_err(|error| error.to_string())?;
    let url = peer.join(path).map_err(|error| error.to_string())?;
    let sent = client().request(method, url).basic_auth(USER, Some(PASSWORD)).send().await;
    Ok(sent.map_err(|error| error.to_string())?.status().as_u16())
}

/// Carries what is meant for Apple to the peer, and brings its answers back under Apple's names.
struct Behind {
    socket: Socket,
    peer: Url,
}

impl Transport for Behind {
    fn send(&self, mut request: Request) -> Answer<'_> {
        async move {
            let meant = request.url.clone();
            assert_eq!((meant.scheme(), meant.host_str()), ("https", Some("caldav.icloud.com")));
            let mut url = self.peer.clone();
            url.set_path(meant.path());
            url.set_query(meant.query());
            request.url = url;
            let mut answer = self.socket.send(request).await?;
            answer.url = meant;
            Ok(answer)
        }
        .boxed()
    }
}
