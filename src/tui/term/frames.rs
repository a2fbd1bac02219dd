//! When to draw: requests for frames come from anywhere and are answered together, at most sixty times a
//! second. Where nobody asks, nothing wakes.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

/// Between a frame and the next that was asked for because of a key: what one types shows at once, and nobody
/// types fast enough to make more than sixty of them.
const SHORTEST_FOR_KEY: Duration = Duration::from_millis(4);
/// Sixty frames a second: faster than that, no screen shows them.
const SHORTEST: Duration = Duration::from_micros(16_667);

#[derive(Debug, Default)]
struct Asked {
    /// When the earliest of the frames asked for is wanted.
    due: Mutex<Option<Instant>>,
    /// A key was pressed since the last frame.
    key: AtomicBool,
    asked: Notify,
}

/// Asks for frames. Cheap to copy, and never waits.
#[derive(Debug, Clone)]
pub struct FrameRequester(Arc<Asked>);

impl FrameRequester {
    /// As soon as the rate allows.
    pub fn request(&self) {
        self.request_in(Duration::ZERO);
    }

    /// Sooner than the rate allows: a key was pressed, and its letter has to be seen.
    pub fn request_for_key(&self) {
        self.0.key.store(true, Ordering::Relaxed);
        {
            let mut due = self.0.due.lock().unwrap_or_else(PoisonError::into_inner);
            let now = Instant::now();
            *due = Some(due.map_or(now, |due| due.min(now)));
        }
        self.0.asked.notify_one();
    }

    /// Not before `wait` is over, unless somebody asks for one earlier: that one then serves both, and
    /// what moves by itself asks again when it is drawn.
    pub fn request_in(&self, wait: Duration) {
        let at = Instant::now() + wait;
        {
            let mut due = self.0.due.lock().unwrap_or_else(PoisonError::into_inner);
            if due.is_some_and(|due| due <= at) {
                return;
            }
            *due = Some(at);
        }
        self.0.asked.notify_one();
    }
}

/// Tells the one who draws when to.
#[derive(Debug)]
pub struct Frames {
    asked: Arc<Asked>,
    last: Option<Instant>,
    /// Until when the frames drawn so far use up the rate: one that a key brought forward is paid for by the
    /// next, so that there are not more of them.
    paid: Option<Instant>,
}

impl Frames {
    pub fn new() -> (Self, FrameRequester) {
        let asked = Arc::new(Asked::default());
        (Self { asked: asked.clone(), last: None, paid: None }, FrameRequester(asked))
    }

    /// Waits for the next frame. Nothing is lost when the wait is given up half-way.
    pub async fn next(&mut self) {
        loop {
            let due = *self.asked.due.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(due) = due else {
                self.asked.asked.notified().await;
                continue;
            };
            let free = match self.asked.key.load(Ordering::Relaxed) {
                true => self.last.map(|last| last + SHORTEST_FOR_KEY),
                false => self.paid,
            };
            let at = free.map_or(due, |free| due.max(free));
            if Instant::now() < at {
                // A request for an earlier frame ends the sleep.
                let _ = tokio::time::timeout_at(at, self.asked.asked.notified()).await;
                continue;
            }
            *self.asked.due.lock().unwrap_or_else(PoisonError::into_inner) = None;
            self.asked.key.store(false, Ordering::Relaxed);
            let now = Instant::now();
            self.last = Some(now);
            let paid = self.paid.map_or(now, |paid| paid.clamp(now, now + SHORTEST));
            self.paid = Some(paid + SHORTEST);
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(test: impl Future<Output = ()>) {
        tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(test);
    }

    async fn comes_within(frames: &mut Frames, ms: u64) -> bool {
        tokio::time::timeout(Duration::from_millis(ms), frames.next()).await.is_ok()
    }

    #[test]
    fn nothing_comes_that_nobody_asked_for() {
        run(async {
            let (mut frames, requester) = Frames::new();
            assert!(!comes_within(&mut frames, 100).await);
            requester.request();
            assert!(comes_within(&mut frames, 1000).await);
            assert!(!comes_within(&mut frames, 100).await);
        });
    }

    #[test]
    fn a_key_is_shown_before_the_rate_would_allow_it() {
        run(async {
            let (mut frames, requester) = Frames::new();
            requester.request();
            frames.next().await;
            let pressed = Instant::now();
            requester.request_in(Duration::from_secs(5));
            requester.request_for_key();
            frames.next().await;
            assert!(pressed.elapsed() < Duration::from_secs(1), "the key waited for the later frame");
            assert!(!comes_within(&mut frames, 50).await);
        });
    }

    #[test]
    fn requests_are_answered_together_and_at_most_sixty_times_a_second() {
        run(async {
            let (mut frames, requester) = Frames::new();
            let until = Instant::now() + Duration::from_millis(300);
            let mut drawn = 0;
            let asking = async {
                while Instant::now() < until {
                    requester.request();
                    tokio::task::yield_now().await;
                }
            };
            tokio::pin!(asking);
            loop {
                tokio::select! {
                    () = &mut asking => break,
                    () = frames.next() => drawn += 1,
                }
            }
            // A busy machine draws fewer, none draws more.
            assert!((2..=19).contains(&drawn), "{drawn}");
        });
    }

    #[test]
    fn the_earliest_request_counts() {
        run(async {
            let (mut frames, requester) = Frames::new();
            let began = Instant::now();
            requester.request_in(Duration::from_secs(3600));
            requester.request_in(Duration::from_millis(50));
            requester.request_in(Duration::from_secs(60));
            frames.next().await;
            assert!(began.elapsed() >= Duration::from_millis(50));
            assert!(!comes_within(&mut frames, 100).await);
        });
    }

    #[test]
    fn a_request_wakes_the_one_who_waits_for_a_later_frame() {
        run(async {
            let (mut frames, requester) = Frames::new();
            requester.request_in(Duration::from_secs(3600));
            let waiting = tokio::time::timeout(Duration::from_secs(10), frames.next());
            let asking = async {
                tokio::time::sleep(Duration::from_millis(20)).await;
                requester.request();
            };
            assert!(tokio::join!(waiting, asking).0.is_ok());
        });
    }

    #[test]
    fn a_wait_given_up_loses_nothing() {
        run(async {
            let (mut frames, requester) = Frames::new();
            requester.request_in(Duration::from_millis(60));
            for _ in 0..3 {
                assert!(!comes_within(&mut frames, 5).await);
            }
            assert!(comes_within(&mut frames, 1000).await);
        });
    }
}
