//! Certificates and keys as PEM, out of a file or out of an option's text.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::{Error, Result};

const JKS_MAGIC: &[u8] = &[0xfe, 0xed, 0xfe, 0xed];
/// A sequence in DER, which PKCS#12 stores are.
const DER_SEQUENCE: u8 = 0x30;

/// What an option names.
#[derive(Clone)]
pub(super) struct Pem {
    option: &'static str,
    path: Option<PathBuf>,
    bytes: Vec<u8>,
}

impl Pem {
    /// Reads a file. Java's keystores are refused with how to convert them.
    pub(super) fn file(option: &'static str, path: &Path) -> Result<Pem> {
        let bytes = fs::read(path)
            .map_err(|error| Error::Config(format!("{option}: {}: {error}", path.display())))?;
        let pem = Pem { option, path: Some(path.to_owned()), bytes };
        if pem.bytes.starts_with(JKS_MAGIC) {
            return Err(pem.wrong(&format!("it is a Java keystore: {}", conversion(option, path, true))));
        }
        if pem.bytes.first() == Some(&DER_SEQUENCE) {
            return Err(pem.wrong(&format!("it is not PEM: {}", conversion(option, path, false))));
        }
        Ok(pem)
    }

    /// Takes a text, whose lines may be one, as they are where a property goes on behind a backslash.
    pub(super) fn text(option: &'static str, text: &str) -> Pem {
        Pem { option, path: None, bytes: unfolded(text).into_bytes() }
    }

    /// All certificates in it; at least one.
    pub(super) fn certificates(&self) -> Result<Vec<CertificateDer<'static>>> {
        let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&self.bytes).collect();
        match found {
            Ok(found) if found.is_empty() => Err(self.wrong("there is no certificate in it")),
            Ok(found) => Ok(found),
            Err(error) => Err(self.wrong(&error.to_string())),
        }
    }

    pub(super) fn private_key(&self) -> Result<PrivateKeyDer<'static>> {
        if contains(&self.bytes, b"-----BEGIN ENCRYPTED PRIVATE KEY-----") {
            let how = "decrypt it (openssl pkey -in FILE -out FILE.plain) and let nobody else read the file";
            return Err(self.wrong(&format!("the private key is encrypted: {how}")));
        }
        PrivateKeyDer::from_pem_slice(&self.bytes)
            .map_err(|error| self.wrong(&format!("no private key can be read from it: {error}")))
    }

    fn wrong(&self, reason: &str) -> Error {
        Error::Config(format!("{self}: {reason}"))
    }
}

/// Where it is from, and nothing of what it is.
impl fmt::Display for Pem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.option)?;
        self.path.as_ref().map_or(Ok(()), |path| write!(f, ": {}", path.display()))
    }
}

/// How a store of Java's becomes PEM.
fn conversion(option: &str, path: &Path, is_jks: bool) -> String {
    let store = path.display();
    if option.starts_with("ssl.truststore") {
        return format!("convert it with keytool -list -rfc -keystore {store} >{store}.pem");
    }
    let (first, store) = match is_jks {
        true => {
            let import = format!(
                "keytool -importkeystore -srckeystore {store} -destkeystore {store}.p12 -deststoretype PKCS12, then "
            );
            (import, format!("{store}.p12"))
        }
        false => (String::new(), store.to_string()),
    };
    format!("convert it with {first}openssl pkcs12 -nodes -in {store} -out {store}.pem")
}

/// With each label on a line of its own, and what is between in lines at white space.
fn unfolded(text: &str) -> String {
    let mut lines = String::with_capacity(text.len() + 64);
    for (at, piece) in text.split("-----").enumerate() {
        if at % 2 == 1 {
            lines.extend(["-----", piece, "-----\n"]);
        } else {
            lines.extend(piece.split_whitespace().flat_map(|line| [line, "\n"]));
        }
    }
    lines
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}
