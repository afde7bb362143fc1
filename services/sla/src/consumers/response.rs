//! By which acts a member of staff responds to a request. Source: T1, S3.

use gongdan_proto::{
    common::v1::{ActorRef, PrincipalKind},
    tickets::v1::{self as pb, Channel, ticket_event::Change},
};

/// Whether a member of staff did something about the request that whoever made it can notice. Nothing that the suite
/// does by itself is a response: routing dispatches within a second.
pub(crate) fn responds(change: &Change, actor: Option<&ActorRef>, state: &pb::Ticket) -> bool {
    let by_person = actor.is_some_and(|actor| actor.kind() == PrincipalKind::Person);
    by_person
        && match change {
            // whoever took it down spoke with the customer
            Change::Submitted(_) | Change::Verified(_) => {
                matches!(state.channel(), Channel::Phone | Channel::WalkIn)
            }
            Change::Noted(note) => note.public,
            Change::Answered(_)
            | Change::Dispatched(_)
            | Change::Claimed(_)
            | Change::Accepted(_)
            | Change::VisitBooked(_)
            | Change::CallLinked(_)
            | Change::Suspended(_)
            | Change::Resolved(_)
            | Change::Cancelled(_) => true,
            _ => false,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn actor(kind: PrincipalKind) -> ActorRef {
        ActorRef { kind: kind.into(), ..Default::default() }
    }

    fn ticket(channel: Channel) -> pb::Ticket {
        pb::Ticket { channel: channel.into(), ..Default::default() }
    }

    #[test]
    fn acts_of_staff_that_can_be_noticed_respond() {
        let (person, service) = (actor(PrincipalKind::Person), actor(PrincipalKind::Service));
        let web = ticket(Channel::Web);
        let accepted = Change::Accepted(pb::Accepted::default());
        assert!(responds(&accepted, Some(&person), &web));
        assert!(!responds(&accepted, Some(&service), &web));
        assert!(!responds(&accepted, None, &web));
        for public in [true, false] {
            let noted = Change::Noted(pb::Noted { public, ..Default::default() });
            assert_eq!(responds(&noted, Some(&person), &web), public);
        }
        let submitted = Change::Submitted(pb::Submitted::default());
        assert!(responds(&submitted, Some(&person), &ticket(Channel::Phone)));
        assert!(!responds(&submitted, Some(&person), &web), "typed in from a mailbox");
        assert!(!responds(&submitted, Some(&actor(PrincipalKind::Citizen)), &ticket(Channel::Phone)));
    }
}
