//! How deep a JSON text is nested, byte by byte.

/// Whether objects and arrays are nested no deeper than `limit`.
pub(crate) fn is_within_depth(text: &str, limit: usize) -> bool {
    let mut nesting = Nesting::default();
    text.bytes().all(|byte| {
        nesting.take(byte);
        nesting.depth <= limit
    })
}

/// Where in a JSON text one is: how deep, and whether in a string.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Nesting {
    depth: usize,
    in_string: bool,
    escaped: bool,
    closed: bool,
}

impl Nesting {
    /// Goes on by one byte.
    pub(crate) const fn take(&mut self, byte: u8) {
        if self.in_string {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.in_string = false,
                _ => {}
            }
            return;
        }
        match byte {
            b'"' => self.in_string = true,
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => {
                self.depth = self.depth.saturating_sub(1);
                self.closed |= self.depth == 0;
            }
            _ => {}
        }
    }

    /// Everything that was opened is closed again, and something was.
    pub(crate) const fn is_complete(self) -> bool {
        self.closed && self.depth == 0 && !self.in_string
    }
}
