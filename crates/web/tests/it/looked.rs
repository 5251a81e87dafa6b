//! New calendars of an account, looked for by a menu item.

use crate::{browser::Seen, house::Planned};

fn path(planned: &Planned) -> String {
    format!("/apps/installed/{}/look", planned.installation)
}

fn calendars(page: &Seen) -> Vec<String> {
    page.texts("fieldset .choices label")
        .iter()
        .map(|text| text.split(' ').next().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn new_calendars_are_looked_for_counted_and_shown() {
    let planned = Planned::start().await;
    let mut host = planned.server.host();
    planned.planner.has_calendars(&["work", "choir"]);
    let before = host.get("/apps/installed").await;
    assert_eq!(calendars(&before), ["work"]);
    let done = host.submit_to(&before, &path(&planned), &[]).await;
    let after = host.get(&done.to()).await;
    assert!(after.text.contains("2 calendars found, 1 of them new."), "{}", after.text);
    assert_eq!(calendars(&after), ["choir", "work"]);
    planned.settle().await;
    let read = host.get("/apps/installed").await;
    assert!(!read.text.contains("not read yet"), "what was found is read at once");

    planned.planner.has_calendars(&["choir"]);
    let done = host.submit_to(&after, &path(&planned), &[]).await;
    let after = host.get(&done.to()).await;
    assert!(after.text.contains("1 calendar found, none of them new."), "{}", after.text);
    assert!(after.text.contains("1 calendar removed here"), "{}", after.text);
    assert_eq!(calendars(&after), ["choir"]);
}

#[tokio::test]
async fn an_account_that_does_not_answer_keeps_what_is_known_of_it() {
    let planned = Planned::start().await;
    let mut host = planned.server.host();
    planned.planner.down(true);
    let page = host.get("/apps/installed").await;
    let refused = host.submit_to(&page, &path(&planned), &[]).await;
    assert_eq!(refused.status, 422);
    assert!(refused.text.contains("The account did not tell its calendars."), "{}", refused.text);
    assert_eq!(calendars(&refused), ["work"]);
}

#[tokio::test]
async fn numbers_in_the_address_say_nothing_but_numbers() {
    let planned = Planned::start().await;
    let mut host = planned.server.host();
    for odd in ["there=x&new=1&gone=0", "there=-1&new=0&gone=0", "new=1", "there=99999999&new=0&gone=0"] {
        let page = host.get(&format!("/apps/installed?did=looked&{odd}")).await;
        assert_eq!(page.status, 200);
        assert!(!page.text.contains("found"), "{odd}");
    }
}
