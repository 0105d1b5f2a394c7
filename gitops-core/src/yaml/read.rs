//! The front door: a text of a source map to the documents it holds.

use super::builder::{Builder, DEEPEST};
use super::events::{Events, Problem};
use super::{ReadOptions, Stream, decode};
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
    let text = source.text().as_str();
    let limit = options.limits.max_bytes.min(u32::MAX as usize);
    if text.len() > limit {
        let message = format!("the file has {} bytes; the limit is {limit}", text.len());
        return Err(Error::new(ErrorKind::Limit, "too-large", message).in_file(source.path()));
    }
    let body = text.strip_prefix(decode::BOM).unwrap_or(text);
    let base = text.len() - body.len();
    documents(body, file, base, options).map_err(|problem| place(problem, base, &source))
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

fn documents(text: &str, file: FileId, base: usize, options: &ReadOptions) -> Result<Stream, Problem> {
    if let Some((offset, character)) = decode::first_forbidden(text) {
        let message = format!(
            "the control character U+{:04X} is not allowed in YAML; remove it, or write it as \"\\x{:02X}\" in double quotes",
            u32::from(character),
            u32::from(character)
        );
        return Err(Problem { code: "syntax", message, offset });
    }
    let mut events = Events::new(text, options.limits.max_depth.min(DEEPEST));
    let mut builder = Builder::new(text, file, base, options);
    while let Some(next) = events.next() {
        let (event, offset) = next?;
        builder.take(event, offset)?;
    }
    Ok(builder.finish())
}

fn place(problem: Problem, base: usize, source: &SourceFile) -> Error {
    let kind = match problem.code {
        "too-deep" | "too-many-aliases" => ErrorKind::Limit,
        _ => ErrorKind::Yaml,
    };
    let offset = u32::try_from(problem.offset.saturating_add(base)).unwrap_or(u32::MAX);
    Error::new(kind, problem.code, problem.message).at(source.locate(offset))
}
