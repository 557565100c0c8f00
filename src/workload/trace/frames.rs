//! zstd frames, one after the other, as one stream of bytes (RFC 8878).
//!
//! ruzstd decodes a frame; what a file adds is here: several frames, skippable ones, and that each frame is whole. ruzstd also
//! keeps the last window of a frame to itself until the frame ends. Where a frame breaks off it would be lost, with the rows
//! that say how far the file is good, so it is asked for with an empty last block.

use crate::text::shown;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};
use std::error::Error;
use std::io::{self, BufRead, Read};

/// An empty raw block, marked as a frame's last (RFC 8878, section 3.1.1.2), and room for a checksum.
const END_OF_FRAME: [u8; 7] = [1, 0, 0, 0, 0, 0, 0];

/// The most memory that a frame may want for what it refers back to: 128 MiB, as `zstd` itself grants unasked.
pub(super) const MAX_WINDOW: u64 = 1 << 27;

/// The most that `zstd --long` grants, 2 GiB; no frame that it wrote wants more.
const LARGEST_WINDOW: u64 = 1 << 31;

/// What makes a stream unreadable, as the source of the [`io::Error`] that says so. If the file ends too early, the error's kind
/// is [`io::ErrorKind::UnexpectedEof`] instead.
#[derive(Debug, thiserror::Error)]
pub(super) enum FrameError {
    #[error("the frame refers back over {window} bytes")]
    Window { window: u64 },
    #[error("the frame needs dictionary {id}")]
    Dictionary { id: u32 },
    #[error("the content does not match its checksum")]
    Checksum,
    #[error("the content is {found} bytes long, not {expected}")]
    Size { expected: u64, found: u64 },
    #[error("{0}")]
    Decoder(String),
}

/// Decodes all frames of `source`.
pub(super) struct Frames<R> {
    source: R,
    decoder: FrameDecoder,
    /// Whether a frame has begun and not been found whole.
    in_frame: bool,
    /// Bytes that the frame has given.
    given: u64,
    /// Told once all that was decoded before it has been read.
    failed: Option<io::Error>,
}

impl<R: BufRead> Frames<R> {
    pub(super) fn new(source: R) -> Self {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(MAX_WINDOW);
        Frames { source, decoder, in_frame: false, given: 0, failed: None }
    }

    /// Begins the next frame that is not to be skipped; answers whether there is one.
    fn next_frame(&mut self) -> io::Result<bool> {
        while !self.source.fill_buf()?.is_empty() {
            match self.decoder.reset(&mut self.source) {
                Ok(()) => {
                    (self.in_frame, self.given) = (true, 0);
                    return Ok(true);
                }
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. })) => {
                    let length = u64::from(length);
                    if io::copy(&mut (&mut self.source).take(length), &mut io::sink())? < length {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                }
                Err(error) => return Err(self.failure(error)),
            }
        }
        Ok(false)
    }

    /// The frame has ended: is all of it there, as it was written?
    fn end_frame(&mut self) -> io::Result<()> {
        self.in_frame = false;
        let expected = self.decoder.content_size();
        // Zero also stands for a size that was not stated.
        if expected > 0 && expected != self.given {
            return Err(invalid(FrameError::Size { expected, found: self.given }));
        }
        let stated = self.decoder.get_checksum_from_data();
        if stated.is_some() && stated != self.decoder.get_calculated_checksum() {
            return Err(invalid(FrameError::Checksum));
        }
        Ok(())
    }

    fn failure(&mut self, error: FrameDecoderError) -> io::Error {
        match error {
            FrameDecoderError::WindowSizeTooBig { requested, .. } if requested <= LARGEST_WINDOW => {
                invalid(FrameError::Window { window: requested })
            }
            FrameDecoderError::DictNotProvided { dict_id } => invalid(FrameError::Dictionary { id: dict_id }),
            error => match (io_cause(&error), self.source.fill_buf()) {
                // A block that is damaged may also want more than it has, so the file itself must have ended.
                (Some(io::ErrorKind::UnexpectedEof), Ok([])) => io::ErrorKind::UnexpectedEof.into(),
                (_, Err(error)) => error,
                _ => invalid(FrameError::Decoder(shown(&error.to_string(), 120))),
            },
        }
    }
}

impl<R: BufRead> Read for Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if self.decoder.can_collect() > 0 {
                let read = self.decoder.read(buffer)?;
                self.given += read as u64;
                return Ok(read);
            }
            if let Some(error) = self.failed.take() {
                self.in_frame = false;
                return Err(error);
            }
            if !self.in_frame {
                if !self.next_frame()? {
                    return Ok(0);
                }
            } else if self.decoder.is_finished() {
                self.end_frame()?;
            } else {
                let one = || BlockDecodingStrategy::UptoBlocks(1);
                if let Err(error) = self.decoder.decode_blocks(&mut self.source, one()) {
                    self.failed = Some(self.failure(error));
                    // It can only fail as the block before it did, and that is about to be told.
                    let _ = self.decoder.decode_blocks(&END_OF_FRAME[..], one());
                }
            }
        }
    }
}

fn invalid(error: FrameError) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

/// The kind of the error of reading that lies beneath, if one does.
fn io_cause(error: &(dyn Error + 'static)) -> Option<io::ErrorKind> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            return Some(error.kind());
        }
        cause = error.source();
    }
    None
}
