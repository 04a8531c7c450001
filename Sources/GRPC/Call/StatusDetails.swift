import CGatewayProto
import GatewayPrimitives

/// Collects the machine-readable details of a status and packs them as a `google.rpc.Status`, the
/// form in which gRPC clients expect them in `grpc-status-details-bin`.
public struct StatusDetails: ~Copyable {
    private let arena = MessageArena()
    private var details: [UnsafeMutablePointer<Google__Protobuf__Any>?] = []

    public init() {}

    /// Adds a `google.rpc.ErrorInfo`: a reason that programs can tell apart, such as
    /// `RATE_LIMITED`, within a domain.
    public mutating func addErrorInfo(
        reason: String, domain: String, metadata: [(key: String, value: String)] = []
    ) {
        let info = arena.make(Types.errorInfo)
        info.pointee.reason = arena.text(reason)
        info.pointee.domain = arena.text(domain)
        let entries = metadata.map {
            field -> UnsafeMutablePointer<Google__Rpc__ErrorInfo__MetadataEntry>? in
            let entry = arena.make(Types.metadataEntry)
            entry.pointee.key = arena.text(field.key)
            entry.pointee.value = arena.text(field.value)
            return entry
        }
        info.pointee.n_metadata = entries.count
        info.pointee.metadata = arena.array(entries)
        add("google.rpc.ErrorInfo", info)
    }

    /// Adds a `google.rpc.RetryInfo`: when to come back.
    public mutating func addRetryInfo(after delay: Duration) {
        let duration = arena.make(Types.duration)
        duration.pointee.seconds = delay.components.seconds
        duration.pointee.nanos = Int32(delay.components.attoseconds / 1_000_000_000)
        let info = arena.make(Types.retryInfo)
        info.pointee.retry_delay = duration
        add("google.rpc.RetryInfo", info)
    }

    /// Adds a `google.rpc.BadRequest`: the fields of the request that break a rule.
    public mutating func addBadRequest(_ violations: [(field: String, description: String)]) {
        let faults = violations.map {
            violation -> UnsafeMutablePointer<Google__Rpc__BadRequest__FieldViolation>? in
            let fault = arena.make(Types.fieldViolation)
            fault.pointee.field = arena.text(violation.field)
            fault.pointee.description = arena.text(violation.description)
            return fault
        }
        let request = arena.make(Types.badRequest)
        request.pointee.n_field_violations = faults.count
        request.pointee.field_violations = arena.array(faults)
        add("google.rpc.BadRequest", request)
    }

    /// Adds a `google.rpc.QuotaFailure`: what had too little left.
    public mutating func addQuotaFailure(_ violations: [(subject: String, description: String)]) {
        let faults = violations.map {
            violation -> UnsafeMutablePointer<Google__Rpc__QuotaFailure__Violation>? in
            let fault = arena.make(Types.quotaViolation)
            fault.pointee.subject = arena.text(violation.subject)
            fault.pointee.description = arena.text(violation.description)
            return fault
        }
        let failure = arena.make(Types.quotaFailure)
        failure.pointee.n_violations = faults.count
        failure.pointee.violations = arena.array(faults)
        add("google.rpc.QuotaFailure", failure)
    }

    /// Adds a message of any other type, packed already.
    ///
    /// - Parameter typeName: its full name, such as `llmgateway.v1.ErrorContext`.
    public mutating func add(typeName: StaticString, packed bytes: [UInt8]) {
        let any = arena.make(Types.any)
        var url = ByteQueue()
        url.append("type.googleapis.com/")
        url.append(typeName)
        any.pointee.type_url = arena.text(url.view)
        any.pointee.value = arena.data(bytes)
        details.append(any)
    }

    /// The whole status, as ``GRPCStatus/details`` takes it.
    public func packed(_ code: GRPCStatusCode, _ message: String) -> [UInt8] {
        let status = arena.make(Types.status)
        status.pointee.code = Int32(code.rawValue)
        status.pointee.message = arena.text(message)
        status.pointee.n_details = details.count
        status.pointee.details = arena.array(details)
        return Self.pack(status)
    }

    private mutating func add<Message>(
        _ typeName: StaticString, _ message: UnsafeMutablePointer<Message>
    ) {
        add(typeName: typeName, packed: Self.pack(message))
    }

    private static func pack<Message>(_ message: UnsafeMutablePointer<Message>) -> [UInt8] {
        var queue = ByteQueue()
        queue.append(packing: UnsafePointer(message))
        return queue.view.bytes
    }

    private enum Types {
        static let any = MessageType(google__protobuf__any__init)
        static let duration = MessageType(google__protobuf__duration__init)
        static let status = MessageType(google__rpc__status__init)
        static let errorInfo = MessageType(google__rpc__error_info__init)
        static let metadataEntry = MessageType(google__rpc__error_info__metadata_entry__init)
        static let retryInfo = MessageType(google__rpc__retry_info__init)
        static let quotaFailure = MessageType(google__rpc__quota_failure__init)
        static let quotaViolation = MessageType(google__rpc__quota_failure__violation__init)
        static let badRequest = MessageType(google__rpc__bad_request__init)
        static let fieldViolation = MessageType(google__rpc__bad_request__field_violation__init)
    }
}

extension GRPCStatus {
    /// A status with details.
    public init(
        _ code: GRPCStatusCode, _ message: String, details: borrowing StatusDetails
    ) {
        self.init(code, message, details: details.packed(code, message))
    }
}
