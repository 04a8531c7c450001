import GatewayCore
import Testing

/// The table's form, and worked examples of what requests cost.
struct PriceTableTests {
    private static let head = "# source\tsomewhere\n# date\t2026-11-24\n"

    private static func row(
        model: String, input: String, cached: String = "", write: String = "",
        output: String, reasoning: String = "", tiers: String = "", hides: String = "",
        hour: String = ""
    ) -> String {
        [
            "v", model, "chat", "1000", "100", input, cached, write, "", output, reasoning, "",
            tiers, hides, hour, "",
        ].joined(separator: "\t")
    }

    private static func usage(
        _ input: Int64, cached: Int64 = 0, write: Int64 = 0, output: Int64, reasoning: Int64 = 0
    ) -> Usage {
        var usage = Usage(source: .reported)
        usage.inputTokens = input
        usage.cachedInputTokens = cached
        usage.cacheWriteTokens = write
        usage.outputTokens = output
        usage.reasoningTokens = reasoning
        return usage
    }

    @Test func readsARow() throws {
        let table = try PriceTable(
            Self.head + Self.row(model: "m", input: "2.5", output: "10", hides: "1") + "\n")
        let price = try #require(table.price(vendor: "v", model: "m"))
        #expect(price.rates.input.femtoUSD == 2_500_000_000)
        #expect(price.inputTokensMax == 1_000)
        #expect(price.outputTokensMax == 100)
        #expect(price.hidesReasoning)
        #expect(table.date == "2026-11-24")
        #expect(table.price(vendor: "w", model: "m") == nil)
    }

    /// Worked by hand: tokens times dollars a million, in nano-dollars.
    @Test(arguments: [
        // 1,000 at $2.50 and 500 at $10 a million: 2,500,000 + 5,000,000 nano-dollars.
        ("2.5", "", "", "10", "", usage(1_000, output: 500), 7_500_000 as Int64),
        // Of 1,000, 800 are cached at $1.25: 200 * 2,500 + 800 * 1,250.
        ("2.5", "1.25", "", "10", "", usage(1_000, cached: 800, output: 0), 1_500_000),
        // 600 are written to the cache at $3.75: 400 * 3,000 + 600 * 3,750, and 10 at $15.
        ("3", "0.3", "3.75", "15", "", usage(1_000, write: 600, output: 10), 3_600_000),
        // 90 of 100 are reasoning at a price of their own: 10 * 400 + 90 * 3,500.
        ("0", "", "", "0.4", "3.5", usage(0, output: 100, reasoning: 90), 319_000),
        // A fraction of a nano-dollar is rounded up, once for input and once for output.
        ("0.0125", "", "", "0.0125", "", usage(1, output: 1), 26),
        ("0.0125", "", "", "0.0125", "", usage(2, output: 2), 50),
    ])
    func workedExamples(
        input: String, cached: String, write: String, output: String, reasoning: String,
        usage: Usage, nano: Int64
    ) throws {
        let table = try PriceTable(
            Self.row(
                model: "m", input: input, cached: cached, write: write, output: output,
                reasoning: reasoning))
        let price = try #require(table.price(vendor: "v", model: "m"))
        #expect(price.cost(of: usage).total.nanoUSD == nano)
    }

    /// Above its threshold a tier counts for all tokens.
    /// At $3, $3.75 for five minutes and $6 for an hour a million tokens.
    @Test func whatIsWrittenForAnHourHasItsOwnPrice() throws {
        let table = try PriceTable(
            Self.head
                + Self.row(model: "m", input: "3", write: "3.75", output: "15", hour: "6") + "\n")
        let price = try #require(table.price(vendor: "v", model: "m"))
        var usage = Self.usage(1_000_000, write: 1_000_000, output: 0)
        #expect(price.cost(of: usage).total == Money(nanoUSD: 3_750_000_000))
        usage.cacheWriteHourTokens = 600_000
        #expect(price.cost(of: usage).total == Money(nanoUSD: 5_100_000_000))
    }

    @Test func aLongPromptHasTheRatesOfItsTier() throws {
        let table = try PriceTable(
            Self.row(model: "m", input: "1", output: "2", tiers: "200,3,,,4,;1000,5,,,6,"))
        let price = try #require(table.price(vendor: "v", model: "m"))
        #expect(price.cost(of: Self.usage(200, output: 10)).total.nanoUSD == 220_000)
        #expect(price.cost(of: Self.usage(201, output: 10)).total.nanoUSD == 643_000)
        #expect(price.cost(of: Self.usage(1_001, output: 10)).total.nanoUSD == 5_065_000)
    }

    @Test(arguments: [
        ("v\tm\n", "columns"),
        (row(model: "m", input: "x", output: "1"), "no price"),
        (row(model: "m", input: "", output: "1"), "missing"),
        (row(model: "m", input: "1", output: "1", tiers: "1,2"), "no tier"),
        (
            row(model: "m", input: "1", output: "1") + "\n"
                + row(model: "m", input: "1", output: "1"),
            "twice"
        ),
    ])
    func refusesWhatIsNoTable(text: String, problem: String) {
        #expect {
            _ = try PriceTable(text)
        } throws: { error in "\(error)".contains(problem) }
    }
}
