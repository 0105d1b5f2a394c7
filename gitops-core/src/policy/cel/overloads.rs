//! What each function takes and gives: the declarations of cel-go and of Kubernetes' libraries.

use super::types::Type;

/// A type in a declaration.
#[derive(Clone, Copy, Debug)]
enum P {
    /// Any type, the same wherever it stands in one declaration.
    A,
    B,
    Dyn,
    Bool,
    Int,
    Uint,
    Double,
    Text,
    Bytes,
    Duration,
    Timestamp,
    Type,
    Own(&'static str),
    List(&'static P),
    Map(&'static P, &'static P),
    Optional(&'static P),
}

use P::{A, B, Bool, Bytes, Double, Duration, Dyn, Int, Own, Text, Timestamp, Uint};

const QUANTITY: P = Own("kubernetes.Quantity");
const URL: P = Own("kubernetes.URL");
const IP: P = Own("net.IP");
const CIDR: P = Own("net.CIDR");
const SEMVER: P = Own("kubernetes.Semver");
const FORMAT: P = Own("kubernetes.NamedFormat");
const TEXTS: P = P::List(&Text);
const ANY_LIST: P = P::List(&A);
const ANY_MAP: P = P::Map(&A, &B);
const MAYBE: P = P::Optional(&A);

/// Types whose values have an order, as elements of lists.
const ORDERED: &[P] = &[Int, Uint, Double, Bool, Duration, Timestamp, Text, Bytes];
/// Types whose values can be added up.
const SUMMABLE: &[P] = &[Int, Uint, Double, Duration];

/// Names; whether they stand after a value and a dot, which is then the first argument; arguments; result.
type Declaration = (&'static [&'static str], bool, &'static [P], P);

const DECLARATIONS: &[Declaration] = &[
    (&["==", "!="], false, &[A, A], Bool),
    (&["<", "<=", ">", ">="], false, &[Bool, Bool], Bool),
    (&["<", "<=", ">", ">="], false, &[Int, Int], Bool),
    (&["<", "<=", ">", ">="], false, &[Int, Uint], Bool),
    (&["<", "<=", ">", ">="], false, &[Int, Double], Bool),
    (&["<", "<=", ">", ">="], false, &[Uint, Int], Bool),
    (&["<", "<=", ">", ">="], false, &[Uint, Uint], Bool),
    (&["<", "<=", ">", ">="], false, &[Uint, Double], Bool),
    (&["<", "<=", ">", ">="], false, &[Double, Int], Bool),
    (&["<", "<=", ">", ">="], false, &[Double, Uint], Bool),
    (&["<", "<=", ">", ">="], false, &[Double, Double], Bool),
    (&["<", "<=", ">", ">="], false, &[Text, Text], Bool),
    (&["<", "<=", ">", ">="], false, &[Bytes, Bytes], Bool),
    (&["<", "<=", ">", ">="], false, &[Timestamp, Timestamp], Bool),
    (&["<", "<=", ">", ">="], false, &[Duration, Duration], Bool),
    (&["in"], false, &[A, ANY_LIST], Bool),
    (&["in"], false, &[A, ANY_MAP], Bool),
    (&["+", "-", "*", "/", "%"], false, &[Int, Int], Int),
    (&["+", "-", "*", "/", "%"], false, &[Uint, Uint], Uint),
    (&["+", "-", "*", "/"], false, &[Double, Double], Double),
    (&["+"], false, &[Text, Text], Text),
    (&["+"], false, &[Bytes, Bytes], Bytes),
    (&["+"], false, &[ANY_LIST, ANY_LIST], ANY_LIST),
    (&["+", "-"], false, &[Duration, Duration], Duration),
    (&["+", "-"], false, &[Timestamp, Duration], Timestamp),
    (&["+"], false, &[Duration, Timestamp], Timestamp),
    (&["-"], false, &[Timestamp, Timestamp], Duration),
    (&["!"], false, &[Bool], Bool),
    (&["neg"], false, &[Int], Int),
    (&["neg"], false, &[Double], Double),
    (&["_?_:_"], false, &[Bool, A, A], A),
    (&["_[_]"], false, &[ANY_LIST, Int], A),
    (&["_[_]"], false, &[ANY_MAP, A], B),
    (&["_[_]", "_[?_]"], false, &[P::Optional(&ANY_LIST), Int], MAYBE),
    (&["_[_]", "_[?_]"], false, &[P::Optional(&ANY_MAP), A], P::Optional(&B)),
    (&["_[?_]"], false, &[ANY_LIST, Int], MAYBE),
    (&["_[?_]"], false, &[ANY_MAP, A], P::Optional(&B)),
    (&["type"], false, &[A], P::Type),
    (&["dyn"], false, &[A], Dyn),
    (&["int"], false, &[Int], Int),
    (&["int"], false, &[Uint], Int),
    (&["int"], false, &[Double], Int),
    (&["int"], false, &[Text], Int),
    (&["int"], false, &[Timestamp], Int),
    (&["int"], false, &[Duration], Int),
    (&["uint"], false, &[Int], Uint),
    (&["uint"], false, &[Uint], Uint),
    (&["uint"], false, &[Double], Uint),
    (&["uint"], false, &[Text], Uint),
    (&["double"], false, &[Int], Double),
    (&["double"], false, &[Uint], Double),
    (&["double"], false, &[Double], Double),
    (&["double"], false, &[Text], Double),
    (&["string"], false, &[Bool], Text),
    (&["string"], false, &[Int], Text),
    (&["string"], false, &[Uint], Text),
    (&["string"], false, &[Double], Text),
    (&["string"], false, &[Text], Text),
    (&["string"], false, &[Bytes], Text),
    (&["string"], false, &[Timestamp], Text),
    (&["string"], false, &[Duration], Text),
    (&["string"], false, &[IP], Text),
    (&["string"], false, &[CIDR], Text),
    (&["bytes"], false, &[Text], Bytes),
    (&["bytes"], false, &[Bytes], Bytes),
    (&["bool"], false, &[Bool], Bool),
    (&["bool"], false, &[Text], Bool),
    (&["duration"], false, &[Duration], Duration),
    (&["duration"], false, &[Text], Duration),
    (&["timestamp"], false, &[Timestamp], Timestamp),
    (&["timestamp"], false, &[Text], Timestamp),
    (&["timestamp"], false, &[Int], Timestamp),
    (&["contains", "startsWith", "endsWith", "matches"], true, &[Text, Text], Bool),
    (&["matches"], false, &[Text, Text], Bool),
    (
        &[
            "getFullYear",
            "getMonth",
            "getDate",
            "getDayOfMonth",
            "getDayOfWeek",
            "getDayOfYear",
            "getHours",
            "getMinutes",
            "getSeconds",
            "getMilliseconds",
        ],
        true,
        &[Timestamp],
        Int,
    ),
    (
        &[
            "getFullYear",
            "getMonth",
            "getDate",
            "getDayOfMonth",
            "getDayOfWeek",
            "getDayOfYear",
            "getHours",
            "getMinutes",
            "getSeconds",
            "getMilliseconds",
        ],
        true,
        &[Timestamp, Text],
        Int,
    ),
    (&["getHours", "getMinutes", "getSeconds", "getMilliseconds"], true, &[Duration], Int),
    (&["optional.of", "optional.ofNonZeroValue"], false, &[A], MAYBE),
    (&["optional.none"], false, &[], MAYBE),
    (&["hasValue"], true, &[MAYBE], Bool),
    (&["value"], true, &[MAYBE], A),
    (&["orValue"], true, &[MAYBE, A], A),
    (&["or"], true, &[MAYBE, MAYBE], MAYBE),
    (&["charAt"], true, &[Text, Int], Text),
    (&["indexOf", "lastIndexOf"], true, &[Text, Text], Int),
    (&["indexOf", "lastIndexOf"], true, &[Text, Text, Int], Int),
    (&["indexOf", "lastIndexOf"], true, &[ANY_LIST, A], Int),
    (&["join"], true, &[TEXTS], Text),
    (&["join"], true, &[TEXTS, Text], Text),
    (&["lowerAscii", "upperAscii", "trim"], true, &[Text], Text),
    (&["replace"], true, &[Text, Text, Text], Text),
    (&["replace"], true, &[Text, Text, Text, Int], Text),
    (&["split"], true, &[Text, Text], TEXTS),
    (&["split"], true, &[Text, Text, Int], TEXTS),
    (&["substring"], true, &[Text, Int], Text),
    (&["substring"], true, &[Text, Int, Int], Text),
    (&["format"], true, &[Text, P::List(&Dyn)], Text),
    (&["strings.quote"], false, &[Text], Text),
    (&["find"], true, &[Text, Text], Text),
    (&["findAll"], true, &[Text, Text], TEXTS),
    (&["findAll"], true, &[Text, Text, Int], TEXTS),
    (&["slice"], true, &[ANY_LIST, Int, Int], ANY_LIST),
    (&["flatten"], true, &[P::List(&ANY_LIST)], ANY_LIST),
    (&["flatten"], true, &[P::List(&Dyn), Int], P::List(&Dyn)),
    (&["distinct", "reverse"], true, &[ANY_LIST], ANY_LIST),
    (&["lists.range"], false, &[Int], P::List(&Int)),
    (&["first", "last"], true, &[ANY_LIST], MAYBE),
    (&["sets.contains", "sets.equivalent", "sets.intersects"], false, &[ANY_LIST, ANY_LIST], Bool),
    (&["url"], false, &[Text], URL),
    (&["isURL", "isIP", "isCIDR", "isQuantity", "isSemver", "ip.isCanonical"], false, &[Text], Bool),
    (&["getScheme", "getHost", "getHostname", "getPort", "getEscapedPath"], true, &[URL], Text),
    (&["getQuery"], true, &[URL], P::Map(&Text, &TEXTS)),
    (&["ip"], false, &[Text], IP),
    (&["family"], true, &[IP], Int),
    (
        &["isUnspecified", "isLoopback", "isLinkLocalMulticast", "isLinkLocalUnicast", "isGlobalUnicast"],
        true,
        &[IP],
        Bool,
    ),
    (&["cidr"], false, &[Text], CIDR),
    (&["containsIP"], true, &[CIDR, Text], Bool),
    (&["containsIP"], true, &[CIDR, IP], Bool),
    (&["containsCIDR"], true, &[CIDR, Text], Bool),
    (&["containsCIDR"], true, &[CIDR, CIDR], Bool),
    (&["ip"], true, &[CIDR], IP),
    (&["masked"], true, &[CIDR], CIDR),
    (&["prefixLength"], true, &[CIDR], Int),
    (&["quantity"], false, &[Text], QUANTITY),
    (&["isInteger"], true, &[QUANTITY], Bool),
    (&["asInteger"], true, &[QUANTITY], Int),
    (&["asApproximateFloat"], true, &[QUANTITY], Double),
    (&["add", "sub"], true, &[QUANTITY, QUANTITY], QUANTITY),
    (&["add", "sub"], true, &[QUANTITY, Int], QUANTITY),
    (&["isLessThan", "isGreaterThan"], true, &[QUANTITY, QUANTITY], Bool),
    (&["compareTo"], true, &[QUANTITY, QUANTITY], Int),
    (&["semver"], false, &[Text], SEMVER),
    (&["semver"], false, &[Text, Bool], SEMVER),
    (&["isSemver"], false, &[Text, Bool], Bool),
    (&["major", "minor", "patch"], true, &[SEMVER], Int),
    (&["isLessThan", "isGreaterThan"], true, &[SEMVER, SEMVER], Bool),
    (&["compareTo"], true, &[SEMVER, SEMVER], Int),
    (&["format.named"], false, &[Text], P::Optional(&FORMAT)),
    (&["validate"], true, &[FORMAT, Text], P::Optional(&TEXTS)),
];

/// The result of a call with arguments of these types; `None` where nothing takes them. Several that take
/// them and differ in their results give any type.
pub(super) fn result(name: &str, member: bool, args: &[Type]) -> Option<Type> {
    // Functions of one list, whose result is its element's or a truth.
    let ordered = |result: fn(Type) -> Type, of: &[P]| {
        let [list] = args else { return None };
        let fitting = of.iter().filter_map(|element| Some((P::of(*element)?, list)));
        let fitting = fitting.filter(|(element, list)| Type::list(element.clone()).meets(list));
        fold(fitting.map(|(element, _)| result(element)))
    };
    match name {
        "isSorted" if member => return ordered(|_| Type::Bool, ORDERED),
        "sort" if member => return ordered(Type::list, ORDERED),
        "min" | "max" if member => return ordered(|element| element, ORDERED),
        "sum" if member => return ordered(|element| element, SUMMABLE),
        "size" => {
            let [of] = args else { return None };
            let sized = matches!(of, Type::Text | Type::Bytes | Type::List(_) | Type::Map(..));
            return (sized || of.is_unknown()).then_some(Type::Int);
        }
        name if name.starts_with("format.") && args.is_empty() => return P::of(FORMAT),
        _ => {}
    }
    let declared = DECLARATIONS.iter().filter(|(names, after, params, _)| {
        *after == member && params.len() == args.len() && names.contains(&name)
    });
    fold(declared.filter_map(|(_, _, params, result)| {
        let mut bound = [Type::Open, Type::Open];
        let fits = params.iter().zip(args).all(|(param, arg)| param.takes(arg, &mut bound));
        fits.then(|| result.filled(&bound))
    }))
}

fn fold(results: impl Iterator<Item = Type>) -> Option<Type> {
    results.fold(None, |known, next| match known {
        None => Some(next),
        Some(known) if known == next => Some(known),
        Some(_) => Some(Type::Dyn),
    })
}

impl P {
    /// The type, if it is one without parts.
    fn of(self) -> Option<Type> {
        Some(match self {
            Dyn => Type::Dyn,
            Bool => Type::Bool,
            Int => Type::Int,
            Uint => Type::Uint,
            Double => Type::Double,
            Text => Type::Text,
            Bytes => Type::Bytes,
            Duration => Type::Duration,
            Timestamp => Type::Timestamp,
            P::Type => Type::Kind,
            Own(name) => Type::Own(name),
            A | B | P::List(_) | P::Map(..) | P::Optional(_) => return None,
        })
    }

    /// Whether an argument fits; what stands for `A` and `B` is noted.
    fn takes(self, arg: &Type, bound: &mut [Type; 2]) -> bool {
        let [a, b] = bound;
        match (self, arg) {
            (A, arg) => fits(a, arg),
            (B, arg) => fits(b, arg),
            (_, Type::Dyn | Type::Open) | (P::Optional(_), Type::Null) => true,
            (P::List(of), Type::List(arg)) | (P::Optional(of), Type::Optional(arg)) => of.takes(arg, bound),
            (P::Map(key, value), Type::Map(of, to)) => key.takes(of, bound) && value.takes(to, bound),
            (simple, arg) => simple.of().is_some_and(|wanted| wanted.meets(arg)),
        }
    }

    /// The type once `A` and `B` are known.
    fn filled(self, bound: &[Type; 2]) -> Type {
        let [a, b] = bound;
        match self {
            A => a.clone(),
            B => b.clone(),
            P::List(of) => Type::list(of.filled(bound)),
            P::Optional(of) => Type::optional(of.filled(bound)),
            P::Map(key, value) => Type::map(key.filled(bound), value.filled(bound)),
            simple => simple.of().unwrap_or(Type::Dyn),
        }
    }
}

/// Makes one type of two that meet.
fn fits(known: &mut Type, arg: &Type) -> bool {
    let meets = known.meets(arg);
    if meets {
        *known = std::mem::replace(known, Type::Open).or(arg);
    }
    meets
}
