use super::GeoPoint;

/// A cell of a 0.02° by 0.02° grid over the map, about 2.2 km wide at the equator: a key for data about a
/// neighbourhood.
///
/// ```
/// use baitech_core::kernel::{GeoPoint, Zone};
///
/// let (here, next_door) = (GeoPoint::new(36.8219, -1.2921)?, GeoPoint::new(36.8225, -1.2915)?);
/// assert_eq!(Zone::of(here), Zone::of(next_door));
/// assert!(Zone::of(here).middle().geodesic_distance(here).kilometres() < 1.6);
/// # Ok::<(), baitech_core::kernel::Violation>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Zone {
    column: i16,
    row: i16,
}

/// Zones per degree.
const A_DEGREE: f64 = 50.0;

impl Zone {
    /// The zone that contains a point.
    #[must_use]
    pub fn of(place: GeoPoint) -> Self {
        Self { column: cell(place.longitude(), 180.0), row: cell(place.latitude(), 90.0) }
    }

    /// The centre of the zone.
    #[must_use]
    #[expect(
        clippy::expect_used,
        reason = "the cells of places are numbered so that their middles are places"
    )]
    pub fn middle(self) -> GeoPoint {
        let middle = |cell: i16| (f64::from(cell) + 0.5) / A_DEGREE;
        GeoPoint::new(middle(self.column), middle(self.row)).expect("within the map")
    }
}

/// The index of the cell. The last cell includes its upper border, so that every centre is a valid point.
fn cell(degrees: f64, most: f64) -> i16 {
    #[expect(clippy::cast_possible_truncation, reason = "at most 9,000, since a place is within ±180°")]
    let cell = (degrees * A_DEGREE).floor().min(most.mul_add(A_DEGREE, -1.0)) as i16;
    cell
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_place_is_near_the_middle_of_its_zone(lng in -180.0..=180.0, lat in -90.0..=90.0) {
            let place = GeoPoint::new(lng, lat).unwrap();
            let zone = Zone::of(place);
            let middle = zone.middle();
            prop_assert_eq!(Zone::of(middle), zone);
            prop_assert!((middle.longitude() - lng).abs() <= 0.010_001, "{:?}", middle);
            prop_assert!((middle.latitude() - lat).abs() <= 0.010_001, "{:?}", middle);
        }
    }

    #[test]
    fn map_corners_have_zones() {
        for (lng, lat) in [(-180.0, -90.0), (180.0, 90.0), (180.0, -90.0), (0.0, 0.0)] {
            let place = GeoPoint::new(lng, lat).unwrap();
            assert_eq!(Zone::of(Zone::of(place).middle()), Zone::of(place));
        }
    }
}
