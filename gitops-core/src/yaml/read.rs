//! The front door: a text of a source map to the documents it holds.

use super::builder::{Builder, DEEPEST, Input};
use super::events::{Events, Problem};
use super::repair::Repaired;
use super::{ReadOptions, Stream, decode, fast};
use crate::node::{FileId, SourceFile, SourceMap};
use crate::{Error, ErrorKind, Result};

/// Reads all documents of a text of `sources`: YAML or JSON, with or without a byte-order mark.
///
/// Aliases share the anchored node; merge keys are resolved. Keys become text as the dialect's Go
/// reader does it: with [`super::Dialect::Kubectl`] a key `on` is `true` and `0644` is `420`, with
/// [`super::Dialect::Kyaml`] keys that are not text are refused below the outermost mapping, as
/// kustomize cannot write them. A `file` that is not in `sources` holds no documents.
///
/// # Errors
/// [`ErrorKind::Yaml`] with the place: `syntax`, `duplicate-key`, `bad-key`, `bad-merge`, `bad-tag`,
/// `unknown-alias`; [`ErrorKind::Limit`]: `too-large`, `too-deep`, `too-many-aliases`.
pub fn read(sources: &SourceMap, file: FileId, options: &ReadOptions) -> Result<Stream> {
    let Some(source) = sources.file(file) else { return Ok(Stream::default()) };
    let (body, base) = body(&source, options)?;
    match fast::read(body, file, &source, base, options) {
        Some((stream, _)) => Ok(stream),
        None => by_library(body, file, &source, base, options),
    }
}

/// [`read`] without the fast reader, for comparing.
///
/// # Errors
/// As [`read`].
#[doc(hidden)]
pub fn read_by_library(sources: &SourceMap, file: FileId, options: &ReadOptions) -> Result<Stream> {
    let Some(source) = sources.file(file) else { return Ok(Stream::default()) };
    let (body, base) = body(&source, options)?;
    by_library(body, file, &source, base, options)
}

/// What the fast reader makes of a text, and how many of the documents it left to the library;
/// `None` if it left the whole text.
#[doc(hidden)]
pub fn read_fast(sources: &SourceMap, file: FileId, options: &ReadOptions) -> Option<(Stream, usize)> {
    let source = sources.file(file)?;
    let (body, base) = body(&source, options).ok()?;
    fast::read(body, file, &source, base, options)
}

/// The text behind its byte-order mark and where that is, if it may be read at all.
fn body<'a>(source: &'a SourceFile, options: &ReadOptions) -> Result<(&'a str, usize)> {
    let text = source.text().as_str();
    let limit = options.limits.max_bytes.min(u32::MAX as usize);
    if text.len() > limit {
        let message = format!("the file has {} bytes; the limit is {limit}", text.len());
        return Err(Error::new(ErrorKind::Limit, "too-large", message).in_file(source.path()));
    }
    let body = text.strip_prefix(decode::BOM).unwrap_or(text);
    let base = text.len() - body.len();
    if let Some((offset, character)) = decode::first_forbidden(body) {
        let offset = u32::try_from(base + offset).unwrap_or(u32::MAX);
        return Err(Error::new(ErrorKind::Yaml, "syntax", forbidden(character)).at(source.locate(offset)));
    }
    Ok((body, base))
}

fn by_library(
    body: &str,
    file: FileId,
    source: &SourceFile,
    base: usize,
    options: &ReadOptions,
) -> Result<Stream> {
    let mut repaired = Repaired::new(body);
    loop {
        let input = Input { file, source, base, repaired: &repaired };
        let problem = match documents(&input, options) {
            Ok(stream) => return Ok(stream),
            Err(problem) => problem,
        };
        let error = place(&problem, &input);
        if !problem.repair.is_some_and(|repair| repaired.repair(repair, problem.offset)) {
            return Err(error);
        }
    }
}

/// Reads all documents of `text`, known by `path`: [`read`] with a source map of its own.
///
/// # Errors
/// As [`read`].
pub fn read_str(path: &str, text: &str, options: &ReadOptions) -> Result<(Stream, SourceMap)> {
    let sources = SourceMap::new();
    let file = sources.add(path, text);
    Ok((read(&sources, file, options)?, sources))
}

fn documents(input: &Input<'_>, options: &ReadOptions) -> Result<Stream, Problem> {
    let mut events = Events::new(input.repaired.text(), options.limits.max_depth.min(DEEPEST));
    let mut builder = Builder::new(input, options);
    while let Some(next) = events.next() {
        let (event, offset) = next?;
        builder.take(event, offset)?;
    }
    Ok(builder.finish())
}

fn forbidden(character: char) -> String {
    let code = u32::from(character);
    let escape = if code < 0x100 { format!("\\x{code:02X}") } else { format!("\\u{code:04X}") };
    format!(
        "the character U+{code:04X} is not allowed in YAML; remove it, or write it as \"{escape}\" in double quotes"
    )
}

fn place(problem: &Problem, input: &Input<'_>) -> Error {
    let kind = match problem.code {
        "too-deep" | "too-many-aliases" => ErrorKind::Limit,
        _ => ErrorKind::Yaml,
    };
    Error::new(kind, problem.code, problem.message.as_str())
        .at(input.source.locate(input.offset(problem.offset)))
}
