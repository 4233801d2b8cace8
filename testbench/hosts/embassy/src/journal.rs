//! What happened in which order, from tasks of both executors.

use core::cell::RefCell;
use core::fmt;

use critical_section::Mutex;

/// Something that happens.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Event {
    Slice,
    Pulse,
    Control,
    CallBegins,
    CallEnds,
}

impl Event {
    const fn letter(self) -> &'static str {
        match self {
            Event::Slice => "s",
            Event::Pulse => "p",
            Event::Control => "c",
            Event::CallBegins => "[",
            Event::CallEnds => "]",
        }
    }
}

const ROOM: usize = 1024;

struct Events {
    events: [Event; ROOM],
    count: usize,
}

/// The events since it was cleared, as many as there is room for.
pub(crate) struct Journal(Mutex<RefCell<Events>>);

pub(crate) static JOURNAL: Journal = Journal(Mutex::new(RefCell::new(Events {
    events: [Event::Slice; ROOM],
    count: 0,
})));

impl Journal {
    pub(crate) fn note(&self, event: Event) {
        self.with(|events| {
            if let Some(room) = events.events.get_mut(events.count) {
                *room = event;
                events.count += 1;
            }
        });
    }

    pub(crate) fn clear(&self) {
        self.with(|events| events.count = 0);
    }

    pub(crate) fn count(&self, event: Event) -> usize {
        self.with(|events| {
            let noted = events.events.iter().take(events.count);
            noted.filter(|&&noted| noted == event).count()
        })
    }

    /// The order of some of the events, each with the same behind it shown once.
    pub(crate) fn of<'e>(&'e self, shown: &'e [Event]) -> Order<'e> {
        Order {
            journal: self,
            shown,
        }
    }

    fn with<T>(&self, work: impl FnOnce(&mut Events) -> T) -> T {
        critical_section::with(|section| work(&mut self.0.borrow_ref_mut(section)))
    }

    fn get(&self, index: usize) -> Option<Event> {
        self.with(|events| (index < events.count).then(|| events.events[index]))
    }
}

/// The order of events, as letters.
pub(crate) struct Order<'e> {
    journal: &'e Journal,
    shown: &'e [Event],
}

impl fmt::Display for Order<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut last = None;
        let events = (0..).map_while(|index| self.journal.get(index));
        for event in events.filter(|event| self.shown.contains(event)) {
            if last != Some(event) {
                f.write_str(event.letter())?;
            }
            last = Some(event);
        }
        Ok(())
    }
}
