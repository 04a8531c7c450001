import CGatewayProto
import GRPC
public import GatewayCore
import GatewayPrimitives
import Transport

/// A method of AdminService: its name, who may call it, and what answers it. There is none without
/// a rule.
struct AdminMethod {
    let name: String
    let rule: RouteRule
    /// Whether it only reads, as the contract says: Connect's clients may then call it by GET.
    let onlyReads: Bool
    private let answer: (AdminSources, AdminArrival) async throws(GRPCStatusError) -> Void

    /// - Parameters:
    ///   - resource: the field of requests that holds what is changed, for errors.
    ///   - type: the message that it takes.
    ///   - body: given the message, which is valid until it returns; it writes one response.
    init<Request>(
        _ name: String, _ rule: RouteRule, onlyReads: Bool = false, of resource: String,
        _ type: MessageType<Request>,
        _ body: @escaping (AdminCall, Request) async throws(GatewayError) -> Void
    ) {
        self.name = name
        self.rule = rule
        self.onlyReads = onlyReads
        answer = { sources, arrival throws(GRPCStatusError) in
            let bytes = try await arrival.call.readOnlyMessage()
            let received = MessageArena()
            let request: UnsafePointer<Request>
            do throws(MessageError) {
                request = try received.unpack(bytes, as: type)
            } catch {
                throw GRPCStatusError(error)
            }
            do throws(GatewayError) {
                try await body(AdminCall(sources, arrival), request.pointee)
            } catch {
                throw arrival.failed(error.named(in: resource))
            }
            // The request's texts lie in this memory.
            withExtendedLifetime(received) {}
        }
    }

    /// Serves a call: who calls is known and may, or is told why not, before its message is read.
    func serve(
        _ call: GRPCCall, _ sources: AdminSources, pipeline: Pipeline, clock: any Clock
    ) async throws(GRPCStatusError) {
        let arrival = AdminArrival(call, clock: clock)
        do throws(GatewayError) {
            let principal = try pipeline.authenticate(Credentials.read(call.exchange))
            try RouteRule.checkManagement(of: principal)
            try rule.check(principal)
            arrival.principal = principal
        } catch {
            throw arrival.failed(error)
        }
        try await answer(sources, arrival)
    }
}

/// What AdminService manages and reports from. Shared by all loops.
public struct AdminSources: Sendable {
    let administration: Administration
    let reports: any SpendReports

    public init(administration: Administration, reports: any SpendReports) {
        self.administration = administration
        self.reports = reports
    }
}

/// A call before its message is read. Belongs to its loop.
final class AdminArrival {
    let call: GRPCCall
    let id: CallID
    let now: WallTime
    /// Who calls, once that is known.
    fileprivate(set) var principal: Principal?

    init(_ call: GRPCCall, clock: any Clock) {
        self.call = call
        now = clock.wallNow()
        var random = SystemRandomNumberGenerator()
        id = CallID(at: now, using: &random)
    }

    /// The status of a call that failed.
    func failed(_ error: GatewayError) -> GRPCStatusError {
        let record = CallRecord(
            id: id, endpoint: "grpc.admin", receivedAt: call.exchange.receivedAt,
            receivedAtWall: now)
        return GRPCStatusError(V1ErrorWriter.status(of: error, record: record))
    }
}

/// One call of AdminService whose message was read. Belongs to its loop.
struct AdminCall {
    let administration: Administration
    let reports: any SpendReports
    let caller: Caller
    /// When it came in.
    let now: WallTime
    /// Writes the response.
    let records: AdminRecords
    private let arrival: AdminArrival

    fileprivate init(_ sources: AdminSources, _ arrival: AdminArrival) {
        guard let principal = arrival.principal else {
            preconditionFailure("a message is read of nobody")
        }
        administration = sources.administration
        reports = sources.reports
        let value = arrival.call.metadata("litellm-changed-by")
        caller = Caller(
            principal,
            onBehalfOf: value.map { $0[0..<min($0.count, ManagementLimits.textBytesMax)].string })
        now = arrival.now
        self.arrival = arrival
        records = AdminRecords(arena: MessageArena())
    }

    /// Who calls, with what it calls a request that makes something.
    /// - Parameters:
    ///   - id: the request's own id; empty for none.
    ///   - message: the request, which is what the id stands for.
    ///   - kind: what is made.
    func caller<Request>(
        creating kind: AuditEntry.Object, id: UnsafeMutablePointer<CChar>?, _ message: Request
    ) throws(GatewayError) -> Caller {
        guard let identity = try V1Fingerprint.identity(id.text, of: message) else { return caller }
        var caller = caller
        caller.creation = CreateRequest(identity: identity, callID: arrival.id, makes: kind)
        return caller
    }

    /// Writes the response: `fill` sets its fields.
    func respond<Response>(
        _ type: MessageType<Response>, _ fill: (inout Response) -> Void = { _ in }
    ) {
        let response = records.arena.make(type)
        fill(&response.pointee)
        arrival.call.writeMessage { $0.append(packing: UnsafePointer(response)) }
    }
}

extension RouteRule {
    /// Refuses a key that is for models alone.
    static func checkManagement(of principal: Principal) throws(GatewayError) {
        guard principal.opensManagement else {
            throw GatewayError(
                .notAllowed, origin: .client,
                message: "The API key `\(principal.name)` is for models alone; it opens no "
                    + "management.")
        }
    }
}
