//! Computes places from distances and from values that depend on distances.

use baitech_core::kernel::GeoPoint;

/// Metres per degree of latitude and longitude near the equator.
const NORTH: f64 = 110_574.0;
const EAST: f64 = 111_290.0;

/// A place in metres east and north of the centre of Nairobi.
pub(crate) type Spot = (f64, f64);

pub(crate) fn at((east, north): Spot) -> GeoPoint {
    GeoPoint::new(36.8219 + east / EAST, -1.2921 + north / NORTH).unwrap()
}

pub(crate) fn spot(point: GeoPoint) -> Spot {
    ((point.longitude() - 36.8219) * EAST, (point.latitude() + 1.2921) * NORTH)
}

pub(crate) fn apart(a: Spot, b: Spot) -> f64 {
    (a.0 - b.0).hypot(a.1 - b.1)
}

/// A place on a circle around the centre of Nairobi.
pub(crate) fn on_circle(radius: f64, angle: f64) -> Spot {
    (radius * angle.cos(), radius * angle.sin())
}

/// The least-squares solution of the rows `[a, b, c, sum]` for three unknowns.
fn least_squares(rows: &[[f64; 4]]) -> [f64; 3] {
    let mut normal = [[0.0; 4]; 3];
    for row in rows {
        for i in 0..3 {
            for j in 0..4 {
                normal[i][j] += row[i] * row[j];
            }
        }
    }
    for i in 0..3 {
        let pivot = (i..3).max_by(|a, b| normal[*a][i].abs().total_cmp(&normal[*b][i].abs())).unwrap();
        normal.swap(i, pivot);
        let row = normal[i];
        for (_, other) in normal.iter_mut().enumerate().filter(|(k, _)| *k != i) {
            let factor = other[i] / row[i];
            for (cell, of_row) in other.iter_mut().zip(row) {
                *cell -= factor * of_row;
            }
        }
    }
    [0, 1, 2].map(|i| normal[i][3] / normal[i][i])
}

/// The centre of the circle that fits these places best.
pub(crate) fn middle_of_circle(border: &[Spot]) -> Spot {
    // x² + y² = 2ax + 2by + c for every point of the circle around (a, b).
    let rows: Vec<_> = border.iter().map(|(x, y)| [2.0 * x, 2.0 * y, 1.0, x * x + y * y]).collect();
    let [a, b, _] = least_squares(&rows);
    (a, b)
}

/// Estimates a place from distances that all differ from the real ones by the same unknown length, by the
/// Gauss-Newton method from a start.
fn from_ranges(measured: &[(Spot, f64)], start: Spot) -> Spot {
    let (mut x, mut y, mut more) = (start.0, start.1, 0.0);
    for _ in 0..60 {
        let rows: Vec<[f64; 4]> = measured
            .iter()
            .map(|(place, range)| {
                let distance = apart(*place, (x, y)).max(1.0);
                let (east, north) = ((x - place.0) / distance, (y - place.1) / distance);
                [east, north, 1.0, range - (distance + more)]
            })
            .collect();
        let [east, north, up] = least_squares(&rows);
        let scale = (2_000.0 / east.hypot(north).max(1.0)).min(1.0);
        (x, y, more) = (x + east * scale, y + north * scale, more + up);
    }
    (x, y)
}

/// Estimates a place from scores at several places; a score falls by 0.25 over 10 km.
pub(crate) fn by_scores(measured: &[(Spot, f64)]) -> Spot {
    let ranges: Vec<_> = measured.iter().map(|(place, score)| (*place, -score * 40_000.0)).collect();
    from_ranges(&ranges, (0.0, 0.0))
}

/// Estimates a place from places at which the technician and another one with a known place rank equally.
pub(crate) fn by_order(even: &[Spot], other: Spot) -> Option<Spot> {
    let ranges: Vec<_> = even.iter().map(|place| (*place, apart(*place, other))).collect();
    // The place of the other technician is also a solution.
    let starts = (0..8).map(|n| on_circle(3_000.0, f64::from(n)));
    let found = starts.map(|start| from_ranges(&ranges, start));
    let misses = |found: Spot| {
        let more: Vec<_> = ranges.iter().map(|(place, range)| range - apart(*place, found)).collect();
        let mean = more.iter().sum::<f64>() / more.len() as f64;
        more.iter().map(|more| (more - mean).abs()).fold(0.0, f64::max)
    };
    let found = found.filter(|found| apart(*found, other) > 200.0 && misses(*found) < 50.0);
    found.min_by(|a, b| misses(*a).total_cmp(&misses(*b)))
}
