//! The way to a firmware through the rings: starting it, and messages.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use super::firmware::Firmware;
use super::rtt::{self, Rings};
use super::target::{Target, TargetError};
use crate::board::BoardError;
use crate::remote::{Message, Silence, Wire};

/// Time for a firmware to show its rings, after boot ROMs and the like.
const START: Duration = Duration::from_secs(3);
/// Time for a firmware to make room for a request. It reads one as it comes.
const ROOM: Duration = Duration::from_secs(5);
/// Looks at the messages for each look at the texts.
const TEXT_EVERY: u32 = 64;

/// A target that several have a hand on, one at a time.
pub(super) type Shared = Rc<RefCell<Box<dyn Target>>>;

/// A firmware that runs on a target.
pub(super) struct Channel {
    target: Shared,
    rings: Rings,
    /// What has come of the next message.
    partial: Vec<u8>,
    polls: u32,
}

impl Channel {
    /// Resets the chip, and waits for its firmware; `None` if nothing shows itself, or another
    /// version does.
    pub(super) fn start(target: &Shared, firmware: &Firmware) -> Result<Option<Self>, TargetError> {
        let rings = {
            let mut target = target.borrow_mut();
            target.reset_and_halt()?;
            rtt::forget(target.as_mut(), firmware.rtt)?;
            target.run()?;
            let begin = Instant::now();
            loop {
                // A chip that comes out of reset may be deaf for a moment.
                match Rings::find(target.as_mut(), firmware.rtt) {
                    Ok(Some(rings)) => break rings,
                    Ok(None) if begin.elapsed() > START => return Ok(None),
                    Err(error) if begin.elapsed() > START => return Err(error),
                    _ => target.wait(),
                }
            }
        };
        let mut channel = Self {
            target: Rc::clone(target),
            rings,
            partial: Vec::new(),
            polls: 0,
        };
        let first = channel.next(Some(START))?;
        Ok(first.filter(Message::is_ready).map(|_| channel))
    }

    /// The next message, if there is one within the time.
    fn next(&mut self, time: Option<Duration>) -> Result<Option<Message>, TargetError> {
        let begin = Instant::now();
        let mut target = self.target.borrow_mut();
        let target = target.as_mut();
        loop {
            let mut bytes = self.rings.receive(target)?;
            let silent = bytes.is_empty();
            self.partial.append(&mut bytes);
            if let Some(message) = take_message(&mut self.partial)? {
                return Ok(Some(message));
            }
            if !silent {
                continue;
            }
            self.polls += 1;
            if self.polls.is_multiple_of(TEXT_EVERY) {
                let text = self.rings.text(target)?;
                if !text.is_empty() {
                    return Err(TargetError {
                        doing: "go on".to_owned(),
                        why: format!("the firmware says: {}", text.trim()),
                    });
                }
            }
            if time.is_some_and(|time| begin.elapsed() > time) {
                return Ok(None);
            }
            target.wait();
        }
    }
}

/// Takes the first message, if all of it has come.
fn take_message(bytes: &mut Vec<u8>) -> Result<Option<Message>, TargetError> {
    let Some(head) = bytes.first_chunk::<{ Message::HEAD }>() else {
        return Ok(None);
    };
    let (tag, length) = Message::head(*head).ok_or_else(|| TargetError {
        doing: "speak to the firmware".to_owned(),
        why: format!("it sent {head:02x?}, which begins no message"),
    })?;
    let end = Message::HEAD + length;
    if bytes.len() < end {
        return Ok(None);
    }
    let rest = bytes.split_off(end);
    let message = std::mem::replace(bytes, rest);
    Ok(Some(Message {
        tag,
        bytes: message[Message::HEAD..].to_vec(),
    }))
}

impl Wire for Channel {
    fn send(&mut self, mut message: &[u8]) -> Result<(), BoardError> {
        let mut target = self.target.borrow_mut();
        let target = target.as_mut();
        let mut begin = Instant::now();
        while !message.is_empty() {
            let sent = self.rings.send(target, message).map_err(lost)?;
            message = &message[sent..];
            if sent > 0 {
                begin = Instant::now();
            } else if begin.elapsed() > ROOM {
                return Err(BoardError::Link(
                    "the firmware has stopped reading requests".to_owned(),
                ));
            } else {
                target.wait();
            }
        }
        Ok(())
    }

    fn receive(&mut self, time: Duration) -> Result<Message, Silence> {
        match self.next(Some(time)) {
            Ok(Some(message)) => Ok(message),
            Ok(None) => {
                let stopped = self.target.borrow_mut().halt();
                Err(Silence::Timeout(stopped.ok()))
            }
            Err(error) => Err(Silence::Lost(lost(error))),
        }
    }
}

/// The chip is there no more.
pub(super) fn lost(error: TargetError) -> BoardError {
    BoardError::Link(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::take_message;

    #[test]
    fn messages_come_in_pieces() {
        let mut bytes = vec![1, 1, 0, 0, 2, 0, 0, 0, 7];
        assert!(take_message(&mut bytes).unwrap().is_none());
        bytes.extend([8, 9]);
        let message = take_message(&mut bytes).unwrap().unwrap();
        assert_eq!((message.tag, message.bytes), (0x101, vec![7, 8]));
        assert_eq!(bytes, [9]);
        let mut bytes = vec![0xff; 8];
        assert!(take_message(&mut bytes).is_err());
    }
}
