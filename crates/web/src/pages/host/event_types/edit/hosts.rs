//! Who hosts a team's event type: a box for each member, and how they are chosen.

use std::collections::BTreeSet;

use kalends_domain::{
    Id,
    event_type::{Assignment, Host, Owner},
    people::User,
};
use kalends_engine::event_types::EventTypeDraft;

use crate::{
    extract::Typed,
    pages::host::form::{Form, show_tick},
};

pub(super) fn show(draft: &EventTypeDraft, typed: &mut Typed) {
    let Owner::Team(_) = draft.owner else { return };
    let assignment = match draft.assignment {
        Assignment::Single => "single",
        Assignment::Collective => "together",
        Assignment::RoundRobin => "turns",
    };
    typed.set("assignment", assignment);
    for host in &draft.hosts {
        let name = |part: &str| format!("{part}-{}", host.user);
        typed.set(&name("host"), "on");
        show_tick(typed, &name("fixed"), host.fixed);
        typed.set(&name("priority"), host.priority.to_string());
        typed.set(&name("weight"), host.weight.to_string());
    }
}

/// Hosts keep their order; new ones come last.
pub(super) fn read(form: &mut Form, draft: &mut EventTypeDraft) {
    let Owner::Team(_) = draft.owner else { return };
    draft.assignment = match form.value("assignment") {
        "single" => Assignment::Single,
        "together" => Assignment::Collective,
        _ => Assignment::RoundRobin,
    };
    let ticked: BTreeSet<Id<User>> =
        form.typed.iter().filter_map(|(name, _)| name.strip_prefix("host-")?.parse().ok()).collect();
    let mut hosts: Vec<Host> =
        draft.hosts.iter().filter(|host| ticked.contains(&host.user)).copied().collect();
    for user in ticked {
        if hosts.iter().all(|host| host.user != user) {
            hosts.push(Host { user, fixed: false, priority: 2, weight: 100, schedule: None });
        }
    }
    for host in &mut hosts {
        let name = |part: &str| format!("{part}-{}", host.user);
        host.fixed = form.ticked(&name("fixed"));
        if let Some(priority) = form.optional_number(&name("priority")) {
            host.priority = u8::try_from(priority).unwrap_or(u8::MAX);
        }
        if let Some(weight) = form.optional_number(&name("weight")) {
            host.weight = weight;
        }
    }
    draft.hosts = hosts;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id<T>(last: char) -> Id<T> {
        format!("00000000-0000-7000-8000-00000000000{last}").parse().unwrap()
    }

    fn draft() -> EventTypeDraft {
        let host = Host { user: id('1'), fixed: true, priority: 3, weight: 50, schedule: Some(id('9')) };
        EventTypeDraft {
            hosts: vec![host],
            assignment: Assignment::Collective,
            ..EventTypeDraft::new(Owner::Team(id('7')), "Site visit")
        }
    }

    #[test]
    fn hosts_are_read_as_they_are_shown() {
        let (before, mut after) = (draft(), draft());
        let mut typed = Typed::default();
        show(&before, &mut typed);
        read(&mut Form::showing(typed), &mut after);
        assert_eq!(after, before);
    }

    #[test]
    fn a_new_host_comes_last_with_the_usual_share() {
        let mut after = draft();
        let mut typed = Typed::default();
        show(&after, &mut typed);
        typed.set(&format!("host-{}", id::<User>('0')), "on");
        read(&mut Form::showing(typed), &mut after);
        let shares: Vec<_> = after.hosts.iter().map(|host| (host.user, host.weight)).collect();
        assert_eq!(shares, [(id('1'), 50), (id('0'), 100)]);
    }
}
