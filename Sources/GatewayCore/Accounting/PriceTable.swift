/// What models cost, by the name that a vendor gives them. Immutable.
///
/// The table's form is text: a row a model, columns with tabs between, prices in US dollars for a
/// million tokens; lines that begin with `#` say what it is, where it is from and of when.
public struct PriceTable: Sendable {
    private let prices: [String: Price]
    /// Where the prices are from, in words.
    public let source: String
    /// When they were read: `2026-11-24`.
    public let date: String

    /// Why a table cannot be used.
    public struct Invalid: Error, Equatable, CustomStringConvertible {
        /// The line at fault, from one; zero for none.
        public let line: Int
        public let problem: String

        public var description: String { line > 0 ? "line \(line): \(problem)" : problem }

        public init(line: Int, problem: String) {
            self.line = line
            self.problem = problem
        }
    }

    /// A table with these prices, by `vendor/model`.
    public init(prices: [String: Price], source: String, date: String) {
        self.prices = prices
        self.source = source
        self.date = date
    }

    public static let empty = PriceTable(prices: [:], source: "", date: "")

    /// Reads a table.
    public init(_ text: String) throws(Invalid) {
        var prices: [String: Price] = [:]
        var source = ""
        var date = ""
        var number = 0
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            number += 1
            if line.isEmpty { continue }
            if line.hasPrefix("#") {
                let parts = line.split(separator: "\t")
                if parts.first == "# source", parts.count > 1 { source = String(parts[1]) }
                if parts.first == "# date", parts.count > 1 { date = String(parts[1]) }
                continue
            }
            let row = try PriceRow(line, number: number)
            guard prices.updateValue(row.price, forKey: row.key) == nil else {
                throw Invalid(line: number, problem: "`\(row.key)` stands twice")
            }
        }
        self.prices = prices
        self.source = source
        self.date = date
    }

    public var count: Int { prices.count }

    /// The price of a vendor's model; `nil` when it is not known.
    public func price(vendor: String, model: String) -> Price? {
        prices["\(vendor)/\(model)"]
    }

    /// This table with another one's prices on top.
    public func adding(_ other: PriceTable) -> PriceTable {
        PriceTable(
            prices: prices.merging(other.prices) { $1 },
            source: source.isEmpty ? other.source : "\(source); \(other.source)",
            date: date.isEmpty ? other.date : date)
    }
}

/// One line of a table.
private struct PriceRow {
    let key: String
    let price: Price

    /// vendor, model, mode, input_max, output_max, input, cached, cache_write, audio_in, output,
    /// reasoning, audio_out, tiers, hides, cache_write_1h, source
    static let columnCount = 16

    init(_ line: Substring, number: Int) throws(PriceTable.Invalid) {
        let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
        guard fields.count == Self.columnCount else {
            throw PriceTable.Invalid(
                line: number, problem: "has \(fields.count) columns, not \(Self.columnCount)")
        }
        func optional(_ text: Substring) throws(PriceTable.Invalid) -> TokenPrice? {
            if text.isEmpty { return nil }
            guard let price = TokenPrice(dollarsPerMillion: String(text)) else {
                throw PriceTable.Invalid(line: number, problem: "`\(text)` is no price")
            }
            return price
        }
        func required(_ text: Substring) throws(PriceTable.Invalid) -> TokenPrice {
            guard let price = try optional(text) else {
                throw PriceTable.Invalid(line: number, problem: "a price is missing")
            }
            return price
        }
        key = "\(fields[0])/\(fields[1])"
        var rates = Price.Rates(input: try required(fields[5]), output: try required(fields[9]))
        rates.cachedInput = try optional(fields[6])
        rates.cacheWrite = try optional(fields[7])
        rates.cacheWriteHour = try optional(fields[14])
        rates.audioInput = try optional(fields[8])
        rates.reasoning = try optional(fields[10])
        rates.audioOutput = try optional(fields[11])
        var tiers: [Price.Tier] = []
        for text in fields[12].split(separator: ";") {
            let parts = text.split(separator: ",", omittingEmptySubsequences: false)
            guard parts.count == 6, let above = Int(parts[0]) else {
                throw PriceTable.Invalid(line: number, problem: "`\(text)` is no tier")
            }
            var higher = rates
            higher.input = try required(parts[1])
            higher.cachedInput = try optional(parts[2])
            higher.cacheWrite = try optional(parts[3])
            higher.output = try required(parts[4])
            higher.cacheWriteHour = try optional(parts[5])
            tiers.append(Price.Tier(inputTokensAbove: above, rates: higher))
        }
        var price = Price(
            rates, tiers: tiers, inputTokensMax: Int(fields[3]), outputTokensMax: Int(fields[4]))
        price.hidesReasoning = fields[13] == "1"
        self.price = price
    }
}
