//! Posts and reviews that the earlier application has written: who may find them, and by which texts.
//!
//! The engine has no commands for them yet, so their entries change only when the index is built again.

use std::borrow::Cow;

use chrono::{DateTime, Utc};

use crate::{
    account::User,
    kernel::Id,
    store::{Readers, SearchIndex, Searchable},
};

/// A stored post of the earlier application. A missing value is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of the stored fields")]
pub struct EarlierPost {
    pub author: Option<Id<User>>,
    pub caption: String,
    pub portfolio_title: String,
    pub hashtags: Vec<String>,
    pub status: String,
    pub visibility: String,
    pub is_deleted: bool,
    pub created_at: DateTime<Utc>,
}

impl EarlierPost {
    /// The texts of the post. Everyone finds public posts, and only the author finds others; nobody finds a
    /// deleted one.
    #[must_use]
    pub fn searchable(&self) -> Option<Searchable<'_>> {
        if self.is_deleted {
            return None;
        }
        let mut texts = vec![("portfolioDetails.title", &*self.portfolio_title), ("caption", &*self.caption)];
        texts.extend(self.hashtags.iter().map(|tag| ("hashtags", &**tag)));
        Some(Searchable {
            index: SearchIndex::Posts,
            readers: readers((&self.status, &self.visibility), &[self.author]),
            within: None,
            at: self.created_at,
            title: first_text([&self.portfolio_title, &self.caption]),
            texts: borrowed(texts),
        })
    }
}

/// A stored review of the earlier application. A missing value is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of the stored fields")]
pub struct EarlierReview {
    pub reviewer: Option<Id<User>>,
    pub title: String,
    pub comment: String,
    pub status: String,
    pub visibility: String,
    pub created_at: DateTime<Utc>,
}

impl EarlierReview {
    /// The texts of the review. Everyone finds public reviews, and only the reviewer finds others.
    #[must_use]
    pub fn searchable(&self) -> Searchable<'_> {
        Searchable {
            index: SearchIndex::Reviews,
            readers: readers((&self.status, &self.visibility), &[self.reviewer]),
            within: None,
            at: self.created_at,
            title: first_text([&self.title, &self.comment]),
            texts: borrowed(vec![("title", &*self.title), ("comment", &*self.comment)]),
        }
    }
}

fn readers((status, visibility): (&str, &str), otherwise: &[Option<Id<User>>]) -> Readers {
    if (status, visibility) == ("published", "public") {
        return Readers::Everyone;
    }
    Readers::Only(otherwise.iter().flatten().map(|user| user.cast()).collect())
}

fn first_text(texts: [&str; 2]) -> Cow<'_, str> {
    let [first, second] = texts;
    Cow::Borrowed(if first.is_empty() { second } else { first })
}

fn borrowed<'a>(texts: Vec<(&'static str, &'a str)>) -> Vec<(&'static str, Cow<'a, str>)> {
    texts.into_iter().map(|(field, text)| (field, Cow::Borrowed(text))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_published_public_texts_are_found_by_everyone() {
        let author = Id::from_bytes([1; 12]);
        let post = |status: &str, visibility: &str| EarlierPost {
            author: Some(author),
            caption: "A new kitchen".to_owned(),
            hashtags: vec!["sink".to_owned()],
            status: status.to_owned(),
            visibility: visibility.to_owned(),
            ..EarlierPost::default()
        };
        let own = Readers::Only(vec![author.cast()]);
        for (status, visibility, expected) in [
            ("published", "public", Readers::Everyone),
            ("published", "followers", own.clone()),
            ("draft", "public", own.clone()),
            ("", "", own),
        ] {
            let post = post(status, visibility);
            let texts = post.searchable().unwrap();
            assert_eq!(texts.readers, expected, "{status} {visibility}");
            assert_eq!(texts.title, "A new kitchen");
            assert_eq!(texts.entry().words["sink"], SearchIndex::Posts.weight("hashtags"));
        }
        let deleted = EarlierPost { is_deleted: true, ..post("published", "public") };
        assert_eq!(deleted.searchable(), None);
        let hidden = EarlierReview { title: "Good".to_owned(), ..EarlierReview::default() };
        assert_eq!(hidden.searchable().readers, Readers::Only(Vec::new()));
    }
}
