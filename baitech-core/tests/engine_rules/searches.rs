//! What a search for technicians remembers of earlier ones changes where it begins, and nothing of what it
//! finds.

use std::sync::Arc;

use baitech_core::{Marketplace, booking::NewBooking, kernel::SeededEntropy};
use proptest::prelude::*;

use crate::support::{World, request, run};

/// A search: the job's distance north of the middle of the city in kilometres, and how many technicians are
/// asked for.
fn searches() -> impl Strategy<Value = Vec<(f64, usize)>> {
    prop::collection::vec((prop::sample::select(vec![0.0, 0.5, 3.0, 9.0, 30.0]), 1..12_usize), 1..12)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn search_result_does_not_depend_on_earlier_searches(
        homes in prop::collection::vec(-12.0..12.0_f64, 0..60),
        searches in searches(),
    ) {
        let world = World::new();
        for (number, kilometres) in (10..).zip(homes) {
            world.add_technician(number, kilometres);
        }
        let customer = world.customer.actor();
        for (north, limit) in searches {
            let mut wanted: NewBooking = request();
            wanted.service_location.coordinates.1 += north / 110.574;
            let id = run(world.bookings().create(&customer, &wanted)).unwrap().id;
            let fresh = Marketplace::builder(world.store.clone())
                .clock(world.clock.clone())
                .entropy(Arc::new(SeededEntropy::new(1)))
                .build();
            let found = run(world.bookings().candidates(&customer, id, limit)).unwrap();
            let expected = run(fresh.bookings().candidates(&customer, id, limit)).unwrap();
            prop_assert_eq!(found, expected, "{} km north, {} wanted", north, limit);
        }
    }
}
