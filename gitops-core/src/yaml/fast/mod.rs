//! The fast reader: one pass over block YAML as people and tools write it, straight into the tree.
//!
//! It knows a part of YAML and gives up (`None`) at whatever lies outside of it or is in any doubt:
//! anchors, tags, directives, tabs as indentation, equal keys, every error. The library parser behind
//! [`super::events`] then reads that document, or the whole text, so messages, places and rare syntax
//! have one source. The law of this folder is that a document it does read comes out as the library's,
//! to the last span; the tests here, and those on real repositories, hold it to that.
//!
//! | file | what |
//! |---|---|
//! | `cursor` | the text, and steps over it |
//! | `document` | documents of a stream, and which of them go to the library |
//! | `block` | lists and mappings by indentation |
//! | `flow` | lists and mappings in brackets |
//! | `scalar` | plain and quoted text |
//! | `literal` | block scalars |
//! | `owned` | equal `fieldsV1` share their tree |
//! | `tree` | the tree while it grows |
//! | `texts` | equal texts share their memory |

mod block;
mod cursor;
mod document;
mod flow;
mod literal;
mod owned;
mod scalar;
mod texts;
mod tree;

pub(super) use document::read;

#[cfg(test)]
mod tests;
