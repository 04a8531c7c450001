import Testing
import Transport

@testable import GRPC

@Suite("Calls of the four kinds", .timeLimit(.minutes(1)))
struct CallKindTests {
    let harness = GRPCHarness([EchoService.service])

    @Test("unary: one message each way, with a head, trailers and status OK")
    func unary() async {
        let response = await harness.call("/test.v1.Echo/Unary", frame("hello"))
        #expect(response.status == 200)
        #expect(response.header("content-type") == "application/grpc")
        #expect(response.texts == ["hello"])
        #expect(response.trailer("grpc-status") == "0")
        #expect(response.trailer("grpc-message") == nil)
        #expect(response.trailer("x-length") == "counted")
        #expect(response.trailer("x-bytes-bin") == "aGVsbG8")
        #expect(response.ending == .complete)
    }

    @Test("unary: an empty message is a message")
    func emptyMessage() async {
        let response = await harness.call("/test.v1.Echo/Unary", frame(""))
        #expect(response.texts == [""])
        #expect(response.grpcStatus == .ok)
    }

    @Test("server streaming: messages in order, also when there are none")
    func serverStreaming() async {
        let response = await harness.call("/test.v1.Echo/Server", frame("abc"))
        #expect(response.texts == ["a", "b", "c"])
        #expect(response.grpcStatus == .ok)
        let empty = await harness.call("/test.v1.Echo/Server", frame(""))
        #expect(empty.texts == [])
        #expect(empty.grpcStatus == .ok)
    }

    @Test("client streaming: answered when the client has finished")
    func clientStreaming() async {
        let call = harness.open("/test.v1.Echo/Client")
        for text in ["a", "", "bc"] { call.send(frame(text)) }
        call.finish()
        let response = await call.response()
        #expect(response.texts == ["abc"])
        #expect(response.grpcStatus == .ok)
    }

    @Test("bidirectional: each message is answered before the next is sent")
    func bidirectional() async {
        let call = harness.open("/test.v1.Echo/Bidi")
        for text in ["one", "two", "three"] {
            call.send(frame(text))
            #expect(await call.nextBytes() == frame(text))
        }
        call.finish()
        #expect(await call.response().grpcStatus == .ok)
    }

    @Test("messages may be cut anywhere on their way")
    func splits() async {
        let body = frame("first") + frame("") + frame("third")
        for cut in 0...body.count {
            let call = harness.open("/test.v1.Echo/Bidi")
            call.send(Array(body[..<cut]))
            // Waits until the server has seen the first piece, so that the second is a read of its
            // own.
            _ = await call.serverTook(atLeast: cut)
            call.send(Array(body[cut...]))
            call.finish()
            let response = await call.response()
            #expect(response.texts == ["first", "", "third"], "cut at \(cut)")
            #expect(response.grpcStatus == .ok)
        }
    }

    @Test("a request that ends within a message is refused, wherever it ends")
    func truncations() async {
        let body = frame("first") + frame("second")
        for path in ["/test.v1.Echo/Bidi", "/test.v1.Echo/Client"] {
            for count in 1..<body.count where count != frame("first").count {
                let response = await harness.call(path, Array(body.prefix(count)))
                #expect(response.grpcStatus == .internalFault, "\(path) ends at \(count)")
            }
        }
        for count in 1..<frame("first").count {
            let response = await harness.call("/test.v1.Echo/Unary", Array(body.prefix(count)))
            #expect(response.grpcStatus == .internalFault, "unary ends at \(count)")
        }
    }

    @Test("a method that takes one message refuses none and several")
    func cardinality() async {
        for path in ["/test.v1.Echo/Unary", "/test.v1.Echo/Server"] {
            for body in [[], frame("a") + frame("b"), frame("a") + [0]] {
                let response = await harness.call(path, body)
                #expect(response.grpcStatus == .unimplemented)
                #expect(
                    response.header("grpc-status") != nil, "without messages there is only a head")
                #expect(response.body.isEmpty)
            }
        }
    }

    @Test("a message over the limit is refused before it has come")
    func oversized() async {
        var limits = GRPCLimits()
        limits.messageBytesMax = 10
        let harness = GRPCHarness([EchoService.service], limits: limits)
        for path in ["/test.v1.Echo/Unary", "/test.v1.Echo/Bidi"] {
            let fits = await harness.call(path, frame("0123456789"))
            #expect(fits.texts == ["0123456789"])
            let call = harness.open(path)
            call.send([0, 0, 0, 0, 11])
            #expect(await call.response().grpcStatus == .resourceExhausted)
        }
    }

    @Test("a message much larger than a window passes, and is announced as it comes")
    func large() async {
        let message = [UInt8](repeating: 0x61, count: 3_000_000)
        let body = frame(message)
        let call = harness.open("/test.v1.Echo/Bidi")
        var sent = 0
        while sent < body.count {
            let piece = Array(body[sent..<min(sent + 16_384, body.count)])
            call.send(piece)
            sent += piece.count
            // A client on a wire sends on only when it is told to.
            #expect(await call.serverTook(atLeast: sent) == sent)
        }
        call.finish()
        let response = await call.response()
        #expect(messages(in: response.body)?.first == message)
        #expect(response.grpcStatus == .ok)
        #expect(await call.serverTook(atLeast: 0) == body.count, "no byte is counted twice")
    }

    @Test("a client that takes nothing makes the handler wait")
    func slowClient() async {
        let message = [UInt8](repeating: 0x62, count: 100_000)
        var request = GRPCHarness.request("/test.v1.Echo/Bidi", isComplete: false)
        request.windowBytes = 0
        let call = harness.client.start(request)
        call.send(frame(message))
        call.send(frame("next"))
        let head = await call.head()
        #expect(head.status == 200)
        // The first message is over the high-water mark: the second is not read until it is taken.
        call.take(10)
        #expect(await call.received(atLeast: 10).body.count == 10)
        #expect(await call.serverTook(atLeast: 0) == 0, "the first message has not been left")
        call.finish()
        call.take(.max)
        let response = await call.response()
        #expect(messages(in: response.body)?.map(\.count) == [100_000, 4])
        #expect(response.grpcStatus == .ok)
    }
}
