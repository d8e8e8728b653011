//! What is a call while it is under way? A tree of flights.
//!
//! Every layer of the edge's stack has flights, each inside one of the layer above; the leaves are attempts on the wire.
//! A layer may have several flights open inside it at once. Results go up, abandonment goes down.

use crate::ids::NodeId;
use crate::record::CallName;
use crate::strategies::FlightMemory;
use sim_core::time::SimTime;

/// No flight, no attempt, no call.
pub const NONE: u32 = u32::MAX;

/// In the receipt of a message that is given back.
pub const GIVES_BACK: u32 = 1 << 31;

/// Who made a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Origin {
    /// A client: its number among the clients of all populations.
    #[default]
    Client,
    /// A request being worked on at a service: the slot of its attempt.
    Job(u32),
    /// A request being worked on at a service that makes several calls at once: the slot of its attempt, and which of the calls it is.
    Branch(u32, u32),
    /// A request that was worked on at a service and does not wait for the call: the slot of its attempt, which may be over.
    Sent(u32),
    /// A layer of another call that asks elsewhere: the slot of that call, and its flight.
    Flight(u32, u32),
    /// A layer that wants to know something anew, for which nobody waits: its position in the stack, and the replica that layers
    /// outside of it had chosen, or [`NONE`].
    Background(u32, u32),
    /// A caller that asks a replica whether it is well: its prober. Such a call passes no layers.
    Probe(u32),
    /// A saga: its slot, and twice the number of its step, and one more for a compensation.
    Saga(u32, u32),
    /// The health endpoint of a service that asks what it depends on: the slot of the attempt that asked it.
    Check(u32),
    /// A poller that asks a broker for messages.
    Poll(u32),
    /// A poller that has fetched a message has it worked on: the poller, and the place of the message in its batch, or [`NONE`] for
    /// the batch as a whole.
    Delivery(u32, u32),
    /// A poller is done with a message: its number in its backlog, and the receipt of the delivery, with [`GIVES_BACK`] in it if
    /// it is given back instead of deleted.
    Settling(u32, u32),
    /// A broker passes a message on: the backlog, and the message's number in it.
    Push(u32, u32),
}

/// A call: what a caller wants.
#[derive(Clone, Debug, Default)]
pub struct Call {
    /// Who and which.
    pub name: CallName,
    /// Who made it.
    pub origin: Origin,
    /// The node that made it: a replica, or the node of a whole population.
    pub caller: NodeId,
    /// The replica that made it; 0 for clients.
    pub process: u32,
    /// When it was made; of a message that is worked on or passed on: when that was produced.
    pub started: SimTime,
    /// The same by the caller's monotonic clock: what its layers reckon from.
    pub started_local: SimTime,
    /// When whoever waits for it gives up, by the caller's monotonic clock; the end of time if that is not known.
    pub deadline: SimTime,
    /// Whether its attempts tell their servers of the deadline.
    pub tells_deadline: bool,
    /// When it ends whatever its layers say, by the caller's monotonic clock: the deadline of what it is made for.
    pub limit: SimTime,
    /// What it is about.
    pub object: u64,
    /// Of which class it is, by its number in the plan.
    pub class: u8,
    /// Attempts put on the wire so far.
    pub attempts: u32,
    /// Waits drawn since the last attempt was.
    pub waits: u32,
    /// The replicas that its attempts went to, if its balancer wants to know; begun anew at its first attempt.
    pub tried: Vec<u32>,
    /// Calls that its layers have made so far: elsewhere, or in the background.
    pub made: u32,
    /// Attempts on the wire or at a server now, waited for or not.
    pub on_wire: u32,
    /// Whether its caller still waits.
    pub is_open: bool,
    /// Whether any of its flights has been closed, so that there may be one that is over.
    pub has_closed: bool,
    /// Whether it counts in the measures of the run.
    pub is_counted: bool,
    /// Whether the last good answer it got was altered on the way, or rests on something that was.
    pub is_wrong: bool,
    /// Whether the success it ends with is a makeshift.
    pub is_degraded: bool,
    /// The time bin it was started in.
    pub bin: u32,
    /// The true instant of the timer event that is pending for this slot, or `MAX`. It outlives the call: a later call in the
    /// same slot uses it if it comes early enough, and arms it again when it comes.
    pub armed: SimTime,
    /// The tree.
    pub flights: Flights,
}

/// The flights of a call. There is room from the start for those of a call with one layer: a list that grows by itself begins with
/// twice as many, and records of calls are what most of the memory of a crowded run is.
#[derive(Clone, Debug)]
pub struct Flights(Vec<Flight>);

impl Default for Flights {
    fn default() -> Self {
        Self(Vec::with_capacity(2))
    }
}

impl std::ops::Deref for Flights {
    type Target = Vec<Flight>;

    fn deref(&self) -> &Vec<Flight> {
        &self.0
    }
}

impl std::ops::DerefMut for Flights {
    fn deref_mut(&mut self) -> &mut Vec<Flight> {
        &mut self.0
    }
}

/// One try of a layer, or one attempt on the wire.
#[derive(Clone, Debug)]
pub struct Flight {
    /// The flight this one is inside of, or [`NONE`].
    pub parent: u32,
    /// The layer it belongs to; the number of layers for an attempt on the wire.
    pub layer: u32,
    /// Whether somebody waits for it.
    pub is_open: bool,
    /// How many open flights are inside it.
    pub open_inside: u32,
    /// How many have been started inside it so far.
    pub started_inside: u32,
    /// The how-manieth inside its parent it is, from 1.
    pub ordinal: u32,
    /// The replica that a layer has chosen for what is inside, or [`NONE`].
    pub replica: u32,
    /// The attempt on the wire, or [`NONE`] once it is over.
    pub attempt: u32,
    /// The call elsewhere that its layer waits for, or [`NONE`].
    pub child: u32,
    /// When its layer wants to be woken, by the caller's monotonic clock.
    pub timer: SimTime,
    /// What its layer remembers.
    pub memory: FlightMemory,
}

/// What is known of a flight that was closed.
#[derive(Clone, Copy, Debug)]
pub struct Closed {
    /// The flight it was inside of, or [`NONE`].
    pub parent: u32,
    /// Its layer.
    pub layer: u32,
    /// The how-manieth inside its parent it was.
    pub ordinal: u32,
    /// Its attempt on the wire, or [`NONE`].
    pub attempt: u32,
    /// Its call elsewhere, or [`NONE`].
    pub child: u32,
    /// How many flights inside it are open.
    pub inside: u32,
    /// How many others inside its parent are open.
    pub beside: u32,
}

impl Call {
    /// Begins anew in a record that was used before: the list of flights keeps its memory, and the pending timer event of
    /// the slot stays known.
    #[inline(always)]
    pub fn begin(
        &mut self,
        name: CallName,
        (origin, caller): (Origin, NodeId),
        process: u32,
        (started, object, class): (SimTime, u64, u8),
        (is_counted, bin): (bool, u32),
    ) {
        self.name = name;
        self.origin = origin;
        self.caller = caller;
        self.process = process;
        self.started = started;
        self.started_local = started;
        self.deadline = SimTime::MAX;
        self.tells_deadline = false;
        self.limit = SimTime::MAX;
        self.object = object;
        self.class = class;
        self.attempts = 0;
        self.waits = 0;
        self.made = 0;
        self.on_wire = 0;
        self.is_open = true;
        self.has_closed = false;
        self.is_counted = is_counted;
        self.is_wrong = false;
        self.is_degraded = false;
        self.bin = bin;
        // A new record has no pending timer.
        if self.armed == SimTime::ZERO {
            self.armed = SimTime::MAX;
        }
        self.flights.clear();
    }

    /// Adds a flight, in the place of one that is over if there is one, so that calls with very many retries stay small.
    pub fn add_flight(&mut self, parent: u32, layer: usize, memory: FlightMemory) -> u32 {
        let (mut ordinal, mut replica) = (1, if let Origin::Background(_, replica) = self.origin { replica } else { NONE });
        if let Some(parent) = self.flights.get_mut(parent as usize) {
            parent.open_inside += 1;
            parent.started_inside += 1;
            (ordinal, replica) = (parent.started_inside, parent.replica);
        }
        let (layer, is_open, attempt, timer) = (layer as u32, true, NONE, SimTime::MAX);
        let flight =
            Flight { parent, layer, is_open, open_inside: 0, started_inside: 0, ordinal, replica, attempt, child: NONE, timer, memory };
        if self.has_closed
            && let Some(place) = self.flights.iter().position(|flight| !flight.is_open && flight.attempt == NONE)
        {
            self.flights[place] = flight;
            return place as u32;
        }
        self.flights.push(flight);
        self.flights.len() as u32 - 1
    }

    /// Adds the flight inside of the innermost one of a call that has begun just now: all are the first of their layers, whose
    /// numbers are theirs as well.
    #[inline(always)]
    pub fn add_first_flight(&mut self, memory: FlightMemory, timer: SimTime) -> u32 {
        let layer = self.flights.len() as u32;
        let mut parent = NONE;
        if let Some(outer) = self.flights.last_mut() {
            (outer.open_inside, outer.started_inside) = (1, 1);
            parent = layer - 1;
        }
        let (is_open, ordinal, replica, attempt, child) = (true, 1, NONE, NONE, NONE);
        let (open_inside, started_inside) = (0, 0);
        self.flights.push(Flight { parent, layer, is_open, open_inside, started_inside, ordinal, replica, attempt, child, timer, memory });
        layer
    }

    /// Closes a flight, not those inside it.
    #[inline(always)]
    pub fn close_flight(&mut self, flight: u32) -> Closed {
        self.has_closed = true;
        let state = &mut self.flights[flight as usize];
        state.is_open = false;
        state.timer = SimTime::MAX;
        let Flight { parent, layer, ordinal, attempt, child, open_inside: inside, .. } = *state;
        let beside = self.flights.get_mut(parent as usize).map_or(0, |parent| {
            parent.open_inside -= 1;
            parent.open_inside
        });
        Closed { parent, layer, ordinal, attempt, child, inside, beside }
    }

    /// The earliest instant of the caller's clock at which any layer wants to be woken.
    pub fn next_timer(&self) -> SimTime {
        self.flights.iter().filter(|flight| flight.is_open).map(|flight| flight.timer).min().unwrap_or(SimTime::MAX).min(self.limit)
    }

    /// The outermost flight whose timer is due.
    pub fn due(&self, now: SimTime) -> Option<u32> {
        let due = (0..).zip(self.flights.iter()).filter(|(_, flight)| flight.is_open && flight.timer <= now);
        due.min_by_key(|&(index, flight)| (flight.layer, index)).map(|(index, _)| index)
    }
}
