//! One encoded histogram of a log, from a file that may hold anything.
//!
//! hdrhistogram's own reader believes the sizes it reads and takes memory for them, so they are checked first: the
//! compressed text is inflated to a limit, and the reader gets the inflated bytes.

use std::io::Read;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::ZlibDecoder;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::Deserializer;

/// The most bytes that one histogram may inflate to. The largest with 3 digits has 56,320 counters of at most 9 bytes.
const INFLATED_LIMIT: u64 = 1 << 20;
/// Cookie and length of the compressed form.
const COMPRESSED_HEADER: usize = 8;
const COMPRESSED_COOKIE: [u8; 4] = [0x1c, 0x84, 0x93, 0x14];
/// Cookie, length, offset, digits, lowest and highest value, ratio.
const HEADER: usize = 40;
/// What headlock records with. More would take up to 100 MB a line.
const MAX_DIGITS: u32 = 3;

/// Decodes a base64 text of a V2 compressed histogram.
///
/// # Errors
///
/// What is wrong with it, in words.
pub(super) fn histogram(encoded: &str) -> Result<Histogram<u64>, String> {
    let broken = |what: &str| format!("the histogram is broken: {what}");
    let bytes = STANDARD.decode(encoded).map_err(|_| broken("not base64"))?;
    let compressed = match bytes.split_at_checked(COMPRESSED_HEADER) {
        Some((header, rest)) if header.starts_with(&COMPRESSED_COOKIE) => rest,
        _ => return Err(broken("not in the V2 compressed format")),
    };
    let mut inflated = Vec::new();
    ZlibDecoder::new(compressed)
        .take(INFLATED_LIMIT + 1)
        .read_to_end(&mut inflated)
        .map_err(|_| broken("its compressed part does not inflate"))?;
    if inflated.len() as u64 > INFLATED_LIMIT {
        return Err(broken("it inflates to more than 1 MiB"));
    }
    let Some((header, counts)) = inflated.split_at_checked(HEADER) else {
        return Err(broken("it is too short"));
    };
    let word = |at: usize| u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
    if word(4) as usize != counts.len() {
        return Err(broken("its length does not match"));
    }
    if word(12) > MAX_DIGITS {
        return Err(format!("the histogram has more than {MAX_DIGITS} significant digits"));
    }
    // The one number that the reader cannot negate: a run of 2^63 zeros.
    if counts.windows(9).any(|window| window == [0xff; 9]) {
        return Err(broken("an impossible run of zeros"));
    }
    Deserializer::new()
        .deserialize(&mut inflated.as_slice())
        .map_err(|error| broken(&error.to_string()))
}
