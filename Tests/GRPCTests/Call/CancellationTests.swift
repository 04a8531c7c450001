import GatewayPrimitives
import Synchronization
import Testing
import Transport

@testable import GRPC

@Suite("The end of a call before its time", .timeLimit(.minutes(1)))
struct CancellationTests {
    /// How a handler ended, for the test that waits for it.
    private final class Outcome: Sendable {
        private let state = Mutex<
            (code: GRPCStatusCode?, waiter: CheckedContinuation<Void, Never>?)
        >(
            (nil, nil))

        func set(_ code: GRPCStatusCode) {
            state.withLock { state -> CheckedContinuation<Void, Never>? in
                state.code = code
                return state.waiter
            }?.resume()
        }

        func wait() async -> GRPCStatusCode? {
            await withCheckedContinuation { continuation in
                let isSet = state.withLock { state in
                    if state.code == nil { state.waiter = continuation }
                    return state.code != nil
                }
                if isSet { continuation.resume() }
            }
            return state.withLock { $0.code }
        }
    }

    /// A method that runs `body` and notes how that ended.
    private static func service(
        _ outcome: Outcome, deadline: GRPCMethod.DeadlineKeeper = .server,
        _ body: @escaping GRPCMethod.Handler
    ) -> GRPCService {
        let method = GRPCMethod.bidirectional("Run", deadline: deadline) {
            call throws(GRPCStatusError) in
            do throws(GRPCStatusError) {
                try await body(call)
                outcome.set(.ok)
            } catch {
                outcome.set(error.status.code)
                throw error
            }
        }
        return GRPCService(name: "test.v1.Test", methods: [method])
    }

    @Test("a client that leaves wakes a handler that reads")
    func goneWhileReading() async {
        let outcome = Outcome()
        let harness = GRPCHarness([
            Self.service(outcome) { call throws(GRPCStatusError) in
                call.sendInitialMetadata()
                _ = try await call.readMessage()
            }
        ])
        let call = harness.open("/test.v1.Test/Run")
        #expect(await call.head().status == 200)
        call.goAway()
        #expect(await outcome.wait() == .cancelled)
        #expect(await call.response().ending == .clientGone)
    }

    @Test("a client that leaves wakes a handler that waits for room")
    func goneWhileWriting() async {
        let outcome = Outcome()
        let harness = GRPCHarness([
            Self.service(outcome) { call throws(GRPCStatusError) in
                call.writeMessage { $0.append(array: [UInt8](repeating: 1, count: 200_000)) }
                try await call.awaitRoom()
            }
        ])
        var request = GRPCHarness.request("/test.v1.Test/Run")
        request.windowBytes = 0
        let call = harness.client.start(request)
        #expect(await call.head().status == 200)
        call.goAway()
        #expect(await outcome.wait() == .cancelled)
    }

    @Test("what is written to a client that has left goes nowhere, and harms nothing")
    func writesAfterwards() async {
        let outcome = Outcome()
        let harness = GRPCHarness([
            Self.service(outcome) { call in
                call.sendInitialMetadata()
                _ = try? await call.readMessage()
                call.writeMessage { $0.append("unheard") }
                call.finish(GRPCStatus(.ok))
            }
        ])
        let call = harness.open("/test.v1.Test/Run")
        #expect(await call.head().status == 200)
        call.goAway()
        #expect(await outcome.wait() == .ok)
        #expect(await call.response().body.isEmpty)
    }

    @Test("a deadline that passes ends a call that waits, with what was written before")
    func deadline() async {
        let outcome = Outcome()
        let harness = GRPCHarness([
            Self.service(outcome) { call throws(GRPCStatusError) in
                call.writeMessage { $0.append("early") }
                _ = try await call.readMessage()
            }
        ])
        let call = harness.open("/test.v1.Test/Run", headers: [.init("grpc-timeout", "20m")])
        let response = await call.response()
        #expect(response.texts == ["early"])
        #expect(response.trailer("grpc-status") == "4")
        #expect(await outcome.wait() == .deadlineExceeded)
    }

    @Test("a deadline of zero has passed")
    func deadlineOfZero() async {
        let outcome = Outcome()
        let harness = GRPCHarness([
            Self.service(outcome) { call throws(GRPCStatusError) in _ = try await call.readMessage()
            }
        ])
        let call = harness.open("/test.v1.Test/Run", headers: [.init("grpc-timeout", "0n")])
        #expect(await call.response().grpcStatus == .deadlineExceeded)
    }

    @Test("a deadline that the handler keeps is told to it and not enforced")
    func deadlineKeptByHandler() async {
        let outcome = Outcome()
        let harness = GRPCHarness([
            Self.service(outcome, deadline: .handler) { call throws(GRPCStatusError) in
                #expect(call.timeout == .milliseconds(1))
                #expect(call.deadline == call.exchange.receivedAt.advanced(by: .milliseconds(1)))
                // The client's message comes long after the deadline, in a turn of its own.
                call.sendInitialMetadata()
                while let message = try await call.readMessage() { call.writeMessage(message) }
            }
        ])
        let call = harness.open("/test.v1.Test/Run", headers: [.init("grpc-timeout", "1m")])
        #expect(await call.head().status == 200)
        // Another call's enforced deadline is the clock: it passes well after this one's.
        let other = GRPCHarness([EchoService.service])
        let clock = other.open("/test.v1.Echo/Bidi", headers: [.init("grpc-timeout", "20m")])
        #expect(await clock.response().grpcStatus == .deadlineExceeded)
        call.send(frame("late"))
        call.finish()
        let response = await call.response()
        #expect(response.texts == ["late"])
        #expect(response.grpcStatus == .ok)
    }

    @Test("whoever cancels a call decides its status, and the first one counts")
    func cancelled() async {
        let outcome = Outcome()
        let harness = GRPCHarness([
            Self.service(outcome) { call throws(GRPCStatusError) in
                call.cancel(GRPCStatus(.unavailable, "stopping"))
                call.cancel(GRPCStatus(.aborted, "too late"))
                _ = try await call.readMessage()
            }
        ])
        let response = await harness.open("/test.v1.Test/Run").response()
        #expect(response.grpcStatus == .unavailable)
        #expect(response.grpcMessage == "stopping")
    }
}
