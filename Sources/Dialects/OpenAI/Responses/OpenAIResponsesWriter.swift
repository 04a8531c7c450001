public import GatewayCore
public import GatewayPrimitives

/// Writes responses, streamed and whole, from the typed events of a chat.
///
/// A response is items one after another: reasoning, messages, calls. In a stream an item is told
/// from `response.output_item.added` to `response.output_item.done`, and the events are numbered.
///
/// Of a response that is relayed in its upstream's own words it gathers the content, and writes
/// nothing but the end of one that the gateway cuts.
public struct OpenAIResponsesWriter {
    var id: String
    let created: Int64
    var model: String
    let echo: OpenAIResponsesEcho
    let isStream: Bool
    /// Whether the client gets the upstream's own events.
    private(set) var isRelaying = false
    var items: [Item] = []
    var sequence = 0
    private var gathered: GatheredBytes
    /// Members of the answer that the core has no name for.
    var fields = GatheredFields()
    var hasStarted = false

    /// Whether events are written for what comes.
    var writesEvents: Bool { isStream && !isRelaying }

    struct Item {
        let kind: Kind
        let part: Int
        var callID: [UInt8] = []
        var name: [UInt8] = []
        /// The text, or a call's arguments.
        var text: [UInt8] = []
        var isDone = false
    }

    enum Kind { case message, refusal, reasoning, call }

    /// - Parameter bytesMax: how much may be gathered: a response repeats itself at its end.
    public init(
        id: String, created: Int64, model: String, echo: OpenAIResponsesEcho, isStream: Bool,
        bytesMax: Int = 64 * 1024 * 1024
    ) {
        self.id = id
        self.created = created
        self.model = model
        self.echo = echo
        self.isStream = isStream
        gathered = GatheredBytes(max: bytesMax)
    }

    /// Takes in an event; in a stream, appends the events for it.
    public mutating func write(
        _ event: ReplyEvent, into output: inout ByteQueue
    ) throws(GatewayError) {
        start(into: &output)
        guard case .delta(let delta) = event.body, delta.choiceIndex == 0 else { return }
        try gathered.add(delta.keptBytes)
        if !isRelaying { fields.add(delta.providerFieldsJSON) }
        switch delta.content {
        case .none, .redactedReasoning: break
        case .text(let text): add(text, .message, delta.partIndex, into: &output)
        case .refusal(let text): add(text, .refusal, delta.partIndex, into: &output)
        case .reasoning(let text): add(text, .reasoning, delta.partIndex, into: &output)
        case .toolCall(let callID, let name, let arguments):
            let place = place(.call, delta.partIndex, callID: callID, name: name, into: &output)
            items[place].text += arguments.buffer
            if !arguments.isEmpty {
                writeDelta(
                    "response.function_call_arguments.delta", place, arguments, into: &output)
            }
        }
    }

    /// Takes in an event of a stream that the client gets in the upstream's own words.
    public mutating func gather(_ event: ReplyEvent) throws(GatewayError) {
        isRelaying = true
        sequence += 1
        if case .started(let started) = event.body {
            if !started.upstreamID.isEmpty { id = started.upstreamID.string }
            if !started.upstreamModel.isEmpty { model = started.upstreamModel.string }
        }
        var nothing = ByteQueue()
        try write(event, into: &nothing)
    }

    /// Appends what ends a stream, or the whole response; of a stream that was relayed, nothing,
    /// unless the gateway ended it: then what ends it here, with what it has said.
    public mutating func writeEnd(_ finished: ReplyFinished, into output: inout ByteQueue) {
        guard !isRelaying || finished.isCut else { return }
        start(into: &output)
        for place in items.indices { close(place, into: &output) }
        if !isRelaying { fields.add(finished.providerFieldsJSON) }
        let outcome = finished.outcomes.first { $0.choiceIndex == 0 }
        let isCut = outcome?.reason == .length || outcome?.reason == .contentFilter
        guard isStream else {
            return appendResponse(isCut ? "incomplete" : "completed", finished, into: &output)
        }
        begin(isCut ? "response.incomplete" : "response.completed", into: &output)
        output.append(",\"response\":")
        appendResponse(isCut ? "incomplete" : "completed", finished, into: &output)
        output.append("}\n\n")
    }
}
