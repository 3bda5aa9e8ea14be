//! Claims on phone numbers in their normal form.
//!
//! The unique index on `phoneNumber` knows `0712…` and `+254712…` as two numbers, as the earlier application stored them; a claim
//! on the normal form knows them as one.

use baitech_core::account::User;
use baitech_core::kernel::PhoneNumber;
use baitech_core::store::{AggregateRef, Claim, ClaimKey, StoreError};
use bson::RawDocumentBuf;

use crate::codec::Aggregate;
use crate::load::corrupt;

/// The name of the space of these claims.
pub(crate) const PHONE_CLAIMS: &str = "user.phoneNumber";

/// The claim of a user on a number.
pub(crate) fn phone_claim(user: AggregateRef, number: &PhoneNumber) -> Claim {
    Claim { key: ClaimKey::new(PHONE_CLAIMS, number), holder: user }
}

/// Adds the claims that a write of a user needs: on a new number, and off the old one. An unchanged number needs none, so that
/// two users whom the earlier application gave one number can both be saved.
pub(crate) fn phone_claims(
    user: &User,
    origin: Option<&RawDocumentBuf>,
    free: &mut Vec<Claim>,
    take: &mut Vec<Claim>,
) -> Result<(), StoreError> {
    let reference = AggregateRef::User(user.id);
    let before = match origin {
        Some(raw) if !raw.is_empty() => {
            Some(User::decode(raw).map_err(|reason| corrupt(User::COLLECTION, raw, &reason))?)
        }
        _ => None,
    };
    match before {
        Some(before) if before.phone == user.phone => return Ok(()),
        Some(before) => free.push(phone_claim(reference, &before.phone)),
        None => {}
    }
    take.push(phone_claim(reference, &user.phone));
    Ok(())
}

/// The forms in which a number may be stored.
pub(crate) fn stored_forms(number: &PhoneNumber) -> Vec<String> {
    let normal = number.as_str();
    let mut forms = vec![normal.to_owned()];
    if let Some(digits) = normal.strip_prefix('+') {
        forms.push(digits.to_owned());
    }
    if let Some(national) = normal.strip_prefix("+254") {
        forms.push(format!("0{national}"));
    }
    forms
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kenyan_number_may_be_stored_in_three_forms() {
        let number = PhoneNumber::from_stored("+254712345678");
        assert_eq!(stored_forms(&number), ["+254712345678", "254712345678", "0712345678"]);
        assert_eq!(stored_forms(&PhoneNumber::from_stored("+4915112345678")).len(), 2);
        assert_eq!(stored_forms(&PhoneNumber::from_stored("unknown")), ["unknown"]);
    }
}
