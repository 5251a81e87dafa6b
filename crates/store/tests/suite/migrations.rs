//! Scripts are run once, in order, and are never changed.

use kalends_store::{Error, MIGRATIONS, Migration, sql};
use kalends_testkit::TestDb;

checks![
    a_second_run_does_nothing,
    a_changed_script_is_refused,
    a_later_database_is_refused,
    a_new_script_is_run_once,
    a_script_that_fails_leaves_nothing,
    two_nodes_that_start_together_run_each_script_once,
];

async fn a_second_run_does_nothing(t: &TestDb) {
    assert!(t.db.pending_migrations().await.unwrap().is_empty());
    assert!(t.db.migrate().await.unwrap().is_empty());
}

fn list(last: Migration) -> &'static [Migration] {
    let mut all = MIGRATIONS.to_vec();
    all.push(last);
    all.leak()
}

async fn a_changed_script_is_refused(t: &TestDb) {
    let mut changed = MIGRATIONS.to_vec();
    changed[1].text = "SELECT 1";
    let error = t.db.migrate_with(changed.leak()).await.unwrap_err();
    assert!(matches!(&error, Error::Migration(why) if why.contains(MIGRATIONS[1].name)), "{error}");
}

async fn a_later_database_is_refused(t: &TestDb) {
    let error = t.db.migrate_with(&MIGRATIONS[..1]).await.unwrap_err();
    assert!(matches!(&error, Error::Migration(why) if why.contains("later version")), "{error}");
}

const MORE: Migration = Migration {
    name: "9999_more",
    text: "CREATE TABLE more (id TEXT PRIMARY KEY); CREATE INDEX more_id ON more (id);",
    postgres: None,
};

async fn a_new_script_is_run_once(t: &TestDb) {
    assert_eq!(t.db.migrate_with(list(MORE)).await.unwrap(), ["9999_more"]);
    assert!(t.db.migrate_with(list(MORE)).await.unwrap().is_empty());
    write!(t.db, [], |tx| { tx.run(sql("INSERT INTO more (id) VALUES ('a')")).await }).unwrap();
}

async fn a_script_that_fails_leaves_nothing(t: &TestDb) {
    let broken = Migration { text: "CREATE TABLE more (id TEXT PRIMARY KEY); NONSENSE;", ..MORE };
    assert!(t.db.migrate_with(list(broken)).await.is_err());
    assert_eq!(t.db.migrate_with(list(MORE)).await.unwrap(), ["9999_more"]);
}

async fn two_nodes_that_start_together_run_each_script_once(t: &TestDb) {
    let other = t.another_node().await;
    let (one, two) = tokio::join!(t.db.migrate_with(list(MORE)), other.migrate_with(list(MORE)));
    assert_eq!(one.unwrap().len() + two.unwrap().len(), 1);
    other.close().await;
}
