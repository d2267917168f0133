use std::time::Duration;

use uuid::Uuid;

use super::*;
use crate::id::{LineId, OrderId, OrganizationId, TaskId, VendorId};
use crate::order::sample;
use crate::provisioning::pace::{CALL_MAX, HOLD};
use crate::provisioning::{Failure, RepeatClass};

struct Committed;

impl Durable for Committed {}

const CLASSES: [RepeatClass; 6] = [
    RepeatClass::Keyed,
    RepeatClass::TwoStep,
    RepeatClass::Referenced,
    RepeatClass::Absolute,
    RepeatClass::Delta,
    RepeatClass::Once,
];
const MORE: Verb = Verb::Quantity { from: 10, to: 15 };

fn task(kind: TaskKind) -> Task {
    Task {
        id: TaskId(Uuid::from_u128(1)),
        organization: OrganizationId(Uuid::from_u128(1)),
        order: OrderId(Uuid::from_u128(1)),
        line: LineId(Uuid::from_u128(1)),
        vendor: VendorId(Uuid::from_u128(1)),
        kind,
        due_at: sample::now(),
        fence: 1,
        tries: 0,
        strikes: 1,
    }
}

fn later() -> Timestamp {
    sample::now() + HOLD
}

fn claimed<'c>(task: &'c Task, state: &'c LineState, class: RepeatClass) -> Claimed<'c> {
    Claimed {
        task,
        state,
        verb: Some(&MORE),
        rule: class.into(),
        is_suspended: false,
        is_waiting: false,
        now: later(),
    }
}

fn name(step: &Step) -> String {
    match step {
        Step::Drop => "drop the task".into(),
        Step::Stop => "stop the order".into(),
        Step::Leave(event) => format!("{}, drop the task", event.name()),
        Step::Wait(_) => "wait".into(),
        Step::Ask(intent) => {
            let event = intent.event().map_or("nothing", LineEvent::name);
            let question = match &intent.question {
                Question::Submit => "submit",
                Question::Settle(_) => "settle",
                Question::Poll(_) => "poll",
                Question::Clear => "clear",
            };
            format!("write {event}, then {question}")
        }
    }
}

#[test]
fn what_is_asked_is_printed_for_each_state_and_class() {
    let mut table = String::new();
    for kind in [TaskKind::Provision, TaskKind::Clear] {
        for state in sample::states() {
            for class in CLASSES {
                let step = prepare(&claimed(&task(kind), &state, class));
                if step != Step::Drop {
                    let (state, step) = (state.name(), name(&step));
                    table += &format!("{kind:?} {state:<9} {class:?}: {step}\n");
                }
            }
        }
    }
    insta::assert_snapshot!(table);
}

fn answers() -> Vec<(&'static str, Result<Outcome, Fault>)> {
    let wish = Some(Duration::from_secs(7));
    vec![
        (
            "done",
            Ok(Outcome::Done {
                vendor_reference: "v".into(),
            }),
        ),
        (
            "accepted",
            Ok(Outcome::Accepted {
                operation: None,
                retry_after: wish,
            }),
        ),
        (
            "refused",
            Ok(Outcome::Refused(Failure {
                code: "E".into(),
                message: "no".into(),
                field: None,
            })),
        ),
        (
            "not sent",
            Err(Fault::NotSent {
                reason: "refused".into(),
                retry_after: wish,
            }),
        ),
        (
            "lost",
            Err(Fault::AnswerLost {
                evidence: "silence".into(),
                retry_after: wish,
            }),
        ),
        (
            "misconfigured",
            Err(Fault::Misconfigured {
                reason: "401".into(),
            }),
        ),
    ]
}

#[test]
fn what_each_answer_means_is_printed_for_each_question_and_class() {
    let sending = LineState::Sending {
        attempt: 1,
        since: sample::now(),
    };
    let LineState::Checking { doubt, .. } = sample::checking() else {
        panic!("checking");
    };
    let questions = [
        ("submit", Question::Submit, sending),
        ("settle", Question::Settle(doubt), sample::checking()),
        ("poll", Question::Poll(None), sample::accepted()),
        ("clear", Question::Clear, sample::failed("E", "no")),
    ];
    let mut table = String::new();
    for (asked, question, state) in &questions {
        for class in [RepeatClass::Keyed, RepeatClass::Once] {
            for (answer, result) in answers() {
                let task = task(TaskKind::Provision);
                let asked_of = Asked {
                    task: &task,
                    question,
                    state,
                    verb: &MORE,
                    rule: class.into(),
                    now: later(),
                    jitter: 0,
                };
                let verdict = conclude(&asked_of, result);
                let event = verdict.event.as_ref().map_or("nothing", LineEvent::name);
                let then = match verdict.then {
                    Then::Finish => "finish".to_owned(),
                    Then::Again { at, tries } => {
                        let seconds = at.duration_since(later()).as_secs();
                        format!("try {tries} in {seconds} s")
                    }
                };
                table += &format!("{class:?} {asked}, {answer}: {event}; {then}\n");
            }
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn a_doubt_without_a_way_to_find_out_is_never_asked_about() {
    for state in sample::states() {
        let step = prepare(&claimed(
            &task(TaskKind::Provision),
            &state,
            RepeatClass::Once,
        ));
        let asks = match &step {
            Step::Ask(intent) => matches!(intent.question, Question::Settle(_)),
            _ => false,
        };
        assert!(!asks, "{} {step:?}", state.name());
    }
}

#[test]
fn a_question_is_given_away_only_while_a_whole_call_fits_into_the_hold() {
    let queued = LineState::Queued { attempt: 1 };
    let intent = || match prepare(&claimed(
        &task(TaskKind::Provision),
        &queued,
        RepeatClass::Keyed,
    )) {
        Step::Ask(intent) => intent,
        other => panic!("{other:?}"),
    };
    let at = |seconds| later() + jiff::SignedDuration::from_secs(seconds);
    let last = (HOLD - CALL_MAX).as_secs() - 1;
    let asked = intent().once_durable(&Committed, at(last));
    assert_eq!(asked, Some(Question::Submit));
    assert_eq!(intent().once_durable(&Committed, at(last + 1)), None);
}

#[test]
fn what_a_person_decided_meanwhile_stands() {
    let LineState::Checking { doubt, .. } = sample::checking() else {
        panic!("checking");
    };
    let task = task(TaskKind::Provision);
    for (_, answer) in answers() {
        let asked = Asked {
            task: &task,
            question: &Question::Settle(doubt.clone()),
            state: &sample::finished(),
            verb: &MORE,
            rule: RepeatClass::Keyed.into(),
            now: later(),
            jitter: 0,
        };
        let verdict = conclude(&asked, answer);
        assert_eq!((verdict.event, verdict.then), (None, Then::Finish));
    }
}
