/// What a deployment's configuration says for chats that do not say it themselves, as LiteLLM's
/// `litellm_params` do.
public final class RequestDefaults: Equatable, Sendable {
    /// The bound of an answer, which limits and budgets count as if the client had given it.
    public let maxOutputTokens: Int?
    /// How tokens are drawn; without a bias of single ones.
    public let sampling: SamplingParams
    public let reasoningEffort: ReasoningEffort?
    /// The end user that upstreams are told. Empty means none; it is nobody's budget.
    public let endUser: String

    public init(
        maxOutputTokens: Int? = nil, sampling: SamplingParams = SamplingParams(),
        reasoningEffort: ReasoningEffort? = nil, endUser: String = ""
    ) {
        self.maxOutputTokens = maxOutputTokens
        self.sampling = sampling
        self.reasoningEffort = reasoningEffort
        self.endUser = endUser
    }

    public static func == (one: RequestDefaults, other: RequestDefaults) -> Bool {
        one.maxOutputTokens == other.maxOutputTokens
            && one.reasoningEffort == other.reasoningEffort && one.endUser == other.endUser
            && one.sampling.temperature == other.sampling.temperature
            && one.sampling.topP == other.sampling.topP && one.sampling.topK == other.sampling.topK
            && one.sampling.frequencyPenalty == other.sampling.frequencyPenalty
            && one.sampling.presencePenalty == other.sampling.presencePenalty
            && one.sampling.seed == other.sampling.seed
            && one.sampling.stopSequences == other.sampling.stopSequences
    }
}

extension ModelRequest {
    /// The request as it goes to a deployment with such defaults. What its client wrote stays as it
    /// is: the writer of the upstream's dialect adds what it does not say.
    func filled(from defaults: RequestDefaults?) -> ModelRequest {
        guard let defaults, case .chat(var chat) = self else { return self }
        chat.defaults = defaults
        if chat.maxOutputTokens == nil {
            chat.maxOutputTokens = defaults.maxOutputTokens
            chat.isBoundByDefault = defaults.maxOutputTokens != nil
        }
        return .chat(chat)
    }
}
