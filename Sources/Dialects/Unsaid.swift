internal import GatewayCore

/// In whose words a client wrote its request, and so knows its fields.
enum ClientWords {
    /// The contract's.
    case contract
    case openAI
    case anthropic
    case ollama
}

/// What a request says that the upstream's dialect cannot: refused with the field's name, or left
/// out and reported where client or configuration allow that.
struct Unsaid {
    /// Whether what matters may be left out too.
    let mayDrop: Bool
    let words: ClientWords
    /// What the client did not ask for, in OpenAI's names: it is left out, whatever may be dropped.
    var defaulted: Set<String> = []
    private(set) var dropped: [String] = []
    private var refused: [FieldViolation] = []

    init(mayDrop: Bool, words: ClientWords) {
        self.mayDrop = mayDrop
        self.words = words
    }

    /// The name of a field in the client's words.
    /// - Parameters:
    ///   - contract: its path in a chat request of the contract.
    ///   - anthropic: its path in Anthropic's; `nil` where no client of theirs can say it.
    func name(_ contract: String, openAI: String, anthropic: String? = nil) -> String {
        switch words {
        case .contract: contract
        case .openAI: openAI
        case .anthropic: anthropic ?? contract
        case .ollama: Self.ollamaNames[openAI] ?? openAI
        }
    }

    /// What Ollama's clients call what they can say at all.
    private static let ollamaNames = [
        "temperature": "options.temperature", "top_p": "options.top_p", "top_k": "options.top_k",
        "seed": "options.seed", "stop": "options.stop",
        "presence_penalty": "options.presence_penalty",
        "frequency_penalty": "options.frequency_penalty", "reasoning_effort": "think",
        "thinking": "think", "response_format": "format",
        "response_format.json_schema.schema": "format",
    ]

    /// Leaves out what does not change the answer's meaning: hints and labels.
    mutating func drop(_ contract: String, openAI: String, anthropic: String? = nil) {
        dropped.append(name(contract, openAI: openAI, anthropic: anthropic))
    }

    /// The same with the field's name as the client knows it.
    mutating func drop(field: String) {
        if dropped.last != field { dropped.append(field) }
    }

    /// Leaves out what matters, if that is allowed.
    mutating func refuse(
        _ contract: String, openAI: String, anthropic: String? = nil,
        _ why: String = "is not supported"
    ) {
        let field = name(contract, openAI: openAI, anthropic: anthropic)
        if defaulted.contains(openAI) { return dropped.append(field) }
        refuse(field: words == .contract && !mayDrop ? "chat.\(field)" : field, why)
    }

    /// The same with the field's name as the client knows it.
    mutating func refuse(field: String, _ why: String = "is not supported") {
        guard !mayDrop else { return dropped.append(field) }
        refused.append(FieldViolation(field: field, message: why))
    }

    /// Throws if anything was refused; the message tells the first.
    func finish() throws(GatewayError) {
        guard let first = refused.first else { return }
        throw GatewayError(
            .unsupportedParameter, origin: .client, retry: .otherDeployment,
            message: "`\(first.field)` \(first.message) by this deployment. Leave it out, or set "
                + (words == .contract ? "routing.drop_unsupported_params." : "drop_params."),
            fields: refused, outcome: .invalidRequest)
    }
}
