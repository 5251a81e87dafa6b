//! Name, address, lengths.

use kalends_engine::event_types::EventTypeDraft;

use crate::{extract::Typed, pages::host::form::Form};

pub(super) fn show(draft: &EventTypeDraft, typed: &mut Typed) {
    typed.set("title", &*draft.title);
    typed.set("slug", &*draft.slug);
    typed.set("description", &*draft.description);
    typed.set("length", draft.settings.lengths.usual.to_string());
    let choices =
        draft.settings.lengths.choices.iter().filter(|minutes| **minutes != draft.settings.lengths.usual);
    typed.set("lengths", choices.map(ToString::to_string).collect::<Vec<_>>().join(", "));
}

pub(super) fn read(form: &mut Form, draft: &mut EventTypeDraft) {
    draft.title = form.text("title");
    draft.slug = form.text("slug");
    draft.description = form.text("description");
    let lengths = &mut draft.settings.lengths;
    if let Some(usual) = form.optional_number("length") {
        lengths.usual = usual;
    } else if form.problem("length").is_none() {
        form.say("length", "Write how many minutes it lasts.");
    }
    match choices(form.value("lengths")) {
        Some(mut choices) if !choices.is_empty() => {
            choices.push(lengths.usual);
            choices.sort_unstable();
            choices.dedup();
            lengths.choices = choices;
        }
        Some(_) => lengths.choices.clear(),
        None => form.say("lengths", "Write minutes with commas between, such as 30, 60."),
    }
}

fn choices(text: &str) -> Option<Vec<u32>> {
    text.split(',').map(str::trim).filter(|word| !word.is_empty()).map(|word| word.parse().ok()).collect()
}
