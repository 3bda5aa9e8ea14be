//! Optimistic versions: Mongoose's `__v`.

use baitech_core::store::Version;
use bson::raw::RawBsonRef;
use bson::{Bson, Document, RawDocument, doc};

use crate::value::whole_to_bson;

pub(crate) const FIELD: &str = "__v";

/// The version of a stored document; a document without one has the first version.
pub(crate) fn of(document: &RawDocument) -> Version {
    document.get(FIELD).ok().flatten().map_or(Version::FIRST, from_bson)
}

/// The version in a stored [`FIELD`].
pub(crate) fn from_bson(stored: RawBsonRef<'_>) -> Version {
    let number = match stored {
        RawBsonRef::Int32(number) => u64::try_from(number).ok(),
        RawBsonRef::Int64(number) => u64::try_from(number).ok(),
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "versions are small whole numbers"
        )]
        RawBsonRef::Double(number) if number >= 0.0 => Some(number as u64),
        _ => None,
    };
    number.map_or(Version::FIRST, Version::new)
}

/// The version to store.
pub(crate) fn to_bson(version: Version) -> Bson {
    whole_to_bson(i64::try_from(version.get()).unwrap_or(i64::MAX))
}

/// The condition on a stored `__v`: the first version matches everything that [`of`] reads as such.
pub(crate) fn matching(version: Version) -> Bson {
    if version == Version::FIRST {
        return Bson::Document(doc! { "$not": { "$gte": 1 } });
    }
    to_bson(version)
}

/// The version after a stored one, as an expression for the server.
pub(crate) fn next() -> Document {
    let stored = format!("${FIELD}");
    let known = doc! { "$and": [{ "$isNumber": &stored }, { "$gte": [&stored, 1] }] };
    doc! { "$add": [{ "$cond": [known, stored, 0] }, 1] }
}

#[cfg(test)]
mod tests {
    use bson::RawDocumentBuf;

    use super::*;

    #[test]
    fn numbers_are_versions_and_other_values_the_first_version() {
        let cases = [
            (doc! {}, 0),
            (doc! { "__v": Bson::Null }, 0),
            (doc! { "__v": "3" }, 0),
            (doc! { "__v": -1 }, 0),
            (doc! { "__v": 3 }, 3),
            (doc! { "__v": 3_i64 }, 3),
            (doc! { "__v": 3.0 }, 3),
        ];
        for (document, version) in cases {
            let raw = RawDocumentBuf::try_from(&document).unwrap();
            assert_eq!(of(&raw), Version::new(version), "{document}");
        }
    }

    #[test]
    fn the_first_version_matches_everything_below_the_second() {
        assert_eq!(matching(Version::FIRST), Bson::Document(doc! { "$not": { "$gte": 1 } }));
        assert_eq!(matching(Version::new(1)), Bson::Int32(1));
        assert_eq!(to_bson(Version::new(1 << 40)), Bson::Int64(1 << 40));
    }
}
