//! Backup, restore and check of the SQLite file, while others read and write.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use kalends_store::{Change, Error};
use kalends_testkit::{TestDb, make};

use kalends_domain::Clock;

checks![
    a_backup_taken_while_serving_holds_a_whole_state on Sqlite,
    a_restore_brings_everything_back_while_serving on Sqlite,
    what_is_no_backup_is_refused_and_changes_nothing on Sqlite,
    postgres_names_its_own_tools on Postgres,
];

async fn a_backup_taken_while_serving_holds_a_whole_state(t: &TestDb) {
    let people = t.people(&["ann"]).await;
    let directory = tempfile::tempdir().unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let writer = {
        let (db, ids, stop, of, now) =
            (t.db.clone(), t.ids.clone(), stop.clone(), people[0].organization, t.clock.now());
        tokio::spawn(async move {
            let mut pairs = 0;
            while !stop.load(Ordering::SeqCst) {
                // Always two in one transaction.
                let (a, b) = (
                    make::user(&ids, of, &format!("a{pairs}"), now),
                    make::user(&ids, of, &format!("b{pairs}"), now),
                );
                write!(db, [a, b], |tx| {
                    tx.people().add(&a).await?;
                    tx.people().add(&b).await
                })
                .unwrap();
                pairs += 1;
            }
        })
    };
    for number in 0..5 {
        let file = directory.path().join(format!("{number}.db"));
        t.db.backup(&file).await.unwrap();
        assert!(matches!(t.db.backup(&file).await, Err(Error::Refused(_))), "it is there already");
        let copy = TestDb::of_file(&file, &t.clock).await;
        assert!(copy.integrity().await.unwrap().is_empty());
        let users = copy.read().await.unwrap().people().list(people[0].organization).await.unwrap().len();
        assert_eq!(users % 2, 1, "Ann, and pairs");
        copy.close().await;
    }
    stop.store(true, Ordering::SeqCst);
    writer.await.unwrap();
}

async fn a_restore_brings_everything_back_while_serving(t: &TestDb) {
    let people = t.people(&["ann", "bob"]).await;
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("backup.db");
    t.db.backup(&file).await.unwrap();
    let mut ann = people[0].clone();
    ann.name = "changed".into();
    let new = make::user(&t.ids, ann.organization, "cyd", t.clock.now());
    write!(t.db, [ann, new], |tx| {
        tx.people().save(&ann).await?;
        tx.people().add(&new).await
    })
    .unwrap();
    let mut changes = t.db.changes();
    t.db.restore(&file).await.unwrap();
    assert_eq!(changes.recv().await.unwrap(), Change::Everything);
    let back = t.db.read().await.unwrap().people().list(ann.organization).await.unwrap();
    assert_eq!(back, people);
    assert!(t.db.integrity().await.unwrap().is_empty());
    // It goes on as before, foreign keys and all.
    write!(t.db, [new], |tx| { tx.people().add(&new).await }).unwrap();
    let lost = make::user(&t.ids, t.ids.id(), "dee", t.clock.now());
    assert!(write!(t.db, [lost], |tx| { tx.people().add(&lost).await }).is_err());
}

async fn what_is_no_backup_is_refused_and_changes_nothing(t: &TestDb) {
    let people = t.people(&["ann"]).await;
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("not.db");
    assert!(matches!(t.db.restore(&file).await, Err(Error::Refused(_))), "there is no such file");
    std::fs::write(&file, "this is no database, but long enough to look at").unwrap();
    assert!(t.db.restore(&file).await.is_err());
    std::fs::write(&file, "").unwrap();
    assert!(matches!(t.db.restore(&file).await, Err(Error::Refused(_))), "an empty database");
    let ann = t.db.read().await.unwrap().people().get(people[0].id).await.unwrap();
    assert!(ann.is_some());
    let bob = make::user(&t.ids, people[0].organization, "bob", t.clock.now());
    write!(t.db, [bob], |tx| { tx.people().add(&bob).await }).unwrap();
}

async fn postgres_names_its_own_tools(t: &TestDb) {
    let file = std::path::Path::new("backup.db");
    assert!(t.db.backup(file).await.unwrap_err().to_string().contains("pg_dump"));
    assert!(t.db.restore(file).await.unwrap_err().to_string().contains("pg_restore"));
}
