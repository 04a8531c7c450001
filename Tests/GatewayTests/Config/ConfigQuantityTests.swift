import Testing

@testable import Gateway

/// A quantity misread by its unit is a bound a thousand times too high or low.
@Suite struct ConfigQuantityTests {
    @Test(arguments: [
        ("500ms", 500), ("30s", 30_000), ("5m", 300_000), ("1h", 3_600_000), ("1d", 86_400_000),
        ("600", 600_000), ("2.5", 2_500), ("0.5s", 500), ("1.5m", 90_000), ("0.1ms", 1),
    ])
    func readsDurations(text: String, milliseconds: Int) {
        #expect(ConfigQuantity.duration(text) == .milliseconds(milliseconds))
    }

    @Test(arguments: [
        "", "s", "ms", "-1s", "0", "0s", "soon", "5 m", "1w", "nan", "inf", "0x10", "1e999",
        "9999d",
        "+5s", "1s1s",
    ])
    func refusesOtherDurations(text: String) { #expect(ConfigQuantity.duration(text) == nil) }

    @Test(arguments: [
        ("0", 0), ("17", 17), ("17B", 17), ("64KiB", 65_536), ("32MiB", 33_554_432),
        ("1GiB", 1_073_741_824), ("2KB", 2_000), ("3MB", 3_000_000),
    ])
    func readsSizes(text: String, bytes: Int) { #expect(ConfigQuantity.size(text) == bytes) }

    @Test(arguments: ["", "KiB", "-1KiB", "1.5MiB", "9223372036854775807GiB", "1kib", "1 MiB"])
    func refusesOtherSizes(text: String) { #expect(ConfigQuantity.size(text) == nil) }
}
