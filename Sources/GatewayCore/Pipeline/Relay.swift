import GatewayPrimitives

/// What an attempt hands its events to: it meters them and passes them to the door.
///
/// It commits the call to this attempt at the first event that carries content, or at the end: what
/// comes before (an upstream's acknowledgement) is held back, so that an upstream that accepts
/// and then says nothing can still be left for another. Belongs to its call's loop.
public final class Relay {
    public let call: Call
    public let cancellation: Cancellation
    /// The dialect whose raw form the client can be sent as it is.
    public var rawDialect: Dialect? { door.rawDialect }
    /// Whether the client has been sent anything; nothing else is tried from then on.
    public private(set) var isCommitted = false
    /// What the whole reply came to, once it is complete.
    private(set) var finished: ReplyFinished?
    /// Whether the answer was ended because a budget had nothing left for more of it.
    private(set) var isCut = false
    /// The most output tokens of one choice that the upstream may be asked for, where the client
    /// set no bound and what is held needs one.
    public var outputTokensMax: Int? { charge.outputTokensMax }
    let record: CallRecord
    /// The place of the running attempt among those of ``record``.
    private(set) var place = 0
    /// What decides between this attempt and the one that is made beside it, while there is one.
    var race: HedgeRace?
    /// Whether the other has answered first.
    private(set) var hasLost = false

    private let door: any Door
    private let clock: any Clock
    private let watch: TimeoutWatch
    private let charge: CallCharge
    private let choiceCount: Int
    /// What the running attempt has of its deployment's health.
    var token = AttemptToken(isProbe: false)
    private var held: [HeldEvent] = []
    private var heldBytes = 0
    private var droppedParams: [String] = []

    /// Events before the first content are an acknowledgement and its like; an upstream that sends
    /// more than this without content is answering all the same.
    static let heldBytesMax = 16 * 1024

    init(
        call: Call, door: any Door, clock: any Clock, watch: TimeoutWatch,
        cancellation: Cancellation, record: CallRecord, charge: CallCharge, choiceCount: Int
    ) {
        self.call = call
        self.door = door
        self.clock = clock
        self.watch = watch
        self.cancellation = cancellation
        self.record = record
        self.charge = charge
        self.choiceCount = choiceCount
    }

    /// Notes that an attempt begins.
    func begin(
        _ deployment: Deployment, _ token: AttemptToken, fallbackCount: Int,
        at now: MonotonicTime
    ) {
        self.token = token
        record.fallbackCount = fallbackCount
        place = record.attempts.count
        record.attempts.append(Attempt(deployment: deployment, startedAt: now))
    }

    /// The relay of an attempt beside this one's, with a charge and bounds of time of its own.
    func fork(
        _ deployment: Deployment, _ token: AttemptToken, _ charge: CallCharge,
        _ cancellation: Cancellation, _ watch: TimeoutWatch, at now: MonotonicTime
    ) -> Relay {
        let other = Relay(
            call: call, door: door, clock: clock, watch: watch, cancellation: cancellation,
            record: record, charge: charge, choiceCount: choiceCount)
        other.begin(deployment, token, fallbackCount: record.fallbackCount, at: now)
        record.attempts[other.place].isHedge = true
        return other
    }

    /// Takes over what the attempt beside this one's came to, both having ended.
    func join(_ other: Relay) {
        if other.isCommitted {
            isCommitted = true
            finished = other.finished
            isCut = other.isCut
        }
        race = nil
        other.race = nil
    }

    /// Ends the bounds of an attempt that is over, while the one beside it goes on.
    func endAttempt() {
        watch.endAttempt()
        cancellation.endAttempt()
    }

    /// The other attempt has answered first: this one ends, and nothing of it is passed on.
    func lose() {
        hasLost = true
        watch.endAttempt()
    }

    /// Tells the client what this attempt's charge means for it, which is the one that answers.
    func noteCharge() {
        record.isPriceUnknown = charge.isPriceUnknown
        record.outputTokensMax = charge.outputTokensMax
    }

    /// Passes an event on, without waiting. Throws when the call or the attempt is to stop.
    public func emit(_ event: ReplyEvent) throws(GatewayError) {
        if hasLost { throw .hedgeLost }
        try cancellation.check()
        if case .finished(let finished) = event.body {
            self.finished = finished
            if !isCommitted { try commit() }
            return
        }
        let content = event.contentBytes
        if content > 0 {
            charge.count(content, of: event)
            watch.contentArrived()
        }
        if !isCommitted {
            if content == 0 && heldBytes < Self.heldBytesMax {
                hold(event)
                return
            }
            try commit()
        }
        try door.write(event)
    }

    /// Waits until the client has room for more. While it has none, the upstream is not read, and
    /// its silence is not held against it.
    public func awaitRoom() async throws(GatewayError) {
        guard isCommitted else { return }
        charge.pauseReading()
        if charge.mustExtend, try await !charge.extend() { throw cut() }
        watch.awaitClient()
        try await door.awaitRoom()
        charge.resumeReading()
        watch.awaitUpstream(from: clock.now())
        try cancellation.check()
    }

    /// Notes that the request is on its way: from now on the upstream may do the work, and bill it,
    /// whatever becomes of the attempt.
    public func noteSent() { charge.noteSent() }

    /// Notes what the upstream has told so far of what it uses, for an answer that is cut short.
    public func noteUsage(_ told: Usage) { charge.noteUsage(told) }

    /// Notes the status that the upstream answered with.
    public func noteStatus(_ status: Int) {
        guard record.attempts.indices.contains(place) else { return }
        record.attempts[place].httpStatus = status
    }

    /// Names parts of the request that this attempt did not send upstream.
    public func noteDropped(_ params: [String]) {
        droppedParams = params
        // Of two attempts at once, the one that answers tells.
        if race == nil { record.droppedParams = params }
    }

    /// Ends the answer here, as complete as a budget allows. What is thrown stops the attempt.
    private func cut() -> GatewayError {
        isCut = true
        var finished = ReplyFinished(
            outcomes: (0..<choiceCount).map {
                ChoiceOutcome(choiceIndex: $0, reason: .length, cause: .budget)
            })
        finished.isCut = true
        self.finished = finished
        return .budgetSpent(by: "more of this answer")
    }

    /// Forgets what a failed attempt left behind, before the next.
    func reset() {
        held.removeAll()
        heldBytes = 0
        finished = nil
    }

    private func commit() throws(GatewayError) {
        race?.win(self)
        isCommitted = true
        cancellation.beginAnswer()
        let now = clock.now()
        record.firstTokenAt = now
        record.droppedParams = droppedParams
        if record.attempts.indices.contains(place) {
            let latency = now.since(record.attempts[place].startedAt)
            let deployment = record.attempts[place].deployment
            record.attempts[place].firstToken = latency
            record.answering = place
            record.deployment = deployment
            deployment.health.answered(
                &token, after: latency, isStream: record.isStream, at: now)
        }
        door.commit(record)
        for copy in held { try door.write(copy.event) }
        held.removeAll()
    }

    private func hold(_ event: ReplyEvent) {
        let copy = HeldEvent(event)
        heldBytes += copy.size
        held.append(copy)
    }
}

extension ReplyEvent {
    /// The tokens of what the model wrote in it.
    func tokens(by tokenizer: Tokenizer) -> Int {
        guard case .delta(let delta) = body else { return 0 }
        switch delta.content {
        case .none, .redactedReasoning: return 0
        case .text(let text), .reasoning(let text), .refusal(let text):
            return tokenizer.count(text)
        case .toolCall(_, let name, let arguments):
            return tokenizer.count(name) + tokenizer.count(arguments)
        }
    }

    /// How much of what the client waits for is in it.
    fileprivate var contentBytes: Int {
        switch body {
        case .started, .finished: 0
        case .delta(let delta): delta.contentBytes
        case .embedding(let vector): vector.values.count * MemoryLayout<Float>.size
        }
    }
}

/// A copy of an event without content, kept until the commit.
private final class HeldEvent {
    /// Its views are of `bytes`.
    let event: ReplyEvent
    private let bytes: ByteQueue
    let size: Int

    init(_ event: ReplyEvent) {
        var queue = ByteQueue()
        var copy = event
        queue.append(event.rawName)
        queue.append(event.rawBytes)
        let nameCount = event.rawName.count
        let rawCount = queue.count
        switch event.body {
        case .started(let started):
            queue.append(started.upstreamID)
            queue.append(started.upstreamModel)
            let idEnd = rawCount + started.upstreamID.count
            copy.body = .started(
                ReplyStarted(
                    upstreamID: queue.view[rawCount..<idEnd],
                    upstreamModel: queue.view[idEnd..<idEnd + started.upstreamModel.count]))
        case .delta(var delta):
            queue.append(delta.providerFieldsJSON)
            let fieldsEnd = queue.count
            queue.append(delta.signature)
            let signatureEnd = queue.count
            switch delta.content {
            case .redactedReasoning(let data):
                queue.append(data)
                delta.content = .redactedReasoning(queue.view.dropping(first: signatureEnd))
            // Its signature may be all it has.
            case .reasoning: delta.content = .reasoning(.empty)
            case .none, .text, .refusal, .toolCall: delta.content = .none
            }
            delta.providerFieldsJSON = queue.view[rawCount..<fieldsEnd]
            delta.signature = queue.view[fieldsEnd..<signatureEnd]
            copy.body = .delta(delta)
        case .embedding, .finished: break
        }
        switch event.raw {
        case .none, .covered: break
        case .json(_, let dialect, let isUsageReport):
            copy.raw = .json(queue.view[0..<rawCount], dialect, isUsageReport: isUsageReport)
        case .event(_, _, let dialect):
            copy.raw = .event(
                name: queue.view[0..<nameCount], json: queue.view[nameCount..<rawCount], dialect)
        }
        size = queue.count
        self.event = copy
        bytes = queue
    }
}

extension ReplyEvent {
    fileprivate var rawBytes: ByteView {
        switch raw {
        case .none, .covered: .empty
        case .json(let bytes, _, _), .event(_, let bytes, _): bytes
        }
    }

    fileprivate var rawName: ByteView {
        if case .event(let name, _, _) = raw { name } else { .empty }
    }
}
