//! What a desk finds and knows: who is calling, what was asked before, what a timeline proves, and who stays unknown; by
//! the client alone. Source: T9, T10, T26, T28, T36.

mod callers;
mod confidence;
mod repeats;
mod search;
mod timelines;

use crate::desk::Desk;

#[tokio::test]
async fn what_was_asked_before_is_found_by_the_client() {
    let desk = Desk::start().await;
    callers::t9_a_ringing_phone_in_any_spelling_shows_who_it_is_and_what_they_asked(&desk).await;
    repeats::t10_a_repeat_is_seen_at_intake_linked_and_counted(&desk).await;
    search::t28_words_numbers_phones_and_fields_find_tickets(&desk).await;
}

#[tokio::test]
async fn what_happened_is_proven_and_who_reported_is_not_told_by_the_client() {
    let desk = Desk::start().await;
    timelines::t26_a_timeline_is_shown_and_its_first_broken_link_is_named(&desk).await;
    confidence::t36_a_confidential_reporter_is_unknown_to_those_who_handle_it(&desk).await;
}
