//! Options that callers in other languages name by words.

use std::str::FromStr;

use crate::drift::Profile as DriftProfile;
use crate::health::Flavour;
use crate::plan::{DeletionPolicy, Order};
#[cfg(feature = "policy")]
use crate::policy::{Operation, Profile, UnknownNamespace, bundles::EnforcementAction};
use crate::{Error, ErrorKind};

/// The value of a word, or an error that lists the words.
fn choose<T: Copy>(what: &str, text: &str, known: &[(&str, T)]) -> Result<T, Error> {
    let found = known.iter().find(|(name, _)| *name == text);
    found.map(|(_, value)| *value).ok_or_else(|| {
        let names: Vec<String> = known.iter().map(|(name, _)| format!("`{name}`")).collect();
        let message = format!("`{text}` is no {what}; known are {}", names.join(", "));
        Error::new(ErrorKind::Argument, "bad-argument", message)
    })
}

macro_rules! words {
    ($($(#[$attribute:meta])* $type:ty, $what:literal: $($word:literal => $value:ident),*;)*) => {$(
        $(#[$attribute])*
        impl FromStr for $type {
            type Err = Error;

            #[doc = concat!("One of the words", $(" `", $word, "`",)* ".")]
            fn from_str(text: &str) -> Result<Self, Error> {
                choose($what, text, &[$(($word, Self::$value)),*])
            }
        }
    )*};
}

words! {
    DriftProfile, "profile of drift": "serverSideApply" => ServerSideApply, "flux" => Flux, "argoCd" => Argo;
    Flavour, "flavour of health": "kstatus" => Kstatus, "argoCd" => ArgoCd, "flux" => Flux;
    Order, "order of applying": "argoCd" => ArgoCd, "flux" => Flux, "cliUtils" => CliUtils;
    DeletionPolicy, "deletion policy": "delete" => Delete, "orphan" => Orphan;
    #[cfg(feature = "policy")]
    Profile, "profile": "cluster" => Cluster, "gatorTest" => GatorTest, "gatorVerify" => GatorVerify;
    #[cfg(feature = "policy")]
    UnknownNamespace, "meaning of an unknown namespace": "reject" => Reject, "notChecked" => NotChecked;
    #[cfg(feature = "policy")]
    Operation, "operation": "CREATE" => Create, "UPDATE" => Update, "DELETE" => Delete, "CONNECT" => Connect;
    #[cfg(feature = "policy")]
    EnforcementAction, "enforcement action": "deny" => Deny, "warn" => Warn, "dryrun" => DryRun;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words() {
        assert_eq!("argoCd".parse::<Order>().unwrap(), Order::ArgoCd);
        assert_eq!("orphan".parse::<DeletionPolicy>().unwrap(), DeletionPolicy::Orphan);
        let error = "argocd".parse::<Flavour>().unwrap_err();
        assert_eq!(
            error.message(),
            "`argocd` is no flavour of health; known are `kstatus`, `argoCd`, `flux`"
        );
    }

    #[cfg(feature = "policy")]
    #[test]
    fn words_of_policies() {
        assert_eq!("gatorTest".parse::<Profile>().unwrap(), Profile::GatorTest);
        assert_eq!("notChecked".parse::<UnknownNamespace>().unwrap(), UnknownNamespace::NotChecked);
        assert_eq!("DELETE".parse::<Operation>().unwrap(), Operation::Delete);
        assert_eq!("delete".parse::<Operation>().unwrap_err().code(), "bad-argument");
    }
}
