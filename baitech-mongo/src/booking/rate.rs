//! Stored rates: whole numbers of basis points, independent of their form on the wire.

use baitech_core::booking::{CancellationPolicy, CancellationTier};
use baitech_core::kernel::Rate;
use serde::de::{Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};
use serde_with::{DeserializeAs, SerializeAs, serde_as};

use crate::value::Whole;

/// A rate stored as basis points.
#[derive(Debug)]
pub(super) struct BasisPoints;

impl SerializeAs<Rate> for BasisPoints {
    fn serialize_as<S: Serializer>(rate: &Rate, serializer: S) -> Result<S::Ok, S::Error> {
        Whole::serialize_as(&rate.basis_points(), serializer)
    }
}

impl<'de> DeserializeAs<'de, Rate> for BasisPoints {
    fn deserialize_as<D: Deserializer<'de>>(deserializer: D) -> Result<Rate, D::Error> {
        Whole::deserialize_as(deserializer).map(Rate::from_basis_points)
    }
}

/// A [`CancellationPolicy`] with its rates as basis points.
#[derive(Debug)]
pub(super) struct StoredPolicy;

#[serde_as]
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Policy {
    tiers: Vec<Tier>,
    #[serde_as(as = "BasisPoints")]
    late_rate: Rate,
    #[serde_as(as = "BasisPoints")]
    platform_share: Rate,
}

#[serde_as]
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Tier {
    #[serde_as(as = "Whole")]
    notice_hours: u32,
    #[serde_as(as = "BasisPoints")]
    rate: Rate,
}

impl SerializeAs<CancellationPolicy> for StoredPolicy {
    fn serialize_as<S: Serializer>(policy: &CancellationPolicy, serializer: S) -> Result<S::Ok, S::Error> {
        let CancellationPolicy { tiers, late_rate, platform_share } = policy;
        let tier = |CancellationTier { notice_hours, rate }: &CancellationTier| Tier {
            notice_hours: *notice_hours,
            rate: *rate,
        };
        let (late_rate, platform_share) = (*late_rate, *platform_share);
        Policy { tiers: tiers.iter().map(tier).collect(), late_rate, platform_share }.serialize(serializer)
    }
}

impl<'de> DeserializeAs<'de, CancellationPolicy> for StoredPolicy {
    fn deserialize_as<D: Deserializer<'de>>(deserializer: D) -> Result<CancellationPolicy, D::Error> {
        let Policy { tiers, late_rate, platform_share } = Policy::deserialize(deserializer)?;
        let tier = |Tier { notice_hours, rate }| CancellationTier { notice_hours, rate };
        Ok(CancellationPolicy { tiers: tiers.into_iter().map(tier).collect(), late_rate, platform_share })
    }
}
