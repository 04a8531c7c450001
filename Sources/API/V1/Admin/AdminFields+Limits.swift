import CGatewayProto
import GRPC
import GatewayCore

extension AdminFields {
    /// Puts the limits of a list in the place of an allowance's own: what is not in it is none.
    func limits(
        _ count: Int, _ values: UnsafeMutablePointer<UnsafeMutablePointer<Llmgateway__V1__Limit>?>?,
        into allowance: inout Allowance
    ) {
        var all = LimitSet()
        var byModel: [String: LimitSet] = [:]
        for index in 0..<count {
            guard let limit = values?[index]?.pointee else { continue }
            let path = "limits[\(index)]"
            guard limit.value >= 0, let value = Int(exactly: limit.value) else {
                violate("\(path).value", "is \(limit.value); give zero or more.")
                continue
            }
            guard let kind = kind(of: limit, path), let seconds = window(of: limit, path) else {
                continue
            }
            let model = limit.model.text
            let isNew =
                model.isEmpty
                ? all.add(kind, seconds: seconds, value)
                : byModel[model, default: LimitSet()].add(kind, seconds: seconds, value)
            if !isNew {
                violate(path, "limits what an earlier limit of the list does; leave one out.")
            }
        }
        if ([all] + byModel.values).contains(where: { $0.others.count > RateLimit.countMax }) {
            violate(
                "limits",
                "has more than \(RateLimit.countMax) over other windows than a minute, or of one "
                    + "side's tokens, for one model or for all.")
        }
        allowance.limits = all
        allowance.modelLimits = byModel
    }

    private func kind(of limit: Llmgateway__V1__Limit, _ path: String) -> LimitKind? {
        switch limit.kind {
        case LLMGATEWAY__V1__LIMIT_KIND__LIMIT_KIND_REQUESTS: return .requests
        case LLMGATEWAY__V1__LIMIT_KIND__LIMIT_KIND_TOKENS: return .tokens
        case LLMGATEWAY__V1__LIMIT_KIND__LIMIT_KIND_INPUT_TOKENS: return .inputTokens
        case LLMGATEWAY__V1__LIMIT_KIND__LIMIT_KIND_OUTPUT_TOKENS: return .outputTokens
        case LLMGATEWAY__V1__LIMIT_KIND__LIMIT_KIND_CONCURRENT_REQUESTS: return .requestsAtOnce
        default:
            violate(
                "\(path).kind",
                "must be REQUESTS, TOKENS, INPUT_TOKENS, OUTPUT_TOKENS or CONCURRENT_REQUESTS; "
                    + "budgets limit spend.")
            return nil
        }
    }

    /// The window in seconds; zero for requests at once.
    private func window(of limit: Llmgateway__V1__Limit, _ path: String) -> Int64? {
        let window = limit.window?.pointee
        if limit.kind == LLMGATEWAY__V1__LIMIT_KIND__LIMIT_KIND_CONCURRENT_REQUESTS {
            if window == nil { return 0 }
            violate("\(path).window", "is not for requests at once; leave it out.")
            return nil
        }
        let range = RateLimit.secondsRange
        guard let window, window.nanos == 0, range.contains(window.seconds) else {
            violate(
                "\(path).window",
                "must be whole seconds, from \(range.lowerBound) to \(range.upperBound); a budget "
                    + "limits what is longer.")
            return nil
        }
        return window.seconds
    }
}

extension LimitSet {
    /// Adds a limit; false, and nothing is added, where there is one of that kind and window.
    fileprivate mutating func add(_ kind: LimitKind, seconds: Int64, _ value: Int) -> Bool {
        func put(_ place: WritableKeyPath<LimitSet, Int?>) -> Bool {
            guard self[keyPath: place] == nil else { return false }
            self[keyPath: place] = value
            return true
        }
        switch kind {
        case .requestsAtOnce: return put(\.requestsAtOnce)
        case .requests where seconds == 60: return put(\.requestsPerMinute)
        case .tokens where seconds == 60: return put(\.tokensPerMinute)
        default:
            let isTaken = others.contains { $0.kind == kind && $0.seconds == seconds }
            if !isTaken { others.append(RateLimit(kind, seconds: seconds, value: value)) }
            return !isTaken
        }
    }
}
