//! The pages about policies and bundles are made of what they describe.
