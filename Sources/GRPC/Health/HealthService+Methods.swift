import CGatewayProto
import GatewayPrimitives
import Transport

extension HealthService {
    /// The service for one loop's server.
    public var service: GRPCService {
        GRPCService(
            name: "grpc.health.v1.Health",
            methods: [
                .unary("Check", isSideEffectFree: true) {
                    call, request throws(GRPCStatusError) in
                    try self.check(call, request)
                },
                .unary("List", isSideEffectFree: true) { call, _ throws(GRPCStatusError) in
                    self.list(call)
                },
                .serverStreaming("Watch") { call, request throws(GRPCStatusError) in
                    try await self.watch(call, request)
                },
            ])
    }

    private func check(_ call: GRPCCall, _ request: ByteView) throws(GRPCStatusError) {
        let name = try Self.service(in: request)
        guard let state = state(of: name) else {
            throw GRPCStatusError(.notFound, "There is no service \(name).")
        }
        Self.write(status: UInt32(state.rawValue), to: call)
    }

    private func list(_ call: GRPCCall) {
        let arena = MessageArena()
        let entries = states().sorted { $0.key < $1.key }.map {
            state -> UnsafeMutablePointer<Grpc__Health__V1__HealthListResponse__StatusesEntry>? in
            let entry = arena.make(Types.statusesEntry)
            entry.pointee.key = arena.text(state.key)
            entry.pointee.value = Self.response(status: UInt32(state.value.rawValue), in: arena)
            return entry
        }
        let response = arena.make(Types.listResponse)
        response.pointee.n_statuses = entries.count
        response.pointee.statuses = arena.array(entries)
        call.writeMessage { $0.append(packing: UnsafePointer(response)) }
    }

    /// Writes the state now, and again whenever it is another, until the client leaves or this
    /// process is to end. A service that is not known may become so: it is no error here.
    private func watch(_ call: GRPCCall, _ request: ByteView) async throws(GRPCStatusError) {
        let watcher = HealthWatcher(
            service: try Self.service(in: request), loop: call.exchange.loop)
        guard add(watcher) else {
            throw GRPCStatusError(
                .resourceExhausted, "Too many calls watch the health of services.")
        }
        defer { remove(watcher) }
        call.cancelObserver = watcher
        var written: UInt32?
        while true {
            try call.checkCancellation()
            let unknown = GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVICE_UNKNOWN
            let status = state(of: watcher.service).map { UInt32($0.rawValue) } ?? unknown.rawValue
            if status != written {
                Self.write(status: status, to: call)
                written = status
                try await call.awaitRoom()
            }
            if isEnding {
                throw GRPCStatusError(
                    .unavailable, "This process is ending; watch again on a new connection.")
            }
            await watcher.wait()
        }
    }

    private static func service(in request: ByteView) throws(GRPCStatusError) -> String {
        let arena = MessageArena()
        let message: UnsafePointer<Grpc__Health__V1__HealthCheckRequest>
        do throws(MessageError) {
            message = try arena.unpack(request, as: Types.checkRequest)
        } catch {
            throw GRPCStatusError(error)
        }
        let name = String(cString: message.pointee.service)
        guard name.utf8.count <= GRPCLimits.nameBytesMax else {
            throw GRPCStatusError(
                .invalidArgument,
                "The service's name is longer than \(GRPCLimits.nameBytesMax) bytes.")
        }
        return name
    }

    private static func write(status: UInt32, to call: GRPCCall) {
        let arena = MessageArena()
        let message = response(status: status, in: arena)
        call.writeMessage { $0.append(packing: UnsafePointer(message)) }
    }

    private static func response(
        status: UInt32, in arena: MessageArena
    ) -> UnsafeMutablePointer<Grpc__Health__V1__HealthCheckResponse> {
        let message = arena.make(Types.checkResponse)
        message.pointee.status.rawValue = status
        return message
    }

    private enum Types {
        static let checkRequest = MessageType(grpc__health__v1__health_check_request__init)
        static let checkResponse = MessageType(grpc__health__v1__health_check_response__init)
        static let listResponse = MessageType(grpc__health__v1__health_list_response__init)
        static let statusesEntry = MessageType(
            grpc__health__v1__health_list_response__statuses_entry__init)
    }
}
