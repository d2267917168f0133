//! The vendors of a world as the worker meets them: each question waits for the answer that was given there.

use std::collections::BTreeMap;

use app::connections::Exchange;
use async_trait::async_trait;
use connectors::{CatalogEntry, Connector};
use domain::id::VendorId;
use domain::provisioning::engine::Question;
use domain::provisioning::{Doubt, Fault, Outcome, RepeatClass, RepeatRule, Request, Verb};
use tokio::sync::{mpsc, oneshot};

/// A question that waits.
pub struct Call {
    pub question: Question,
    pub request: Request,
    pub answer: oneshot::Sender<Result<Outcome, Fault>>,
}

/// All vendors, with what each promises.
pub struct Vendors {
    pub rules: BTreeMap<VendorId, RepeatRule>,
    pub calls: mpsc::UnboundedSender<Call>,
}

impl connectors::Reader for Played {}

struct Played {
    rule: RepeatRule,
    calls: mpsc::UnboundedSender<Call>,
}

impl Exchange for Vendors {
    fn connector(&self, vendor: VendorId) -> Box<dyn Connector> {
        Box::new(Played {
            rule: self.rules[&vendor],
            calls: self.calls.clone(),
        })
    }
}

impl Played {
    async fn hear(&self, request: &Request, question: Question) -> Result<Outcome, Fault> {
        let (answer, heard) = oneshot::channel();
        let call = Call {
            question,
            request: request.clone(),
            answer,
        };
        self.calls.send(call).ok();
        match heard.await {
            Ok(answer) => answer,
            // Whoever asked is dead.
            Err(_) => std::future::pending().await,
        }
    }
}

#[async_trait]
impl Connector for Played {
    fn repeat_class(&self, _: &Verb) -> RepeatClass {
        self.rule.class
    }

    fn repeat_rule(&self, _: &Verb) -> RepeatRule {
        self.rule
    }

    async fn submit(&self, request: &Request) -> Result<Outcome, Fault> {
        self.hear(request, Question::Submit).await
    }

    async fn poll(&self, request: &Request, operation: Option<&str>) -> Result<Outcome, Fault> {
        let question = Question::Poll(operation.map(str::to_owned));
        self.hear(request, question).await
    }

    async fn settle(&self, request: &Request, doubt: &Doubt) -> Result<Outcome, Fault> {
        self.hear(request, Question::Settle(doubt.clone())).await
    }

    async fn clear(&self, request: &Request) -> Result<Outcome, Fault> {
        self.hear(request, Question::Clear).await
    }

    async fn catalog(&self) -> Result<Vec<CatalogEntry>, Fault> {
        Ok(Vec::new())
    }
}
