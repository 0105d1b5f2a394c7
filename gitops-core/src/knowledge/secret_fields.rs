//! Which fields of which kinds hold what must never be shown.

/// The annotation in which `kubectl apply` keeps a copy of the whole object, values included.
pub const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// A field below which every value is secret.
#[derive(Clone, Copy, Debug)]
pub struct SecretField {
    /// The kind, in whatever API group: better one mask too many than one too few.
    pub kind: &'static str,
    /// The keys from the object to the field.
    pub path: &'static [&'static str],
}

/// The fields of the core API's Secret (`core/v1`) that hold secret values.
pub const SECRET_FIELDS: &[SecretField] = &[
    SecretField { kind: "Secret", path: &["data"] },
    SecretField { kind: "Secret", path: &["stringData"] },
    SecretField { kind: "Secret", path: &["metadata", "annotations", LAST_APPLIED] },
];

/// The secret fields of a kind; none for most.
pub fn secret_fields(kind: &str) -> impl Iterator<Item = &'static SecretField> + Clone {
    SECRET_FIELDS.iter().filter(move |field| field.kind == kind)
}
