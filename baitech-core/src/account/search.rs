use std::borrow::Cow;

use super::{User, UserStatus};
use crate::{
    kernel::Role,
    store::{Readers, SearchIndex, Searchable},
};

impl User {
    /// The texts by which a user is found. Everyone finds active technicians, who offer their work to the
    /// public; only staff find other users.
    pub(super) fn search_texts(&self) -> Searchable<'_> {
        let is_public = self.role == Role::Technician && self.status == UserStatus::Active;
        let mut texts = vec![
            ("firstName", Cow::Borrowed(self.first_name.as_str())),
            ("lastName", Cow::Borrowed(self.last_name.as_str())),
        ];
        texts.extend(self.bio.iter().map(|bio| ("bio", Cow::Borrowed(bio.as_str()))));
        if let Some(technician) = &self.technician {
            let skills =
                technician.skills.iter().map(|skill| ("skills.name", Cow::Borrowed(skill.name.as_str())));
            texts.extend(skills);
            let business = technician.business_name.iter();
            texts.extend(business.map(|name| ("businessName", Cow::Borrowed(name.as_str()))));
        }
        Searchable {
            index: SearchIndex::Users,
            readers: if is_public { Readers::Everyone } else { Readers::Only(Vec::new()) },
            within: None,
            at: self.created_at,
            title: self.full_name().into(),
            texts,
        }
    }
}
