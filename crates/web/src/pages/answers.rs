//! What a guest answered, as hosts read it.

use kalends_engine::book::BookingView;

use crate::Web;

/// Questions as they are asked now, each with its answer; the name of one that is not asked any more stays.
pub async fn answers(web: &Web, view: &BookingView) -> Vec<(String, String)> {
    let page = web.engine.page_of_booking(&view.booking.uid).await;
    let questions = page.map(|page| page.event_type.settings.questions).unwrap_or_default();
    let read = view.booking.answers.iter().map(|(slug, answer)| {
        match questions.iter().find(|question| question.slug == *slug) {
            Some(question) => (question.label.clone(), question.reads(answer)),
            None => (slug.clone(), answer.line()),
        }
    });
    read.collect()
}
