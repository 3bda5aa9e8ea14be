use super::*;

fn why_not(change: impl FnOnce(&mut Candidate)) -> Exclusion {
    let mut candidate = candidate(1);
    change(&mut candidate);
    eligible(&job(), &candidate, false).unwrap_err()
}

#[test]
fn every_exclusion_is_reported() {
    assert_eq!(eligible(&job(), &candidate(1), false), Ok(Distance::from_metres(0.0)));
    assert_eq!(why_not(|c| c.is_active = false), Exclusion::Inactive);
    assert_eq!(why_not(|c| c.is_verified = false), Exclusion::Unverified);
    assert_eq!(why_not(|c| c.skill = None), Exclusion::NoSkill(Category::Plumbing));
    assert_eq!(why_not(|c| c.point = None), Exclusion::NoHome);
    let no_hours = WorkingHours { availability: Availability::default(), time_zone: Tz::Africa__Nairobi };
    assert_eq!(eligibility(&job(), &candidate(1), &no_hours, false), Err(Exclusion::Hours));
    assert_eq!(eligible(&job(), &candidate(1), true), Err(Exclusion::Busy));
    let declined = [technician(1)];
    let job = Job { declined: &declined, ..job() };
    assert_eq!(eligible(&job, &candidate(1), false), Err(Exclusion::Declined));
    assert!(eligible(&job, &candidate(2), false).is_ok());
}

#[test]
fn too_far_reports_distance_and_radius() {
    let why_not = why_not(|c| c.point = Some(east(12.0)));
    assert_eq!(why_not.to_string(), "the job is about 12 km away, outside the service radius of 10 km");
}

#[test]
fn radius_widens() {
    let mut far = candidate(1);
    far.point = Some(east(14.9));
    assert!(eligible(&job(), &far, false).is_err());
    let widened = Job { radius_factor: 1.5, ..job() };
    let distance = eligible(&widened, &far, false).unwrap();
    assert!((14.8..15.0).contains(&distance.kilometres()), "{distance}");
}

#[test]
fn hours_cover_the_whole_job() {
    for (start, end, covered) in [
        ("2026-03-02T05:00:00Z", "2026-03-02T15:00:00Z", true),
        ("2026-03-02T04:45:00Z", "2026-03-02T07:00:00Z", false),
        ("2026-03-02T14:00:00Z", "2026-03-02T15:15:00Z", false),
        ("2026-03-03T07:00:00Z", "2026-03-03T09:00:00Z", false),
    ] {
        let job = Job { starts_at: moment(start), ends_at: moment(end), ..job() };
        assert_eq!(eligible(&job, &candidate(1), false).is_ok(), covered, "{start}");
    }
}

#[test]
fn hours_are_those_of_the_technicians_zone() {
    let berlin = hours(Tz::Europe__Berlin);
    // 08:00 to 10:00 in Berlin's winter.
    assert!(eligibility(&job(), &candidate(1), &berlin, false).is_ok());
    let job = Job { starts_at: moment("2026-03-02T06:45:00Z"), ..job() };
    assert_eq!(eligibility(&job, &candidate(1), &berlin, false), Err(Exclusion::Hours));
}
