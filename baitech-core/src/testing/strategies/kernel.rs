use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use proptest::{option, prelude::*, sample::select};

use crate::{
    account::{Image, TimeOfDay},
    kernel::{Actor, Currency, Email, GeoPoint, Id, Money, Percent, PhoneNumber, Rate, Role, Text, Username},
};

/// Any id.
pub fn id<T>() -> impl Strategy<Value = Id<T>> + Clone {
    any::<[u8; 12]>().prop_map(Id::from_bytes)
}

/// A moment of this century, in whole milliseconds.
pub fn moment() -> impl Strategy<Value = DateTime<Utc>> + Clone {
    (946_684_800_000..4_102_444_800_000_i64)
        .prop_map(|millis| DateTime::from_timestamp_millis(millis).expect("a moment"))
}

/// A day of this century.
pub fn date() -> impl Strategy<Value = NaiveDate> + Clone {
    let first = NaiveDate::from_ymd_opt(2000, 1, 1).expect("a date");
    (0..36_500_i64).prop_map(move |days| first + TimeDelta::days(days))
}

/// A time of day, including the end of the day.
pub fn time_of_day() -> impl Strategy<Value = TimeOfDay> + Clone {
    let time = |minutes: u16| {
        let (hour, minute) = (u8::try_from(minutes / 60), u8::try_from(minutes % 60));
        TimeOfDay::new(hour.expect("an hour"), minute.expect("a minute")).expect("a time")
    };
    prop_oneof![
        10 => (0..=96_u16).prop_map(move |quarters| time(quarters * 15)),
        1 => (0..=1_440_u16).prop_map(time),
    ]
}

/// One of some zones: with and without a change of the clocks, on both sides of Greenwich.
pub fn zone() -> impl Strategy<Value = Tz> + Clone {
    select(vec![Tz::Africa__Nairobi, Tz::UTC, Tz::Europe__London, Tz::America__New_York, Tz::Asia__Kathmandu])
}

/// A few visible characters of any script, at least one.
pub fn words() -> impl Strategy<Value = String> + Clone {
    prop_oneof![3 => "[a-zA-Z][a-zA-Z ]{0,30}[a-z]", 1 => "\\PC{1,12}"]
}

/// Text of several lengths, including the longest.
pub fn text<const MAX: usize>() -> impl Strategy<Value = Text<MAX>> + Clone {
    let longest = "[a-zñ]".prop_map(|letter| letter.repeat(MAX));
    let lines = ("[a-z]{1,9}", "[a-z]{1,9}").prop_map(|(one, two)| format!("{one}\n\t{two}"));
    let cut = |text: String| Text::new("text", &text.chars().take(MAX).collect::<String>()).ok();
    prop_oneof![8 => words(), 1 => lines, 1 => longest].prop_filter_map("blank", cut)
}

/// An address of a person.
pub fn email() -> impl Strategy<Value = Email> + Clone {
    "[a-z][a-z0-9]{0,15}(\\.[a-z]{1,8})?@[a-z]{3,10}\\.(com|co\\.ke)"
        .prop_map(|text| Email::new(&text).expect("an address"))
}

/// A Kenyan mobile number.
pub fn phone_number() -> impl Strategy<Value = PhoneNumber> + Clone {
    (0..100_000_000_u32)
        .prop_filter_map("not given out", |number| PhoneNumber::new(&format!("+2547{number:08}")).ok())
}

/// A user name.
pub fn username() -> impl Strategy<Value = Username> + Clone {
    "[a-z0-9_]{3,30}".prop_map(|text| Username::new(&text).expect("a name"))
}

/// Any place on the Earth, often one in Kenya.
pub fn geo_point() -> impl Strategy<Value = GeoPoint> + Clone {
    prop_oneof![(33.9..41.9, -4.7..5.5), (-180.0..=180.0, -90.0..=90.0)]
        .prop_map(|(longitude, latitude)| GeoPoint::new(longitude, latitude).expect("a place"))
}

/// A currency with cents or without.
pub fn currency() -> impl Strategy<Value = Currency> + Clone {
    prop_oneof![4 => Just(Currency::KES), 1 => select(vec![Currency::USD, Currency::UGX, Currency::JPY])]
}

/// An amount that is not negative.
pub fn money(currency: Currency) -> impl Strategy<Value = Money> + Clone {
    prop_oneof![1 => Just(0), 9 => 0..10_000_000_000_i64]
        .prop_map(move |units| Money::from_minor(units, currency))
}

/// A rate from 0 to 1.
pub fn rate() -> impl Strategy<Value = Rate> + Clone {
    (0..=10_000_u32).prop_map(Rate::from_basis_points)
}

/// A percentage.
pub fn percent() -> impl Strategy<Value = Percent> + Clone {
    (0..=100_u8).prop_map(|percent| Percent::new(percent).expect("a percentage"))
}

/// A stored image.
pub fn image() -> impl Strategy<Value = Image> + Clone {
    ("https://[a-z]{3,9}\\.example/[a-z0-9]{1,20}\\.(jpg|png)", option::of("[a-z0-9/]{1,20}"))
        .prop_map(|(url, public_id)| Image { url, public_id })
}

/// Any actor.
pub fn actor() -> impl Strategy<Value = Actor> + Clone {
    prop_oneof![
        Just(Actor::System),
        Just(Actor::Anonymous),
        (id(), select(&Role::ALL)).prop_map(|(id, role)| Actor::user(id, role))
    ]
}
