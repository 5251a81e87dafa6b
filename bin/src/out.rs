//! Standard output of commands that say much.

use std::io::{self, ErrorKind, Write};

/// Prints it. Whoever reads no further, as `head` does, has read enough.
pub fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}
