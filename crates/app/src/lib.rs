//! What an integration is written against.
