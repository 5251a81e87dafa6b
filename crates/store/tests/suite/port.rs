//! Transactions, notices, and databases that have no room or go away.

use std::time::Duration;

use futures::future::join_all;
use jiff::Timestamp;
use kalends_domain::{Id, people::User};
use kalends_store::{Change, Db, Error, sql};
use kalends_testkit::{Counting, TestDb};
use tokio::sync::broadcast::Receiver;

checks![
    a_failed_transaction_undoes_itself_and_not_its_neighbours,
    a_text_no_database_holds_is_kept_with_a_mark,
    a_panic_undoes_its_own_transaction_only,
    an_error_inside_can_be_caught_and_the_rest_kept,
    a_dropped_caller_does_not_stop_a_transaction,
    readers_cannot_write on Sqlite,
    changes_are_told_after_the_commit_only,
    changes_reach_other_nodes on Postgres,
    a_unique_value_names_its_columns,
    values_keep_their_types_and_nothing_stays_nothing,
    a_column_that_is_not_there_is_named,
    lists_of_any_length_find_their_rows,
    a_full_disk_is_said_and_passes on Sqlite,
    a_full_disk_of_the_server_is_said on Postgres,
    a_closed_database_says_so,
    a_broken_connection_is_replaced on Postgres,
    a_database_closes_while_connections_come_back on Postgres,
    a_wrong_address_is_refused_without_its_password,
    ended_transactions_are_seen_by_the_next_reader,
];

async fn table(t: &TestDb) {
    write!(t.db, [], |tx| {
        tx.run(sql("CREATE TABLE things (name TEXT PRIMARY KEY, many BIGINT, flag BOOLEAN)")).await
    })
    .unwrap();
}

async fn names(t: &TestDb) -> Vec<String> {
    let mut tx = t.db.read().await.unwrap();
    let rows = tx.rows(sql("SELECT name FROM things ORDER BY name")).await.unwrap();
    rows.iter().map(|row| row.get("name").unwrap()).collect()
}

async fn add(db: &Db, name: String) -> Result<u64, Error> {
    write!(db, [name], |tx| { tx.run(sql("INSERT INTO things (name) VALUES ($1)").bind(name)).await })
}

async fn a_failed_transaction_undoes_itself_and_not_its_neighbours(t: &TestDb) {
    table(t).await;
    let all = (0..64).map(|number| async move {
        let name = format!("{number:02}");
        let done = write!(t.db, [name], |tx| {
            tx.run(sql("INSERT INTO things (name) VALUES ($1)").bind(name)).await?;
            if number % 3 == 0 { Err(Error::Refused("no".into())) } else { Ok(()) }
        });
        (number, done)
    });
    for (number, done) in join_all(all).await {
        assert_eq!(done.is_err(), number % 3 == 0, "{number}: {done:?}");
    }
    let expected: Vec<String> = (0..64).filter(|n| n % 3 != 0).map(|n| format!("{n:02}")).collect();
    assert_eq!(names(t).await, expected);
}

async fn a_text_no_database_holds_is_kept_with_a_mark(t: &TestDb) {
    table(t).await;
    add(&t.db, "a\0b".to_owned()).await.unwrap();
    assert_eq!(names(t).await, ["a\u{FFFD}b"]);
}

async fn a_panic_undoes_its_own_transaction_only(t: &TestDb) {
    table(t).await;
    let fails = write!(t.db, [], |tx| {
        tx.run(sql("INSERT INTO things (name) VALUES ('a')")).await?;
        assert!(!tx.is_postgres() && tx.is_postgres(), "on purpose");
        Ok(())
    });
    assert!(fails.unwrap_err().to_string().contains("panicked"));
    add(&t.db, "b".into()).await.unwrap();
    assert_eq!(names(t).await, ["b"]);
}

async fn an_error_inside_can_be_caught_and_the_rest_kept(t: &TestDb) {
    table(t).await;
    let kept = write!(t.db, [], |tx| {
        tx.run(sql("INSERT INTO things (name) VALUES ('a')")).await?;
        tx.run(sql("INSERT INTO things (name) VALUES ('a') ON CONFLICT DO NOTHING")).await
    });
    assert_eq!(kept.unwrap(), 0);
    assert_eq!(names(t).await, ["a"]);
}

async fn a_dropped_caller_does_not_stop_a_transaction(t: &TestDb) {
    table(t).await;
    let (started, is_started) = tokio::sync::oneshot::channel();
    let (go, gone) = tokio::sync::oneshot::channel::<()>();
    let (started, gone) =
        (std::sync::Mutex::new(Some(started)), std::sync::Arc::new(tokio::sync::Mutex::new(Some(gone))));
    let db = t.db.clone();
    let caller = tokio::spawn(async move {
        db.write::<(), Error>(move |tx| {
            if let Some(started) = started.lock().unwrap().take() {
                started.send(()).unwrap();
            }
            let gone = gone.clone();
            Box::pin(async move {
                if let Some(gone) = gone.lock().await.take() {
                    gone.await.unwrap();
                }
                tx.run(sql("INSERT INTO things (name) VALUES ('a')")).await.map(drop)
            })
        })
        .await
    });
    is_started.await.unwrap();
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    go.send(()).unwrap();
    if t.db.is_postgres() {
        // On its own connection: wait for its commit as for a notice.
        while names(t).await.is_empty() {
            tokio::task::yield_now().await;
        }
    }
    add(&t.db, "b".into()).await.unwrap();
    assert_eq!(names(t).await, ["a", "b"]);
}

async fn readers_cannot_write(t: &TestDb) {
    table(t).await;
    let mut tx = t.db.read().await.unwrap();
    assert!(tx.run(sql("INSERT INTO things (name) VALUES ('a')")).await.is_err());
    assert!(names(t).await.is_empty());
}

async fn next(changes: &mut Receiver<Change>) -> Change {
    tokio::time::timeout(Duration::from_secs(20), changes.recv()).await.expect("a notice comes").unwrap()
}

async fn changes_are_told_after_the_commit_only(t: &TestDb) {
    let mut changes = t.db.changes();
    let host = t.ids.id::<User>();
    let undone: Result<(), Error> = write!(t.db, [], |tx| {
        tx.notify(Change::Jobs);
        Err(Error::Refused("no".into()))
    });
    assert!(undone.is_err());
    write!(t.db, [], |tx| {
        tx.notify(Change::HostTimes(host));
        tx.notify(Change::HostTimes(host));
        Ok(())
    })
    .unwrap();
    loop {
        match next(&mut changes).await {
            Change::Everything => {} // the line for notices has just been opened
            change => {
                assert_eq!(change, Change::HostTimes(host));
                break;
            }
        }
    }
    assert!(changes.try_recv().is_err(), "told once");
}

async fn changes_reach_other_nodes(t: &TestDb) {
    let other = t.another_node().await;
    let mut changes = other.changes();
    let host: Id<User> = t.ids.id();
    let heard = async { while changes.recv().await.unwrap() != Change::HostTimes(host) {} };
    // Whether its line was open before we listened to it nobody can tell: so it is told until it hears.
    let telling = async {
        loop {
            write!(t.db, [], |tx| {
                tx.notify(Change::HostTimes(host));
                Ok(())
            })
            .unwrap();
            tokio::task::yield_now().await;
        }
    };
    let either = async {
        tokio::select! { () = heard => {}, () = telling => {} }
    };
    tokio::time::timeout(Duration::from_secs(20), either).await.expect("a notice comes");
    other.close().await;
}

async fn a_unique_value_names_its_columns(t: &TestDb) {
    table(t).await;
    add(&t.db, "a".into()).await.unwrap();
    let error = add(&t.db, "a".into()).await.unwrap_err();
    assert!(error.is_taken("name"), "{error:?}");
    assert!(!error.is_taken("flag"));
    assert!(matches!(&error, Error::Unique { table, .. } if table == "things"), "{error:?}");
}

async fn values_keep_their_types_and_nothing_stays_nothing(t: &TestDb) {
    table(t).await;
    let at: Timestamp = "2026-11-23T09:00:00.123456Z".parse().unwrap();
    write!(t.db, [], |tx| {
        let insert = || sql("INSERT INTO things (name, many, flag) VALUES ($1, $2, $3)");
        tx.run(insert().bind("full").bind(at).bind(true)).await?;
        tx.run(insert().bind("none").bind(None::<i64>).bind(None::<bool>)).await
    })
    .unwrap();
    let mut tx = t.db.read().await.unwrap();
    let rows = tx.rows(sql("SELECT name, many, flag FROM things ORDER BY name")).await.unwrap();
    assert_eq!(rows[0].get::<Timestamp>("many").unwrap(), at);
    assert!(rows[0].get::<bool>("flag").unwrap());
    assert_eq!(rows[1].get::<Option<Timestamp>>("many").unwrap(), None);
    assert_eq!(rows[1].get::<Option<bool>>("flag").unwrap(), None);
    let error = rows[1].get::<i64>("many").unwrap_err();
    assert_eq!(error.to_string(), "column `many` cannot be read: it is empty");
}

async fn a_column_that_is_not_there_is_named(t: &TestDb) {
    let mut tx = t.db.read().await.unwrap();
    let row = tx.row(sql("SELECT 1 AS one")).await.unwrap().unwrap();
    let error = row.get::<String>("two").unwrap_err();
    assert!(error.to_string().contains("`two`"), "{error}");
}

async fn lists_of_any_length_find_their_rows(t: &TestDb) {
    table(t).await;
    for name in ["a", "b", "c"] {
        add(&t.db, name.into()).await.unwrap();
    }
    let mut tx = t.db.read().await.unwrap();
    for (list, many) in
        [(vec![], 0), (vec!["a"], 1), (vec!["a", "c", "x"], 2), (vec!["a", "b", "c", "x", "y"], 3)]
    {
        let query =
            sql("SELECT name FROM things WHERE name <> $1 AND name IN ($*)").bind("z").bind_list(list);
        assert_eq!(tx.rows(query).await.unwrap().len(), many);
    }
}

/// What the server says when it can extend a file no more is said by the server itself here: class 53, `disk_full`.
async fn a_full_disk_of_the_server_is_said(t: &TestDb) {
    let said = write!(t.db, [], |tx| {
        tx.run(sql("DO $$ BEGIN RAISE EXCEPTION 'No space left on device' USING ERRCODE = '53100'; END $$"))
            .await
    });
    assert!(matches!(said, Err(Error::Full)), "{said:?}");
}

async fn a_full_disk_is_said_and_passes(t: &TestDb) {
    table(t).await;
    let pages = write!(t.db, [], |tx| {
        let row = tx.row(sql("PRAGMA page_count")).await?.expect("a number of pages");
        row.get::<i64>("page_count")
    })
    .unwrap();
    let limit = async |pages: i64| {
        let text = format!("PRAGMA max_page_count = {pages}");
        write!(t.db, [text], |tx| { tx.rows(kalends_store::Sql::built(text)).await.map(drop) }).unwrap();
    };
    limit(pages + 1).await;
    let large = "x".repeat(100_000);
    // Small ones in the same group are not told that they were kept when they were not.
    let all = join_all((0..8).map(|number| {
        let name = if number == 4 { large.clone() } else { format!("{number}") };
        async move { (name.clone(), add(&t.db, name).await) }
    }))
    .await;
    assert!(all.iter().any(|(_, done)| matches!(done, Err(Error::Full))), "{all:?}");
    let kept: Vec<String> = all.into_iter().filter(|(_, done)| done.is_ok()).map(|(name, _)| name).collect();
    assert_eq!(names(t).await, kept);
    limit(1_000_000).await;
    add(&t.db, large).await.unwrap();
    assert!(t.db.integrity().await.unwrap().is_empty());
}

async fn a_closed_database_says_so(t: &TestDb) {
    table(t).await;
    let node = t.another_node().await;
    let last = add(&node, "a".into());
    let (last, ()) = tokio::join!(last, node.close());
    let error = add(&node, "b".into()).await.unwrap_err();
    assert!(error.is_unavailable(), "{error:?}");
    assert!(node.read().await.is_err());
    // What had begun was finished, or was refused: never half.
    assert_eq!(names(t).await.len(), usize::from(last.is_ok()));
}

async fn a_broken_connection_is_replaced(t: &TestDb) {
    table(t).await;
    let node = t.another_node().await;
    join_all((0..8).map(|number| add(&node, format!("{number}")))).await;
    let mut tx = t.db.read().await.unwrap();
    tx.rows(sql("SELECT pg_terminate_backend(pid) AS gone FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid()"))
        .await
        .unwrap();
    // All of its connections are dead; none of these notices.
    for done in join_all((10..18).map(|number| add(&node, format!("{number}")))).await {
        done.unwrap();
    }
    assert_eq!(names(t).await.len(), 16);
    node.close().await;
}

async fn a_database_closes_while_connections_come_back(t: &TestDb) {
    table(t).await;
    for _ in 0..40 {
        let node = t.another_node().await;
        let readers = (0..6).map(|_| {
            let node = node.clone();
            tokio::spawn(async move { while node.read().await.is_ok() {} })
        });
        let readers = join_all(readers);
        names(t).await;
        tokio::join!(readers, node.close());
    }
}

async fn a_wrong_address_is_refused_without_its_password(t: &TestDb) {
    for url in ["mysql://me:secret@host/db", "secret", "sqlite://", "sqlite://:memory:"] {
        let ids = Counting::default().ids(t.clock.clone());
        let error = Db::open(url, std::sync::Arc::new(t.clock.clone()), ids).await.unwrap_err();
        assert!(matches!(error, Error::Address(_)), "{error:?}");
        assert!(!error.to_string().contains("me:secret"), "{error}");
    }
}

async fn ended_transactions_are_seen_by_the_next_reader(t: &TestDb) {
    table(t).await;
    for number in 0..20 {
        add(&t.db, format!("{number}")).await.unwrap();
        assert_eq!(names(t).await.len(), number + 1);
    }
}
