//! The words of health: whose, which, and how bad.

/// Whose judgement of health.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Flavour {
    /// kstatus, the library of cli-utils: Current, InProgress, Failed, Terminating, Unknown.
    #[default]
    Kstatus,
    /// Argo CD: Healthy, Progressing, Degraded, Suspended, Missing, Unknown.
    ArgoCd,
    /// Flux: the words of kstatus; a Job is current only when it has completed.
    Flux,
}

macro_rules! statuses {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// What an object's health is called. Each flavour uses its own words.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
        #[non_exhaustive]
        pub enum HealthStatus { $($(#[$doc])* $name,)* }

        impl HealthStatus {
            /// The word, such as `Healthy`.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name)),* }
            }

            /// The status of a word.
            #[must_use]
            pub fn named(name: &str) -> Option<Self> {
                match name { $(stringify!($name) => Some(Self::$name),)* _ => None }
            }
        }
    };
}

// From best to worst: Argo CD's order, and kstatus's words where they belong in it.
statuses! {
    /// Nothing is known of the kind: it counts as neither well nor unwell.
    NotAssessed,
    /// Well (Argo CD).
    Healthy,
    /// As its specification asks (kstatus, Flux).
    Current,
    /// Waits for a person (Argo CD).
    Suspended,
    /// Not yet well (Argo CD).
    Progressing,
    /// Not yet as its specification asks (kstatus, Flux).
    InProgress,
    /// Being deleted (kstatus, Flux).
    Terminating,
    /// Not in the cluster (Argo CD).
    Missing,
    /// Not in the cluster (kstatus, Flux).
    NotFound,
    /// Unwell (Argo CD).
    Degraded,
    /// Will not become what its specification asks (kstatus, Flux).
    Failed,
    /// Could not be judged.
    Unknown,
}

impl HealthStatus {
    /// Whether nothing needs attention: well, current, or nothing known to say.
    #[must_use]
    pub fn is_well(self) -> bool {
        matches!(self, Self::NotAssessed | Self::Healthy | Self::Current)
    }
}

impl std::fmt::Display for HealthStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

/// The health of an object.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Health {
    /// How it is.
    pub status: HealthStatus,
    /// Why, as one word; kstatus's and Flux's, empty where they give none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// Why, for people; may be empty. It may repeat what the object's own status says.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub message: String,
}

impl Health {
    pub(crate) fn new(status: HealthStatus, reason: impl Into<String>, message: impl Into<String>) -> Self {
        Self { status, reason: reason.into(), message: message.into() }
    }
}
