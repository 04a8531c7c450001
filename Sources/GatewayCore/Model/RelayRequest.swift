/// What is passed on to an upstream that offers it, in its own words both ways: nothing of it is
/// translated.
public struct RelayRequest: Sendable {
    public let operation: Operation
    public var model: String
    /// How many inputs or documents there are.
    public var inputCount = 1
    /// The UTF-8 bytes of all texts.
    public var textBytes: Int
    /// What else there is besides texts.
    public var extent = ChatRequest.Extent()
    /// Whom the client says it acts for. Empty when it does not say.
    public var endUser = ""
    /// Labels for reports and budgets.
    public var tags: [String] = []
    /// What it says about its routing; `nil` for nothing.
    public var routing: RequestRouting?
    /// What the client calls it, so that a repeat is not charged again.
    public var identity: RequestIdentity?
    public var raw: RawRequest
    /// Whether no upstream is asked, even if it offers an answer: for a count of tokens.
    public var isLocal = false

    /// What is asked for.
    public enum Operation: String, Sendable {
        /// Whether texts are harmful: OpenAI's moderations.
        case moderation
        /// Documents in the order of what they have to do with a query: Cohere's and Jina's rerank.
        case rerank
        /// How many tokens a chat request has. It costs nothing.
        case tokenCount
    }

    public init(operation: Operation, model: String, textBytes: Int, raw: RawRequest) {
        self.operation = operation
        self.model = model
        self.textBytes = textBytes
        self.raw = raw
    }
}

extension ProviderKind {
    /// Whether its servers may offer something at all; each deployment's mode says more.
    func offers(_ operation: RelayRequest.Operation) -> Bool {
        switch operation {
        case .moderation, .rerank: self == .openAI
        case .tokenCount: self == .anthropic
        }
    }
}

extension GatewayError {
    /// A deployment was asked for what its vendor does not offer.
    public static func notOffered(
        _ operation: RelayRequest.Operation, by deployment: Deployment
    ) -> GatewayError {
        GatewayError(
            .unsupportedParameter, origin: .client, retry: .otherDeployment,
            message:
                "Deployment `\(deployment.id)` offers no \(operation.rawValue): choose another "
                + "model.",
            fields: [FieldViolation(field: "model", message: "serves other requests")],
            outcome: .invalidRequest)
    }
}

extension RelayRequest {
    /// The least that a deployment for relayed requests can be asked for; `nil` for another.
    init?(probing deployment: Deployment) {
        let dialect: Dialect
        let rest: String
        switch deployment.mode {
        case .moderation:
            (operation, dialect) = (.moderation, .openAIModerations)
            rest = #","input":"ping"}"#
        case .rerank:
            (operation, dialect) = (.rerank, .rerank)
            rest = #","query":"ping","documents":["ping"]}"#
        case .chat, .completion, .embedding, nil: return nil
        }
        model = deployment.model
        textBytes = 8
        // The name is replaced by the upstream's before it is sent.
        let head = #"{"model":""#
        raw = RawRequest(
            dialect: dialect, json: Array((head + "\"" + rest).utf8),
            members: [.init(name: .model, value: head.utf8.count - 1..<head.utf8.count + 1)])
    }
}
