/// `Debug` for a type with confidential fields: prints only the listed fields, and `..` for the others.
macro_rules! debug_only {
    ($(#[$why:meta])* $Type:ident { $($field:ident),+ $(,)? }) => {
        impl std::fmt::Debug for $Type {
            $(#[$why])*
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($Type))
                    $(.field(stringify!($field), &self.$field))+
                    .finish_non_exhaustive()
            }
        }
    };
}

pub(crate) use debug_only;
