use proptest::prelude::*;

use super::*;

#[test]
fn coordinates_must_be_within_range() {
    for (longitude, latitude) in [(-180.0, -90.0), (180.0, 90.0), (0.0, 0.0), (36.8219, -1.2921)] {
        let point = GeoPoint::new(longitude, latitude).unwrap();
        assert_eq!((point.longitude(), point.latitude()), (longitude, latitude));
    }
    let beyond = [
        (180.000_001, 0.0),
        (-181.0, 0.0),
        (0.0, 90.000_001),
        (0.0, -91.0),
        (f64::NAN, 0.0),
        (0.0, f64::NAN),
        (f64::INFINITY, 0.0),
        (0.0, f64::NEG_INFINITY),
    ];
    for (longitude, latitude) in beyond {
        let violation = GeoPoint::new(longitude, latitude).unwrap_err();
        assert_eq!(violation.code, Code::OutOfRange, "{longitude} {latitude}");
    }
}

#[test]
fn known_distances() {
    let nairobi = GeoPoint::new(36.8219, -1.2921).unwrap();
    let mombasa = GeoPoint::new(39.6682, -4.0435).unwrap();
    let kilometres = nairobi.geodesic_distance(mombasa).kilometres();
    assert!((438.0..441.0).contains(&kilometres), "{kilometres}");
    // A quarter of a meridian of WGS 84 is 10,001.966 km; of the equator 10,018.754 km.
    let origin = GeoPoint::new(0.0, 0.0).unwrap();
    let pole = origin.geodesic_distance(GeoPoint::new(0.0, 90.0).unwrap()).kilometres();
    let quarter = origin.geodesic_distance(GeoPoint::new(90.0, 0.0).unwrap()).kilometres();
    assert!((pole - 10_001.966).abs() < 0.001, "{pole}");
    assert!((quarter - 10_018.754).abs() < 0.001, "{quarter}");
}

#[test]
fn distances_are_shown_in_kilometres() {
    assert_eq!(Distance::from_metres(1_250.0), Distance::from_kilometres(1.25));
    assert_eq!(Distance::from_metres(1_260.0).to_string(), "1.3 km");
}

#[test]
fn points_are_written_in_the_order_of_geojson() {
    let point = GeoPoint::new(36.5, -1.25).unwrap();
    let json = serde_json::to_string(&point).unwrap();
    assert_eq!(json, "[36.5,-1.25]");
    assert_eq!(serde_json::from_str::<GeoPoint>(&json).unwrap(), point);
    assert!(serde_json::from_str::<GeoPoint>("[36.5,-91.0]").is_err());
}

fn points() -> impl Strategy<Value = GeoPoint> {
    (-180.0..=180.0, -90.0..=90.0)
        .prop_map(|(longitude, latitude)| GeoPoint::new(longitude, latitude).unwrap())
}

proptest! {
    #[test]
    fn sphere_is_at_most_six_permille_off(a in points(), b in points()) {
        let (exact, sphere) = (a.geodesic_distance(b).metres(), a.haversine_distance(b).metres());
        prop_assert!((exact - sphere).abs() <= sphere * 0.006 + 0.001, "{exact} {sphere}");
    }

    #[test]
    fn distance_is_symmetric(a in points(), b in points()) {
        let (there, back) = (a.geodesic_distance(b).metres(), b.geodesic_distance(a).metres());
        prop_assert!((there - back).abs() < 1e-6);
        prop_assert!(a.geodesic_distance(a).metres() < 1e-6);
    }
}
