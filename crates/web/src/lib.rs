//! Pages and the REST API.

pub mod api;
