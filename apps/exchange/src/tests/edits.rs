//! A mirror kept by differences says what the mailbox says, whatever others do there.

use kalends_app::fake::Mirror;

use super::*;

#[tokio::test(start_paused = true)]
async fn a_thousand_random_edits_later_the_mirror_equals_the_mailbox() {
    let server = Arc::new(Server::default());
    let cx = connected(&server, &[]).await;
    let (mut mirror, mut there) = (Mirror::default(), Vec::<String>::new());
    let mut chance = fastrand::Rng::with_seed(42);
    let mut any = move |below: usize| chance.usize(..below);
    for edit in 0..1_000 {
        let span = hour(u8::try_from(1 + any(28)).expect("a day"));
        match any(4) {
            0 | 1 => there.push(server.mailbox().put_by_other(theirs(&edit.to_string(), span))),
            2 if !there.is_empty() => {
                let id = there[any(there.len())].clone();
                let series = if any(3) == 0 { vec![span, hour(30)] } else { vec![] };
                server.mailbox().change_by_other(&id, |event| (event.span, event.series) = (span, series));
            }
            3 if !there.is_empty() => server.mailbox().remove_by_other(&there.swap_remove(any(there.len()))),
            _ => {}
        }
        if any(7) == 0 {
            // Lost, told twice or late: what counts is what is asked.
            let before = mirror.cursor.clone();
            mirror.heed(changes(&cx, before.as_deref()).await);
            if any(5) == 0 {
                mirror.cursor = before;
            }
        }
    }
    mirror.heed(changes(&cx, mirror.cursor.as_deref()).await);
    let mut whole = Mirror::default();
    whole.heed(changes(&cx, None).await);
    assert!(whole.events.len() > 100, "{}", whole.events.len());
    assert_eq!(mirror.events, whole.events);
    assert_eq!(server.bench().strays(), Vec::<String>::new());
}
