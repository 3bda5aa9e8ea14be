//! Stored forms of types of the domain.

/// Makes a stored form, a struct with `#[serde(remote = "…")]`, usable in `#[serde_as(as = "…")]` for fields
/// of the type that it stores.
macro_rules! stored_form {
    ($Form:ident of $Value:ty) => {
        impl ::serde_with::SerializeAs<$Value> for $Form {
            fn serialize_as<S: ::serde::Serializer>(
                value: &$Value,
                serializer: S,
            ) -> Result<S::Ok, S::Error> {
                Self::serialize(value, serializer)
            }
        }

        impl<'de> ::serde_with::DeserializeAs<'de, $Value> for $Form {
            fn deserialize_as<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<$Value, D::Error> {
                Self::deserialize(deserializer)
            }
        }
    };
}

pub(crate) use stored_form;
