public import GatewayPrimitives

/// What a client calls a request by itself, so that sending it again does not charge it again.
///
/// A class, so that a request carries one word of it: most have none.
public final class RequestIdentity: Sendable {
    /// Chosen by the client, at most ``lengthMax`` characters; its key's own.
    public let id: String
    /// The SHA-256 of the request's body: a repeat has the same.
    public let bodyDigest: [UInt8]

    public static let lengthMax = 255

    public init(id: String, bodyDigest: [UInt8]) {
        self.id = id
        self.bodyDigest = bodyDigest
    }
}

/// A request's id, taken by a call for as long as repeats are told apart.
public struct RequestClaim: Sendable {
    public let keyID: String
    public let requestID: String
    public let bodyDigest: [UInt8]
    public let callID: CallID
    public let at: WallTime

    /// How long an id is remembered.
    public static let lifetime = Duration.seconds(86_400)

    public init(
        keyID: String, requestID: String, bodyDigest: [UInt8], callID: CallID, at: WallTime
    ) {
        self.keyID = keyID
        self.requestID = requestID
        self.bodyDigest = bodyDigest
        self.callID = callID
        self.at = at
    }

    /// Whether a claim of an earlier moment still counts.
    public func remembers(_ earlier: WallTime) -> Bool {
        earlier.nanoseconds
            > at.nanoseconds &- Int64(clamping: Self.lifetime.wholeNanoseconds)
    }
}

/// The call that has a request's id.
public struct FirstCall: Sendable {
    public let callID: CallID
    /// What it used and cost; `nil` while it runs.
    public let usage: Usage?
    public let cost: Cost?
    /// What it made, of a request that makes something.
    public var made: (object: AuditEntry.Object, id: String)?

    public init(callID: CallID, usage: Usage? = nil, cost: Cost? = nil) {
        self.callID = callID
        self.usage = usage
        self.cost = cost
    }
}

/// What a ledger answers to a ``RequestClaim``.
public enum ClaimAnswer: Sendable {
    case claimed
    /// A call with the same id and body was made, or is running.
    case duplicate(FirstCall)
    /// The id stands for another body.
    case reused
}

extension GatewayError {
    static func duplicate(_ identity: RequestIdentity, of first: FirstCall) -> GatewayError {
        var message =
            "The request `\(identity.id)` was made before, as call \(first.callID.text), "
        if let cost = first.cost {
            message +=
                "which has ended and cost $\(cost.total.dollars). It is not made again, and "
                + "nothing is charged for this one; for another answer send another id."
        } else {
            message += "which is running. Wait for its end, or send another id."
        }
        var error = GatewayError(.duplicateRequest, origin: .client, message: message)
        error.firstCall = first
        return error
    }

    static func reused(_ identity: RequestIdentity) -> GatewayError {
        GatewayError(
            .requestIDReused, origin: .client,
            message: "The id `\(identity.id)` was used within a day for a request with another "
                + "body. Send another id for another request.",
            fields: [FieldViolation(field: "request_id", message: "stands for another body")])
    }
}
