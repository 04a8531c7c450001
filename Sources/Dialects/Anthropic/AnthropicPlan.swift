internal import GatewayCore
internal import GatewayPrimitives

/// What of a request's options Anthropic's models take, and in which form. What they do not is
/// told to the ``Unsaid``.
struct AnthropicPlan {
    let maxTokens: Int
    private(set) var effort: StaticString?
    private var thinking: Thinking?
    private var temperature: Double?
    private var topP: Double?
    private var topK: Int?
    private var stopSequences: [String] = []
    private var serviceTier: StaticString?

    private enum Thinking {
        case disabled
        case budget(Int)
        case adaptive
    }

    /// The least budget of thinking that the API takes.
    static let budgetMin = 1024

    init(
        _ request: ChatRequest, _ content: ChatContent, model: AnthropicModel, maxTokens: Int,
        _ unsaid: inout Unsaid
    ) {
        self.maxTokens = maxTokens
        planThinking(content, model, &unsaid)
        planSampling(content.sampling, model, &unsaid)
        stopSequences = content.sampling.stopSequences
        if !content.serviceTier.isEmpty {
            serviceTier = AnthropicTier.asked(content.serviceTier)
            if serviceTier == nil {
                unsaid.refuse("service_tier", openAI: "service_tier")
            }
        }
        Self.noteUnsaid(request, content, &unsaid)
    }

    /// What no model of theirs takes. Values that ask for nothing are no matter.
    private static func noteUnsaid(
        _ request: ChatRequest, _ content: ChatContent, _ unsaid: inout Unsaid
    ) {
        let sampling = content.sampling
        if request.choiceCount > 1 {
            unsaid.refuse("choice_count", openAI: "n", "above 1 is not supported")
        }
        if content.topLogprobs != nil { unsaid.refuse("top_logprobs", openAI: "logprobs") }
        if sampling.seed != nil { unsaid.refuse("sampling.seed", openAI: "seed") }
        if sampling.frequencyPenalty ?? 0 != 0 {
            unsaid.refuse("sampling.frequency_penalty", openAI: "frequency_penalty")
        }
        if sampling.presencePenalty ?? 0 != 0 {
            unsaid.refuse("sampling.presence_penalty", openAI: "presence_penalty")
        }
        if !sampling.logitBias.isEmpty {
            unsaid.refuse("sampling.logit_bias", openAI: "logit_bias")
        }
        if content.wantsAudio { unsaid.refuse("output_modalities", openAI: "modalities") }
        if content.verbosity != nil { unsaid.refuse("verbosity", openAI: "verbosity") }
        unsaid.dropHints(of: content)
    }

    private mutating func planThinking(
        _ content: ChatContent, _ model: AnthropicModel, _ unsaid: inout Unsaid
    ) {
        let effort = content.reasoningEffort
        guard effort != ReasoningEffort.none else {
            thinking = .disabled
            return
        }
        guard effort != nil || content.maxReasoningTokens != nil else { return }
        let field =
            content.maxReasoningTokens != nil
            ? "reasoning.max_reasoning_tokens" : "reasoning.effort"
        let openAI = content.maxReasoningTokens != nil ? "thinking" : "reasoning_effort"
        if Self.forcesTool(content) {
            return unsaid.refuse(
                field, openAI: openAI, "with a tool that must be called is not supported")
        }
        let isBudget = content.maxReasoningTokens != nil ? model.takesBudget : !model.takesEffort
        if isBudget, Self.lacksThinking(content) { return unsaid.drop(field, openAI: openAI) }
        if let budget = content.maxReasoningTokens {
            guard model.takesBudget else { return unsaid.refuse(field, openAI: openAI) }
            guard budget >= Self.budgetMin, budget < maxTokens else {
                return unsaid.refuse(
                    field, openAI: openAI,
                    "of \(budget) tokens, which is not from \(Self.budgetMin) to below the "
                        + "\(maxTokens) of the answer, is not supported")
            }
            thinking = .budget(budget)
        } else if let effort {
            plan(effort, model, field, openAI, &unsaid)
        }
    }

    /// An effort, or on older models the budget that LiteLLM takes for it.
    private mutating func plan(
        _ effort: ReasoningEffort, _ model: AnthropicModel, _ field: String, _ openAI: String,
        _ unsaid: inout Unsaid
    ) {
        if model.takesEffort {
            thinking = .adaptive
            self.effort = effort == .high ? "high" : effort == .medium ? "medium" : "low"
            return
        }
        // Thinking counts among the tokens of the answer: at least half is left for its text.
        let wanted = effort == .high ? 4096 : effort == .medium ? 2048 : Self.budgetMin
        let budget = min(wanted, maxTokens / 2)
        guard budget >= Self.budgetMin else {
            return unsaid.refuse(
                field, openAI: openAI,
                "in an answer of less than \(Self.budgetMin * 2) tokens is not supported")
        }
        thinking = .budget(budget)
    }

    /// Whether the last calls of tools came without the thinking that led to them: of a client that
    /// did not ask to be told. With a budget of thinking the API refuses them, so that the model
    /// has to go on without (docs.claude.com/en/docs/build-with-claude/extended-thinking).
    private static func lacksThinking(_ content: ChatContent) -> Bool {
        guard let last = content.messages.last(where: { $0.role == .assistant }) else {
            return false
        }
        var hasCalls = false
        for part in last.parts {
            switch part {
            case .reasoning(let reasoning) where reasoning.isProven: return false
            case .toolCall: hasCalls = true
            default: break
            }
        }
        return hasCalls
    }

    private static func forcesTool(_ content: ChatContent) -> Bool {
        switch content.toolChoice {
        case .tool, .mode(.required), .allowed(.required, _): true
        case .mode, .allowed, nil: false
        }
    }

    /// Without thinking, and on older models, as asked; else only what changes nothing.
    private mutating func planSampling(
        _ sampling: SamplingParams, _ model: AnthropicModel, _ unsaid: inout Unsaid
    ) {
        let isThinking: Bool
        switch thinking {
        case .budget, .adaptive: isThinking = true
        case .disabled, nil: isThinking = false
        }
        let isFree = model.takesSampling && !isThinking
        if let asked = sampling.temperature, asked != 1 {
            if isFree && (0...1).contains(asked) {
                temperature = asked
            } else {
                unsaid.refuse(
                    "sampling.temperature", openAI: "temperature",
                    isFree ? "of \(asked), which is above 1, is not supported" : "is not supported")
            }
        }
        if let asked = sampling.topP, asked != 1 {
            if isFree {
                topP = asked
            } else {
                unsaid.refuse("sampling.top_p", openAI: "top_p")
            }
        }
        guard let asked = sampling.topK else { return }
        if isFree {
            topK = asked
        } else {
            unsaid.refuse("sampling.top_k", openAI: "top_k")
        }
    }

    func writeSampling(into output: inout ByteQueue) {
        output.appendMember("stop_sequences", stopSequences)
        output.appendMember("temperature", temperature)
        output.appendMember("top_p", topP)
        output.appendMember("top_k", topK)
        if let serviceTier {
            output.append(",\"service_tier\":\"")
            output.append(serviceTier)
            output.append("\"")
        }
    }

    func writeThinking(into output: inout ByteQueue) {
        switch thinking {
        case nil: break
        case .disabled: output.append(#","thinking":{"type":"disabled"}"#)
        case .adaptive: output.append(#","thinking":{"type":"adaptive"}"#)
        case .budget(let tokens):
            output.append(#","thinking":{"type":"enabled","budget_tokens":"#)
            output.append(decimal: tokens)
            output.append("}")
        }
    }
}
