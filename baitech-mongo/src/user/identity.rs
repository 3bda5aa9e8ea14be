//! Claims on a user's e-mail address and phone number, each in its normal form.
//!
//! The unique indexes treat `0712…` and `+254712…` as two numbers, and `Jo@Example.com` and `jo@example.com`
//! as two addresses, since the earlier application stored both forms. A claim on the normal form treats them
//! as one.

use baitech_core::account::User;
use baitech_core::kernel::{Email, Id, PhoneNumber};
use baitech_core::store::{AggregateRef, Claim, ClaimKey};

use crate::commit::plan::Derived;

/// The key spaces of these claims, and the field of each.
const SPACES: [(&str, &str); 2] = [("user.email", "email"), ("user.phoneNumber", "phoneNumber")];

/// The field of a user's claim; `None` for other claims.
pub(crate) fn claimed_field(key: &ClaimKey) -> Option<&'static str> {
    SPACES.iter().find(|(space, _)| key.space() == *space).map(|(_, field)| *field)
}

/// The claims of a user. A blank address or number has no claim.
pub(crate) fn identity_claims(user: &User) -> impl Iterator<Item = Claim> {
    let holder = AggregateRef::User(user.id);
    let keys = user.claims().into_iter().filter(|key| claimed_field(key).is_some());
    keys.map(move |key| Claim { key, holder })
}

/// The claim key of this address.
pub(super) fn email_key(email: &Email) -> Option<ClaimKey> {
    email.claim().map(|email| ClaimKey::new("user.email", email))
}

/// The claim key of this number.
pub(super) fn phone_key(phone: &PhoneNumber) -> Option<ClaimKey> {
    phone.claim().map(|phone| ClaimKey::new("user.phoneNumber", phone))
}

/// Adds the changes of claims for a write of a user: takes new values and frees old ones. Unchanged values
/// need no claim, so that two users of the earlier application with the same number or address can both be
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

/// The holder of a claim, if it is a user.
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
    fn kenyan_number_has_three_stored_forms() {
        let number = PhoneNumber::from_stored("+254712345678");
        assert_eq!(stored_forms(&number), ["+254712345678", "254712345678", "0712345678"]);
        assert_eq!(stored_forms(&PhoneNumber::from_stored("+4915112345678")).len(), 2);
        assert_eq!(stored_forms(&PhoneNumber::from_stored("unknown")), ["unknown"]);
    }
}
