public import GatewayPrimitives

/// What a client calls a request that makes something, so that sending it again makes no second
/// one.
public struct CreateRequest: Sendable {
    public let identity: RequestIdentity
    /// The call that carries it.
    public let callID: CallID
    /// What it makes.
    public let makes: AuditEntry.Object

    public init(identity: RequestIdentity, callID: CallID, makes: AuditEntry.Object) {
        self.identity = identity
        self.callID = callID
        self.makes = makes
    }
}

/// What such a request has made: kept in the same transaction as what it tells of, for
/// ``RequestClaim/lifetime``.
public struct Creation: Equatable, Sendable {
    /// Whose request it was: ids are a key's own.
    public let keyID: String
    public let requestID: String
    public let bodyDigest: [UInt8]
    public let callID: CallID
    public let object: AuditEntry.Object
    public let objectID: String
    public let at: WallTime

    public init(
        keyID: String, requestID: String, bodyDigest: [UInt8], callID: CallID,
        object: AuditEntry.Object, objectID: String, at: WallTime
    ) {
        self.keyID = keyID
        self.requestID = requestID
        self.bodyDigest = bodyDigest
        self.callID = callID
        self.object = object
        self.objectID = objectID
        self.at = at
    }

    /// From when on one is remembered at a moment.
    public static func remembered(at moment: WallTime) -> WallTime {
        WallTime(
            nanoseconds: moment.nanoseconds
                &- Int64(clamping: RequestClaim.lifetime.wholeNanoseconds))
    }
}

extension GatewayError {
    /// A request with an id that another one has.
    static func repeated(_ request: CreateRequest, of first: Creation) -> GatewayError {
        guard request.identity.bodyDigest == first.bodyDigest, request.makes == first.object else {
            return .reused(request.identity)
        }
        var error = GatewayError(
            .duplicateRequest, origin: .client,
            message: "The request `\(request.identity.id)` was made before, as call "
                + "\(first.callID.text), and made the \(first.object.rawValue) "
                + "`\(first.objectID)`. Nothing more is made; for another one send another id.")
        var call = FirstCall(callID: first.callID)
        call.made = (first.object, first.objectID)
        error.firstCall = call
        return error
    }
}
