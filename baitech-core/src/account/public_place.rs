use std::f64::consts::TAU;

use serde::{Deserialize, Serialize};

use crate::kernel::{Distance, Entropy, GeoPoint};

/// The place from which matching measures a technician's distance: the home, moved by a secret offset.
///
/// Scores, prices and refusals reveal the distance of this place from a job, so that even many answers locate
/// only this place and not the home. The offset is random and 0.5 to 1 km long. It is drawn once, with the
/// first home, and kept, because several offsets of one home would average out. Only a move of the home by
/// more than 2 km draws a new one. It is also kept while the technician has no home.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PublicPlace {
    /// The home to which the offset was applied.
    home: GeoPoint,
    /// The place that others may see.
    point: GeoPoint,
}

impl PublicPlace {
    /// Minimum offset.
    pub const NEAREST: Distance = Distance::from_metres(500.0);
    /// Maximum offset.
    pub const FARTHEST: Distance = Distance::from_metres(1_000.0);
    /// A home that moves at most this far keeps its offset.
    pub const KEPT_WITHIN: Distance = Distance::from_metres(2_000.0);

    /// Draws a place around a home, uniformly distributed over the ring between [`NEAREST`](Self::NEAREST)
    /// and [`FARTHEST`](Self::FARTHEST).
    #[must_use]
    pub fn draw(home: GeoPoint, entropy: &dyn Entropy) -> Self {
        let (inner, outer) = (Self::NEAREST.metres().powi(2), Self::FARTHEST.metres().powi(2));
        // The area of a ring grows with the square of its radius.
        let distance = (inner + unit(entropy) * (outer - inner)).sqrt();
        let point = home.destination(unit(entropy) * TAU.to_degrees(), Distance::from_metres(distance));
        Self { home, point }
    }

    /// The place from its stored form. It is not checked.
    #[must_use]
    pub const fn from_stored(home: GeoPoint, point: GeoPoint) -> Self {
        Self { home, point }
    }

    /// The place after the technician sets a home: unchanged for the same home, moved along with a home that
    /// moves a little, and drawn again for a distant home.
    #[must_use]
    pub fn follow(self, home: GeoPoint, entropy: &dyn Entropy) -> Self {
        if home == self.home && self.is_apart() {
            return self;
        }
        if home.geodesic_distance(self.home) > Self::KEPT_WITHIN || !self.is_apart() {
            return Self::draw(home, entropy);
        }
        let offset = self.home.geodesic_distance(self.point);
        let point = home.destination(self.home.bearing(self.point), offset);
        Self { home, point }
    }

    /// The home to which the offset was applied.
    #[must_use]
    pub const fn home(self) -> GeoPoint {
        self.home
    }

    /// The place that others may see.
    #[must_use]
    pub const fn point(self) -> GeoPoint {
        self.point
    }

    /// Whether the distance between place and home is valid.
    #[must_use]
    pub fn is_apart(self) -> bool {
        /// Tolerance for rounding, in metres.
        const TOLERANCE: f64 = 0.01;

        let offset = self.home.geodesic_distance(self.point).metres();
        (Self::NEAREST.metres() - TOLERANCE..=Self::FARTHEST.metres() + TOLERANCE).contains(&offset)
    }
}

/// A random number from 0 to 1, exclusive.
fn unit(entropy: &dyn Entropy) -> f64 {
    /// The number of bits in the fraction of an `f64`.
    const BITS: u32 = 53;

    let mut random = [0; 8];
    entropy.fill(&mut random);
    let bits = u64::from_le_bytes(random) >> (u64::BITS - BITS);
    #[expect(clippy::cast_precision_loss, reason = "both numbers have at most 53 bits")]
    let share = bits as f64 / (1_u64 << BITS) as f64;
    share
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::kernel::SeededEntropy;

    fn home() -> impl Strategy<Value = GeoPoint> {
        let edge = |bound: f64| prop_oneof![8 => -bound..=bound, 1 => Just(bound), 1 => Just(-bound)];
        (edge(180.0), edge(90.0)).prop_map(|(x, y)| GeoPoint::new(x, y).unwrap())
    }

    proptest! {
        #[test]
        fn a_drawn_place_lies_half_a_kilometre_to_one_kilometre_from_home(home in home(), seed: u64) {
            let place = PublicPlace::draw(home, &SeededEntropy::new(seed));
            prop_assert!(place.is_apart(), "{place:?}");
            prop_assert!(GeoPoint::new(place.point().longitude(), place.point().latitude()).is_ok());
            prop_assert_eq!(place.home(), home);
        }

        #[test]
        fn the_same_home_keeps_its_place(home in home(), seed: u64) {
            let entropy = SeededEntropy::new(seed);
            let place = PublicPlace::draw(home, &entropy);
            prop_assert_eq!(place.follow(home, &entropy), place);
        }

        #[test]
        fn a_home_that_moves_a_little_keeps_its_offset(
            (x, y) in (-179.0..179.0, -80.0..80.0),
            bearing in 0.0..360.0,
            metres in 0.001..1_999.0,
            seed: u64,
        ) {
            let home = GeoPoint::new(x, y).unwrap();
            let entropy = SeededEntropy::new(seed);
            let place = PublicPlace::draw(home, &entropy);
            let moved = place.follow(home.destination(bearing, Distance::from_metres(metres)), &entropy);
            prop_assert!(moved.is_apart());
            let offset = |place: PublicPlace| place.home().geodesic_distance(place.point()).metres();
            prop_assert!((offset(place) - offset(moved)).abs() < 0.01);
            let turned = (place.home().bearing(place.point()) - moved.home().bearing(moved.point())).abs();
            prop_assert!(!(0.1..=359.9).contains(&turned), "{turned}");
        }
    }

    #[test]
    fn distant_home_gets_a_new_offset() {
        let entropy = SeededEntropy::new(7);
        let home = GeoPoint::new(36.82, -1.29).unwrap();
        let place = PublicPlace::draw(home, &entropy);
        let elsewhere = home.destination(90.0, Distance::from_kilometres(3.0));
        let moved = place.follow(elsewhere, &entropy);
        assert!(moved.is_apart() && moved.home() == elsewhere);
        let turned = place.home().bearing(place.point()) - moved.home().bearing(moved.point());
        assert!(turned.abs() > 0.1, "{turned}");
    }

    #[test]
    fn stored_place_too_near_the_home_is_redrawn() {
        let home = GeoPoint::new(36.82, -1.29).unwrap();
        let followed = PublicPlace::from_stored(home, home).follow(home, &SeededEntropy::new(1));
        assert!(followed.is_apart());
    }

    #[test]
    fn places_are_spread_evenly_over_the_ring() {
        let entropy = SeededEntropy::new(42);
        let home = GeoPoint::new(36.82, -1.29).unwrap();
        let places: Vec<PublicPlace> = (0..8_000).map(|_| PublicPlace::draw(home, &entropy)).collect();
        // A circle of this radius halves the area of the ring.
        let middle = ((500.0_f64.powi(2) + 1_000.0_f64.powi(2)) / 2.0).sqrt();
        let near = |place: &&PublicPlace| home.geodesic_distance(place.point()).metres() < middle;
        let count = places.iter().filter(near).count();
        assert!((3_700..4_300).contains(&count), "{count} of 8,000 in the inner half");
        for quarter in 0..4 {
            let from = f64::from(quarter) * 90.0;
            let bearing = |place: &&PublicPlace| home.bearing(place.point()).rem_euclid(360.0);
            let count = places.iter().filter(|place| (from..from + 90.0).contains(&bearing(place))).count();
            assert!((1_800..2_200).contains(&count), "{count} of 8,000 in the quarter from {from} degrees");
        }
    }
}
