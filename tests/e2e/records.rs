//! What belongs to a ticket beside its request, by the client alone: place, calls, notes, attachments, visits, review,
//! workflow, queues. Source: T15, T18, T25, T27, T31, T35, T37.

mod attachments;
mod calls;
mod places;
mod queues;
mod review;
mod visits;
mod workflows;

use crate::desk::Desk;

#[tokio::test]
async fn what_belongs_to_a_ticket_is_kept_and_shown_by_the_client() {
    let desk = Desk::start().await;
    places::t37_a_place_is_given_in_gcj_02_and_changed_later(&desk).await;
    calls::t35_a_ringing_phone_is_answered_and_wrapped_up(&desk).await;
    attachments::t25_notes_and_attachments_go_up_and_come_down(&desk).await;
    visits::t15_visits_are_booked_moved_checked_in_and_reported_with_photos_even_twice(&desk).await;
}

#[tokio::test]
async fn workflows_and_reviews_are_gone_through_by_the_client() {
    let desk = Desk::start().await;
    review::t18_a_sensitive_ticket_is_resolved_by_review_and_countersigning(&desk).await;
    workflows::t31_a_workflow_is_shown_put_ruled_and_migrated(&desk).await;
}

#[tokio::test]
async fn t27_queues_counts_and_export() {
    let desk = Desk::start().await;
    queues::each_queue_shows_and_counts_what_stands_in_it(&desk).await;
    queues::a_queue_is_taken_along_as_csv_and_xlsx(&desk).await;
}
