//! Claims on what makes a user known: the e-mail address and the phone number, each in its normal form.
//!
//! The unique indexes know `0712…` and `+254712…` as two numbers, and `Jo@Example.com` and `jo@example.com`
//! as two addresses, as the earlier application stored them; a claim on the normal form knows them as one.

use baitech_core::account::User;
use baitech_core::kernel::{Email, Id, PhoneNumber};
use baitech_core::store::{AggregateRef, Claim, ClaimKey};

use crate::commit::plan::Derived;

/// The spaces of these claims, and the field of each.
const SPACES: [(&str, &str); 2] = [("user.email", "email"), ("user.phoneNumber", "phoneNumber")];

/// The field that a claim of a user is about; `None` for claims on anything else.
pub(crate) fn claimed_field(key: &ClaimKey) -> Option<&'static str> {
    SPACES.iter().find(|(space, _)| key.space() == *space).map(|(_, field)| *field)
}

/// The claims of a user. A blank address or number claims nothing.
pub(crate) fn identity_claims(user: &User) -> impl Iterator<Item = Claim> {
    let holder = AggregateRef::User(user.id);
    let keys = user.claims().into_iter().filter(|key| claimed_field(key).is_some());
    keys.map(move |key| Claim { key, holder })
}

/// The claim that a user with this address has.
pub(super) fn email_key(email: &Email) -> Option<ClaimKey> {
    email.claim().map(|email| ClaimKey::new("user.email", email))
}

/// The claim that a user with this number has.
pub(super) fn phone_key(phone: &PhoneNumber) -> Option<ClaimKey> {
    phone.claim().map(|phone| ClaimKey::new("user.phoneNumber", phone))
}

/// Adds the claims that a write of a user needs: on what is new, and off what is gone. What is unchanged
/// needs none, so that two users whom the earlier application gave one number or one address can both be
/// saved.
pub(super) fn change_claims(before: Option<&User>, user: &User, derived: &mut Derived) {
    let before: Vec<Claim> = before.into_iter().flat_map(identity_claims).collect();
    let after: Vec<Claim> = identity_claims(user).collect();
    derived.free.extend(before.iter().filter(|claim| !after.contains(claim)).cloned());
    derived.take.extend(after.into_iter().filter(|claim| !before.contains(claim)));
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

/// The user who holds a key, if it is a user.
pub(super) fn holder(held: Option<Claim>) -> Option<Id<User>> {
    match held?.holder {
        AggregateRef::User(user) => Some(user),
        _ => None,
    }
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
