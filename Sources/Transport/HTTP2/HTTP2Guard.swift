import GatewayPrimitives

/// Counts what a client makes a connection do without asking for anything, and says when it is too
/// much.
///
/// The bounds are in ``Limits``; their grounds in the decision record on abuse. What a client asks
/// for pays for the frames that go with it, so that a busy connection is never taken for a flood.
struct HTTP2Guard {
    /// What a connection is ended for.
    enum Offence: Equatable {
        /// Streams opened and broken off before anything was answered: by the client
        /// (CVE-2023-44487), or by making this side break them off (CVE-2025-8671).
        case resets
        /// Frames that ask for nothing: SETTINGS, PING, PRIORITY, WINDOW_UPDATE, RST_STREAM,
        /// GOAWAY, empty DATA (CVE-2019-9511 to 9518).
        case controlFrames
        /// PING more often than is needed to keep a connection open.
        case pings
    }

    private var resets: TokenBucket
    private var controlFrames: TokenBucket
    private let pingIntervalMin: Duration
    private let pingStrikesMax: Int
    private var pingedAt: MonotonicTime?
    private var pingStrikes = 0
    /// The first offence; what comes after it does not matter.
    private(set) var offence: Offence?

    init(limits: Limits, now: MonotonicTime) {
        resets = TokenBucket(
            burst: limits.resetsBurstMax, perSecond: limits.resetsPerSecondMax, now: now)
        controlFrames = TokenBucket(
            burst: limits.controlFramesBurstMax, perSecond: limits.controlFramesPerSecondMax,
            now: now)
        pingIntervalMin = limits.pingIntervalMin
        pingStrikesMax = limits.pingStrikesMax
    }

    /// A frame that asks for nothing.
    mutating func countControlFrame(now: MonotonicTime) {
        if !controlFrames.take(now: now) { note(.controlFrames) }
    }

    /// A stream that came to nothing by the client's doing.
    mutating func countReset(now: MonotonicTime) {
        if !resets.take(now: now) { note(.resets) }
    }

    /// A PING that is no answer. As gRPC has it: one that comes too early, with nothing sent to the
    /// client since the last, is a strike.
    mutating func countPing(now: MonotonicTime) {
        countControlFrame(now: now)
        defer { pingedAt = now }
        guard let pingedAt, now.since(pingedAt) < pingIntervalMin else { return }
        pingStrikes += 1
        if pingStrikes > pingStrikesMax { note(.pings) }
    }

    /// A request has come: settings, priorities and windows go with it.
    mutating func requestBegan() { controlFrames.give(Limits.controlFramesPerRequest) }

    /// Something of a response leaves: windows open for it, and clients measure by PING how fast it
    /// travels.
    mutating func responseMoved() {
        controlFrames.give(Limits.controlFramesPerDataFrame)
        pingStrikes = 0
        pingedAt = nil
    }

    private mutating func note(_ offence: Offence) {
        if self.offence == nil { self.offence = offence }
    }
}
