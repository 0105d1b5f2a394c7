//! Errors of the core as plain data for the JavaScript half.

use gitops_core::Error;
use napi_derive::napi;

/// What an exception is made of.
#[napi(object, object_from_js = false)]
pub struct Failure {
    pub kind: String,
    pub code: String,
    pub message: String,
    pub path: Option<String>,
    pub line: Option<u32>,
    pub column: Option<u32>,
    pub cause: Option<String>,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let place = error.location();
        // Line 0 stands for the file as a whole.
        let position = place.filter(|place| place.line > 0);
        Self {
            kind: error.kind().name().to_owned(),
            code: error.code().to_owned(),
            message: error.message().to_owned(),
            path: place.map(|place| place.path.clone()),
            line: position.map(|place| place.line),
            column: position.map(|place| place.column),
            cause: std::error::Error::source(&error).map(ToString::to_string),
        }
    }
}
