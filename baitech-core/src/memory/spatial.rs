use geo::{Distance as _, Haversine, Point};
use rstar::{AABB, RTree, primitives::GeomWithData};

use crate::kernel::{Distance, GeoPoint};

/// A spatial index: an R-tree over longitude and latitude.
///
/// The tree uses degrees, which are shorter towards the poles and wrap at the antimeridian. So a query asks
/// the tree for boxes that contain the whole circle, and measures the results on the sphere.
#[derive(Debug)]
pub(super) struct SpatialIndex<T: PartialEq>(RTree<GeomWithData<[f64; 2], T>>);

impl<T: PartialEq> Default for SpatialIndex<T> {
    fn default() -> Self {
        Self(RTree::new())
    }
}

impl<T: PartialEq + Copy> SpatialIndex<T> {
    pub(super) fn insert(&mut self, at: GeoPoint, what: T) {
        self.0.insert(place(at, what));
    }

    pub(super) fn remove(&mut self, at: GeoPoint, what: T) {
        self.0.remove(&place(at, what));
    }

    /// The items within a distance on the sphere, in no particular order.
    pub(super) fn within(&self, near: GeoPoint, distance: Distance) -> impl Iterator<Item = T> {
        let centre = Point::new(near.longitude(), near.latitude());
        let inside =
            move |[x, y]: [f64; 2]| Haversine.distance(centre, Point::new(x, y)) <= distance.metres();
        boxes(near, distance)
            .into_iter()
            .flat_map(|bounds| self.0.locate_in_envelope(&bounds))
            .filter(move |found| inside(*found.geom()))
            .map(|found| found.data)
    }
}

fn place<T>(at: GeoPoint, what: T) -> GeomWithData<[f64; 2], T> {
    GeomWithData::new([at.longitude(), at.latitude()], what)
}

/// Radius of the sphere in metres, slightly less than the one for distances, so that the boxes are slightly
/// too large.
const RADIUS: f64 = 6_370_000.0;

/// One or two disjoint boxes in degrees that together contain every point within the distance.
fn boxes(near: GeoPoint, distance: Distance) -> Vec<AABB<[f64; 2]>> {
    let angle = distance.metres() / RADIUS;
    if angle.is_nan() || angle < 0.0 {
        return Vec::new();
    }
    // A small margin for rounding at very small distances.
    let reach = angle.to_degrees() + 1e-9;
    let (south, north) = (near.latitude() - reach, near.latitude() + reach);
    let band = |west: f64, east: f64| AABB::from_corners([west, south], [east, north]);
    if south <= -90.0 || north >= 90.0 {
        // The circle contains a pole, and so every longitude.
        return vec![band(-180.0, 180.0)];
    }
    // The meridians that touch the circle; the latitude is not ±90 here, so the cosine is above zero.
    let sine = reach.to_radians().sin() / near.latitude().to_radians().cos();
    let spread = sine.min(1.0).asin().to_degrees() + 1e-9;
    let (west, east) = (near.longitude() - spread, near.longitude() + spread);
    if west < -180.0 {
        vec![band(-180.0, east), band(west + 360.0, 180.0)]
    } else if east > 180.0 {
        vec![band(west, 180.0), band(-180.0, east - 360.0)]
    } else {
        vec![band(west, east)]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn point() -> impl Strategy<Value = GeoPoint> {
        let edge = |bound: f64| {
            prop_oneof![
                4 => -bound..=bound,
                1 => Just(bound),
                1 => Just(-bound),
                1 => bound - 0.2..=bound,
            ]
        };
        (edge(180.0), edge(90.0)).prop_map(|(x, y)| GeoPoint::new(x, y).unwrap())
    }

    proptest! {
        #[test]
        fn query_equals_a_full_scan(
            points in prop::collection::vec(point(), 0..60),
            near in point(),
            distance in prop_oneof![0.0..200_000.0, 0.0..21_000_000.0],
        ) {
            let distance = Distance::from_metres(distance);
            let mut index = SpatialIndex::default();
            for (number, at) in points.iter().enumerate() {
                index.insert(*at, number);
            }
            let mut found: Vec<usize> = index.within(near, distance).collect();
            found.sort_unstable();
            let inside = |at: &GeoPoint| near.haversine_distance(*at) <= distance;
            let expected: Vec<usize> =
                points.iter().enumerate().filter(|(_, at)| inside(at)).map(|(number, _)| number).collect();
            prop_assert_eq!(found, expected);
        }
    }

    #[test]
    fn reaches_across_the_antimeridian() {
        let mut index = SpatialIndex::default();
        index.insert(GeoPoint::new(179.95, -17.0).unwrap(), "west of it");
        index.insert(GeoPoint::new(-179.95, -17.0).unwrap(), "east of it");
        let near = GeoPoint::new(-180.0, -17.0).unwrap();
        assert_eq!(index.within(near, Distance::from_kilometres(10.0)).count(), 2);
    }

    #[test]
    fn removal_keeps_other_items_at_the_same_place() {
        let at = GeoPoint::new(36.8, -1.3).unwrap();
        let mut index = SpatialIndex::default();
        index.insert(at, 1);
        index.insert(at, 2);
        index.remove(at, 1);
        assert_eq!(index.within(at, Distance::from_metres(0.0)).collect::<Vec<_>>(), [2]);
    }
}
