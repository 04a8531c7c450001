import Foundation
import GatewayCore
import GatewayPrimitives

/// A row of LiteLLM's database, from a dump or from an answer of its endpoints, read by type.
struct DumpRow {
    private let value: (String) -> Any?
    let columns: [String]

    /// A row as pg_dump writes it: every value is a text.
    init(_ row: CopyReader.Row) {
        columns = row.keys.sorted()
        value = { row[$0] ?? nil }
    }

    /// An object of an answer.
    init(_ object: [String: Any]) {
        columns = object.keys.sorted()
        value = { name in
            let value = object[name]
            return value is NSNull ? nil : value
        }
    }

    func text(_ name: String) -> String? {
        guard let text = value(name) as? String, !text.isEmpty else { return nil }
        return text
    }

    /// A number as it is written, so that money is read exactly.
    func number(_ name: String) -> String? {
        switch value(name) {
        case let text as String: text.isEmpty ? nil : text
        case let number as NSNumber: number.stringValue
        default: nil
        }
    }

    func integer(_ name: String) -> Int? {
        number(name).flatMap { text in
            Int(text) ?? Double(text).flatMap { Int(exactly: $0.rounded(.towardZero)) }
        }
    }

    /// Dollars; rounded up to the next billionth.
    func money(_ name: String) -> Money? {
        guard let text = number(name) else { return nil }
        // More digits than money has cannot matter.
        return Money(dollars: text) ?? Double(text).flatMap { Money(dollars: "\($0)") }
    }

    func bool(_ name: String) -> Bool {
        switch value(name) {
        case let text as String: text == "t" || text == "true"
        case let flag as Bool: flag
        default: false
        }
    }

    func texts(_ name: String) -> [String] {
        switch value(name) {
        case let text as String: CopyReader.elements(of: text) ?? []
        case let list as [Any]: list.compactMap { $0 as? String }
        default: []
        }
    }

    /// A JSON value, which dumps have as a text.
    func json(_ name: String) -> Any? {
        guard let found = value(name) else { return nil }
        guard let text = found as? String else { return found }
        let options: JSONSerialization.ReadingOptions = [.fragmentsAllowed]
        return try? JSONSerialization.jsonObject(with: Data(text.utf8), options: options)
    }

    func object(_ name: String) -> [String: Any] { json(name) as? [String: Any] ?? [:] }

    /// Whether a value says anything.
    func says(_ name: String) -> Bool {
        switch json(name) {
        case nil: text(name).map { $0 != "{}" } ?? false
        case let list as [Any]: !list.isEmpty
        case let object as [String: Any]: !object.isEmpty
        case let flag as Bool: flag
        case is NSNull: false
        default: true
        }
    }

    /// A moment: `2026-11-24 15:07:59.123`, which is UTC, or with `T`, `Z` or an offset.
    func moment(_ name: String) -> WallTime? { text(name).flatMap(Self.moment) }

    static func moment(_ text: String) -> WallTime? {
        guard let date = CivilDate(text) else { return nil }
        let day = date.daysSince1970 * 86_400
        guard text.utf8.count > 10 else { return WallTime(nanoseconds: day * 1_000_000_000) }
        let time = text.dropFirst(11)
        let clock = time.prefix { $0.isNumber || $0 == ":" || $0 == "." }
        let parts = clock.split(separator: ":")
        guard parts.count == 3, let hour = Int64(parts[0]), let minute = Int64(parts[1]),
            let second = Double(parts[2]), (0...24).contains(hour), (0..<60).contains(minute),
            (0..<61).contains(second), let offset = offset(time[clock.endIndex...])
        else { return nil }
        let seconds = day + hour * 3_600 + minute * 60 - offset
        return WallTime(nanoseconds: seconds * 1_000_000_000 + Int64(second * 1_000) * 1_000_000)
    }

    /// Seconds east of UTC: of `Z`, `+02`, `+02:00` or nothing.
    private static func offset(_ text: Substring) -> Int64? {
        if text.isEmpty || text == "Z" { return 0 }
        guard let sign = text.first, sign == "+" || sign == "-" else { return nil }
        let digits = text.dropFirst().filter { $0 != ":" }
        guard digits.count == 2 || digits.count == 4, let value = Int64(digits) else { return nil }
        let seconds = digits.count == 2 ? value * 3_600 : value / 100 * 3_600 + value % 100 * 60
        return sign == "-" ? -seconds : seconds
    }
}
