//! OPA's `crypto.*` over texts, and its stable identifiers.

use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;
use regorus::Value;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

fn hex(bytes: &[u8]) -> Value {
    Value::from(bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}

fn hash<D: Digest>(args: &[Value]) -> Value {
    match args {
        [Value::String(text)] => hex(&D::digest(text.as_bytes())),
        _ => Value::Undefined,
    }
}

/// The code of a text under a key; the text comes first.
fn code<M: Mac + KeyInit>(args: &[Value]) -> Value {
    let [Value::String(text), Value::String(key)] = args else { return Value::Undefined };
    let Ok(mut code) = <M as KeyInit>::new_from_slice(key.as_bytes()) else { return Value::Undefined };
    code.update(text.as_bytes());
    hex(&code.finalize().into_bytes())
}

pub(super) fn md5(args: &[Value]) -> Value {
    hash::<Md5>(args)
}

pub(super) fn sha1(args: &[Value]) -> Value {
    hash::<Sha1>(args)
}

pub(super) fn sha256(args: &[Value]) -> Value {
    hash::<Sha256>(args)
}

pub(super) fn hmac_md5(args: &[Value]) -> Value {
    code::<Hmac<Md5>>(args)
}

pub(super) fn hmac_sha1(args: &[Value]) -> Value {
    code::<Hmac<Sha1>>(args)
}

pub(super) fn hmac_sha256(args: &[Value]) -> Value {
    code::<Hmac<Sha256>>(args)
}

pub(super) fn hmac_sha512(args: &[Value]) -> Value {
    code::<Hmac<Sha512>>(args)
}

/// Whether two codes are the same text.
pub(super) fn hmac_equal(args: &[Value]) -> Value {
    match args {
        [Value::String(a), Value::String(b)] => Value::from(a == b),
        _ => Value::Undefined,
    }
}

/// `uuid.rfc4122`: one identifier for each key. OPA draws it anew in every evaluation, so that all a policy
/// can rely on is that equal keys have equal ones; here it is made of the key.
pub(super) fn uuid(args: &[Value]) -> Value {
    let [Value::String(key)] = args else { return Value::Undefined };
    let digest: [u8; 32] = Sha256::digest(format!("uuid.rfc4122 {key}")).into();
    let mut number = u128::from_be_bytes(digest.first_chunk().copied().unwrap_or_default());
    // Version 4, and the variant of the RFC.
    number = number & !(0xf << 76) | (0x4 << 76);
    number = number & !(0x3 << 62) | (0x2 << 62);
    let digits = format!("{number:032x}");
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or("");
    let parts = [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)];
    Value::from(parts.join("-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A function, its arguments, and what OPA gives.
    type Case<'a> = (fn(&[Value]) -> Value, &'a [&'a str], &'a str);

    #[test]
    fn they_are_opas() {
        let key = "k".repeat(200);
        let cases: [Case; 8] = [
            (md5, &["a"], "0cc175b9c0f1b6a831c399e269772661"),
            (sha1, &["a"], "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8"),
            (sha256, &[""], "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            (hmac_md5, &["a", "k"], "ddcf3d210049e7135f61affae73731cd"),
            (hmac_sha1, &["a", "k"], "40e7d441cadb17b07f050341aa23a6820ed81c8b"),
            (hmac_sha256, &["a", "k"], "78da91511e675587f5b9df78bedebaf5560da2abb88162ee875dcdf744951d9e"),
            (
                hmac_sha512,
                &["a", "k"],
                "82e0c15e0d62ab17984bea225bf7d28ad54f343dd6520c283c3a2cd43852a2f79c349cc9b7583317399ee38d722489b45a942667e55bc38c42a5bb203c0900c7",
            ),
            (hmac_md5, &["a", &key], "6b826f9e3672155600cf826eac32f264"),
        ];
        for (function, args, expected) in cases {
            let args: Vec<Value> = args.iter().map(|arg| Value::from(*arg)).collect();
            assert_eq!(function(&args), Value::from(expected), "{args:?}");
        }
    }

    #[test]
    fn a_key_has_one_identifier() {
        let [a, again, b] = ["a", "a", "b"].map(|key| uuid(&[Value::from(key)]));
        assert_eq!(a, again);
        assert_ne!(a, b);
        let Value::String(text) = a else { panic!("{a:?}") };
        let parts: Vec<usize> = text.split('-').map(str::len).collect();
        assert_eq!(parts, [8, 4, 4, 4, 12]);
        assert!(text.get(14..15) == Some("4") && text.get(19..20).is_some_and(|c| "89ab".contains(c)));
    }
}
