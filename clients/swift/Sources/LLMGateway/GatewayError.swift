public import GRPCCore
import GRPCProtobuf
import SwiftProtobuf

/// A failed call, with what the gateway says in its details.
///
/// Catch a kind of failure by its code: `catch let error as GatewayError where error.code == .notFound`.
public struct GatewayError: Error, CustomStringConvertible {
    /// The status of gRPC.
    public let code: RPCError.Code
    /// What happened, in the gateway's words.
    public let message: String
    /// A name of ErrorReason without its prefix, such as `MODEL_NOT_FOUND`; empty when the failure
    /// was noticed on this side, such as a lost connection.
    public private(set) var reason = ""
    /// How long to wait before the call may be tried again.
    public private(set) var retryAfter: Duration?
    /// What is wrong with each field of the request, by its path.
    public private(set) var fields: [String: String] = [:]
    /// The attempts, the limits, the upstream's words, usage and cost.
    public private(set) var context = ErrorContext()

    /// The call's id in the gateway's log; empty when there is none.
    public var requestID: String { context.completionID }

    public var description: String { "\(code): \(message)" }

    init(code: RPCError.Code, message: String) {
        self.code = code
        self.message = message
    }

    init(_ error: RPCError) {
        self.init(code: error.code, message: error.message)
        // What cannot be read must not hide the failure itself.
        guard let status = try? error.unpackGoogleRPCStatus() else { return }
        for detail in status.details {
            if let info = detail.errorInfo {
                reason = info.reason
            } else if let retry = detail.retryInfo {
                retryAfter = retry.delay
            } else if let request = detail.badRequest {
                for violation in request.violations {
                    fields[violation.field] = violation.violationDescription
                }
            } else if let any = detail.any, any.isA(ErrorContext.self) {
                context = (try? ErrorContext(unpackingAny: any)) ?? context
            }
        }
    }

    /// Throws a GatewayError in place of gRPC's own. Waits up to two seconds for a connection where
    /// gRPC does not.
    static func translating<Value>(
        isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Value
    ) async throws -> Value {
        do {
            for _ in 0..<100 {
                do {
                    return try await body()
                } catch let error as RPCError where error.metNoConnection {
                    try await Task.sleep(for: .milliseconds(20))
                }
            }
            return try await body()
        } catch let error as RPCError {
            throw GatewayError(error)
        }
    }
}

extension RPCError {
    /// Whether gRPC failed the call before it sent anything, because the gateway has just said that
    /// it goes and the next connection is not there yet. It tells so by its words alone.
    var metNoConnection: Bool {
        code == .unavailable && message == "Channel isn't ready, no subchannel available."
    }
}
