use std::fmt;

use geo::{Bearing as _, Destination as _, Distance as _, Geodesic, Haversine, Point};
use serde::{Deserialize, Serialize};

use super::{Code, Violation};

/// A length in metres.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Distance(f64);

impl Distance {
    /// Creates a length in metres.
    #[must_use]
    pub const fn from_metres(metres: f64) -> Self {
        Self(metres)
    }

    /// Creates a length in kilometres.
    #[must_use]
    pub const fn from_kilometres(kilometres: f64) -> Self {
        Self(kilometres * 1_000.0)
    }

    /// The length in metres.
    #[must_use]
    pub const fn metres(self) -> f64 {
        self.0
    }

    /// The length in kilometres.
    #[must_use]
    pub const fn kilometres(self) -> f64 {
        self.0 / 1_000.0
    }

    /// The length rounded to whole kilometres, as it is shown to users.
    #[must_use]
    pub fn to_whole_kilometres(self) -> Self {
        Self::from_kilometres(self.kilometres().round())
    }
}

impl fmt::Display for Distance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.1} km", self.kilometres())
    }
}

/// A place on the Earth, WGS 84, in degrees. Always within −180..180 and −90..90.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "(f64, f64)", into = "(f64, f64)")]
pub struct GeoPoint {
    longitude: f64,
    latitude: f64,
}

impl GeoPoint {
    /// Creates a point from a longitude and a latitude, in GeoJSON's order.
    ///
    /// # Errors
    /// A [`Violation`] of `location.coordinates` with [`Code::OutOfRange`] for a number that is out of range
    /// or not finite.
    pub fn new(longitude: f64, latitude: f64) -> Result<Self, Violation> {
        let violation = |what: &str, bound: u16| {
            let message = format!("the {what} must be between −{bound} and {bound} degrees");
            Violation::new("location.coordinates", Code::OutOfRange, message)
        };
        if !(-180.0..=180.0).contains(&longitude) {
            return Err(violation("longitude", 180));
        }
        if !(-90.0..=90.0).contains(&latitude) {
            return Err(violation("latitude", 90));
        }
        Ok(Self { longitude, latitude })
    }

    /// Degrees east of Greenwich.
    #[must_use]
    pub const fn longitude(self) -> f64 {
        self.longitude
    }

    /// Degrees north of the equator.
    #[must_use]
    pub const fn latitude(self) -> f64 {
        self.latitude
    }

    /// The shortest distance on the WGS 84 ellipsoid (Karney 2013), accurate to nanometres.
    #[must_use]
    pub fn geodesic_distance(self, other: Self) -> Distance {
        Distance(Geodesic.distance(self.point(), other.point()))
    }

    /// The shortest distance on a sphere (haversine): about ten times faster than
    /// [`geodesic_distance`](Self::geodesic_distance), with an error of at most 0.6 %.
    #[must_use]
    pub fn haversine_distance(self, other: Self) -> Distance {
        Distance(Haversine.distance(self.point(), other.point()))
    }

    /// The point at a distance and bearing, along the WGS 84 ellipsoid. `bearing` is in degrees, clockwise
    /// from north.
    #[must_use]
    pub fn destination(self, bearing: f64, distance: Distance) -> Self {
        let reached = Geodesic.destination(self.point(), bearing, distance.metres());
        // Rounding may leave the valid range slightly; clamping keeps the point valid.
        let longitude = reached.x().clamp(-180.0, 180.0);
        let latitude = reached.y().clamp(-90.0, 90.0);
        if longitude.is_nan() || latitude.is_nan() { self } else { Self { longitude, latitude } }
    }

    /// The initial bearing of the shortest path to another point: degrees, clockwise from north.
    #[must_use]
    pub fn bearing(self, other: Self) -> f64 {
        Geodesic.bearing(self.point(), other.point())
    }

    fn point(self) -> Point {
        Point::new(self.longitude, self.latitude)
    }
}

impl TryFrom<(f64, f64)> for GeoPoint {
    type Error = Violation;

    fn try_from((longitude, latitude): (f64, f64)) -> Result<Self, Violation> {
        Self::new(longitude, latitude)
    }
}

impl From<GeoPoint> for (f64, f64) {
    fn from(point: GeoPoint) -> Self {
        (point.longitude, point.latitude)
    }
}

#[cfg(test)]
mod tests;
