import Foundation
import GatewayCore
import GatewayPrimitives

/// Settings as they are stored: JSON in LiteLLM's names, money in nano-dollars, moments in
/// nanoseconds. A field that is missing has its default, so that fields can be added.
protocol StoredSettings: Codable {
    associatedtype Settings
    init(_ settings: Settings)
    var settings: Settings { get }
}

extension StoredSettings {
    /// The JSON of settings, the same for the same ones.
    static func encoded(_ settings: Settings) throws -> String {
        try StoredText.encode(Self(settings))
    }

    static func decoded(_ text: String) throws -> Settings {
        try StoredText.decode(Self.self, text).settings
    }
}

/// JSON texts of the store.
enum StoredText {
    static func encode(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    static func decode<Value: Decodable>(_ type: Value.Type, _ text: String) throws -> Value {
        do {
            let decoder = JSONDecoder()
            decoder.keyDecodingStrategy = .convertFromSnakeCase
            return try decoder.decode(type, from: Data(text.utf8))
        } catch {
            throw StoreFailure(.corrupt, "a record of the directory cannot be read: \(error)")
        }
    }
}

/// An allowance.
struct StoredAllowance: StoredSettings {
    var rpmLimit: Int?
    var tpmLimit: Int?
    var maxParallelRequests: Int?
    var otherLimits: [Rate]?
    var maxBudget: Int64?
    var softBudget: Int64?
    var budgetDuration: String?
    var budgetLimits: [Terms]?
    var models: [String: Model]?
    var budgetId: String?

    struct Terms: Codable {
        var maxBudget: Int64?
        var softBudget: Int64?
        var budgetDuration: String?

        init(_ terms: BudgetTerms) {
            maxBudget = terms.max?.nanoUSD
            softBudget = terms.soft?.nanoUSD
            budgetDuration = terms.duration
        }

        var terms: BudgetTerms {
            BudgetTerms(
                max: maxBudget.map { Money(nanoUSD: $0) },
                soft: softBudget.map { Money(nanoUSD: $0) }, duration: budgetDuration)
        }
    }

    /// A limit over another window than a minute, or of one side's tokens.
    struct Rate: Codable {
        var kind: String
        var window: Int64
        var value: Int
    }

    /// What is held to of one model.
    struct Model: Codable {
        var rpmLimit: Int?
        var tpmLimit: Int?
        var maxParallelRequests: Int?
        var otherLimits: [Rate]?
        var budget: Terms?
    }

    init(_ allowance: Allowance) {
        rpmLimit = allowance.limits.requestsPerMinute
        tpmLimit = allowance.limits.tokensPerMinute
        maxParallelRequests = allowance.limits.requestsAtOnce
        otherLimits = Self.rates(allowance.limits)
        maxBudget = allowance.budget.max?.nanoUSD
        softBudget = allowance.budget.soft?.nanoUSD
        budgetDuration = allowance.budget.duration
        if !allowance.moreBudgets.isEmpty { budgetLimits = allowance.moreBudgets.map(Terms.init) }
        budgetId = allowance.budgetID
        let names = Set(allowance.modelLimits.keys).union(allowance.modelBudgets.keys)
        guard !names.isEmpty else { return }
        models = Dictionary(
            uniqueKeysWithValues: names.map { name in
                let limits = allowance.modelLimits[name] ?? LimitSet()
                return (
                    name,
                    Model(
                        rpmLimit: limits.requestsPerMinute, tpmLimit: limits.tokensPerMinute,
                        maxParallelRequests: limits.requestsAtOnce,
                        otherLimits: Self.rates(limits),
                        budget: allowance.modelBudgets[name].map(Terms.init))
                )
            })
    }

    var settings: Allowance {
        var allowance = Allowance(
            limits: LimitSet(
                requestsPerMinute: rpmLimit, tokensPerMinute: tpmLimit,
                requestsAtOnce: maxParallelRequests, others: Self.limits(otherLimits)),
            budget: BudgetTerms(
                max: maxBudget.map { Money(nanoUSD: $0) },
                soft: softBudget.map { Money(nanoUSD: $0) }, duration: budgetDuration))
        allowance.moreBudgets = (budgetLimits ?? []).map(\.terms)
        allowance.budgetID = budgetId
        for (name, model) in models ?? [:] {
            let limits = LimitSet(
                requestsPerMinute: model.rpmLimit, tokensPerMinute: model.tpmLimit,
                requestsAtOnce: model.maxParallelRequests, others: Self.limits(model.otherLimits))
            if !limits.isEmpty { allowance.modelLimits[name] = limits }
            if let budget = model.budget { allowance.modelBudgets[name] = budget.terms }
        }
        return allowance
    }

    private static let kinds: [(name: String, kind: LimitKind)] = [
        ("requests", .requests), ("tokens", .tokens), ("input_tokens", .inputTokens),
        ("output_tokens", .outputTokens),
    ]

    private static func rates(_ limits: LimitSet) -> [Rate]? {
        if limits.others.isEmpty { return nil }
        return limits.others.compactMap { limit in
            kinds.first { $0.kind == limit.kind }.map {
                Rate(kind: $0.name, window: limit.seconds, value: limit.value)
            }
        }
    }

    private static func limits(_ rates: [Rate]?) -> [RateLimit] {
        (rates ?? []).compactMap { rate in
            kinds.first { $0.name == rate.kind }.map {
                RateLimit($0.kind, seconds: rate.window, value: rate.value)
            }
        }
    }
}
