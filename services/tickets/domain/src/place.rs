//! Points on earth, kept in WGS-84. Source: T37.
//!
//! Maps in China show GCJ-02, which moves every point by 100 to 700 metres. What is given in GCJ-02 is converted before it is
//! kept, and it is known beside it what it was given in.

use crate::numbered::numbered;
use std::f64::consts::PI;

numbered! {
    /// What the numbers of a point mean.
    CoordinateSystem {
        /// Satellites and phones' receivers.
        Wgs84 = 1 "wgs84",
        /// Maps in China (高德, 腾讯).
        Gcj02 = 2 "gcj02",
    }
}

/// A point in WGS-84, in ten-millionths of a degree: about a centimetre.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Point {
    /// North positive.
    latitude_e7: i32,
    /// East positive.
    longitude_e7: i32,
}

/// The numbers are no point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPoint {
    /// Beyond the poles, or no number.
    #[error("a latitude is between -90 and 90 degrees")]
    Latitude,
    /// Beyond the date line, or no number.
    #[error("a longitude is between -180 and 180 degrees")]
    Longitude,
}

const E7: f64 = 1e7;

impl Point {
    /// A point given in some system.
    ///
    /// # Errors
    /// When a number is none or out of range.
    pub fn parse(latitude: f64, longitude: f64, given_in: CoordinateSystem) -> Result<Self, InvalidPoint> {
        if !(-90.0..=90.0).contains(&latitude) {
            return Err(InvalidPoint::Latitude);
        }
        if !(-180.0..=180.0).contains(&longitude) {
            return Err(InvalidPoint::Longitude);
        }
        let (latitude, longitude) = match given_in {
            CoordinateSystem::Wgs84 => (latitude, longitude),
            CoordinateSystem::Gcj02 => wgs84_of(latitude, longitude),
        };
        Self::from_e7(e7(latitude), e7(longitude))
    }

    /// A point that was kept.
    ///
    /// # Errors
    /// When a number is out of range.
    pub fn from_e7(latitude_e7: i32, longitude_e7: i32) -> Result<Self, InvalidPoint> {
        if !(-900_000_000..=900_000_000).contains(&latitude_e7) {
            return Err(InvalidPoint::Latitude);
        }
        if !(-1_800_000_000..=1_800_000_000).contains(&longitude_e7) {
            return Err(InvalidPoint::Longitude);
        }
        Ok(Self { latitude_e7, longitude_e7 })
    }

    /// Degrees north.
    #[must_use]
    pub fn latitude(self) -> f64 {
        f64::from(self.latitude_e7) / E7
    }

    /// Degrees east.
    #[must_use]
    pub fn longitude(self) -> f64 {
        f64::from(self.longitude_e7) / E7
    }

    /// Ten-millionths of a degree, north and east.
    #[must_use]
    pub const fn to_e7(self) -> (i32, i32) {
        (self.latitude_e7, self.longitude_e7)
    }

    /// The point as maps in China show it: degrees north and east in GCJ-02.
    #[must_use]
    pub fn in_gcj02(self) -> (f64, f64) {
        gcj02_of(self.latitude(), self.longitude())
    }
}

#[expect(clippy::cast_possible_truncation, reason = "180 degrees fit")]
fn e7(degrees: f64) -> i32 {
    (degrees * E7).round() as i32
}

/// Where GCJ-02 differs from WGS-84: a box that holds China and, as the published conversion has it, parts of its
/// neighbours.
fn is_moved(latitude: f64, longitude: f64) -> bool {
    (0.8293..=55.8271).contains(&latitude) && (72.004..=137.8347).contains(&longitude)
}

/// Krasovsky's ellipsoid, which the conversion is defined on.
const MAJOR_AXIS: f64 = 6_378_245.0;
const ECCENTRICITY_SQUARED: f64 = 0.006_693_421_622_965_943;

/// How far GCJ-02 is from WGS-84 at a point in WGS-84, in degrees.
fn shift(latitude: f64, longitude: f64) -> (f64, f64) {
    let (x, y) = (longitude - 105.0, latitude - 35.0);
    let wave = |value: f64, parts: [(f64, f64); 2]| {
        parts.iter().map(|(size, step)| size * (value / step * PI).sin()).sum::<f64>()
    };
    let common = 20.0 * (6.0 * x * PI).sin() + 20.0 * (2.0 * x * PI).sin();
    let north = -100.0
        + 2.0 * x
        + 3.0 * y
        + 0.2 * y * y
        + 0.1 * x * y
        + 0.2 * x.abs().sqrt()
        + 2.0 / 3.0
            * (common + wave(y, [(20.0, 1.0), (40.0, 3.0)]) + wave(y, [(160.0, 12.0), (320.0, 30.0)]));
    let east = 300.0
        + x
        + 2.0 * y
        + 0.1 * x * x
        + 0.1 * x * y
        + 0.1 * x.abs().sqrt()
        + 2.0 / 3.0
            * (common + wave(x, [(20.0, 1.0), (40.0, 3.0)]) + wave(x, [(150.0, 12.0), (300.0, 30.0)]));
    let radians = latitude.to_radians();
    let magic = 1.0 - ECCENTRICITY_SQUARED * radians.sin().powi(2);
    let metres_north = MAJOR_AXIS * (1.0 - ECCENTRICITY_SQUARED) / (magic * magic.sqrt());
    let metres_east = MAJOR_AXIS / magic.sqrt() * radians.cos();
    ((north / metres_north).to_degrees(), (east / metres_east).to_degrees())
}

fn gcj02_of(latitude: f64, longitude: f64) -> (f64, f64) {
    if !is_moved(latitude, longitude) {
        return (latitude, longitude);
    }
    let (north, east) = shift(latitude, longitude);
    (latitude + north, longitude + east)
}

/// The conversion has no inverse that could be written down. The shift changes little over its own length, so taking it at
/// the point found so far comes closer by a factor of about a thousand each time.
fn wgs84_of(latitude: f64, longitude: f64) -> (f64, f64) {
    if !is_moved(latitude, longitude) {
        return (latitude, longitude);
    }
    let (mut north, mut east) = (latitude, longitude);
    for _ in 0..10 {
        let (by_north, by_east) = shift(north, east);
        let (next_north, next_east) = (latitude - by_north, longitude - by_east);
        let moved = (next_north - north).abs().max((next_east - east).abs());
        (north, east) = (next_north, next_east);
        if moved < 1e-10 {
            break;
        }
    }
    (north, east)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// WGS-84 and GCJ-02 of the same places, as published with other implementations of the conversion: Shanghai,
    /// Shenzhen, Beijing.
    const KNOWN: [[f64; 4]; 3] = [
        [31.177_427_6, 121.527_210_6, 31.175_303_983_645_97, 121.531_541_859_215],
        [22.543_847, 113.912_316, 22.540_796_131_694_766, 113.917_176_480_836_3],
        [39.911_954, 116.377_817, 39.913_345_455_360_69, 116.384_047_224_556_57],
    ];

    #[test]
    fn known_places_are_found_to_the_centimetre() {
        for [north, east, gcj_north, gcj_east] in KNOWN {
            let (n, e) = gcj02_of(north, east);
            // Others round the semi-major axis differently: 8 metres in 6,400 kilometres, nothing in a shift.
            assert!((n - gcj_north).abs() < 2e-8 && (e - gcj_east).abs() < 2e-8, "{n} {e}");
            let point = Point::parse(gcj_north, gcj_east, CoordinateSystem::Gcj02).unwrap();
            assert!((point.latitude() - north).abs() < 1e-7, "{point:?}");
            assert!((point.longitude() - east).abs() < 1e-7, "{point:?}");
        }
    }

    #[test]
    fn elsewhere_nothing_is_moved() {
        for (north, east) in [(40.7128, -74.006), (-33.8688, 151.2093), (51.5074, -0.1278), (0.5, 100.0)] {
            let wgs = Point::parse(north, east, CoordinateSystem::Wgs84).unwrap();
            assert_eq!(Point::parse(north, east, CoordinateSystem::Gcj02).unwrap(), wgs);
            assert_eq!(wgs.in_gcj02(), (north, east));
        }
    }

    #[test]
    fn what_is_no_point_is_refused() {
        let parse = |north, east| Point::parse(north, east, CoordinateSystem::Wgs84);
        for bad in [90.000_1, -91.0, f64::NAN, f64::INFINITY] {
            assert_eq!(parse(bad, 0.0), Err(InvalidPoint::Latitude));
        }
        for bad in [180.000_1, -181.0, f64::NAN, f64::NEG_INFINITY] {
            assert_eq!(parse(0.0, bad), Err(InvalidPoint::Longitude));
        }
        assert!(parse(90.0, -180.0).is_ok());
        assert!(Point::from_e7(900_000_001, 0).is_err() && Point::from_e7(0, i32::MIN).is_err());
    }

    proptest! {
        /// There and back again, all over China: 1e-7 degrees, about a centimetre, is what a point is rounded to.
        #[test]
        fn the_way_back_is_exact_to_a_centimetre(north in 18.0..53.5, east in 73.5..135.0) {
            let (gcj_north, gcj_east) = gcj02_of(north, east);
            prop_assert!((gcj_north - north).abs() < 0.01 && (gcj_east - east).abs() < 0.015);
            let point = Point::parse(gcj_north, gcj_east, CoordinateSystem::Gcj02).unwrap();
            prop_assert!((point.latitude() - north).abs() < 1e-7);
            prop_assert!((point.longitude() - east).abs() < 1e-7);
        }
    }
}
