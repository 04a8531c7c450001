import Testing

@testable import GatewayCore

/// What is charged for a call whose upstream did not say, by what became of it.
struct UnreportedCallTests {
    /// What a case changes of a stream under a hold of 100 output tokens, of which 40 have passed.
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        var isStream = true
        var choices: Int64 = 1
        var passed: Int64 = 40
        var margin: Int64 = 16
        var isComplete = false
        var all = false
        var strict = false
        /// Input, output, in flight, source.
        let expected: (Int64, Int64, Int64, UsageSource)

        var testDescription: String { name }
    }

    static let cases = [
        Case(name: "cut", expected: (25, 56, 16, .counted)),
        Case(name: "cut near its bound", passed: 95, expected: (25, 100, 5, .counted)),
        Case(name: "cut beyond its bound", passed: 120, expected: (25, 120, 0, .counted)),
        Case(name: "complete", isComplete: true, expected: (25, 40, 0, .counted)),
        Case(name: "not read for long", all: true, expected: (25, 100, 60, .estimated)),
        Case(
            name: "held whole", all: true, strict: true, expected: (108, 100, 60, .estimated)),
        Case(
            name: "held whole and complete", isComplete: true, all: true, strict: true,
            expected: (108, 100, 60, .estimated)),
        Case(
            name: "a whole answer that did not come", isStream: false, passed: 0,
            expected: (108, 100, 100, .estimated)),
        Case(
            name: "a whole answer without a report", isStream: false, isComplete: true,
            expected: (25, 40, 0, .counted)),
        Case(name: "embeddings", isStream: false, choices: 0, expected: (25, 0, 0, .counted)),
    ]

    @Test(arguments: cases)
    func chargesWhatPassedAndWhatMayBeInFlight(one: Case) {
        let usage = UnreportedCall(
            input: InputTokens(textBytes: 100, messages: 1, otherBytes: 0, media: 0, mediaBytes: 0),
            isStream: one.isStream, choiceCount: one.choices, passed: one.passed,
            margin: one.margin, outputMost: 100, isComplete: one.isComplete,
            mayHaveUsedAll: one.all, chargesInputMost: one.strict
        ).usage
        #expect(usage.inputTokens == one.expected.0)
        #expect(usage.outputTokens == one.expected.1)
        #expect(usage.inFlightTokens == one.expected.2)
        #expect(usage.source == one.expected.3)
    }

    /// What the upstream told of the input before it was cut short is so; of the output, the least.
    @Test func whatWasToldIsKnown() {
        var told = Usage(source: .reported)
        told.inputTokens = 18
        told.cachedInputTokens = 5
        told.outputTokens = 1
        let input = InputTokens(
            textBytes: 100, messages: 1, otherBytes: 0, media: 0, mediaBytes: 0)
        for strict in [false, true] {
            let usage = UnreportedCall(
                input: input, isStream: true, choiceCount: 1, told: told, passed: 40, margin: 16,
                outputMost: 100, isComplete: false, mayHaveUsedAll: false,
                chargesInputMost: strict
            ).usage
            #expect(usage.inputTokens == (strict ? 108 : 18))
            #expect(usage.cachedInputTokens == (strict ? 0 : 5))
            #expect(usage.outputTokens == 56)
        }
    }

    /// A prompt of no tokens is none that was told.
    @Test func anInputThatWasNotToldIsCounted() {
        var told = Usage(source: .reported)
        told.outputTokens = 7
        let usage = UnreportedCall(
            input: InputTokens(textBytes: 100, messages: 1, otherBytes: 0, media: 0, mediaBytes: 0),
            isStream: true, choiceCount: 1, told: told, passed: 7, margin: 16, outputMost: 100,
            isComplete: true, mayHaveUsedAll: false, chargesInputMost: false
        ).usage
        #expect(usage.inputTokens == 25 && usage.outputTokens == 7)
        #expect(usage.source == .counted)
    }

    /// What came at once may come again before its upstream sees that it was cut.
    @Test func theMarginGrowsWithWhatComesAtOnce() {
        var meter = AnswerMeter()
        for _ in 0..<3 {
            meter.add(4)
            meter.look()
        }
        #expect(meter.margin(atLeast: 16) == 16)
        for _ in 0..<10 { meter.add(4) }
        meter.look()
        #expect(meter.tokens == 13)
        #expect(meter.margin(atLeast: 16) == 20)
        // A piece of many bytes has many tokens.
        meter.add(400)
        meter.look()
        #expect(meter.margin(atLeast: 16) > 190)
    }
}
