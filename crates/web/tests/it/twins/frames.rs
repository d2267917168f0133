//! A live stream, read frame by frame.

use std::pin::Pin;
use std::sync::Mutex;

use axum::body::{Body, BodyDataStream};
use futures::StreamExt;

pub struct Frames {
    /// Never locked: a lock makes the stream shareable between the threads that a pair runs on.
    body: Mutex<Pin<Box<BodyDataStream>>>,
    rest: String,
}

impl Frames {
    pub fn of(body: Body) -> Frames {
        Frames {
            body: Mutex::new(Box::pin(body.into_data_stream())),
            rest: String::new(),
        }
    }

    /// The next frame as it was sent; `None` at the end of the stream.
    pub async fn next(&mut self) -> Option<String> {
        loop {
            if let Some((frame, rest)) = self.rest.split_once("\n\n") {
                let frame = frame.to_owned();
                self.rest = rest.to_owned();
                return Some(frame);
            }
            let body = self.body.get_mut().unwrap();
            let bytes = body.next().await?.unwrap();
            self.rest += &String::from_utf8_lossy(&bytes);
        }
    }

    /// Frames up to the one that names an order.
    pub async fn until(&mut self, number: u64) -> Vec<String> {
        let mut frames = Vec::new();
        while let Some(frame) = self.next().await {
            let is_it = frame.contains(&format!("\"number\":{number},"));
            frames.push(frame);
            if is_it {
                break;
            }
        }
        frames
    }
}
