/// How much a line of the log matters, least first.
public enum LogLevel: Int, Comparable, CaseIterable, Sendable {
    case debug
    case info
    case warning
    case error

    /// The word in the log and in `gateway_settings.log.level`.
    public var name: StaticString {
        switch self {
        case .debug: "debug"
        case .info: "info"
        case .warning: "warning"
        case .error: "error"
        }
    }

    /// By the word of a configuration.
    public init?(name: String) {
        guard let level = Self.allCases.first(where: { "\($0.name)" == name }) else { return nil }
        self = level
    }

    public static func < (left: LogLevel, right: LogLevel) -> Bool {
        left.rawValue < right.rawValue
    }
}

/// How the lines of the log are written.
public enum LogFormat: String, CaseIterable, Sendable {
    /// One JSON object a line.
    case json
    /// Words for people: time, level, message, then `name=value`.
    case text
}

/// What is logged and how.
public struct LogSettings: Equatable, Sendable {
    /// Lines below it are not written.
    public var level: LogLevel
    public var format: LogFormat
    /// The share of successful calls that get a line, from 0 to 1; failed ones always do.
    public var sample: Double

    public init(level: LogLevel = .info, format: LogFormat = .json, sample: Double = 1) {
        self.level = level
        self.format = format
        self.sample = sample
    }
}
