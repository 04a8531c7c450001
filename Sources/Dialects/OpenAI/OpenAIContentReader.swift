public import GatewayCore
internal import GatewayPrimitives

/// Reads a chat request in OpenAI's words into core types, for an upstream of another dialect.
///
/// The request has been accepted by ``OpenAIChatRequestReader``; here its details must make sense
/// too, since they are said anew. Nothing is lost in silence: a member that the core has no name
/// for is told by ``Reading/unknown``, and what is none of its kind is refused by name.
public struct OpenAIContentReader {
    private let parser: JSONParser

    /// A reader with the loop's parser, which is its own only while a function of it runs.
    public init(parser: JSONParser) { self.parser = parser }

    /// What a request says.
    public struct Reading {
        public var content: ChatContent
        /// Members that the core has no name for, by their paths.
        public var unknown: [String]
        /// The same where leaving them out changes no answer's meaning.
        public var hints: [String]
    }

    /// Reads a whole body.
    public func read(_ request: RawRequest) throws(GatewayError) -> Reading {
        var bytes = ByteQueue()
        bytes.append(array: request.json)
        let root = try RequestFields.parse(bytes.view, with: parser)
        var state = OpenAIContentState()
        state.read(root)
        try state.fields.finish()
        return Reading(content: state.content, unknown: state.unknown, hints: state.hints)
    }
}

/// A request while it is read.
struct OpenAIContentState {
    var content = ChatContent(messages: [])
    var unknown: [String] = []
    var hints: [String] = []
    var fields = RequestFields()

    /// Members that the request's other reader has taken.
    private static let taken: [StaticString] = [
        "model", "stream", "stream_options", "n", "max_tokens", "max_completion_tokens",
        // LiteLLM's labels, which are the gateway's.
        "tags",
    ]

    mutating func read(_ root: JSONValue) {
        for (name, value) in root.members where !value.isNull {
            let isRead =
                Self.taken.contains { name.equals($0) } || readConversation(name, value)
                || readSampling(name, value) || readOption(name, value)
            if !isRead && !GatewayFields.isOurs(name) { unknown.append(name.string) }
        }
        // Two members say one thing.
        if let logprobs = root[member: "logprobs"]?.bool {
            let top = root[member: "top_logprobs"]?.integer ?? 0
            content.topLogprobs = logprobs ? Int(clamping: top) : nil
        }
        if content.topLogprobs == nil, root[member: "top_logprobs"]?.integer ?? 0 > 0 {
            hints.append("top_logprobs")
        }
        if let safety = root[member: "safety_identifier"]?.string?.string {
            let isKnown = content.endUser.isEmpty || content.endUser == safety
            if isKnown { content.endUser = safety } else { hints.append("safety_identifier") }
        }
        if !content.wantsAudio, let audio = root[member: "audio"], !audio.isNull {
            hints.append("audio")
        }
        guard let options = root[member: "stream_options"] else { return }
        for (name, _) in options.members where !name.equals("include_usage") {
            hints.append("stream_options.\(name.string)")
        }
    }

    private mutating func readConversation(_ name: ByteView, _ value: JSONValue) -> Bool {
        if name.equals("messages") {
            var index = 0
            for message in value.elements {
                var reader = OpenAIMessageReader(path: "messages[\(index)]")
                if let message = reader.read(message, &self) { content.messages.append(message) }
                index += 1
            }
        } else if name.equals("tools") {
            readTools(value)
        } else if name.equals("tool_choice") {
            content.toolChoice = toolChoice(value)
        } else if name.equals("parallel_tool_calls") {
            content.parallelToolCalls = value.bool
        } else if name.equals("response_format") {
            readFormat(value)
        } else {
            return false
        }
        return true
    }

    mutating func readSampling(_ name: ByteView, _ value: JSONValue) -> Bool {
        switch name.count {
        case 11 where name.equals("temperature"): content.sampling.temperature = value.number
        case 5 where name.equals("top_p"): content.sampling.topP = value.number
        // vLLM's, llama.cpp's and Anthropic's, if not OpenAI's.
        case 5 where name.equals("top_k"):
            content.sampling.topK = value.integer.map { Int(clamping: $0) }
        case 17 where name.equals("frequency_penalty"):
            content.sampling.frequencyPenalty = value.number
        case 16 where name.equals("presence_penalty"):
            content.sampling.presencePenalty = value.number
        case 4 where name.equals("seed"): content.sampling.seed = value.integer
        case 4 where name.equals("stop"):
            if let text = value.string {
                content.sampling.stopSequences = [text.string]
            } else {
                content.sampling.stopSequences = value.elements.compactMap { $0.string?.string }
            }
        case 10 where name.equals("logit_bias"): readBias(value)
        default: return false
        }
        return true
    }

    private mutating func readBias(_ bias: JSONValue) {
        for (name, value) in bias.members {
            guard let token = Int32(name.string), let number = value.number else {
                fields.violate("logit_bias", "must map token ids to numbers")
                return
            }
            content.sampling.logitBias.append((token: token, bias: number))
        }
    }
}
