/// How a call ended: a code, words for the client, and machine-readable details.
public struct GRPCStatus: Sendable {
    public var code: GRPCStatusCode
    /// Read by clients; at most a kibibyte of it is sent.
    public var message: String
    /// A packed `google.rpc.Status`, as ``StatusDetails`` makes it; empty for none.
    public var details: [UInt8]

    public init(_ code: GRPCStatusCode, _ message: String = "", details: [UInt8] = []) {
        self.code = code
        self.message = message
        self.details = details
    }

    /// The call succeeded.
    public static let ok = GRPCStatus(.ok)
}

/// What handlers throw to end a call with a status other than OK.
public struct GRPCStatusError: Error, Sendable {
    public var status: GRPCStatus
    /// The field at fault, where a message is not what it should be.
    public internal(set) var violation: MessageError?

    public init(_ status: GRPCStatus) { self.status = status }

    public init(_ code: GRPCStatusCode, _ message: String) {
        status = GRPCStatus(code, message)
    }
}

/// The codes of gRPC (its "Status codes and their use").
public enum GRPCStatusCode: Int, Sendable, CaseIterable {
    case ok = 0
    case cancelled = 1
    case unknown = 2
    case invalidArgument = 3
    case deadlineExceeded = 4
    case notFound = 5
    case alreadyExists = 6
    case permissionDenied = 7
    case resourceExhausted = 8
    case failedPrecondition = 9
    case aborted = 10
    case outOfRange = 11
    case unimplemented = 12
    case internalFault = 13
    case unavailable = 14
    case dataLoss = 15
    case unauthenticated = 16

    /// The code's name in gRPC's documents, such as `NOT_FOUND`.
    public var name: StaticString {
        switch self {
        case .ok: "OK"
        case .cancelled: "CANCELLED"
        case .unknown: "UNKNOWN"
        case .invalidArgument: "INVALID_ARGUMENT"
        case .deadlineExceeded: "DEADLINE_EXCEEDED"
        case .notFound: "NOT_FOUND"
        case .alreadyExists: "ALREADY_EXISTS"
        case .permissionDenied: "PERMISSION_DENIED"
        case .resourceExhausted: "RESOURCE_EXHAUSTED"
        case .failedPrecondition: "FAILED_PRECONDITION"
        case .aborted: "ABORTED"
        case .outOfRange: "OUT_OF_RANGE"
        case .unimplemented: "UNIMPLEMENTED"
        case .internalFault: "INTERNAL"
        case .unavailable: "UNAVAILABLE"
        case .dataLoss: "DATA_LOSS"
        case .unauthenticated: "UNAUTHENTICATED"
        }
    }

    /// What an HTTP status means to a gRPC client that got no `grpc-status` (gRPC's "HTTP to gRPC
    /// Status Code Mapping").
    public init(httpStatus: Int) {
        switch httpStatus {
        case 400: self = .internalFault
        case 401: self = .unauthenticated
        case 403: self = .permissionDenied
        case 404: self = .unimplemented
        case 429, 502, 503, 504: self = .unavailable
        default: self = .unknown
        }
    }
}
