//! Numbers in bytes, spelt roughly as Python's `struct` spells them.
//!
//! ```text
//! < >  little, big endian from here on; little at first     x    nothing
//! b B  a byte, signed and unsigned      h H  two bytes      c .  a character
//! i I  four bytes                       q Q  eight bytes    s    the rest, as text
//!                                                           $    nothing may be left
//! ```

use crate::integer::integer;

/// What bytes are unpacked into. Bytes that nothing asks for are passed over; what is missing is told where it would stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unpack(Vec<Item>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Item {
    Integer { size: usize, is_signed: bool, is_little: bool },
    Character,
    Rest,
    End,
}

impl Unpack {
    pub(super) fn parse(types: &str) -> Result<Unpack, String> {
        let (mut items, mut is_little) = (Vec::new(), true);
        for c in types.chars() {
            if matches!(items.last(), Some(Item::Rest | Item::End)) {
                return Err(format!("unpack: nothing can follow s or $, and {c} does"));
            }
            let size = match c {
                '<' | '>' => {
                    is_little = c == '<';
                    continue;
                }
                'x' => continue,
                'b' | 'B' => 1,
                'h' | 'H' => 2,
                'i' | 'I' => 4,
                'q' | 'Q' => 8,
                'c' | '.' => 0,
                's' => {
                    items.push(Item::Rest);
                    continue;
                }
                '$' => {
                    items.push(Item::End);
                    continue;
                }
                other => return Err(format!("unpack: there is no {other}: there are <>bBhHiIqQxc.s$")),
            };
            let is_signed = c.is_ascii_lowercase();
            items.push(if size == 0 {
                Item::Character
            } else {
                Item::Integer { size, is_signed, is_little }
            });
        }
        Ok(Unpack(items))
    }

    pub(super) fn unpacked(&self, bytes: &[u8]) -> Vec<u8> {
        let (mut out, mut rest) = (Vec::new(), bytes);
        for item in &self.0 {
            match *item {
                Item::Integer { size, is_signed, is_little } => match rest.split_at_checked(size) {
                    Some((number, after)) => {
                        out.extend(integer(number, is_signed, is_little).to_string().into_bytes());
                        rest = after;
                    }
                    None => {
                        out.extend(format!("%!(have {} bytes, need {size})", rest.len()).into_bytes());
                        rest = &[];
                    }
                },
                Item::Character => match rest.split_first() {
                    Some((first, after)) => {
                        out.push(*first);
                        rest = after;
                    }
                    None => out.extend(b"%!c(no bytes available)"),
                },
                Item::Rest => out.extend(std::mem::take(&mut rest)),
                Item::End if rest.is_empty() => {}
                Item::End => out.extend(b"%!$(not end-of-input)"),
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_read_as_they_are_spelt() {
        for (types, bytes, expected) in [
            ("bB", b"\xff\xff".as_slice(), "-1255"),
            ("h>h", b"\x01\x00\x01\x00", "1256"),
            (">iI", b"\xff\xff\xff\xfe\x00\x00\x00\x01", "-21"),
            ("<q", b"\x01\x00\x00\x00\x00\x00\x00\x80", "-9223372036854775807"),
            ("Q", &[0xff; 8], "18446744073709551615"),
            ("xcx.s", b"abcd", "abcd"),
            ("H$", b"\x01\x00\x02", "1%!$(not end-of-input)"),
            ("$", b"", ""),
            ("c", b"", "%!c(no bytes available)"),
            ("iB", b"\x01\x02", "%!(have 2 bytes, need 4)%!(have 0 bytes, need 1)"),
            ("b", b"\x01\x02", "1"),
        ] {
            let unpacked = Unpack::parse(types).expect(types).unpacked(bytes);
            assert_eq!(String::from_utf8_lossy(&unpacked), expected, "{types}");
        }
    }
}
