//! A mirror kept by differences says what the server says, whatever others do there.

use std::collections::BTreeMap;

use super::*;

/// What a mirror keeps of each event.
type Mirror = BTreeMap<String, (Option<String>, Vec<Span>)>;

fn heed(mirror: &mut Mirror, changes: &Changes) {
    if changes.full {
        mirror.clear();
    }
    for gone in &changes.removed {
        mirror.remove(gone.as_str());
    }
    let rows =
        changes.upserts.iter().map(|event| (event.id.to_string(), (event.etag.clone(), event.busy.clone())));
    mirror.extend(rows);
}

#[tokio::test(start_paused = true)]
async fn a_thousand_random_edits_later_the_mirror_equals_the_calendar() {
    // With a record of changes, with one mark for all, and with neither.
    for host in ["dav.example.test", "tags.example.test", "plain.example.test"] {
        let world = World::new();
        let (cx, of) = (world.connected(&format!("https://{host}")).await, work(host));
        let (mut mirror, mut cursor, mut there) = (Mirror::new(), None, Vec::<String>::new());
        let mut chance = 42_u64;
        let mut any = move |below: usize| {
            chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(chance >> 33).unwrap_or_default() % below
        };
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
                let told = changes(&cx, &of, cursor.as_deref()).await;
                heed(&mut mirror, &told);
                if any(5) != 0 {
                    cursor = told.cursor;
                }
            }
        }
        heed(&mut mirror, &changes(&cx, &of, cursor.as_deref()).await);
        let mut whole = Mirror::new();
        heed(&mut whole, &changes(&cx, &of, None).await);
        assert!(whole.len() > 100, "{host}: {}", whole.len());
        assert_eq!(mirror, whole, "{host}");
        assert_eq!(world.server.bench().strays(), Vec::<String>::new());
    }
}
