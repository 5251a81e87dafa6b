//! A mirror kept by differences says what the mailbox says, whatever others do there.

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
async fn a_thousand_random_edits_later_the_mirror_equals_the_mailbox() {
    let server = Arc::new(Server::default());
    let cx = connected(&server, &[]).await;
    let (mut mirror, mut cursor, mut there) = (Mirror::new(), None, Vec::<String>::new());
    let mut chance = 42_u64;
    let mut any = move |below: usize| {
        chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(chance >> 33).unwrap_or_default() % below
    };
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
            let told = changes(&cx, cursor.as_deref()).await;
            heed(&mut mirror, &told);
            if any(5) != 0 {
                cursor = told.cursor;
            }
        }
    }
    heed(&mut mirror, &changes(&cx, cursor.as_deref()).await);
    let mut whole = Mirror::new();
    heed(&mut whole, &changes(&cx, None).await);
    assert!(whole.len() > 100, "{}", whole.len());
    assert_eq!(mirror, whole);
    assert_eq!(server.bench().strays(), Vec::<String>::new());
}
