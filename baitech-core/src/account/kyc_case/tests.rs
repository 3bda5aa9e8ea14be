use chrono::{DateTime, TimeDelta, Utc};

use super::{KycCase, KycCaseEvent, KycCaseStatus};
use crate::{
    account::{AccountPolicy, IdType, KycDecision, KycDocuments},
    booking::BookingPolicy,
    decide::Aggregate,
    kernel::{Actor, Code, Id, Role, Rule, Text},
};

const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;

fn documents(number: &str) -> KycDocuments {
    let (id_number, front_image) = (number.to_owned(), "front.jpg".to_owned());
    KycDocuments { id_type: IdType::Passport, id_number, front_image, back_image: None }
}

fn opened() -> KycCase {
    KycCase::open(Id::from_bytes([1; 12]), Id::from_bytes([2; 12]), documents("A1"), NOW).next
}

#[test]
fn pause_before_a_reminder_doubles_up_to_a_limit() {
    let policy = AccountPolicy { kyc_reminder_after: TimeDelta::hours(3) };
    let (mut case, mut hours, mut last) = (opened(), Vec::new(), NOW);
    for n in 1..=8 {
        let due = case.due_at(&policy).unwrap();
        hours.push((due - last).num_hours());
        let early = case.clone().remind(due - TimeDelta::milliseconds(1), &policy);
        assert!(early.effects.events.is_empty() && early.next == case, "nothing is due yet");
        let reminded = case.clone().remind(due, &policy);
        let user = case.user;
        assert_eq!(reminded.effects.events, [KycCaseEvent::KycCaseReminded { user, reminders: n }]);
        (case, last) = (reminded.next, due);
    }
    assert_eq!(hours, [3, 6, 12, 24, 48, 96, 96, 96]);
    assert_eq!((case.reminders, case.reminded_at, case.submitted_at), (8, Some(last), NOW));
}

#[test]
fn infinite_pause_never_ends() {
    let policy = AccountPolicy { kyc_reminder_after: TimeDelta::MAX };
    let mut record = opened().into_record();
    record.reminders = u32::MAX;
    let case = KycCase::from_record(record);
    assert_eq!(case.next_reminder(&policy), None);
}

#[test]
fn closed_case_is_never_due_and_changes_no_more() {
    let staff = Actor::user(Id::from_bytes([7; 12]), Role::Support);
    let reject = KycDecision::Reject(" The image is blurred. ".to_owned());
    for (decision, status) in
        [(&KycDecision::Verify, KycCaseStatus::Verified), (&reject, KycCaseStatus::Rejected)]
    {
        let closed = opened().close(decision, &staff, NOW).unwrap();
        let case = closed.next;
        assert_eq!((case.status, case.decided_by, case.decided_at), (status, staff.id(), Some(NOW)));
        let is_rejected = status == KycCaseStatus::Rejected;
        assert_eq!(case.reason.as_ref().map(Text::as_str), is_rejected.then_some("The image is blurred."));
        assert_eq!(closed.effects.free.len(), 1, "another case may be opened");
        assert_eq!(case.due_at(&AccountPolicy::default()), None);
        let again = case.clone().close(decision, &staff, NOW).unwrap_err();
        let replaced = case.clone().replace_documents(documents("B2")).unwrap_err();
        assert_eq!([again.rule(), replaced.rule()], [Some(Rule::ALREADY_DECIDED); 2]);
        let much_later = NOW + TimeDelta::days(4_000);
        assert_eq!(case.clone().remind(much_later, &AccountPolicy::default()).next, case);
    }
    let unexplained = opened().close(&KycDecision::Reject("  ".to_owned()), &staff, NOW);
    assert!(unexplained.is_err(), "a rejection has a reason");
}

#[test]
fn reminder_pause_of_a_policy_is_above_zero() {
    for pause in [TimeDelta::zero(), TimeDelta::seconds(-1)] {
        let account = AccountPolicy { kyc_reminder_after: pause };
        let policy = BookingPolicy { account, ..BookingPolicy::default() };
        let refused = policy.validate().unwrap_err();
        let found: Vec<_> = refused.violations().iter().map(|v| (&*v.field, v.code)).collect();
        assert_eq!(found, [("account.kycReminderAfter", Code::OutOfRange)]);
    }
}
