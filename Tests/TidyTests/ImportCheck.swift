import Foundation

/// A room imports only what stands to its right in the architecture, and a C library has one owner.
enum ImportCheck {
    /// What every room may use: the C library, and atomics of the standard library.
    static let common: Set<String> = ["Glibc", "Synchronization"]

    static let allowed: [String: Set<String>] = [
        "GatewayPrimitives": [],
        "GatewayCore": ["GatewayPrimitives"],
        "JSON": ["GatewayPrimitives", "CSimdJSON"],
        "Dialects": ["JSON", "GatewayCore", "GatewayPrimitives"],
        "Transport": ["GatewayPrimitives", "CNghttp2", "COpenSSL", "CZlib", "CLinux"],
        "GRPC": ["Transport", "JSON", "GatewayPrimitives", "CProtobufC", "CGatewayProto"],
        "Providers": ["Transport", "Dialects", "JSON", "GatewayCore", "GatewayPrimitives"],
        "API": [
            "GRPC", "Transport", "Dialects", "JSON", "GatewayCore", "GatewayPrimitives",
            "CGatewayProto",
        ],
        "Telemetry": ["GatewayCore", "GatewayPrimitives"],
        "Storage": [
            "GatewayCore", "GatewayPrimitives", "CSQLite", "GRDB", "GRDBSQLite", "Foundation",
        ],
        "Gateway": [
            "API", "GRPC", "Providers", "Storage", "Telemetry", "Transport", "Dialects",
            "GatewayCore",
            "GatewayPrimitives", "CPrices", "ArgumentParser", "Yams", "Foundation",
        ],
    ]

    static func check(_ file: SourceFile) -> [Finding] {
        guard file.isProduct else { return [] }
        guard let allowed = allowed[file.room] else {
            return [
                Finding(
                    path: file.path, line: 0,
                    message: "the room \(file.room) is not in the table of rooms (ImportCheck)")
            ]
        }
        return imports(file).compactMap { line, module in
            guard !allowed.contains(module), !common.contains(module) else { return nil }
            return Finding(
                path: file.path, line: line, message: "\(file.room) may not import \(module)")
        }
    }

    /// The modules that a file imports, with their lines.
    static func imports(_ file: SourceFile) -> [(line: Int, module: String)] {
        let pattern =
            #"^\s*(?:[@\w()]+\s+)*import\s+(?:(?:struct|class|enum|func|protocol)\s+)?(\w+)"#
        guard let expression = try? NSRegularExpression(pattern: pattern) else { return [] }
        return file.code.indices.compactMap { index in
            let line = file.code[index]
            guard
                let match = expression.firstMatch(
                    in: line, range: NSRange(line.startIndex..., in: line)),
                let name = Range(match.range(at: 1), in: line)
            else { return nil }
            return (index + 1, String(line[name]))
        }
    }
}
