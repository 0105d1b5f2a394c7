//! Lines of rules to statements.

use std::collections::HashMap;

use super::expression;
use super::lexer::{Cursor, arguments};
use super::{Statement, Table};
use crate::error::{Error, ErrorKind, Result};
use crate::health::HealthStatus;
use crate::node::Location;

/// Sets may use sets so deep, and blocks may stand in blocks so deep.
const MAX_DEPTH: usize = 16;
/// All lines, with those that sets bring, may be so many.
const MAX_LINES: usize = 200_000;
/// A line may become so long, in bytes.
const MAX_LENGTH: usize = 16 << 10;

/// A line with something on it.
#[derive(Clone, Debug)]
struct Line<'a> {
    file: &'a str,
    number: u32,
    indent: usize,
    text: std::borrow::Cow<'a, str>,
}

/// A set of rules with its parameters.
struct Set<'a> {
    parameters: Vec<&'a str>,
    body: Vec<Line<'a>>,
}

/// Reads rules.
pub(super) fn parse(texts: &[(&str, &str)]) -> Result<Table> {
    let mut sets = HashMap::new();
    let mut kinds: Vec<(Line<'_>, Vec<Line<'_>>)> = Vec::new();
    let mut bodies: Vec<(Line<'_>, Vec<Line<'_>>)> = Vec::new();
    for (file, text) in texts {
        for line in lines(file, text) {
            match bodies.last_mut() {
                Some((_, body)) if line.indent > 0 => body.push(line),
                _ if line.indent > 0 => return Err(wrong(&line, "lines of a rule stand below a kind")),
                _ => bodies.push((line, Vec::new())),
            }
        }
    }
    for (head, body) in bodies {
        let text = match &head.text {
            std::borrow::Cow::Borrowed(text) => *text,
            std::borrow::Cow::Owned(_) => continue,
        };
        match text.strip_prefix("define ") {
            Some(signature) => {
                let (name, parameters) =
                    signature_of(signature).ok_or_else(|| wrong(&head, "name(a, b) expected"))?;
                sets.insert(name, Set { parameters, body });
            }
            None => kinds.push((head, body)),
        }
    }
    let mut table = Table::default();
    let mut reader = Reader { sets: &sets, lines: 0 };
    for (head, body) in &kinds {
        let statements = reader.block(body, 0)?;
        for kind in head.text.split(',').map(str::trim) {
            if kind.is_empty() || kind.contains(char::is_whitespace) || kind.matches('/').count() > 1 {
                return Err(wrong(head, "kinds are written group/Kind, separated by commas"));
            }
            if kind.contains('*') {
                table.patterns.push((kind.to_owned(), statements.clone()));
            } else {
                let key = if kind.contains('/') { kind.to_owned() } else { format!("/{kind}") };
                table.exact.insert(key, statements.clone());
            }
        }
    }
    Ok(table)
}

fn lines<'a>(file: &'a str, text: &'a str) -> impl Iterator<Item = Line<'a>> {
    let meaning = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    text.lines().enumerate().filter(move |(_, line)| meaning(line)).map(move |(at, line)| Line {
        file,
        number: u32::try_from(at + 1).unwrap_or(u32::MAX),
        indent: line.len() - line.trim_start().len(),
        text: line.trim().into(),
    })
}

/// `name` or `name(a, b)`.
fn signature_of(text: &str) -> Option<(&str, Vec<&str>)> {
    match text.split_once('(') {
        None => Some((text.trim(), Vec::new())),
        Some((name, rest)) => {
            Some((name.trim(), rest.strip_suffix(')')?.split(',').map(str::trim).collect()))
        }
    }
}

fn wrong(line: &Line<'_>, problem: &str) -> Error {
    let message = format!("health rule `{}`: {problem}", line.text);
    let column = u32::try_from(line.indent + 1).unwrap_or(1);
    Error::new(ErrorKind::Argument, "health-rules", message).at(Location::new(line.file, line.number, column))
}

struct Reader<'s, 'a> {
    sets: &'s HashMap<&'a str, Set<'a>>,
    lines: usize,
}

impl Reader<'_, '_> {
    /// The statements of lines, of which the first sets the indentation.
    fn block(&mut self, lines: &[Line<'_>], depth: usize) -> Result<Vec<Statement>> {
        let mut out = Vec::new();
        let Some(first) = lines.first() else { return Ok(out) };
        self.lines += lines.len();
        if depth > MAX_DEPTH || self.lines > MAX_LINES {
            let message = format!("health rule `{}`: sets or blocks are nested too deeply", first.text);
            return Err(Error::new(ErrorKind::Limit, "health-rules-too-deep", message).in_file(first.file));
        }
        let mut rest = lines;
        while let Some((line, after)) = rest.split_first() {
            if line.indent != first.indent {
                return Err(wrong(line, "the indentation fits no line above"));
            }
            let below = after.iter().take_while(|next| next.indent > line.indent).count();
            let (body, next) = after.split_at(below);
            rest = next;
            self.line(line, body, depth, &mut out)?;
        }
        Ok(out)
    }

    fn line(
        &mut self,
        line: &Line<'_>,
        body: &[Line<'_>],
        depth: usize,
        out: &mut Vec<Statement>,
    ) -> Result<()> {
        let fail = |problem: String| wrong(line, &problem);
        let mut cursor = Cursor::new(&line.text);
        let mut owns_body = false;
        let word = cursor.word();
        match word {
            "let" => {
                cursor.spaces();
                let name = cursor.word().to_owned();
                if name.is_empty() || !cursor.take("=") {
                    return Err(wrong(line, "let name = value expected"));
                }
                out.push(Statement::Let(name, expression::parse(&mut cursor).map_err(fail)?));
            }
            "if" => {
                owns_body = true;
                let when = expression::parse(&mut cursor).map_err(fail)?;
                out.push(Statement::If(when, self.block(body, depth + 1)?));
            }
            "each" => {
                owns_body = true;
                let list = expression::parse(&mut cursor).map_err(fail)?;
                let when = self.condition(&mut cursor).map_err(fail)?;
                out.push(Statement::Each { list, when, body: self.block(body, depth + 1)? });
            }
            "use" => {
                out.extend(self.used(line, cursor.rest().trim(), depth)?);
                cursor = Cursor::new("");
            }
            _ => {
                let status =
                    HealthStatus::named(word).ok_or_else(|| wrong(line, "no status is called so"))?;
                let mut reason = None;
                if cursor.rest().starts_with('(') && cursor.take("(") {
                    reason = Some(expression::parse(&mut cursor).map_err(fail)?);
                    if !cursor.take(")") {
                        return Err(wrong(line, "`)` expected"));
                    }
                }
                cursor.spaces();
                let quoted = cursor.peek() == Some('"');
                let message =
                    if quoted { Some(expression::parse_text(&mut cursor).map_err(fail)?) } else { None };
                let when = self.condition(&mut cursor).map_err(fail)?;
                out.push(Statement::Decide { status, reason, message, when });
            }
        }
        if !cursor.rest().trim().is_empty() {
            return Err(wrong(line, &format!("`{}` is left over", cursor.rest().trim())));
        }
        match body.first() {
            Some(extra) if !owns_body => Err(wrong(extra, "nothing above takes lines below it")),
            None if owns_body => Err(wrong(line, "lines expected below it")),
            _ => Ok(()),
        }
    }

    fn condition(&self, cursor: &mut Cursor<'_>) -> std::result::Result<Option<expression::Expr>, String> {
        if cursor.take_word("if") { expression::parse(cursor).map(Some) } else { Ok(None) }
    }

    /// The statements of a set, its parameters replaced by text.
    fn used(&mut self, line: &Line<'_>, call: &str, depth: usize) -> Result<Vec<Statement>> {
        let (name, given) = match call.split_once('(') {
            None => (call, Vec::new()),
            Some((name, rest)) => {
                let inside = rest.strip_suffix(')').and_then(arguments);
                (name, inside.ok_or_else(|| wrong(line, "use name(a, b) expected"))?)
            }
        };
        let set = self.sets.get(name).ok_or_else(|| wrong(line, "no set is called so"))?;
        if set.parameters.len() != given.len() {
            return Err(wrong(line, &format!("the set takes {} arguments", set.parameters.len())));
        }
        let mut pairs: Vec<_> = set.parameters.iter().copied().zip(given).collect();
        // A name that begins with another is replaced first.
        pairs.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        let mut body = Vec::with_capacity(set.body.len());
        for own in &set.body {
            let mut text = own.text.to_string();
            for (name, value) in &pairs {
                text = text.replace(&format!("%{name}"), inside(value));
                if text.len() > MAX_LENGTH {
                    return Err(wrong(line, "the set makes lines that are too long"));
                }
            }
            body.push(Line { text: text.into(), ..own.clone() });
        }
        self.block(&body, depth + 1)
    }
}

/// An argument without the quotes or parentheses around it.
fn inside(argument: &str) -> &str {
    let quoted = argument.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let grouped = || argument.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
    quoted.or_else(grouped).unwrap_or(argument)
}
