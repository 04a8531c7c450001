import GatewayCore
import GatewayPrimitives
import JSON
import TestSupport

@testable import Dialects

/// What a reply says when all its events are put together: what must survive every translation.
struct ReplyDigest: Equatable {
    var id = ""
    var model = ""
    var choices: [Int: ChoiceDigest] = [:]
    /// `index:reason:cause:stop sequence` of each choice.
    var outcomes: [String] = []
    var usage: Usage?
    var serviceTier: String?
    var unknownFields = ""
    var vectors: [[Float]] = []

    struct ChoiceDigest: Equatable {
        var text = ""
        var reasoning = ""
        /// By part: the reasoning, its signature, and what stands for what cannot be read.
        var thinking: [Int: [String]] = [:]
        var refusal = ""
        /// By part: id, name and arguments.
        var calls: [Int: [String]] = [:]
        /// `token:logprob:bytes` and the same of its candidates.
        var logprobs: [String] = []
        var refusalLogprobs: [String] = []
        var unknownFields = ""

        mutating func think(_ part: Int, _ more: [String]) {
            thinking[part] = zip(thinking[part] ?? ["", "", ""], more).map { $0 + $1 }
        }
    }

    /// The signed reasoning of a choice in the order of its parts.
    func thinking(of choice: Int) -> [[String]] {
        (choices[choice]?.thinking ?? [:]).sorted { $0.key < $1.key }.map(\.value)
    }

    /// The calls of a choice in the order of their parts.
    func calls(of choice: Int) -> [[String]] {
        (choices[choice]?.calls ?? [:]).sorted { $0.key < $1.key }.map(\.value)
    }

    mutating func add(_ event: ReplyEvent) {
        switch event.body {
        case .started(let started):
            id = started.upstreamID.string
            model = started.upstreamModel.string
        case .delta(let delta): add(delta)
        case .embedding(let vector): vectors.append(vector.values)
        case .finished(let finished): add(finished)
        }
    }

    private mutating func add(_ delta: ChatDelta) {
        var choice = choices[delta.choiceIndex] ?? ChoiceDigest()
        switch delta.content {
        case .none: break
        case .text(let text): choice.text += text.string
        case .reasoning(let text):
            choice.reasoning += text.string
            if delta.isSigned {
                choice.think(delta.partIndex, [text.string, delta.signature.string, ""])
            }
        case .redactedReasoning(let data): choice.think(delta.partIndex, ["", "", data.string])
        case .refusal(let text): choice.refusal += text.string
        case .toolCall(let id, let name, let arguments):
            let old = choice.calls[delta.partIndex] ?? ["", "", ""]
            choice.calls[delta.partIndex] = zip(old, [id, name, arguments]).map { $0 + $1.string }
        }
        choice.logprobs += delta.logprobs.map(Self.words)
        choice.refusalLogprobs += delta.refusalLogprobs.map(Self.words)
        choice.unknownFields += delta.providerFieldsJSON.string
        // A chunk that says nothing of a choice does not make one.
        if choice != ChoiceDigest() { choices[delta.choiceIndex] = choice }
    }

    mutating func add(_ finished: ReplyFinished) {
        outcomes = finished.outcomes.map {
            "\($0.choiceIndex):\($0.reason.rawValue):\($0.cause.rawValue):\($0.stopSequence)"
        }
        usage = finished.usage
        serviceTier = finished.serviceTier
        unknownFields = finished.providerFieldsJSON
    }

    private static func words(_ token: TokenLogprob) -> String {
        let bytes = token.tokenBytes.map { "\($0)" } ?? "null"
        let candidates = token.candidates.map { words($0) }.joined(separator: ",")
        return "\(token.token):\(token.logprob):\(bytes)[\(candidates)]"
    }
}

extension Usage {
    static func reported(
        input: Int64, output: Int64, cached: Int64 = 0, reasoning: Int64 = 0
    ) -> Usage {
        var usage = Usage(source: .reported)
        usage.inputTokens = input
        usage.outputTokens = output
        usage.cachedInputTokens = cached
        usage.reasoningTokens = reasoning
        return usage
    }
}
