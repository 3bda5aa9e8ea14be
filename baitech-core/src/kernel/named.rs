/// Enums whose values have names: each value is declared with its name in documents and on the wire.
///
/// Such an enum has `ALL`, `as_str` and `Display`, and serde uses the same names if it derives them.
macro_rules! named {
    (
        $(#[$attribute:meta])*
        pub enum $Enum:ident {
            $($(#[$note:meta])* $Value:ident = $name:literal,)+
        }
    ) => {
        $(#[$attribute])*
        pub enum $Enum {
            $($(#[$note])* #[serde(rename = $name)] $Value,)+
        }

        impl $Enum {
            /// Every value, in the order of declaration.
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$Value),+];

            /// The name in documents and on the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$Value => $name,)+ }
            }
        }

        impl std::fmt::Display for $Enum {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

pub(crate) use named;
