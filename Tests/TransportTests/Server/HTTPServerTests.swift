import GatewayPrimitives
import Glibc
import Synchronization
import Testing

@testable import Transport

@Suite(.timeLimit(.minutes(1))) struct HTTPServerTests {
    private static let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

    @Test func theVersionIsFoundByTheFirstBytesHoweverTheyAreCut() async throws {
        try await withServer(sayOK) { harness in
            let preface = FramePeer.preface
            for cut in 1..<preface.count {
                let peer = try harness.connect()
                try peer.send(Array(preface[0..<cut]))
                await harness.loop.run {}
                try peer.send(Array(preface[cut...]) + Frame(type: Frame.settings).bytes)
                #expect(try peer.take(9)[3] == Frame.settings)
            }
            for method in ["POST", "PUT", "PATCH", "PR", "P", "PRI"] {
                let peer = try harness.connect()
                for byte in "\(method) / HTTP/1.1\r\nHost: a\r\n\r\n".utf8 { try peer.send([byte]) }
                #expect(try peer.response().status == 200)
            }
        }
    }

    /// The preface's own first line, in HTTP/1.1, is a version that is not served.
    @Test func aBrokenPrefaceIsRefused() async throws {
        try await withServer(sayOK) { harness in
            let peer = try harness.connect()
            try peer.send("PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n")
            #expect(try peer.response().status == 505)
        }
    }

    @Test func connectionsBeyondTheLimitAreClosed() async throws {
        var limits = Limits()
        limits.connectionsMax = 2
        try await withServer(limits: limits, sayOK) { harness in
            let peers = [try harness.connect(), try harness.connect()]
            for peer in peers {
                try peer.send(Self.get)
                #expect(try peer.response().status == 200)
            }
            let third = try harness.connect()
            #expect(try third.takeAll() == "")
            #expect(await harness.connectionCount() == 2)
        }
    }

    @Test func twoLoopsMayShareAPort() async throws {
        try await withServer(sayOK) { harness in
            let loop = EventLoop(index: 1)
            let other = HTTPServer(loop: loop, limits: Limits(), handler: FunctionHandler(sayOK))
            #expect(try other.listen(host: "127.0.0.1", port: harness.port) == harness.port)
            loop.start()
            for _ in 0..<10 {
                let peer = try harness.connect()
                try peer.send(Self.get)
                #expect(try peer.response().status == 200)
            }
            await loop.run { other.closeAll() }
            loop.stop()
            loop.join()
        }
    }

    @Test func listensOnIPv6AndNames() throws {
        let loop = EventLoop(index: 0)
        let server = HTTPServer(loop: loop, limits: Limits(), handler: FunctionHandler(sayOK))
        #expect(try server.listen(host: "::1", port: 0) > 0)
        #expect(try server.listen(host: "localhost", port: 0) > 0)
        server.closeAll()
    }

    @Test func saysWhyItCannotListen() throws {
        let loop = EventLoop(index: 0)
        let server = HTTPServer(loop: loop, limits: Limits(), handler: FunctionHandler(sayOK))
        let error = #expect(throws: ListenError.self) {
            try server.listen(host: "192.0.2.1", port: 0)
        }
        #expect(error?.description.contains("192.0.2.1") ?? false)
    }

    // MARK: - Draining

    @Test func drainingClosesIdleConnectionsAndRefusesNewOnes() async throws {
        var limits = Limits()
        limits.timeoutDrainIdle = .milliseconds(50)
        try await withServer(limits: limits, sayOK) { harness in
            let first = try harness.connect()
            try first.send(Self.get)
            #expect(try first.response().status == 200)
            let second = try FramePeer(harness)
            try second.request(1)
            _ = try second.answers(1)
            let server = harness.server
            await harness.loop.run { server.beginDrain() }
            #expect(try first.takeAll() == "")
            let notice = try second.next(Frame.goaway)
            #expect(notice.code == 0 && notice.payload.prefix(4) == [0x7F, 0xFF, 0xFF, 0xFF])
            let ping = try second.next(Frame.ping)
            try second.send(
                Frame(type: Frame.ping, flags: Frame.acknowledgement, payload: ping.payload))
            let goaway = try second.next(Frame.goaway)
            #expect(goaway.code == 0)
            #expect(goaway.payload[3] == 1)
            #expect(try second.next() == nil)
            second.peer.close()
            await harness.loop.run { await server.waitUntilEmpty() }
            #expect(throws: (any Error).self) { try harness.connect() }
        }
    }

    @Test func drainingLetsRequestsFinish() async throws {
        let release = Signal()
        // swift-format-ignore: OnlyOneTrailingClosureArgument
        try await withServer({ exchange in
            await release.wait()
            release.send()
            await sayOK(exchange)
        }) { harness in
            let first = try harness.connect()
            try first.send(Self.get)
            let second = try FramePeer(harness)
            try second.request(1)
            // Answered when the request before it has been read.
            try second.send(Frame(type: Frame.ping, payload: [UInt8](repeating: 1, count: 8)))
            _ = try second.next(Frame.ping)
            while await harness.connectionCount() < 2 {}
            let server = harness.server
            await harness.loop.run {}
            await harness.loop.run { server.beginDrain() }
            _ = try second.next(Frame.goaway)
            release.send()
            #expect(try second.answers(1)[1]?.status == "200")
            let response = try first.response()
            #expect(response.status == 200)
            #expect(field("connection", of: response.head) == "close")
            await harness.loop.run { await server.waitUntilEmpty() }
        }
    }

    /// No test is slower than this.
    private static let patient: Limits = {
        var limits = Limits()
        limits.timeoutDrainIdle = .seconds(60)
        limits.timeoutDrainNotice = .seconds(60)
        return limits
    }()

    /// A request that meets the notice of the end halfway is served.
    @Test func drainingServesWhatWasOnItsWay() async throws {
        try await withServer(limits: Self.patient, sayOK) { harness in
            let frames = try FramePeer(harness)
            try frames.request(1)
            _ = try frames.answers(1)
            let idle = try harness.connect()
            try idle.send(Self.get)
            #expect(try idle.response().status == 200)
            let fresh = try harness.connect()
            while await harness.connectionCount() < 3 {}
            let server = harness.server
            await harness.loop.run { server.beginDrain() }
            for peer in [idle, fresh] {
                try peer.send(Self.get)
                let response = try peer.response()
                #expect(response.status == 200)
                #expect(field("connection", of: response.head) == "close")
                #expect(try peer.takeAll() == "")
            }
            let ping = try frames.next(Frame.ping)
            try frames.request(3)
            try frames.send(
                Frame(type: Frame.ping, flags: Frame.acknowledgement, payload: ping.payload))
            #expect(try frames.answers(1)[3]?.status == "200")
            while try frames.next() != nil {}
        }
    }

    /// Who does not answer pings is not waited for without end.
    @Test func drainingNamesTheLastStreamToASilentClientToo() async throws {
        try await withServer(sayOK) { harness in
            let frames = try FramePeer(harness)
            try frames.request(1)
            _ = try frames.answers(1)
            let server = harness.server
            await harness.loop.run { server.beginDrain() }
            _ = try frames.next(Frame.goaway)
            #expect(try frames.next(Frame.goaway).payload[3] == 1)
            #expect(try frames.next() == nil)
        }
    }

    /// A response that began without a word of the end: its client reuses the connection at once.
    @Test func aStreamThatBeganBeforeTheDrainDoesNotCloseItsConnection() async throws {
        let release = Signal()
        // swift-format-ignore: OnlyOneTrailingClosureArgument
        try await withServer(
            limits: Self.patient,
            { exchange in
                if exchange.path.equals("/short") { return await sayOK(exchange) }
                exchange.sendHead(status: 200, body: .untilEnd)
                exchange.write(ByteView("begun"))
                await release.wait()
                exchange.end()
            }
        ) { harness in
            let peer = try harness.connect()
            try peer.send(Self.get)
            while !String(decoding: peer.buffer, as: UTF8.self).contains("begun") {
                try #require(try peer.receive())
            }
            let server = harness.server
            await harness.loop.run { server.beginDrain() }
            release.send()
            let first = try peer.response()
            #expect(field("connection", of: first.head) == nil)
            try peer.send("GET /short HTTP/1.1\r\nHost: a\r\n\r\n")
            let second = try peer.response()
            #expect(second.status == 200)
            #expect(field("connection", of: second.head) == "close")
            #expect(try peer.takeAll() == "")
        }
    }

    /// Connections that wait to be accepted would be reset with the listener.
    @Test func drainingAcceptsWhatWaits() async throws {
        try await withServer(limits: Self.patient, sayOK) { harness in
            let server = harness.server
            // While the loop does this, it accepts nothing.
            let peers = Mutex<[RawPeer]>([])
            try await harness.loop.run {
                for _ in 0..<100 {
                    try peers.withLock { $0.append(try harness.connect()) }
                }
                server.beginDrain()
            }
            try peers.withLock { peers in
                for peer in peers {
                    try peer.send(Self.get)
                    #expect(try peer.response().status == 200)
                }
            }
        }
    }

    /// The end of a drain: who serves an exchange is asked to end it before it is cut off.
    @Test(arguments: [false, true])
    func anExpiredExchangeEndsInItsOwnWords(isHTTP2: Bool) async throws {
        final class Observer: ExchangeCloseObserver, Sendable {
            let expired = Signal()
            func exchangeClosed() {}
            func exchangeExpired() { expired.send() }
        }
        let observer = Observer()
        // swift-format-ignore: OnlyOneTrailingClosureArgument
        try await withServer({ exchange in
            exchange.closeObserver = observer
            exchange.sendHead(status: 200, body: .untilEnd)
            exchange.write(ByteView("begun"))
            await observer.expired.wait()
            exchange.write(ByteView(" ended"))
            exchange.end()
        }) { harness in
            let server = harness.server
            if isHTTP2 {
                let frames = try FramePeer(harness)
                try frames.request(1)
                _ = try frames.next(Frame.data)
                await harness.loop.run { server.expireExchanges() }
                #expect(try frames.next(Frame.data).payload == Array(" ended".utf8))
            } else {
                let peer = try harness.connect()
                try peer.send(Self.get)
                while !String(decoding: peer.buffer, as: UTF8.self).contains("begun") {
                    try #require(try peer.receive())
                }
                await harness.loop.run { server.expireExchanges() }
                #expect(try peer.response().body == Array("begun ended".utf8))
            }
        }
    }

    // MARK: - Time

    private static func impatient() -> Limits {
        var limits = Limits()
        limits.timeoutHeaders = .milliseconds(60)
        limits.timeoutBody = .milliseconds(60)
        limits.timeoutUnwantedBody = .milliseconds(60)
        limits.timeoutIdle = .milliseconds(60)
        limits.timeoutWriteStall = .milliseconds(60)
        return limits
    }

    @Test func aConnectionThatSaysTooLittleIsClosed() async throws {
        try await withServer(limits: Self.impatient(), sayOK) { harness in
            #expect(try harness.connect().takeAll() == "")
            let sniffed = try harness.connect()
            try sniffed.send("PRI")
            #expect(try sniffed.takeAll() == "")
            let slow = try harness.connect()
            try slow.send("GET / HTTP/1.1\r\n")
            #expect(try slow.response().status == 408)
            let idle = try harness.connect()
            try idle.send(Self.get)
            #expect(try idle.response().status == 200)
            #expect(try idle.takeAll() == "")
            let frames = try FramePeer(harness)
            #expect(try frames.next(Frame.goaway).code == 0)
            #expect(try frames.next() == nil)
        }
    }

    @Test func aBodyThatDoesNotComeFailsTheExchange() async throws {
        let errors = Mutex<[TransportError]>([])
        let failed = Signal()
        // swift-format-ignore: OnlyOneTrailingClosureArgument
        try await withServer(
            limits: Self.impatient(),
            { exchange in
                do {
                    _ = try await exchange.readBody(bytesMax: 100)
                } catch {
                    errors.withLock { $0.append(error as? TransportError ?? .cancelled) }
                    failed.send()
                }
            }
        ) { harness in
            let first = try harness.connect()
            try first.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc")
            #expect(try first.response().status == 408)
            await failed.wait()
            let second = try FramePeer(harness)
            let head = FramePeer.head()
            try second.send(
                Frame(type: Frame.headers, flags: Frame.endHeaders, streamID: 1, payload: head))
            #expect(try second.next(Frame.reset).code == 8)
            await failed.wait()
            #expect(errors.withLock { $0 } == [.timedOut(.body), .timedOut(.body)])
        }
    }

    @Test func aClientThatTakesNothingLosesItsStream() async throws {
        let errors = Mutex<[TransportError]>([])
        let failed = Signal()
        // swift-format-ignore: OnlyOneTrailingClosureArgument
        try await withServer(
            limits: Self.impatient(),
            { exchange in
                exchange.sendHead(status: 200, body: .untilEnd)
                do {
                    while true {
                        exchange.write(ByteView("0123456789012345678901234567890123456789"))
                        try await exchange.awaitRoom()
                    }
                } catch {
                    errors.withLock { $0.append(error as? TransportError ?? .cancelled) }
                    failed.send()
                }
            }
        ) { harness in
            let frames = try FramePeer(harness)
            _ = try frames.next(Frame.settings)
            try frames.request(1)
            await failed.wait()
            #expect(errors.withLock { $0 } == [.timedOut(.writeStall)])
            // An open window, but a socket that nobody reads.
            let stuck = try harness.connect()
            try stuck.send(Self.get)
            await failed.wait()
            #expect(errors.withLock { $0.last } == .timedOut(.writeStall))
        }
    }

    // MARK: - Ends

    /// A client that disappears in the middle of a response, HTTP/1.1.
    @Test(arguments: [true, false])
    func aHandlerLearnsThatItsClientIsGone(hard: Bool) async throws {
        final class Observer: ExchangeCloseObserver, Sendable {
            let told = Signal()
            func exchangeClosed() { told.send() }
        }
        let observer = Observer()
        let done = Signal()
        // swift-format-ignore: OnlyOneTrailingClosureArgument
        try await withServer({ exchange in
            exchange.closeObserver = observer
            exchange.sendHead(status: 200, body: .untilEnd)
            exchange.write(ByteView("begun"))
            await observer.told.wait()
            #expect(exchange.failure == .closed)
            done.send()
        }) { harness in
            let peer = try harness.connect()
            try peer.send(Self.get)
            #expect(try peer.receive())
            if hard { peer.closeHard() } else { peer.close() }
            await done.wait()
        }
    }

    @Test func closingAllFailsWhatIsBeingServed() async throws {
        let begun = Signal()
        let failed = Signal()
        let harness = try ServerHarness(
            handler: FunctionHandler { exchange in
                begun.send()
                do { while try await exchange.readSome() {} } catch { failed.send() }
            })
        let first = try harness.connect()
        try first.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n")
        await begun.wait()
        let second = try FramePeer(harness)
        let head = FramePeer.head()
        try second.send(
            Frame(type: Frame.headers, flags: Frame.endHeaders, streamID: 1, payload: head))
        await begun.wait()
        await harness.stop()
        await failed.wait()
        await failed.wait()
        while try second.next() != nil {}
    }
}
