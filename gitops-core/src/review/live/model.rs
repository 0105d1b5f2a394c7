//! What a merge does to live objects, as plain data in a fixed order. Values of Secrets are masked.

use serde::Serialize;

use crate::Diagnostic;
use crate::drift::FieldDrift;
use crate::node::Location;
use crate::object::ObjectId;

/// What the merge does to the live objects of an environment beyond what it changes in Git.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct LiveReview {
    /// Live objects that base or head has too.
    pub compared: usize,
    /// Live objects to which something happens that the change in Git does not show: those that the change
    /// touches first, then by effect, kind, namespace and name.
    pub objects: Vec<LiveObject>,
    /// Fields of touched objects that base sets and the cluster does not have yet: it is behind base, and
    /// nobody has changed them.
    pub not_yet_applied: usize,
}

/// What happens to a live object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum LiveEffect {
    /// The API server would refuse to apply what head says, so that nothing of it arrives;
    /// [`LiveObject::reasons`] says why.
    Refused,
    /// The API server refuses to change what head changes, so that the tool deletes the object and makes it
    /// anew; [`LiveObject::reasons`] says why.
    Replaced,
    /// Fields that were changed in the cluster get the values of head.
    Overwritten,
    /// Base has it and it was deleted in the cluster: it is made anew.
    BroughtBack,
    /// Base does not have it, and it exists already: Git takes it over. `fields` are those that change.
    TakenOver,
    /// Head does not have it any more: it is deleted.
    Pruned,
    /// Head does not have it any more, and it stays: [`LiveObject::reasons`] says why.
    LeftBehind,
}

impl LiveEffect {
    /// The name as it appears in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Replaced => "replaced",
            Self::Overwritten => "overwritten",
            Self::BroughtBack => "broughtBack",
            Self::TakenOver => "takenOver",
            Self::Pruned => "pruned",
            Self::LeftBehind => "leftBehind",
        }
    }
}

/// A live object to which something happens.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct LiveObject {
    /// What happens.
    pub effect: LiveEffect,
    /// The object, as head names it; as base does where head does not have it.
    pub id: ObjectId,
    /// Whether the change touches it. Of others, drift is put back when they are applied again.
    pub touched: bool,
    /// The fields that were changed in the cluster and that head's apply sets: what lives, what head says
    /// and where, and who changed it when. Why is told by comparison with base.
    pub fields: Vec<FieldDrift>,
    /// Why it is refused, replaced or left behind, and whose an object is that is taken over.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<Diagnostic>,
    /// The text that names it; at base where head does not have it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
}

/// Counts over the live objects of a review: of objects that the change touches, but for `untouched`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct LiveSummary {
    /// Environments that were compared with live objects.
    pub environments: usize,
    /// Objects whose apply the API server would refuse.
    pub refused: usize,
    /// Objects that are deleted and made anew.
    pub replaced: usize,
    /// Objects with fields that are overwritten.
    pub overwritten: usize,
    /// The fields that are overwritten.
    pub fields: usize,
    /// Objects that were deleted in the cluster and come back.
    pub brought_back: usize,
    /// Objects that exist already and are taken over.
    pub taken_over: usize,
    /// Objects that are deleted.
    pub pruned: usize,
    /// Objects that Git gives up and that stay.
    pub left_behind: usize,
    /// Objects that the change does not touch and that are put back to what Git says, or brought back.
    pub untouched: usize,
}

impl LiveSummary {
    /// The counts of environments; `None` if none was compared with live objects.
    pub(in crate::review) fn of<'a>(all: impl Iterator<Item = &'a LiveReview>) -> Option<Self> {
        let mut sum = Self::default();
        for live in all {
            sum.environments += 1;
            for object in &live.objects {
                if !object.touched {
                    sum.untouched += 1;
                    continue;
                }
                *match object.effect {
                    LiveEffect::Refused => &mut sum.refused,
                    LiveEffect::Replaced => &mut sum.replaced,
                    LiveEffect::Overwritten => &mut sum.overwritten,
                    LiveEffect::BroughtBack => &mut sum.brought_back,
                    LiveEffect::TakenOver => &mut sum.taken_over,
                    LiveEffect::Pruned => &mut sum.pruned,
                    LiveEffect::LeftBehind => &mut sum.left_behind,
                } += 1;
                if object.effect < LiveEffect::BroughtBack {
                    sum.fields += object.fields.len();
                }
            }
        }
        (sum.environments > 0).then_some(sum)
    }
}
