/// What the project does not use, and why.
enum BannedCheck {
    struct Ban {
        let pattern: String
        let reason: String
        var scope = Scope.everywhere
    }

    enum Scope {
        case everywhere
        /// Rooms that a request passes through.
        case requestPath
        case tests
    }

    static let requestPath: Set<String> = [
        "GatewayPrimitives", "GatewayCore", "JSON", "Dialects", "Transport", "GRPC", "Providers",
        "API",
    ]

    static let bans: [Ban] = [
        Ban(pattern: #"\bDate\(\)"#, reason: "take the time from the Clock, so that tests own it"),
        Ban(pattern: #"\bTask\.detached\b"#, reason: "work belongs to a loop and to its caller"),
        Ban(pattern: #"(?<![\w.])print\("#, reason: "write to the log or to a named descriptor"),
        Ban(pattern: #"\btry!"#, reason: "handle the error, or trap with a sentence"),
        Ban(pattern: #"\bas!"#, reason: "handle the other type, or trap with a sentence"),
        Ban(pattern: #"\bDispatch(Queue|Semaphore|Group)\b"#, reason: "loops own all threads"),
        Ban(
            pattern: #"\bimport (Dispatch|NIO\w*)\b"#,
            reason: "there is one event loop: Transport's"),
        Ban(
            pattern: #"(?<!\.)\bTask(\.init)?\s*(\((?!executorPreference)[^)]*\))?\s*\{"#,
            reason: "an unstructured task costs microseconds: use Task.immediate on the loop",
            scope: .requestPath),
        Ban(
            pattern: #"\bAsync(Throwing)?Stream\b|\bactor\s+\w"#,
            reason: "each hop costs microseconds; a call is one straight async function",
            scope: .requestPath),
        Ban(
            pattern:
                #"\b(JSONEncoder|JSONDecoder|JSONSerialization|Codable|Decodable|Encodable)\b"#,
            reason: "too slow for a request: read with simdjson, write with the own writer",
            scope: .requestPath),
        Ban(
            pattern: #"\bimport Foundation\w*"#,
            reason: "too slow and too large for the request path",
            scope: .requestPath),
        Ban(
            pattern: #"\b(Task|Thread)\.sleep\b|(?<![\w.])u?sleep\("#,
            reason: "tests wait for events, not for the clock", scope: .tests),
    ]

    static func check(_ file: SourceFile) -> [Finding] {
        bans.filter { applies($0.scope, to: file) }.flatMap { ban in
            file.codeLines(matching: ban.pattern).map { line in
                let code = file.code[line - 1].drop { $0 == " " }
                return Finding(
                    path: file.path, line: line, message: "`\(code)` is not used: \(ban.reason)")
            }
        }
    }

    private static func applies(_ scope: Scope, to file: SourceFile) -> Bool {
        switch scope {
        case .everywhere: true
        case .requestPath: file.isProduct && requestPath.contains(file.room)
        case .tests: !file.isProduct
        }
    }
}
