import GatewayCore
import GatewayPrimitives
import Providers
import TestSupport
import Testing
import Transport

/// A vendor's provider and a pipeline around it on a loop of their own, with a clock that only the
/// test moves, in front of scripted upstreams: a deployment for each address.
final class ProviderHarness: Sendable {
    private let loop = EventLoop(index: 0)
    /// The loop's time before it ran: only its own thread may ask later.
    private let startedAt: MonotonicTime
    private let bound: Bound

    /// What belongs to the loop.
    ///
    /// `@unchecked Sendable` is safe: it is made before the loop runs, and touched on the loop
    /// alone.
    private struct Bound: @unchecked Sendable {
        let clock: VirtualClock
        let client: HTTPClient
        let pipeline: Pipeline
    }

    /// What a call came to.
    struct Outcome: Sendable {
        /// What the door was told, in order.
        let log: [String]
        let failure: GatewayError?
        let record: CallRecord?

        /// The text that came: in typed events, or where each has a raw form, in that.
        var text: String {
            let typed = log.filter { $0.hasPrefix("text:") }.map { $0.dropFirst(5) }
            guard typed.isEmpty else { return typed.joined() }
            return log.filter { $0.hasPrefix("raw:") }.map { entry in
                let chunk = FoundationJSON.object(String(entry.dropFirst(4)))
                return chunk?.at("choices.0.delta.content") as? String ?? ""
            }.joined()
        }

        /// How each attempt ended.
        var attempts: [AttemptOutcome] { record?.attempts.map(\.outcome) ?? [] }
    }

    /// A call in progress.
    final class Call: Sendable {
        fileprivate let door: LoopBox<RecordingDoor>
        fileprivate let task: Task<Outcome, Never>

        fileprivate init(door: LoopBox<RecordingDoor>, task: Task<Outcome, Never>) {
            self.door = door
            self.task = task
        }

        func outcome() async -> Outcome { await task.value }
    }

    /// - Parameter ports: of the deployments `d0`, `d1` and so on of model `m`, in an order that
    ///   the seed decides; give two only where the order makes no difference.
    init(
        ports: [UInt16], of kind: ProviderKind = .openAI, basePath: String = "/v1",
        provider limits: ProviderLimits = ProviderLimits(),
        client clientLimits: ClientLimits = ClientLimits(), apiKey: String? = "sk-upstream",
        options: VendorOptions = VendorOptions()
    ) throws {
        startedAt = loop.now
        let clock = VirtualClock(startingAt: startedAt)
        let client = HTTPClient(loop: loop, resolver: Resolver(), limits: clientLimits)
        let deployments = ports.enumerated().map { index, port in
            Deployment(
                index: index, id: "d\(index)", model: "m", provider: kind, upstreamModel: "up",
                apiBase: "http://127.0.0.1:\(port)\(basePath)", apiKey: apiKey.map { Secret($0) },
                extraHeaders: [(name: "X-Team", value: "blue")], timeouts: PipelineHarness.timeouts,
                options: options)
        }
        let provider = try Self.provider(
            of: kind, client: client, clock: clock, deployments, limits)
        bound = Bound(
            clock: clock, client: client,
            pipeline: Pipeline(
                directory: KeyRing([PipelineHarness.knownKey: Principal(name: "alice")]),
                catalog: Catalog(
                    deployments: deployments, createdAt: 0, rules: .withoutWaits),
                providers: [kind: provider], observer: RecordingObserver(),
                accountant: PipelineHarness.accountant(clock: clock), clock: clock,
                limits: CallLimits(callTimeout: .seconds(600), attemptsMax: 3), seed: 3))
        loop.start()
    }

    deinit {
        loop.stop()
        loop.join()
    }

    private static func provider(
        of kind: ProviderKind, client: HTTPClient, clock: any Clock, _ deployments: [Deployment],
        _ limits: ProviderLimits
    ) throws -> any Provider {
        switch kind {
        case .openAI:
            try OpenAIProvider(
                client: client, clock: clock, deployments: deployments, limits: limits)
        case .anthropic:
            try AnthropicProvider(
                client: client, clock: clock, deployments: deployments, limits: limits)
        case .gemini:
            try GeminiProvider(
                client: client, clock: clock, deployments: deployments, limits: limits)
        case .ollama:
            try OllamaProvider(
                client: client, clock: clock, deployments: deployments, limits: limits)
        case .azure:
            try OpenAIProvider(
                client: client, clock: clock, deployments: deployments, kind: .azure,
                limits: limits)
        case .scripted: try ScriptedProvider(clock: clock, deployments: deployments)
        }
    }

    /// A chat request of one message.
    static func chat(isStream: Bool = true) -> ModelRequest {
        .chat(
            ChatRequest(
                model: "m", isStream: isStream, wantsUsage: false,
                body: .typed(ChatContent(messages: [Message(role: .user, parts: [.text("Hi")])]))))
    }

    /// A request for a response, in its client's words.
    static func response(isStream: Bool = true) -> ModelRequest {
        let json = #"{"model":"m","input":"Hi","stream":\#(isStream)}"#
        let model = RawRequest.Member(name: .model, value: 9..<12)
        return .chat(
            ChatRequest(
                model: "m", isStream: isStream, wantsUsage: true,
                body: .raw(
                    RawRequest(
                        dialect: .openAIResponses, json: Array(json.utf8), members: [model]))))
    }

    static let embeddings = ModelRequest.embeddings(
        EmbeddingRequest(
            model: "m", inputCount: 1, textBytes: 1,
            body: .typed(EmbeddingContent(inputs: [.text("x")]))))

    /// Starts a call.
    func start(_ request: ModelRequest, raw dialect: Dialect? = nil) -> Call {
        let door = RecordingDoor(
            arrival: Arrival(
                receivedAt: startedAt, timeout: nil, credential: .key(PipelineHarness.knownKey)),
            request: .success(request))
        door.rawDialect = dialect
        let box = LoopBox(door)
        return Call(
            door: box,
            task: Task { [loop, bound] in
                await loop.run {
                    await bound.pipeline.run(box.value)
                    return Outcome(
                        log: box.value.log, failure: box.value.failure, record: box.value.record)
                }
            })
    }

    /// Makes a call and waits for its end.
    func call(_ request: ModelRequest, raw dialect: Dialect? = nil) async -> Outcome {
        await start(request, raw: dialect).outcome()
    }

    /// Waits until the door of a call has been told something with a text in it.
    func told(_ call: Call, _ text: String) async {
        while !(await loop.run({ call.door.value.log.contains { $0.contains(text) } })) {
            await Task.yield()
        }
    }

    /// The client of a call goes away.
    func leave(_ call: Call) async {
        await loop.run { call.door.value.cancellation?.cancelCall(.clientGone) }
    }

    func advance(by duration: Duration) async {
        await loop.run { [bound] in bound.clock.advance(by: duration) }
    }

    /// Timers and connections that are left.
    func leftovers() async -> (timers: Int, connections: Int) {
        await loop.run { [bound] in
            (
                bound.clock.armedCount,
                bound.client.connectionCount - bound.client.idleConnectionCount
            )
        }
    }
}

/// Something that belongs to a loop.
///
/// `@unchecked Sendable` is safe: after it was made it is touched on its loop alone.
struct LoopBox<Value>: @unchecked Sendable {
    let value: Value

    init(_ value: Value) { self.value = value }
}

/// Responses as upstreams send them.
enum Replies {
    static func json(_ body: String, status: String = "200 OK", fields: String = "") -> String {
        "HTTP/1.1 \(status)\r\ncontent-type: application/json\r\n\(fields)"
            + "content-length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    static let streamHead =
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"

    /// One chunk of the transfer coding.
    static func chunk(_ text: String) -> String {
        String(text.utf8.count, radix: 16) + "\r\n" + text + "\r\n"
    }

    static let end = "0\r\n\r\n"

    /// An event with a piece of text, or with anything in its delta.
    static func event(_ delta: String, reason: String = "null") -> String {
        chunk(
            #"data: {"id":"u1","model":"um","choices":[{"index":0,"delta":{\#(delta)},"#
                + "\"finish_reason\":\(reason)}]}\n\n")
    }

    static let role = event(#""role":"assistant","content":"""#)
    static let hello = event(#""content":"Hello""#)
    static let stop = event("", reason: "\"stop\"")
    static let done = chunk("data: [DONE]\n\n")
    static let stream = streamHead + role + hello + stop + done + end
    static let whole = json(
        #"{"id":"u1","model":"um","choices":[{"index":0,"message":{"role":"assistant","#
            + #""content":"Hello"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"#
            + #""completion_tokens":2}}"#)
}
