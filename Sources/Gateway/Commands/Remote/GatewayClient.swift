import Foundation
import GatewayCore
import GatewayPrimitives
import Providers
import Synchronization
import Transport

/// Asks a gateway's management over HTTP, one request after another, for commands.
struct GatewayClient {
    let address: UpstreamAddress
    let key: Secret
    let timeout: Duration

    /// The longest answer that is read.
    static let answerBytesMax = 64 << 20

    /// Posts a value as JSON.
    func post(
        _ path: String, _ body: some Encodable
    ) throws(RemoteFailure) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        guard let data = try? encoder.encode(body) else {
            throw RemoteFailure(.usage, "the options cannot be written as JSON")
        }
        return try ask("POST", path, Array(data))
    }

    /// - Parameter query: names and values, which are escaped.
    func get(
        _ path: String, _ query: [(name: String, value: String)] = []
    ) throws(RemoteFailure) -> [UInt8] {
        let items = query.map { "\($0.name)=\(Self.escaped($0.value))" }
        let target = items.isEmpty ? path : path + "?" + items.joined(separator: "&")
        return try ask("GET", target, [])
    }

    /// Reads an answer of the gateway.
    static func decode<Value: Decodable>(
        _ type: Value.Type, _ body: [UInt8]
    ) throws(RemoteFailure) -> Value {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        do { return try decoder.decode(type, from: Data(body)) } catch {
            throw RemoteFailure(
                .unreachable, "the answer is not that of a gateway; does --url name one?")
        }
    }

    private func ask(
        _ method: StaticString, _ target: String, _ body: [UInt8]
    ) throws(RemoteFailure) -> [UInt8] {
        let loop = EventLoop(index: 0)
        let outcome = Outcome()
        loop.start()
        loop.spawn { [self] in
            let result = await send(method, target, body, on: loop)
            outcome.result.withLock { $0 = result }
            loop.stop()
        }
        loop.join()
        guard let result = outcome.result.withLock({ $0 }) else {
            throw RemoteFailure(.unreachable, "\(shown) was not asked")
        }
        let answer = try result.get()
        guard (200..<300).contains(answer.status) else {
            throw RemoteFailure(.declined, Self.refusal(answer))
        }
        return answer.body
    }

    /// What came of a request, set by its loop before that ends.
    private final class Outcome: Sendable {
        let result = Mutex<Result<Answer, RemoteFailure>?>(nil)
    }

    private struct Answer: Sendable {
        let status: Int
        let body: [UInt8]
    }

    private var shown: String {
        (address.origin.tls == nil ? "http://" : "https://") + address.origin.authority
            + address.basePath
    }

    private func send(
        _ method: StaticString, _ target: String, _ body: [UInt8], on loop: EventLoop
    ) async -> Result<Answer, RemoteFailure> {
        let client = HTTPClient(loop: loop, resolver: Resolver(), limits: ClientLimits())
        let exchange = client.exchange(to: address.origin)
        let alarm = ExchangeAlarm(exchange, after: timeout)
        defer {
            alarm.disarm()
            exchange.close()
        }
        var headers = HeaderList()
        headers.append("authorization", text: "Bearer \(key.reveal())")
        headers.append("accept", "application/json")
        if !body.isEmpty { headers.append("content-type", "application/json") }
        var path = ByteQueue()
        path.append(text: address.basePath + target)
        var content = ByteQueue()
        content.append(array: body)
        do throws(TransportError) {
            try await exchange.send(
                ClientRequest(
                    method: method, target: path.view, headers: headers, body: content.view))
            try await exchange.receiveHead()
            let bytes = try await exchange.readBody(bytesMax: Self.answerBytesMax).bytes
            return .success(Answer(status: exchange.status, body: bytes))
        } catch {
            let why = alarm.hasFired ? "no answer within \(timeout)" : error.words
            return .failure(
                RemoteFailure(
                    .unreachable,
                    "\(shown) does not answer: \(why). Is a gateway serving there? --url names "
                        + "another one."))
        }
    }

    /// What a gateway says when it declines, in whichever of its forms.
    private static func refusal(_ answer: Answer) -> String {
        let whole = try? JSONSerialization.jsonObject(with: Data(answer.body)) as? [String: Any]
        if let error = whole?["error"] as? [String: Any], let text = error["message"] as? String {
            return text
        }
        if let detail = whole?["detail"] as? [String: Any], let text = detail["error"] as? String {
            return text
        }
        if let list = whole?["detail"] as? [[String: Any]], !list.isEmpty {
            return list.compactMap { $0["msg"] as? String }.joined(separator: " ")
        }
        return "the gateway declined with status \(answer.status)"
    }

    /// A value of a query (RFC 3986, 2.3).
    private static func escaped(_ value: String) -> String {
        value.utf8.map { byte in
            let isPlain =
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte)
                || (0x61...0x7A).contains(byte) || [0x2D, 0x2E, 0x5F, 0x7E].contains(byte)
            if isPlain { return String(UnicodeScalar(byte)) }
            return "%" + String(byte >> 4, radix: 16, uppercase: true)
                + String(byte & 15, radix: 16, uppercase: true)
        }.joined()
    }
}

/// Calls an exchange off that takes too long. Belongs to its loop.
private final class ExchangeAlarm: LoopTimerTarget {
    private let exchange: ClientExchange
    private(set) var hasFired = false
    private lazy var timer = LoopTimer(loop: exchange.loop, target: self)

    init(_ exchange: ClientExchange, after duration: Duration) {
        self.exchange = exchange
        timer.arm(after: duration)
    }

    func disarm() { timer.disarm() }

    func loopTimerFired(_ timer: LoopTimer) {
        hasFired = true
        exchange.cancel()
    }
}
