//! The emulator's process and the messages through its standard input and output.

use std::env;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use super::Machine;
use crate::board::BoardError;
use crate::remote::{Message, Silence, Wire};

const SET_UP: &str =
    "run `testbench/test.sh --setup-only`, which installs QEMU and builds the firmware";
/// Time for the emulator to start on a busy machine.
const START: Duration = Duration::from_secs(60);

/// A running emulator. Dropping it ends the process.
pub(super) struct Emulator {
    emulator: &'static str,
    child: Child,
    input: ChildStdin,
    messages: Receiver<Message>,
    complaints: Arc<Mutex<Vec<u8>>>,
}

impl Emulator {
    /// Starts the emulator and waits for its firmware.
    pub(super) fn start(machine: &Machine) -> Result<Self, BoardError> {
        let firmware = firmware(machine)?;
        let emulator = machine.emulator;
        let mut child = Command::new(emulator)
            .args(machine.options)
            .args(machine.core)
            .args(["-display", "none", "-monitor", "none"])
            .args(["-serial", "none", "-net", "none"])
            .args(["-semihosting-config", "enable=on,target=native", "-kernel"])
            .arg(&firmware)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| BoardError::Absent {
                what: format!("cannot start {emulator}: {error}"),
                remedy: SET_UP,
            })?;
        let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(input), Some(output), Some(mut errors)) = pipes else {
            return Err(BoardError::Link(format!("{emulator} has no pipes")));
        };
        let complaints = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&complaints);
        thread::spawn(move || {
            let mut bytes = [0; 1024];
            while let Ok(count @ 1..) = errors.read(&mut bytes) {
                let mut heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
                heard.extend_from_slice(&bytes[..count]);
            }
        });
        let (sender, messages) = mpsc::channel();
        thread::spawn(move || {
            // Ends with the emulator, or when nobody listens any more.
            let mut output = output;
            while let Some(message) = read_message(&mut output) {
                if sender.send(message).is_err() {
                    break;
                }
            }
        });
        let mut link = Self {
            emulator,
            child,
            input,
            messages,
            complaints,
        };
        match link.receive(START) {
            Ok(message) if message.is_ready() => Ok(link),
            Ok(_) => Err(BoardError::Absent {
                what: format!("{} is of another version", firmware.display()),
                remedy: SET_UP,
            }),
            Err(Silence::Timeout(_)) => Err(link.lost(&format!(
                "the firmware did not report within {} s",
                START.as_secs()
            ))),
            Err(Silence::Lost(error)) => Err(error),
        }
    }

    /// An error with all that is known about the emulator's end.
    fn lost(&mut self, what: &str) -> BoardError {
        self.stop();
        let status = match self.child.wait() {
            Ok(status) => status.to_string(),
            Err(error) => error.to_string(),
        };
        let complaints = self
            .complaints
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let complaints = String::from_utf8_lossy(&complaints);
        BoardError::Link(format!(
            "{}: {what}; {status}; {}",
            self.emulator,
            complaints.trim()
        ))
    }

    fn stop(&mut self) {
        // Fails if it has ended by itself, which is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Wire for Emulator {
    fn send(&mut self, message: &[u8]) -> Result<(), BoardError> {
        self.input
            .write_all(message)
            .map_err(|error| self.lost(&format!("cannot send: {error}")))
    }

    fn receive(&mut self, time: Duration) -> Result<Message, Silence> {
        match self.messages.recv_timeout(time) {
            Ok(message) => Ok(message),
            Err(RecvTimeoutError::Timeout) => {
                self.stop();
                Err(Silence::Timeout(None))
            }
            Err(RecvTimeoutError::Disconnected) => Err(Silence::Lost(
                self.lost("it ended in the middle of a request"),
            )),
        }
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        self.stop();
    }
}

fn read_message(output: &mut ChildStdout) -> Option<Message> {
    let mut head = [0; Message::HEAD];
    output.read_exact(&mut head).ok()?;
    let (tag, length) = Message::head(head)?;
    let mut bytes = vec![0; length];
    output.read_exact(&mut bytes).ok()?;
    Some(Message { tag, bytes })
}

/// Where the firmware is.
fn firmware(machine: &Machine) -> Result<PathBuf, BoardError> {
    let path = match env::var_os(machine.firmware_variable) {
        Some(path) => PathBuf::from(path),
        None => {
            let built = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("target");
            env::var_os("CARGO_TARGET_DIR")
                .map_or(built, PathBuf::from)
                .join(machine.firmware_target)
                .join("release/wasm2mcu-firmware")
        }
    };
    if path.is_file() {
        return Ok(path);
    }
    Err(BoardError::Absent {
        what: format!("no firmware at {}", path.display()),
        remedy: SET_UP,
    })
}
