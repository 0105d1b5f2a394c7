//! OPA's built-in functions where regorus has none or answers differently.
//!
//! An extension shadows regorus' own function of that name. A built-in error is an undefined value, as
//! in Gatekeeper.

use regorus::{Engine, Value};

use super::bounded::{self, Bounded, Meter};
use super::network::{Network, networks};
use super::{counted, encodings, globs, hashes, numbers};

/// A function that makes little.
pub(crate) type Function = fn(&[Value]) -> Value;

const UNDEFINED: Value = Value::Undefined;

/// Computes with two numbers; a macro because regorus' number type has no public name.
macro_rules! arithmetic {
    ($args:expr, $a:ident, $b:ident, $result:expr) => {
        match $args {
            [Value::Number($a), Value::Number($b)] => { $result }.map_or(UNDEFINED, Value::Number),
            _ => UNDEFINED,
        }
    };
}

/// Name, number of arguments, function.
static FUNCTIONS: &[(&str, u8, Function)] = &[
    ("any", 1, |args| truths(args).map_or(UNDEFINED, |truths| Value::from(truths.contains(&true)))),
    ("all", 1, |args| truths(args).map_or(UNDEFINED, |truths| Value::from(!truths.contains(&false)))),
    ("cast_array", 1, |args| match args {
        [array @ Value::Array(_)] => array.clone(),
        [Value::Set(set)] => Value::from(set.iter_sorted().cloned().collect::<Vec<_>>()),
        _ => UNDEFINED,
    }),
    ("cast_set", 1, |args| match args {
        [set @ Value::Set(_)] => set.clone(),
        [Value::Array(items)] => {
            Value::from(items.iter().cloned().collect::<std::collections::BTreeSet<_>>())
        }
        _ => UNDEFINED,
    }),
    ("cast_string", 1, |args| same(args, |value| matches!(value, Value::String(_)))),
    ("cast_boolean", 1, |args| same(args, |value| matches!(value, Value::Bool(_)))),
    ("cast_null", 1, |args| same(args, |value| matches!(value, Value::Null))),
    ("cast_object", 1, |args| same(args, |value| matches!(value, Value::Object(_)))),
    ("set_diff", 2, |args| match args {
        [Value::Set(left), Value::Set(right)] => left.difference(right).into_value(),
        _ => UNDEFINED,
    }),
    ("plus", 2, |args| arithmetic!(args, a, b, a.add(b).ok())),
    ("minus", 2, |args| match args {
        [Value::Set(left), Value::Set(right)] => left.difference(right).into_value(),
        _ => arithmetic!(args, a, b, a.sub(b).ok()),
    }),
    ("div", 2, |args| {
        arithmetic!(args, a, b, if b.as_f64() == Some(0.0) { None } else { a.clone().divide(b).ok() })
    }),
    ("rem", 2, |args| {
        arithmetic!(args, a, b, if b.as_f64() == Some(0.0) { None } else { a.clone().modulo(b).ok() })
    }),
    ("equal", 2, |args| compare(args, |a, b| a == b)),
    ("neq", 2, |args| compare(args, |a, b| a != b)),
    ("gt", 2, |args| compare(args, |a, b| a > b)),
    ("gte", 2, |args| compare(args, |a, b| a >= b)),
    ("lt", 2, |args| compare(args, |a, b| a < b)),
    ("lte", 2, |args| compare(args, |a, b| a <= b)),
    ("and", 2, |args| match args {
        [Value::Set(left), Value::Set(right)] => left.intersection(right).into_value(),
        _ => UNDEFINED,
    }),
    ("or", 2, |args| match args {
        [Value::Set(left), Value::Set(right)] => left.union(right).into_value(),
        _ => UNDEFINED,
    }),
    ("array.flatten", 1, |args| match args {
        [Value::Array(items)] => {
            let mut flat = Vec::new();
            for item in items.iter() {
                match item {
                    Value::Array(inner) => flat.extend(inner.iter().cloned()),
                    other => flat.push(other.clone()),
                }
            }
            Value::from(flat)
        }
        _ => UNDEFINED,
    }),
    ("trace", 1, |args| match args {
        [Value::String(_)] => Value::from(true),
        _ => UNDEFINED,
    }),
    ("crypto.md5", 1, hashes::md5),
    ("crypto.sha1", 1, hashes::sha1),
    ("crypto.sha256", 1, hashes::sha256),
    ("crypto.hmac.equal", 2, hashes::hmac_equal),
    ("crypto.hmac.md5", 2, hashes::hmac_md5),
    ("crypto.hmac.sha1", 2, hashes::hmac_sha1),
    ("crypto.hmac.sha256", 2, hashes::hmac_sha256),
    ("crypto.hmac.sha512", 2, hashes::hmac_sha512),
    ("uuid.rfc4122", 1, hashes::uuid),
    ("regex.globs_match", 2, globs::globs_match),
    ("to_number", 1, numbers::to_number),
    (super::rego::NUMBER, 1, numbers::literal),
    ("net.cidr_contains", 2, |args| networks(args, |a, b| a.contains(b))),
    ("net.cidr_intersects", 2, |args| networks(args, |a, b| a.contains(b) || b.contains(a))),
    ("net.cidr_overlap", 2, |args| networks(args, |a, b| a.contains(b))),
    ("net.cidr_is_valid", 1, |args| match args {
        [Value::String(text)] => Value::from(text.contains('/') && Network::parse(text).is_some()),
        _ => UNDEFINED,
    }),
    ("net.cidr_contains_matches", 2, super::network::matches),
    ("net.cidr_merge", 1, super::network::merge),
    ("yaml.unmarshal", 1, encodings::yaml_unmarshal),
    ("urlquery.decode", 1, encodings::query_decode),
    ("urlquery.decode_object", 1, encodings::query_decode_object),
    // The metadata of a rule is in its comments, which the driver does not keep.
    ("rego.metadata.rule", 0, |_| Value::new_object()),
    ("rego.metadata.chain", 0, |_| Value::new_array()),
    // No network in here; what cannot be asked is undefined.
    ("http.send", 1, |_| UNDEFINED),
];

/// Which elements of a collection are `true`.
fn truths(args: &[Value]) -> Option<Vec<bool>> {
    let truth = |value: &Value| value == &Value::Bool(true);
    match args {
        [Value::Array(items)] => Some(items.iter().map(truth).collect()),
        [Value::Set(items)] => Some(items.iter().map(truth).collect()),
        _ => None,
    }
}

fn same(args: &[Value], accept: impl Fn(&Value) -> bool) -> Value {
    args.first().filter(|value| accept(value)).cloned().unwrap_or(UNDEFINED)
}

fn compare(args: &[Value], holds: impl Fn(&Value, &Value) -> bool) -> Value {
    match args {
        [a, b] => Value::from(holds(a, b)),
        _ => UNDEFINED,
    }
}

/// Gives an engine those functions of `names` that are not regorus' own. What they make is counted by
/// `meter`.
pub(crate) fn add_to<'a>(
    engine: &mut Engine,
    names: impl Iterator<Item = &'a str>,
    meter: &Meter,
) -> Result<(), String> {
    for name in names {
        let added = if let Some((arity, function)) = plain(name) {
            engine.add_extension(name.into(), arity, Box::new(move |args: Vec<Value>| Ok(function(&args))))
        } else if let Some((arity, function)) = metered(name) {
            let meter = meter.clone();
            let call = move |args: Vec<Value>| function(&args, &meter).map_err(Into::into);
            engine.add_extension(name.into(), arity, Box::new(call))
        } else {
            Ok(())
        };
        added.map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// The names of all functions that are not regorus' own.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    let metered = bounded::FUNCTIONS.iter().chain(counted::FUNCTIONS);
    FUNCTIONS.iter().map(|(name, ..)| *name).chain(metered.map(|(name, ..)| *name))
}

/// One of our functions that make little: its number of arguments, and itself.
pub(crate) fn plain(name: &str) -> Option<(u8, Function)> {
    FUNCTIONS.iter().find(|(known, ..)| *known == name).map(|&(_, arity, function)| (arity, function))
}

/// A function whose result is counted: its number of arguments, and itself.
pub(crate) fn metered(name: &str) -> Option<(u8, Bounded)> {
    let mut all = bounded::FUNCTIONS.iter().chain(counted::FUNCTIONS);
    all.find(|(known, ..)| *known == name).map(|&(_, arity, function)| (arity, function))
}

/// How many arguments a function of the language takes.
pub(crate) fn arity(name: &str) -> Option<usize> {
    let ours = plain(name).map(|(arity, _)| arity).or_else(|| metered(name).map(|(arity, _)| arity));
    let arity = ours.or_else(|| regorus::unstable::BUILTINS.get(name).map(|(_, arity)| *arity))?;
    Some(arity.into())
}

/// Whether a function can be evaluated here.
pub(crate) fn is_known(name: &str) -> bool {
    name == "print" || names().any(|known| known == name) || regorus::unstable::BUILTINS.contains_key(name)
}

/// Whether OPA has a function of this name, so that a template that calls it is valid in a cluster.
pub(crate) fn is_opas(name: &str) -> bool {
    OPA.contains(&name)
}

/// OPA 1.19's functions that regorus, as built here, has not (the rest is found in its own table).
/// `external_data` is Gatekeeper's, and defined only where a provider is configured.
static OPA: &[&str] = &[
    "bits.and",
    "bits.lsh",
    "bits.negate",
    "bits.or",
    "bits.rsh",
    "bits.xor",
    "crypto.hmac.equal",
    "crypto.hmac.md5",
    "crypto.hmac.sha1",
    "crypto.hmac.sha256",
    "crypto.hmac.sha512",
    "crypto.md5",
    "crypto.parse_private_keys",
    "crypto.sha1",
    "crypto.sha256",
    "crypto.x509.parse_and_verify_certificates",
    "crypto.x509.parse_and_verify_certificates_with_options",
    "crypto.x509.parse_certificate_request",
    "crypto.x509.parse_certificates",
    "crypto.x509.parse_keypair",
    "crypto.x509.parse_rsa_private_key",
    "external_data",
    "glob.match",
    "glob.quote_meta",
    "graph.reachable",
    "graph.reachable_paths",
    "graphql.is_valid",
    "graphql.parse",
    "graphql.parse_and_verify",
    "graphql.parse_query",
    "graphql.parse_schema",
    "graphql.schema_is_valid",
    "internal.member_2",
    "internal.member_3",
    "io.jwt.decode",
    "io.jwt.decode_verify",
    "io.jwt.encode_sign",
    "io.jwt.encode_sign_raw",
    "io.jwt.verify_eddsa",
    "io.jwt.verify_es256",
    "io.jwt.verify_es384",
    "io.jwt.verify_es512",
    "io.jwt.verify_hs256",
    "io.jwt.verify_hs384",
    "io.jwt.verify_hs512",
    "io.jwt.verify_ps256",
    "io.jwt.verify_ps384",
    "io.jwt.verify_ps512",
    "io.jwt.verify_rs256",
    "io.jwt.verify_rs384",
    "io.jwt.verify_rs512",
    "json.match_schema",
    "json.patch",
    "json.verify_schema",
    "net.cidr_contains",
    "net.cidr_contains_matches",
    "net.cidr_expand",
    "net.cidr_intersects",
    "net.cidr_is_valid",
    "net.cidr_merge",
    "net.cidr_overlap",
    "net.lookup_ip_addr",
    "opa.runtime",
    "providers.aws.sign_req",
    "rand.intn",
    "regex.globs_match",
    "rego.metadata.chain",
    "rego.metadata.rule",
    "rego.parse_module",
    "strings.render_template",
    "urlquery.decode",
    "urlquery.decode_object",
    "urlquery.encode",
    "urlquery.encode_object",
    "uri.is_valid",
    "uri.parse",
    "uuid.parse",
    "uuid.rfc4122",
];
