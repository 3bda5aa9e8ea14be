//! Quality checks, warranties and notes.

use baitech_core::booking::NewTimeSlot;
use serde::Deserialize;

use crate::{
    problem::Answer,
    request::{Body, Caller, Target},
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewCheckpoint {
    name: String,
    passed: bool,
    #[serde(default)]
    notes: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Check {
    score: u8,
    #[serde(default)]
    notes: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct WarrantyOffer {
    /// In days; named as in the booking.
    duration: u32,
    #[serde(default)]
    terms: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct WarrantyClaim {
    time_slot: NewTimeSlot,
    description: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Note {
    notes: String,
}

/// The technician or staff record a checkpoint during the work.
pub(crate) async fn add_checkpoint(
    caller: Caller,
    Target(id): Target,
    Body(body): Body<NewCheckpoint>,
) -> Answer {
    let notes = body.notes.as_deref();
    let result = caller.bookings.add_checkpoint(&caller.actor, id, &body.name, body.passed, notes).await;
    caller.show(result).await
}

/// Staff check the finished work.
pub(crate) async fn check_quality(caller: Caller, Target(id): Target, Body(body): Body<Check>) -> Answer {
    let notes = body.notes.as_deref();
    caller.show(caller.bookings.check_quality(&caller.actor, id, body.score, notes).await).await
}

/// The technician offers a warranty.
pub(crate) async fn offer_warranty(
    caller: Caller,
    Target(id): Target,
    Body(body): Body<WarrantyOffer>,
) -> Answer {
    let terms = body.terms.as_deref();
    caller.show(caller.bookings.offer_warranty(&caller.actor, id, body.duration, terms).await).await
}

/// The customer claims the warranty; the answer is the new booking.
pub(crate) async fn claim_warranty(
    caller: Caller,
    Target(id): Target,
    Body(body): Body<WarrantyClaim>,
) -> Answer {
    let claimed = caller.bookings.claim_warranty(&caller.actor, id, &body.time_slot, &body.description).await;
    caller.show_new(claimed, "../../").await
}

/// A party writes its own note; a blank one removes it.
pub(crate) async fn write_note(caller: Caller, Target(id): Target, Body(body): Body<Note>) -> Answer {
    caller.show(caller.bookings.note(&caller.actor, id, &body.notes).await).await
}
