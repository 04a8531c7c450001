import GatewayCore
import Testing

/// Money is exact: read without floating point, rounded once and up.
struct MoneyTests {
    @Test(arguments: [
        ("0", 0), ("100", 100_000_000_000), ("0.01", 10_000_000), ("1e-3", 1_000_000),
        ("0.0000000001", 1), ("2.5E-9", 3), ("-1.5", -1_500_000_000), (".5", 500_000_000),
        ("9000000000", 9_000_000_000_000_000_000),
    ])
    func readsDollars(text: String, nano: Int64) {
        #expect(Money(dollars: text)?.nanoUSD == nano)
    }

    @Test(arguments: ["", ".", "1.2.3", "a", "1e", "1 ", "1e999", "99999999999", "0x10"])
    func refusesWhatIsNoAmount(text: String) {
        #expect(Money(dollars: text) == nil)
    }

    @Test(arguments: [
        (0, "0"), (1, "0.000000001"), (12_500, "0.0000125"), (1_000_000_000, "1"),
        (-1_500_000_000, "-1.5"), (123_456_789_012, "123.456789012"),
        (Int64.min, "-9223372036.854775808"),
    ])
    func writesDollars(nano: Int64, text: String) {
        #expect(Money(nanoUSD: nano).dollars == text)
    }

    @Test func sumsStopAtTheGreatestAmount() {
        let large = Money(nanoUSD: .max - 1)
        #expect(large + large == .greatest)
        #expect(Money(nanoUSD: -5) - .greatest - .greatest == Money(nanoUSD: .min))
    }

    /// A price finer than a nano-dollar a token is exact until the one rounding.
    @Test func aPriceFinerThanANanoDollarIsExact() throws {
        let price = try #require(TokenPrice(dollarsPerToken: "1.25e-08"))
        #expect(price.femtoUSD == 12_500_000)
        var million = FineMoney()
        million.add(1_000_000, at: price)
        #expect(million.money == Money(nanoUSD: 12_500_000))
        var one = FineMoney()
        one.add(1, at: price)
        #expect(one.money == Money(nanoUSD: 13))
        var two = one
        two.add(one)
        #expect(two.money == Money(nanoUSD: 25))
    }

    @Test func sumsBeyondSixtyFourBitsAreExact() throws {
        let price = try #require(TokenPrice(dollarsPerToken: "1"))
        var sum = FineMoney()
        sum.add(9_000_000_000, at: price)
        #expect(sum.money == Money(nanoUSD: 9_000_000_000_000_000_000))
        sum.add(9_000_000_000, at: price)
        #expect(sum.money == .greatest)
    }

    @Test func tokensThatAnAmountPaysFor() throws {
        let price = try #require(TokenPrice(dollarsPerToken: "1.25e-08"))
        #expect(FineMoney.tokens(for: Money(nanoUSD: 25), at: price) == 2)
        #expect(FineMoney.tokens(for: Money(nanoUSD: 24), at: price) == 1)
        #expect(FineMoney.tokens(for: Money(nanoUSD: -1), at: price) == 0)
        #expect(FineMoney.tokens(for: Money(nanoUSD: 1), at: .zero) == .max)
    }
}
