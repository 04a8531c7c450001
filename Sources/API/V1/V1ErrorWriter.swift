import CGatewayProto
import GRPC
import GatewayCore
import GatewayPrimitives

/// Shows errors as gRPC statuses with details: the one place where they get a status code.
enum V1ErrorWriter {
    /// The status of a failed call. Its code is the reason's, unless the wire has its own.
    static func status(
        of error: GatewayError, record: CallRecord, code wireCode: GRPCStatusCode? = nil
    ) -> GRPCStatus {
        let code = wireCode ?? code(of: error)
        let message = "\(error.message) (request id \(record.id.text))"
        var details = StatusDetails()
        details.addErrorInfo(reason: reason(of: error).name, domain: "llmgateway")
        if let after = error.retryAfter { details.addRetryInfo(after: after) }
        if !error.fields.isEmpty {
            details.addBadRequest(error.fields.map { (field: $0.field, description: $0.message) })
        }
        if !error.violations.isEmpty {
            details.addQuotaFailure(
                error.violations.map { violation in
                    (
                        subject: "\(violation.subjectKind.name):\(violation.subject)",
                        description: error.message
                    )
                })
        }
        details.add(
            typeName: "llmgateway.v1.ErrorContext", packed: context(of: error, record: record))
        return GRPCStatus(code, message, details: details)
    }

    private static func code(of error: GatewayError) -> GRPCStatusCode {
        switch error.reason {
        case .invalidRequest, .unsupportedParameter, .contextWindowExceeded, .contentPolicy,
            .requestIDReused:
            .invalidArgument
        case .bodyTooLarge, .upstreamRateLimited, .rateLimited, .budgetExhausted:
            .resourceExhausted
        case .keyInvalid: .unauthenticated
        case .notAllowed: .permissionDenied
        case .modelNotFound, .notFound: .notFound
        case .alreadyExists: .alreadyExists
        case .changedMeanwhile: .aborted
        case .upstreamRejected, .upstreamAuthFailed, .priceUnknown, .notNow: .failedPrecondition
        case .upstreamUnavailable, .upstreamInterrupted, .overloaded, .drain,
            .storeUnavailable:
            .unavailable
        case .timedOut: .deadlineExceeded
        case .cancelled: .cancelled
        case .duplicateRequest: .alreadyExists
        case .unknownMethod, .methodNotAllowed, .unsupportedMediaType: .unimplemented
        case .internalFault: .internalFault
        }
    }

    /// The contract's ErrorReason: its number and its name without the prefix.
    private static func reason(of error: GatewayError) -> (number: UInt32, name: String) {
        switch error.reason {
        case .invalidRequest, .bodyTooLarge: (1, "INVALID_REQUEST")
        case .keyInvalid: (2, "KEY_INVALID")
        case .notAllowed: (3, "NOT_ALLOWED")
        case .modelNotFound: (4, "MODEL_NOT_FOUND")
        case .rateLimited: (5, "RATE_LIMITED")
        case .budgetExhausted: (6, "BUDGET_EXHAUSTED")
        case .priceUnknown: (20, "PRICE_UNKNOWN")
        case .storeUnavailable: (21, "STORE_UNAVAILABLE")
        case .upstreamUnavailable: (7, "UPSTREAM_UNAVAILABLE")
        case .upstreamRejected: (8, "UPSTREAM_REJECTED")
        case .upstreamInterrupted: (9, "UPSTREAM_INTERRUPTED")
        case .overloaded, .drain: (10, "OVERLOADED")
        case .duplicateRequest: (11, "DUPLICATE_REQUEST")
        case .requestIDReused: (12, "REQUEST_ID_REUSED")
        case .contextWindowExceeded: (13, "CONTEXT_WINDOW_EXCEEDED")
        case .contentPolicy: (14, "CONTENT_POLICY")
        case .timedOut: (15, "TIMED_OUT")
        case .cancelled: (16, "CANCELLED")
        case .upstreamAuthFailed: (17, "UPSTREAM_AUTH_FAILED")
        case .upstreamRateLimited: (18, "UPSTREAM_RATE_LIMITED")
        case .unsupportedParameter: (19, "UNSUPPORTED_PARAMETER")
        case .unknownMethod, .methodNotAllowed, .unsupportedMediaType, .internalFault,
            .notFound, .alreadyExists, .changedMeanwhile, .notNow:
            (0, "UNSPECIFIED")
        }
    }

    private static func context(of error: GatewayError, record: CallRecord) -> [UInt8] {
        let records = V1Records(arena: MessageArena())
        let arena = records.arena
        let message = arena.make(V1Types.errorContext)
        message.pointee.completion_id = arena.text(record.id.text)
        message.pointee.reason.rawValue = reason(of: error).number
        let attempts = records.attempts(error.attempts, record)
        message.pointee.n_attempts = attempts.count
        message.pointee.attempts = arena.array(attempts)
        let violations = records.violations(error.violations)
        message.pointee.n_violations = violations.count
        message.pointee.violations = arena.array(violations)
        if let first = error.firstCall {
            // A repeat is answered by what the first call came to.
            message.pointee.completion_id = arena.text(first.callID.text)
            if let made = first.made {
                message.pointee.resource_name = arena.text(
                    ResourceName.name(of: made.object, made.id))
            }
            if let usage = first.usage { message.pointee.usage = records.usage(usage) }
            if let cost = first.cost { message.pointee.cost = records.cost(cost, of: first.callID) }
        } else {
            if let usage = record.usage { message.pointee.usage = records.usage(usage) }
            if record.cost.total > .zero { message.pointee.cost = records.cost(record) }
        }
        if let timeout = error.timeout { message.pointee.timeout_kind.rawValue = timeout.number }
        if let fault = error.upstream {
            let upstream = arena.make(V1Types.upstreamError)
            upstream.pointee.provider = arena.text(fault.provider.rawValue)
            upstream.pointee.deployment = arena.text(fault.deployment)
            upstream.pointee.http_status = Int32(fault.httpStatus)
            if let code = fault.code ?? fault.type { upstream.pointee.code = arena.text(code) }
            if let words = fault.message { upstream.pointee.message = arena.text(words) }
            message.pointee.upstream_error = upstream
        }
        var packed = ByteQueue()
        packed.append(packing: UnsafePointer(message))
        return packed.view.bytes
    }
}
