//! A mirror kept by differences says what the server says, whatever others do there.

use kalends_app::fake::Mirror;

use super::*;

#[tokio::test(start_paused = true)]
async fn a_thousand_random_edits_later_the_mirror_equals_the_calendar() {
    // With a record of changes, with one mark for all, and with neither.
    for host in ["dav.example.test", "tags.example.test", "plain.example.test"] {
        let world = World::new();
        let (cx, of) = (world.connected(&format!("https://{host}")).await, work(host));
        let (mut mirror, mut there) = (Mirror::default(), Vec::<String>::new());
        let mut chance = fastrand::Rng::with_seed(42);
        let mut any = move |below: usize| chance.usize(..below);
        for edit in 0..1_000 {
            let day = hour(u32::try_from(1 + any(28)).expect("a day"));
            let day = if any(3) == 0 { format!("{day}\r\nRRULE:FREQ=DAILY;COUNT=2") } else { day };
            match any(4) {
                0 | 1 => {
                    world.server.put_by_other("work", &format!("{edit}.ics"), &ics(&edit.to_string(), &day));
                    there.push(edit.to_string());
                }
                2 if !there.is_empty() => {
                    let uid = &there[any(there.len())];
                    world.server.put_by_other("work", &format!("{uid}.ics"), &ics(uid, &day));
                }
                3 if !there.is_empty() => {
                    let uid = there.swap_remove(any(there.len()));
                    world.server.remove_by_other("work", &format!("{uid}.ics"));
                }
                _ => {}
            }
            if any(7) == 0 {
                // Lost, told twice or late: what counts is what is asked.
                let before = mirror.cursor.clone();
                mirror.heed(changes(&cx, &of, before.as_deref()).await);
                if any(5) == 0 {
                    mirror.cursor = before;
                }
            }
        }
        mirror.heed(changes(&cx, &of, mirror.cursor.as_deref()).await);
        let mut whole = Mirror::default();
        whole.heed(changes(&cx, &of, None).await);
        assert!(whole.events.len() > 100, "{host}: {}", whole.events.len());
        assert_eq!(mirror.events, whole.events, "{host}");
        assert_eq!(world.server.bench().strays(), Vec::<String>::new());
    }
}
