internal import GatewayCore
internal import GatewayPrimitives

/// A deployment's defaults as members of a request that stays in its client's words: those that it
/// does not have. One that is there counts as said, be it null.
struct SplicedDefaults {
    typealias Member = (name: StaticString, json: String)

    /// Members of the request.
    private(set) var members: [Member] = []
    /// Members of `options`, as Ollama has them.
    private(set) var options: [Member] = []
    /// The names, as the configuration has them, of what the dialect has no member for.
    private(set) var unsaid: [String] = []

    /// Of none.
    init() {}

    /// - Parameter effortJSON: an effort in Ollama's form, which its models differ in.
    init(
        _ defaults: RequestDefaults?, for raw: RawRequest,
        effortJSON: (ReasoningEffort) -> String = { "\"\($0.rawValue)\"" }
    ) {
        guard let defaults else { return }
        add(defaults, to: raw.dialect, effortJSON)
        raw.json.withUnsafeBufferPointer { buffer in
            let json = ByteView(start: buffer.baseAddress, count: buffer.count)
            for member in RawMembers(json) { leaveOut(member) }
        }
    }

    /// Leaves out what the request says.
    private mutating func leaveOut(_ member: RawMembers.Member) {
        members.removeAll { member.isNamed($0.name) }
        if member.isNamed("options"), !options.isEmpty {
            for option in RawMembers(member.value) {
                options.removeAll { option.isNamed($0.name) }
            }
        }
        // A model of Anthropic's that thinks draws its tokens as it does.
        guard member.isNamed("thinking"), !member.value.string.contains("disabled") else { return }
        for name in ["temperature", "top_p", "top_k"] {
            let count = members.count
            members.removeAll { $0.name.description == name }
            if members.count < count { unsaid.append(name) }
        }
    }

    private mutating func add(
        _ defaults: RequestDefaults, to dialect: Dialect, _ effortJSON: (ReasoningEffort) -> String
    ) {
        let sampling = defaults.sampling
        let isResponse = dialect == .openAIResponses
        let isAnthropic = dialect == .anthropicMessages
        let isOption = dialect.isOllamas
        func say(_ name: StaticString, _ json: String?, if isSaid: Bool = true) {
            guard let json else { return }
            if !isSaid {
                unsaid.append(name.description)
            } else if isOption {
                options.append((name, json))
            } else {
                members.append((name, json))
            }
        }
        say("temperature", sampling.temperature.map(Self.json))
        say("top_p", sampling.topP.map(Self.json))
        say("top_k", sampling.topK.map { "\($0)" }, if: !isResponse)
        let isFull = !isResponse && !isAnthropic
        say("frequency_penalty", sampling.frequencyPenalty.map(Self.json), if: isFull)
        say("presence_penalty", sampling.presencePenalty.map(Self.json), if: isFull)
        say("seed", sampling.seed.map { "\($0)" }, if: isFull)
        let stop = sampling.stopSequences.isEmpty ? nil : Self.json(sampling.stopSequences)
        if isAnthropic { say("stop_sequences", stop) } else { say("stop", stop, if: !isResponse) }
        if !defaults.endUser.isEmpty {
            let name = Self.json(defaults.endUser)
            switch dialect {
            case .anthropicMessages: members.append(("metadata", "{\"user_id\":\(name)}"))
            case .ollamaChat, .ollamaGenerate: unsaid.append("user")
            default: members.append(("user", name))
            }
        }
        guard let effort = defaults.reasoningEffort else { return }
        switch dialect {
        case .openAIChat: members.append(("reasoning_effort", effortJSON(effort)))
        case .openAIResponses:
            members.append(("reasoning", "{\"effort\":\(effortJSON(effort))}"))
        case .ollamaChat, .ollamaGenerate: members.append(("think", effortJSON(effort)))
        default: unsaid.append("reasoning_effort")
        }
    }

    private static func json(_ number: Double) -> String {
        var bytes = ByteQueue()
        bytes.append(json: number)
        return bytes.view.string
    }

    private static func json(_ text: String) -> String {
        var bytes = ByteQueue()
        bytes.append(jsonString: text)
        return bytes.view.string
    }

    private static func json(_ texts: [String]) -> String {
        "[" + texts.map { json($0) }.joined(separator: ",") + "]"
    }
}
