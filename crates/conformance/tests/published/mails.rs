//! What is asked of messengers here: every sort of request once.

use bytes::Bytes;
use kalends_app::{
    AnyMessenger,
    fake::example,
    kind::messenger::{File, Message},
};
use kalends_conformance::Check;

/// The checks.
pub const CHECKS: &[Check<dyn AnyMessenger>] =
    &[Check::new("an_account_is_looked_at_and_mails_of_every_sort_are_sent", |stage, part| {
        Box::pin(async move {
            part.probe(&stage.cx).await.expect("looks");
            let file = File {
                name: "agenda.txt".into(),
                media_type: "text/plain".into(),
                body: Bytes::from_static(b"Hello"),
            };
            let bare = Message { html: None, invite: None, reply_to: None, ..example::message() };
            let full = Message { files: vec![file], ..example::message() };
            for message in [example::message(), bare, full] {
                let receipt = part.send(&stage.cx, &message).await.expect("sends");
                assert!(receipt.refused.is_empty() && !receipt.id.is_empty());
            }
        })
    })];
