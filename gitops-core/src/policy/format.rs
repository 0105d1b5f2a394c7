//! `sprintf` and the text of terms as OPA writes them, down to Go's marks for misused verbs.

use regorus::Value;

use super::value::is_float;
use crate::node::general_text;

/// JSON as Go writes it: keys sorted, and `<`, `>`, `&` escaped.
pub(crate) fn go_json(value: &Value) -> String {
    let text = super::value::to_json(value).to_string();
    let escapes = [
        ("<", "\\u003c"),
        (">", "\\u003e"),
        ("&", "\\u0026"),
        ("\u{2028}", "\\u2028"),
        ("\u{2029}", "\\u2029"),
    ];
    escapes.iter().fold(text, |text, (plain, escaped)| text.replace(plain, escaped))
}

/// The text of a term in Rego's notation: `{"a": 1}`, `["x"]`, `{1, 2}`, `set()`.
pub(crate) fn term(value: &Value) -> String {
    let mut out = String::new();
    write_term(value, &mut out);
    out
}

fn write_term(value: &Value, out: &mut String) {
    let list = |open: &str, items: &mut dyn Iterator<Item = &Value>, close: &str, out: &mut String| {
        out.push_str(open);
        for (at, item) in items.enumerate() {
            if at > 0 {
                out.push_str(", ");
            }
            write_term(item, out);
        }
        out.push_str(close);
    };
    match value {
        Value::Null => out.push_str("null"),
        Value::Undefined => out.push_str("<undefined>"),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Number(_) => out.push_str(&number(value)),
        Value::String(text) => quote(text, out),
        Value::Array(items) => list("[", &mut items.iter(), "]", out),
        Value::Set(items) if items.is_empty() => out.push_str("set()"),
        Value::Set(items) => list("{", &mut items.iter_sorted(), "}", out),
        Value::Object(map) => {
            out.push('{');
            for (at, (key, value)) in map.iter_sorted().enumerate() {
                if at > 0 {
                    out.push_str(", ");
                }
                write_term(key, out);
                out.push_str(": ");
                write_term(value, out);
            }
            out.push('}');
        }
    }
}

fn number(value: &Value) -> String {
    match value {
        Value::Number(_) if is_float(value) => value.as_f64().map(general_text).unwrap_or_default(),
        Value::Number(number) => number.format_decimal(),
        _ => String::new(),
    }
}

/// Go's `strconv.Quote`.
fn quote(text: &str, out: &mut String) {
    use std::fmt::Write as _;
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\x07' => out.push_str("\\a"),
            '\x08' => out.push_str("\\b"),
            '\x0c' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\x0b' => out.push_str("\\v"),
            c if (c as u32) < 0x20 || c as u32 == 0x7f => {
                let _ = write!(out, "\\x{:02x}", c as u32);
            }
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04x}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

/// What OPA hands to Go's formatter for a term.
enum Arg {
    /// An integer of any size, as decimal text.
    Int(String),
    Float(f64),
    Text(String),
}

impl Arg {
    fn of(value: &Value) -> Self {
        match value {
            Value::String(text) => Self::Text(text.to_string()),
            // A float whose text has no point or exponent reads as an integer again.
            Value::Number(_) => {
                let text = number(value);
                if text.bytes().all(|b| b.is_ascii_digit() || b == b'-') {
                    Self::Int(text)
                } else {
                    Self::Float(value.as_f64().unwrap_or(0.0))
                }
            }
            other => Self::Text(term(other)),
        }
    }

    fn go_type(&self) -> &'static str {
        match self {
            Self::Int(text) if text.parse::<i64>().is_ok() => "int64",
            Self::Int(_) => "*big.Int",
            Self::Float(_) => "float64",
            Self::Text(_) => "string",
        }
    }

    fn plain(&self) -> String {
        match self {
            Self::Int(text) | Self::Text(text) => text.clone(),
            Self::Float(value) => general_text(*value),
        }
    }
}

#[derive(Default)]
struct Spec {
    minus: bool,
    plus: bool,
    sharp: bool,
    space: bool,
    zero: bool,
    width: Option<usize>,
    precision: Option<usize>,
}

/// A width or precision beyond this is a bad one, as in Go.
const MAX_WIDTH: usize = 1_000_000;

/// Formats `args` by `template` as Go's `fmt.Sprintf` with OPA's conversion of terms.
///
/// A verb without an argument gives `%!v(MISSING)`, a surplus argument `%!(EXTRA string=x)`, a verb
/// that does not suit its argument `%!d(string=x)`. `%T` names OPA's types.
///
/// `room` is asked before padding is written.
///
/// # Errors
/// What `room` says.
pub(crate) fn sprintf<E>(
    template: &str,
    args: &[Value],
    room: &mut dyn FnMut(usize) -> Result<(), E>,
) -> Result<String, E> {
    let args: Vec<Arg> = args.iter().map(Arg::of).collect();
    let mut out = String::new();
    let mut rest = template;
    let mut next = 0_usize;
    let mut reordered = false;
    while let Some(at) = rest.find('%') {
        out.push_str(rest.get(..at).unwrap_or(""));
        rest = rest.get(at + 1..).unwrap_or("");
        let mut spec = Spec::default();
        while let Some(flag) = rest.chars().next().filter(|c| "-+# 0".contains(*c)) {
            match flag {
                '-' => spec.minus = true,
                '+' => spec.plus = true,
                '#' => spec.sharp = true,
                ' ' => spec.space = true,
                _ => spec.zero = true,
            }
            rest = rest.get(1..).unwrap_or("");
        }
        let mut good_index = true;
        argument_index(&mut rest, &mut next, &mut reordered, &mut good_index, args.len());
        if let Some(tail) = rest.strip_prefix('*') {
            rest = tail;
            match take_int(&args, &mut next) {
                Some(width) => {
                    spec.minus |= width < 0;
                    spec.width = Some(width.unsigned_abs() as usize);
                }
                None => out.push_str("%!(BADWIDTH)"),
            }
        } else {
            spec.width = digits(&mut rest);
        }
        if let Some(tail) = rest.strip_prefix('.') {
            rest = tail;
            argument_index(&mut rest, &mut next, &mut reordered, &mut good_index, args.len());
            if let Some(tail) = rest.strip_prefix('*') {
                rest = tail;
                match take_int(&args, &mut next) {
                    Some(precision) if precision >= 0 => spec.precision = Some(precision as usize),
                    Some(_) => {}
                    None => out.push_str("%!(BADPREC)"),
                }
            } else {
                spec.precision = Some(digits(&mut rest).unwrap_or(0));
            }
        }
        argument_index(&mut rest, &mut next, &mut reordered, &mut good_index, args.len());
        let Some(verb) = rest.chars().next() else {
            out.push_str("%!(NOVERB)");
            break;
        };
        rest = rest.get(verb.len_utf8()..).unwrap_or("");
        if verb == '%' {
            out.push('%');
        } else if !good_index {
            out.push_str(&format!("%!{verb}(BADINDEX)"));
        } else if let Some(arg) = args.get(next) {
            next += 1;
            room(spec.width.unwrap_or(0).max(spec.precision.unwrap_or(0)))?;
            out.push_str(&verb_text(verb, arg, &spec));
        } else {
            out.push_str(&format!("%!{verb}(MISSING)"));
        }
    }
    out.push_str(rest.get(..).filter(|_| !rest.contains('%')).unwrap_or(""));
    if !reordered && next < args.len() {
        let extra: Vec<String> =
            args.iter().skip(next).map(|arg| format!("{}={}", arg.go_type(), arg.plain())).collect();
        out.push_str(&format!("%!(EXTRA {})", extra.join(", ")));
    }
    Ok(out)
}

fn digits(rest: &mut &str) -> Option<usize> {
    let length = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let (number, tail) = rest.split_at_checked(length)?;
    let number = number.parse::<usize>().ok().filter(|number| *number <= MAX_WIDTH);
    *rest = tail;
    number
}

/// Reads `[n]`.
fn argument_index(rest: &mut &str, next: &mut usize, reordered: &mut bool, good: &mut bool, count: usize) {
    let Some(tail) = rest.strip_prefix('[') else { return };
    *reordered = true;
    let Some(close) = tail.find(']') else {
        *good = false;
        *rest = tail;
        return;
    };
    match tail.get(..close).and_then(|index| index.parse::<usize>().ok()) {
        Some(index) if index >= 1 && index <= count => *next = index - 1,
        _ => *good = false,
    }
    *rest = tail.get(close + 1..).unwrap_or("");
}

fn take_int(args: &[Arg], next: &mut usize) -> Option<i64> {
    let arg = args.get(*next);
    *next += 1;
    match arg {
        Some(Arg::Int(text)) => text.parse().ok().filter(|n: &i64| n.unsigned_abs() as usize <= MAX_WIDTH),
        _ => None,
    }
}

fn verb_text(verb: char, arg: &Arg, spec: &Spec) -> String {
    if verb == 'T' {
        return pad(arg.go_type().to_owned(), spec, false);
    }
    let text = match (arg, verb) {
        (Arg::Text(text), 'v' | 's') => {
            let text = if spec.sharp && verb == 'v' { quoted(text) } else { text.clone() };
            return pad(truncated(text, spec), spec, false);
        }
        (Arg::Text(text), 'q') => return pad(quoted(&truncated(text.clone(), spec)), spec, false),
        (Arg::Text(text), 'x' | 'X') => {
            let hex: String = text
                .bytes()
                .map(|b| if verb == 'x' { format!("{b:02x}") } else { format!("{b:02X}") })
                .collect();
            return pad(hex, spec, false);
        }
        (Arg::Int(text), 'v' | 'd') => signed(text.clone(), spec),
        (Arg::Int(text), 'b' | 'o' | 'O' | 'x' | 'X' | 'c' | 'q' | 'U') => {
            match (text.parse::<i64>(), verb) {
                (Ok(value), 'c') => code_point(value).to_string(),
                (Ok(value), 'q') => quoted_char(code_point(value)),
                (Ok(value), 'U') => format!("U+{value:04X}"),
                (Ok(value), _) => signed(radix(value, verb, spec.sharp), spec),
                (Err(_), _) => bad_verb(verb, arg),
            }
        }
        (Arg::Float(value), 'v' | 'g' | 'G') => {
            let text = match spec.precision {
                None => general_text(*value),
                Some(precision) => general_with(*value, precision.max(1)),
            };
            signed(if verb == 'G' { text.to_uppercase() } else { text }, spec)
        }
        (Arg::Float(value), 'f' | 'F') => {
            signed(format!("{:.*}", spec.precision.unwrap_or(6).min(1000), value), spec)
        }
        (Arg::Float(value), 'e' | 'E') => {
            let text = scientific(*value, spec.precision.unwrap_or(6).min(1000));
            signed(if verb == 'E' { text.to_uppercase() } else { text }, spec)
        }
        _ => return bad_verb(verb, arg),
    };
    pad(text, spec, true)
}

fn bad_verb(verb: char, arg: &Arg) -> String {
    format!("%!{verb}({}={})", arg.go_type(), arg.plain())
}

fn quoted(text: &str) -> String {
    let mut out = String::new();
    quote(text, &mut out);
    out
}

fn code_point(value: i64) -> char {
    u32::try_from(value).ok().and_then(char::from_u32).unwrap_or('\u{fffd}')
}

fn quoted_char(c: char) -> String {
    match c {
        '\'' => "'\\''".into(),
        '"' => "'\"'".into(),
        c => {
            let mut out = String::new();
            quote(&c.to_string(), &mut out);
            format!("'{}'", out.trim_matches('"'))
        }
    }
}

fn radix(value: i64, verb: char, sharp: bool) -> String {
    let magnitude = value.unsigned_abs();
    let (digits, prefix) = match verb {
        'b' => (format!("{magnitude:b}"), "0b"),
        'o' => (format!("{magnitude:o}"), "0"),
        'O' => (format!("0o{magnitude:o}"), ""),
        'x' => (format!("{magnitude:x}"), "0x"),
        _ => (format!("{magnitude:X}"), "0X"),
    };
    format!("{}{}{digits}", if value < 0 { "-" } else { "" }, if sharp { prefix } else { "" })
}

fn scientific(value: f64, precision: usize) -> String {
    let text = format!("{value:.precision$e}");
    match text.split_once('e') {
        Some((digits, exponent)) => {
            let exponent: i32 = exponent.parse().unwrap_or(0);
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{digits}e{sign}{:02}", exponent.unsigned_abs())
        }
        None => text,
    }
}

/// `%.{precision}g`.
fn general_with(value: f64, precision: usize) -> String {
    let precision = precision.min(1000);
    let text = scientific(value, precision.saturating_sub(1));
    let exponent: i32 = text.split_once('e').and_then(|(_, exponent)| exponent.parse().ok()).unwrap_or(0);
    let trim = |text: String| {
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
    };
    if exponent < -4 || exponent >= precision as i32 {
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "+00"));
        format!("{}e{exponent}", trim(digits.to_owned()))
    } else {
        let decimals = (precision as i32 - 1 - exponent).max(0) as usize;
        trim(format!("{value:.decimals$}"))
    }
}

fn signed(text: String, spec: &Spec) -> String {
    if text.starts_with(['-', '+']) {
        text
    } else if spec.plus {
        format!("+{text}")
    } else if spec.space {
        format!(" {text}")
    } else {
        text
    }
}

fn truncated(text: String, spec: &Spec) -> String {
    match spec.precision {
        Some(precision) => text.chars().take(precision).collect(),
        None => text,
    }
}

fn pad(text: String, spec: &Spec, number: bool) -> String {
    let missing = spec.width.unwrap_or(0).saturating_sub(text.chars().count());
    if missing == 0 {
        return text;
    }
    if spec.minus {
        return text + &" ".repeat(missing);
    }
    if spec.zero {
        let sign = usize::from(number && text.starts_with(['-', '+']));
        let (sign, digits) = text.split_at_checked(sign).unwrap_or(("", &text));
        return format!("{sign}{}{digits}", "0".repeat(missing));
    }
    " ".repeat(missing) + &text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sprintf_is_gos() {
        let s = |text: &str| Value::from(text);
        let i = |number: i64| Value::from(number);
        let f = |number: f64| Value::from(number);
        for (template, args, expected) in [
            ("%v %v", vec![s("a")], "a %!v(MISSING)"),
            ("%v", vec![s("a"), s("b"), i(1)], "a%!(EXTRA string=b, int64=1)"),
            ("%d", vec![s("a")], "%!d(string=a)"),
            ("%d|%5d|%-5d|%05d|%+d", vec![i(7); 5], "7|    7|7    |00007|+7"),
            ("%s", vec![i(7)], "%!s(int64=7)"),
            ("%t", vec![Value::Bool(true)], "%!t(string=true)"),
            ("%.2f|%f|%e|%g", vec![f(2.34567); 4], "2.35|2.345670|2.345670e+00|2.34567"),
            ("%f", vec![i(1)], "%!f(int64=1)"),
            ("%q|%q", vec![s("a\"b"), i(1)], "\"a\\\"b\"|'\\x01'"),
            ("%x|%X|%#x|%o|%b|%c|%U", vec![i(255); 7], "ff|FF|0xff|377|11111111|ÿ|U+00FF"),
            ("%x", vec![s("hi")], "6869"),
            ("%v", vec![f(1e6)], "1e+06"),
            ("%v", vec![f(1_000_680_000.0)], "1.00068e+09"),
            ("%v", vec![f(0.00001)], "1e-05"),
            ("%v", vec![f(0.1)], "0.1"),
            ("%[2]v %[1]v", vec![s("a"), s("b")], "b a"),
            ("%[1]v %[1]v", vec![s("a")], "a a"),
            ("%[3]v", vec![s("a")], "%!v(BADINDEX)"),
            ("%-5s|%5s|%.1s", vec![s("a"), s("b"), s("cd")], "a    |    b|c"),
            ("%*d", vec![i(4), i(7)], "   7"),
            ("100%", vec![], "100%!(NOVERB)"),
            ("%%", vec![], "%"),
            ("%!", vec![], "%!!(MISSING)"),
            ("plain", vec![], "plain"),
            ("%z", vec![i(1)], "%!z(int64=1)"),
        ] {
            let made = sprintf(template, &args, &mut |_| Ok::<_, ()>(()));
            assert_eq!(made.as_deref(), Ok(expected), "{template}");
        }
    }

    #[test]
    fn json_is_gos() {
        let value = Value::from_json_str(r#"{"b": 1, "a": [1, "<&>"]}"#).unwrap();
        assert_eq!(go_json(&value), r#"{"a":[1,"\u003c\u0026\u003e"],"b":1}"#);
    }

    #[test]
    fn terms_print_in_regos_notation() {
        let value = Value::from_json_str(r#"{"b": [1, "x\ny", null], "a": {}, "c": 1.5}"#).unwrap();
        assert_eq!(term(&value), "{\"a\": {}, \"b\": [1, \"x\\ny\", null], \"c\": 1.5}");
        assert_eq!(term(&Value::new_set()), "set()");
    }

    proptest::proptest! {
        #[test]
        fn any_template_gives_text(template in "[%a-z0-9.*\\[\\]#+ -]{0,20}") {
            let args = [Value::from("x"), Value::from(3_i64), Value::from(2.5_f64)];
            let _ = sprintf(&template, &args, &mut |_| Ok::<_, ()>(()));
        }
    }
}
