//! Bugs that are planted into the shell around the engine, to see that each is caught.

/// A planted bug.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bug {
    /// The vendor is called, and what was asked is written down after.
    CallBeforeIntent,
    /// The vendor is called when the intent is written, and not yet durable.
    AckBeforeCommit,
    /// The customer is told "placed" before the order is durable.
    PlacedBeforeCommit,
    /// Each repeat makes up a key.
    FreshKey,
    /// A timeout counts as a refusal.
    TimeoutIsFailure,
    /// A 5xx counts as a refusal.
    ServerErrorIsFailure,
    /// A rate limit counts as a refusal.
    LimitIsFailure,
    /// A doubt becomes failed after ten minutes.
    DoubtTimesOut,
    /// An answer is given to the call that has waited longest.
    AnswersByPosition,
    /// An answer is taken whatever request it says it is about.
    EchoUnchecked,
    /// A worker calls although its hold ran out.
    LostHoldHonored,
    /// A worker writes down what it heard although another has taken over.
    FenceIgnored,
    /// A person may retry what is in doubt.
    RetryInDoubt,
    /// A doubt about a verb that can't be repeated is settled by sending it again.
    OnceIsSentAgain,
    /// `Retry-After` is not heeded.
    LimitIgnored,
    /// What the vendor's reads don't show yet counts as not there.
    LagIgnored,
    /// A difference is sent again without a look at the count.
    DeltaBlindly,
    /// A reference is sent again without a look for it.
    ReferenceBlindly,
    /// A second click places a second order.
    SecondClickCopies,
    /// Tasks are left in a transaction after that of the order.
    TaskAfterCommit,
    /// Lines of one subscription don't wait for one another.
    StepsTogether,
    /// A key is repeated after the vendor forgot it.
    WindowIgnored,
    /// Every task asks although the connection is refused.
    EveryTaskAsks,
    /// A line found as sending counts as not sent.
    SendingIsUnsent,
    /// That a check could not be sent counts as: the purchase was not sent.
    CheckUnsentIsUnsent,
    /// A repeat is not written down before it is made.
    RepeatUnrecorded,
    /// A person may say "not booked" while a check is under way.
    PersonDuringCheck,
    /// A worker that stood still goes on with a call of several messages.
    DeadlineIgnored,
}

impl Bug {
    /// All of them.
    pub const ALL: [Bug; 28] = [
        Bug::CallBeforeIntent,
        Bug::AckBeforeCommit,
        Bug::PlacedBeforeCommit,
        Bug::FreshKey,
        Bug::TimeoutIsFailure,
        Bug::ServerErrorIsFailure,
        Bug::LimitIsFailure,
        Bug::DoubtTimesOut,
        Bug::AnswersByPosition,
        Bug::EchoUnchecked,
        Bug::LostHoldHonored,
        Bug::FenceIgnored,
        Bug::RetryInDoubt,
        Bug::OnceIsSentAgain,
        Bug::LimitIgnored,
        Bug::LagIgnored,
        Bug::DeltaBlindly,
        Bug::ReferenceBlindly,
        Bug::SecondClickCopies,
        Bug::TaskAfterCommit,
        Bug::StepsTogether,
        Bug::WindowIgnored,
        Bug::EveryTaskAsks,
        Bug::SendingIsUnsent,
        Bug::CheckUnsentIsUnsent,
        Bug::RepeatUnrecorded,
        Bug::PersonDuringCheck,
        Bug::DeadlineIgnored,
    ];
}
