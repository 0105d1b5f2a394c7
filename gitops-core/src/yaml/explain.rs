//! Syntax errors in words that tell what to change, with the commonest mistakes recognised.

use granit_parser::{ErrorKind as Kind, ScanError};

use super::events::{Problem, offset};
use super::repair::Repair;

/// What a parser's error means for the author of `text`.
pub(super) fn problem(text: &str, error: &ScanError) -> Problem {
    let at = offset(text, *error.marker());
    if *error.kind() == Kind::RecursionLimitExceeded {
        return Problem::new("too-deep", "lists and mappings are nested too deep", at);
    }
    let repair = match error.kind() {
        Kind::InvalidQuotedScalarIndent | Kind::TabInIndentation => Some(Repair::Quoted),
        Kind::TabInBlockIndentation | Kind::TabNotAllowed => Some(Repair::Flow),
        Kind::CommentNotSeparated | Kind::InvalidBlockScalarHeader => Some(Repair::Comment),
        _ => None,
    };
    Problem { repair, ..Problem::new("syntax", message(text, at, error.kind()), at) }
}

fn message(text: &str, at: usize, kind: &Kind) -> String {
    let line = line_of(text, at);
    let indent = line.len() - line.trim_start_matches([' ', '\t']).len();
    if line.contains("{{") || line.trim_start().starts_with("{%") {
        return "this looks like a template (`{{ … }}`), which is not YAML until it is rendered; \
                quote the value, or render the template first"
            .to_owned();
    }
    let above = text.get(..at).and_then(|before| before.lines().rev().nth(1)).unwrap_or_default();
    if [line, above].iter().any(|line| CONFLICT.iter().any(|marker| line.starts_with(marker))) {
        return "a conflict marker of a merge was left in the file; resolve the conflict".to_owned();
    }
    let tab = line.get(..indent).is_some_and(|indent| indent.contains('\t'));
    if tab && matches!(kind, Kind::TabNotAllowed | Kind::TabInBlockIndentation | Kind::TabInIndentation) {
        return TAB.to_owned();
    }
    match kind {
        Kind::TabNotAllowed
        | Kind::TabInBlockIndentation
        | Kind::TabInIndentation
        | Kind::TabInPlainScalar
        | Kind::TabAtBlockScalarStart => "a tab stands where YAML needs blanks".to_owned(),
        Kind::UnclosedQuotedScalar => "a quoted text is not closed; its closing quote is missing".to_owned(),
        Kind::InvalidQuotedScalarIndent => {
            "a quoted text continues left of its key; indent the line, or close the quote before it"
                .to_owned()
        }
        Kind::DocumentIndicatorInQuotedScalar => {
            "a quoted text is not closed before the next document (`---`)".to_owned()
        }
        Kind::UnclosedFlowCollection { open } => format!("`{open}` is not closed"),
        Kind::MismatchedFlowCollectionEnd { open, close } => format!("`{open}` is closed by `{close}`"),
        Kind::MisplacedFlowCollectionEnd => "a closing bracket has no opening one".to_owned(),
        Kind::UnexpectedEofFlowSequence | Kind::ExpectedFlowSequenceSeparator => {
            "a list in brackets needs `,` or `]` here".to_owned()
        }
        Kind::UnexpectedEofFlowMapping | Kind::ExpectedFlowMappingSeparator => {
            "a mapping in braces needs `,` or `}` here".to_owned()
        }
        Kind::MappingValueNotAllowed | Kind::InvalidColonPlacement => {
            "a colon followed by a blank stands inside a text; quote the text, or put the key on its own line"
                .to_owned()
        }
        Kind::SimpleKeyExpected | Kind::InvalidSimpleKey => {
            "this line is no `key: value`; add the colon, or indent it if it continues the text above"
                .to_owned()
        }
        Kind::ExpectedBlockMappingKey
        | Kind::ExpectedBlockSequenceEntry
        | Kind::InvalidIndentation
        | Kind::InvalidBlockScalarIndent
        | Kind::MappingKeyNotAllowed
        | Kind::BlockSequenceEntryNotAllowed => {
            "the indentation does not fit: entries of one mapping or list must begin in the same column"
                .to_owned()
        }
        Kind::UnexpectedCharacter { character: character @ ('@' | '`') } => {
            format!("a text must not begin with `{character}`; quote it")
        }
        Kind::UnexpectedCharacter { character: '%' } => "a text must not begin with `%`; quote it".to_owned(),
        Kind::UnexpectedCharacter { character } => {
            format!("`{}` is unexpected here; quote the text", character.escape_default())
        }
        Kind::InvalidTrailingSingleQuotedScalar | Kind::InvalidTrailingDoubleQuotedScalar => {
            "something follows the closing quote; quote the whole value, or escape the quote inside it"
                .to_owned()
        }
        Kind::UnknownQuotedScalarEscape => {
            "an unknown escape in double quotes; write `\\\\` for a backslash, or use single quotes"
                .to_owned()
        }
        Kind::CommentNotSeparated => "a comment needs a blank before its `#`".to_owned(),
        Kind::BlockEntryInFlowCollection => "`-` begins no entry inside brackets; use `,`".to_owned(),
        Kind::ExpectedDocumentStart => {
            "the document ended above; indent this line, or begin a new document with `---`".to_owned()
        }
        kind => kind.to_string(),
    }
}

/// The commonest mistake of all.
pub(super) const TAB: &str = "a tab is used for indentation; YAML needs blanks";

/// What Git writes into a file that it could not merge.
const CONFLICT: [&str; 3] = ["<<<<<<<", "=======", ">>>>>>>"];

/// The line that holds the byte at `at`.
fn line_of(text: &str, at: usize) -> &str {
    let before = text.get(..at).unwrap_or(text);
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    text.get(start..).unwrap_or_default().lines().next().unwrap_or_default()
}
