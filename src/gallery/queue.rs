//! Queues drawings by client and serves the clients in turn.
//!
//! A client that asks for many drawings waits behind its own, and a client that asks for one waits for at most one of
//! each other client. When the queue is full, the client with the most waiting drawings loses its newest one.

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The client that asked. `None` stands for all clients that cannot be told apart.
pub(super) type Client = Option<IpAddr>;

/// Jobs that wait or are being worked on, at most `max`.
#[derive(Debug)]
pub(super) struct FairQueue<T> {
    max: usize,
    state: Mutex<State<T>>,
}

#[derive(Debug)]
struct State<T> {
    /// Jobs that wait, with their names. No queue in it is empty.
    waiting: BTreeMap<Client, VecDeque<(String, T)>>,
    /// Clients with waiting jobs, the next one first.
    turns: VecDeque<Client>,
    /// How many jobs wait or are being worked on.
    open: usize,
}

impl<T> FairQueue<T> {
    pub(super) fn new(max: usize) -> FairQueue<T> {
        FairQueue {
            max,
            state: Mutex::new(State {
                waiting: BTreeMap::new(),
                turns: VecDeque::new(),
                open: 0,
            }),
        }
    }

    /// Adds a job at the end of the client's queue. Returns the job that is given up instead, if the queue is full:
    /// the newest of the client with the most, or this one.
    pub(super) fn push(&self, client: Client, name: &str, job: T) -> Option<T> {
        let mut state = self.state();
        let mut given_up = None;
        if state.open >= self.max {
            let Some(longest) = state.longest_beyond(state.waiting_of(client) + 1) else {
                return Some(job);
            };
            given_up = state.remove(longest, usize::MAX).map(|(_, job)| job);
        } else {
            state.open += 1;
        }
        state.add(client, (name.to_owned(), job));
        given_up
    }

    /// Lets a client share a job that another client asked for: moves the job to the queue where it comes sooner.
    pub(super) fn share(&self, client: Client, name: &str) {
        let mut state = self.state();
        let found = state.waiting.iter().find_map(|(owner, jobs)| {
            let place = jobs.iter().position(|(other, _)| other == name)?;
            Some((*owner, place))
        });
        if let Some((owner, place)) = found
            && owner != client
            && state.waiting_of(client) < place
            && let Some(job) = state.remove(owner, place)
        {
            state.add(client, job);
        }
    }

    /// Takes the next client's oldest job. To be followed by [`FairQueue::finish`].
    pub(super) fn take(&self) -> Option<T> {
        let mut state = self.state();
        let client = state.turns.pop_front()?;
        // Behind all others, if it has another one waiting.
        state.turns.push_back(client);
        let (_, job) = state.remove(client, 0)?;
        Some(job)
    }

    /// Gives up the place of a job that was taken.
    pub(super) fn finish(&self) {
        let mut state = self.state();
        state.open = state.open.saturating_sub(1);
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> State<T> {
    fn waiting_of(&self, client: Client) -> usize {
        self.waiting.get(&client).map_or(0, VecDeque::len)
    }

    /// The client with the most waiting jobs, if those are more than `count`.
    fn longest_beyond(&self, count: usize) -> Option<Client> {
        let (client, jobs) = self.waiting.iter().max_by_key(|(_, jobs)| jobs.len())?;
        (jobs.len() > count).then_some(*client)
    }

    fn add(&mut self, client: Client, job: (String, T)) {
        let jobs = self.waiting.entry(client).or_default();
        if jobs.is_empty() {
            self.turns.push_back(client);
        }
        jobs.push_back(job);
    }

    /// Removes the client's job at `place`, or its newest if `place` is beyond that.
    fn remove(&mut self, client: Client, place: usize) -> Option<(String, T)> {
        let jobs = self.waiting.get_mut(&client)?;
        let job = jobs.remove(place.min(jobs.len().saturating_sub(1)));
        if jobs.is_empty() {
            self.waiting.remove(&client);
            self.turns.retain(|other| *other != client);
        }
        job
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::net::Ipv4Addr;

    fn client(number: u8) -> Client {
        Some(Ipv4Addr::new(192, 0, 2, number).into())
    }

    fn taken(queue: &FairQueue<&'static str>) -> Vec<&'static str> {
        std::iter::from_fn(|| queue.take()).collect()
    }

    #[test]
    fn clients_take_turns_however_much_one_asks_for() {
        let queue = FairQueue::new(10);
        for job in ["a1", "a2", "a3"] {
            assert_eq!(queue.push(client(1), job, job), None);
        }
        for (number, job) in [(2, "b1"), (3, "c1"), (2, "b2")] {
            assert_eq!(queue.push(client(number), job, job), None);
        }
        assert_eq!(taken(&queue), ["a1", "b1", "c1", "a2", "b2", "a3"]);
    }

    #[test]
    fn full_queue_drops_the_newest_of_the_longest() {
        let queue = FairQueue::new(3);
        for job in ["a1", "a2", "a3"] {
            assert_eq!(queue.push(client(1), job, job), None);
        }
        assert_eq!(queue.push(client(1), "a4", "a4"), Some("a4"));
        assert_eq!(queue.push(None, "b1", "b1"), Some("a3"));
        assert_eq!(queue.push(None, "b2", "b2"), Some("b2"), "2 to 1 is fair");
        assert_eq!(taken(&queue), ["a1", "b1", "a2"]);
        assert_eq!(queue.push(None, "b3", "b3"), Some("b3"), "three are drawn");
        queue.finish();
        assert_eq!(queue.push(None, "b4", "b4"), None);
    }

    #[test]
    fn shared_job_comes_in_the_sooner_of_two_turns() {
        let queue = FairQueue::new(10);
        for job in ["a1", "a2", "a3"] {
            queue.push(client(1), job, job);
        }
        queue.share(client(2), "a1");
        queue.share(client(2), "a3");
        queue.share(client(2), "none");
        assert_eq!(taken(&queue), ["a1", "a3", "a2"]);
    }

    proptest! {
        #[test]
        fn every_job_is_taken_or_given_up_once(
            steps in proptest::collection::vec((0..4_u8, 0..4_u8), 0..60),
        ) {
            let queue = FairQueue::new(5);
            let (mut pushed, mut over, mut open) = (0, Vec::new(), 0);
            for (number, step) in steps {
                match step {
                    0 => {
                        let job = queue.take();
                        if let Some(job) = job {
                            over.push(job);
                            queue.finish();
                            open -= 1;
                        }
                    }
                    1 => queue.share(client(number), &(pushed / 2).to_string()),
                    _ => {
                        let given_up = queue.push(client(number), &pushed.to_string(), pushed);
                        pushed += 1;
                        open += 1 - usize::from(given_up.is_some());
                        over.extend(given_up);
                    }
                }
                let state = queue.state();
                prop_assert!(open <= 5);
                prop_assert_eq!(state.open, open);
                prop_assert_eq!(state.turns.len(), state.waiting.len());
                prop_assert_eq!(state.waiting.values().map(VecDeque::len).sum::<usize>(), open);
            }
            over.extend(std::iter::from_fn(|| queue.take()));
            over.sort_unstable();
            prop_assert_eq!(over, (0..pushed).collect::<Vec<_>>());
        }
    }
}
