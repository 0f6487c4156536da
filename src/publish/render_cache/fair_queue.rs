//! Queues jobs by client and serves the clients in turn.
//!
//! A client that requests many jobs waits behind its own, and a client that requests one waits for at most one job of
//! each other client. When the queue is full, the client with the most waiting jobs loses its newest one.

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Client of a job. `None` stands for all clients with an unknown address.
pub(super) type QueueClient = Option<IpAddr>;

/// Queue of at most `max` jobs, which wait or are running.
#[derive(Debug)]
pub(super) struct FairQueue<T> {
    max: usize,
    state: Mutex<QueueState<T>>,
}

#[derive(Debug)]
struct QueueState<T> {
    /// Waiting jobs with their names, by client. No queue in the map is empty.
    waiting: BTreeMap<QueueClient, VecDeque<(String, T)>>,
    /// Clients with waiting jobs, the next one first.
    turns: VecDeque<QueueClient>,
    /// Number of jobs that wait or are running.
    open: usize,
}

impl<T> FairQueue<T> {
    pub(super) fn new(max: usize) -> FairQueue<T> {
        FairQueue {
            max,
            state: Mutex::new(QueueState {
                waiting: BTreeMap::new(),
                turns: VecDeque::new(),
                open: 0,
            }),
        }
    }

    /// Adds a job at the end of the client's queue. If the queue is full, returns the job that is dropped instead: the
    /// newest of the client with the most jobs, or this one.
    pub(super) fn push_job(&self, client: QueueClient, name: &str, job: T) -> Option<T> {
        let mut state = self.lock_state();
        let mut given_up = None;
        if state.open >= self.max {
            let Some(longest) = state.longest_queue_above(state.waiting_count(client) + 1) else {
                return Some(job);
            };
            given_up = state.remove_job(longest, usize::MAX).map(|(_, job)| job);
        } else {
            state.open += 1;
        }
        state.add_job(client, (name.to_owned(), job));
        given_up
    }

    /// Shares a job that another client requested: moves it to this client's queue if it runs sooner there.
    pub(super) fn share_job(&self, client: QueueClient, name: &str) {
        let mut state = self.lock_state();
        let found = state.waiting.iter().find_map(|(owner, jobs)| {
            let place = jobs.iter().position(|(other, _)| other == name)?;
            Some((*owner, place))
        });
        if let Some((owner, place)) = found
            && owner != client
            && state.waiting_count(client) < place
            && let Some(job) = state.remove_job(owner, place)
        {
            state.add_job(client, job);
        }
    }

    /// Takes the next client's oldest job. The caller must call `finish_job` when it has run.
    pub(super) fn take_next(&self) -> Option<T> {
        let mut state = self.lock_state();
        let client = state.turns.pop_front()?;
        // Behind all other clients, if it has another job waiting.
        state.turns.push_back(client);
        let (_, job) = state.remove_job(client, 0)?;
        Some(job)
    }

    /// Frees the place of a job that was taken.
    pub(super) fn finish_job(&self) {
        let mut state = self.lock_state();
        state.open = state.open.saturating_sub(1);
    }

    fn lock_state(&self) -> MutexGuard<'_, QueueState<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> QueueState<T> {
    fn waiting_count(&self, client: QueueClient) -> usize {
        self.waiting.get(&client).map_or(0, VecDeque::len)
    }

    /// Returns the client with the most waiting jobs, if it has more than `count`.
    fn longest_queue_above(&self, count: usize) -> Option<QueueClient> {
        let (client, jobs) = self.waiting.iter().max_by_key(|(_, jobs)| jobs.len())?;
        (jobs.len() > count).then_some(*client)
    }

    fn add_job(&mut self, client: QueueClient, job: (String, T)) {
        let jobs = self.waiting.entry(client).or_default();
        if jobs.is_empty() {
            self.turns.push_back(client);
        }
        jobs.push_back(job);
    }

    /// Removes the client's job at `place`, or its newest if `place` is beyond that.
    fn remove_job(&mut self, client: QueueClient, place: usize) -> Option<(String, T)> {
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

    fn client(number: u8) -> QueueClient {
        Some(Ipv4Addr::new(192, 0, 2, number).into())
    }

    fn taken(queue: &FairQueue<&'static str>) -> Vec<&'static str> {
        std::iter::from_fn(|| queue.take_next()).collect()
    }

    #[test]
    fn clients_take_turns_however_much_one_asks_for() {
        let queue = FairQueue::new(10);
        for job in ["a1", "a2", "a3"] {
            assert_eq!(queue.push_job(client(1), job, job), None);
        }
        for (number, job) in [(2, "b1"), (3, "c1"), (2, "b2")] {
            assert_eq!(queue.push_job(client(number), job, job), None);
        }
        assert_eq!(taken(&queue), ["a1", "b1", "c1", "a2", "b2", "a3"]);
    }

    #[test]
    fn full_queue_drops_the_newest_of_the_longest() {
        let queue = FairQueue::new(3);
        for job in ["a1", "a2", "a3"] {
            assert_eq!(queue.push_job(client(1), job, job), None);
        }
        assert_eq!(queue.push_job(client(1), "a4", "a4"), Some("a4"));
        assert_eq!(queue.push_job(None, "b1", "b1"), Some("a3"));
        assert_eq!(
            queue.push_job(None, "b2", "b2"),
            Some("b2"),
            "2 to 1 is fair"
        );
        assert_eq!(taken(&queue), ["a1", "b1", "a2"]);
        assert_eq!(
            queue.push_job(None, "b3", "b3"),
            Some("b3"),
            "three are running"
        );
        queue.finish_job();
        assert_eq!(queue.push_job(None, "b4", "b4"), None);
    }

    #[test]
    fn shared_job_comes_in_the_sooner_of_two_turns() {
        let queue = FairQueue::new(10);
        for job in ["a1", "a2", "a3"] {
            queue.push_job(client(1), job, job);
        }
        queue.share_job(client(2), "a1");
        queue.share_job(client(2), "a3");
        queue.share_job(client(2), "none");
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
                        let job = queue.take_next();
                        if let Some(job) = job {
                            over.push(job);
                            queue.finish_job();
                            open -= 1;
                        }
                    }
                    1 => queue.share_job(client(number), &(pushed / 2).to_string()),
                    _ => {
                        let given_up = queue.push_job(client(number), &pushed.to_string(), pushed);
                        pushed += 1;
                        open += 1 - usize::from(given_up.is_some());
                        over.extend(given_up);
                    }
                }
                let state = queue.lock_state();
                prop_assert!(open <= 5);
                prop_assert_eq!(state.open, open);
                prop_assert_eq!(state.turns.len(), state.waiting.len());
                prop_assert_eq!(state.waiting.values().map(VecDeque::len).sum::<usize>(), open);
            }
            over.extend(std::iter::from_fn(|| queue.take_next()));
            over.sort_unstable();
            prop_assert_eq!(over, (0..pushed).collect::<Vec<_>>());
        }
    }
}
