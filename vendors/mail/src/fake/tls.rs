//! The certificate of played mail servers, from a root that nobody but their clients trusts.

use std::{io, sync::Arc};

use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::aws_lc_rs,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    },
};

/// The root that vouches for them, PEM.
pub const ROOT: &str = include_str!("ca.pem");

/// Encrypts with the certificate of mail.example.com and of the providers that are played.
pub fn acceptor() -> io::Result<TlsAcceptor> {
    let chain = CertificateDer::pem_slice_iter(include_bytes!("server.pem")).collect::<Result<_, _>>();
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("server.key"));
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_no_client_auth()
        .with_single_cert(chain.map_err(io::Error::other)?, key.map_err(io::Error::other)?)
        .map_err(io::Error::other)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}
