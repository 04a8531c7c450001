import Testing

/// Each check is shown one text that it must find fault with and one that it must let pass: a check
/// that cannot fail protects nothing.
@Suite("A check finds what it is for, and nothing else")
struct CheckTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let name: String
        let path: String
        let text: String
        /// The lines found; zero stands for the whole file.
        let lines: [Int]
        let check: @Sendable (SourceFile) -> [Finding]

        init(
            _ name: String, path: String = "Sources/Transport/Socket.swift", _ text: String,
            finds lines: [Int] = [], by check: @escaping @Sendable (SourceFile) -> [Finding]
        ) {
            self.name = name
            self.path = path
            self.text = text
            self.lines = lines
            self.check = check
        }

        var testDescription: String { name }
    }

    @Test(arguments: sizes + wrappers + names + imports + bans + unsafe + pointers + shims + places)
    func finds(_ example: Case) {
        let findings = example.check(SourceFile(path: example.path, text: example.text))
        #expect(findings.map(\.line) == example.lines, "\(findings)")
    }

    private static func function(lines: Int) -> String {
        let body = Array(repeating: "    step()", count: lines - 2).joined(separator: "\n")
        return "func run(\n) {\n" + body.dropFirst(11) + "\n}"
    }

    private static func wrapper(_ lines: [String]) -> String {
        lines.joined(separator: "\n")
    }

    static let wrappers: [Case] = [
        Case(
            "300 lines of code with all that does not count", path: "clients/python/client.py",
            wrapper(
                [
                    "import grpc", "", "# Why.", "\"\"\"One line.\"\"\"", "\"\"\"", "Two.",
                    "\"\"\"", ")",
                ]
                    + Array(repeating: "call()", count: 300)),
            by: { WrapperCheck.check("python", [$0]) }),
        Case(
            "301 lines of code", path: "clients/python/client.py",
            wrapper(["\"\"\"One line.\"\"\""] + Array(repeating: "call()", count: 301)), finds: [0],
            by: { WrapperCheck.check("python", [$0]) }),
    ]

    static let sizes: [Case] = [
        Case(
            "a line of 101 columns", String(repeating: "x", count: 101), finds: [1],
            by: SizeChecks.longLines),
        Case("a line of 100 columns", String(repeating: "x", count: 100), by: SizeChecks.longLines),
        Case(
            "a long line with an address", "// https://" + String(repeating: "x", count: 101),
            by: SizeChecks.longLines),
        Case(
            "a file of 601 lines", String(repeating: "x\n", count: 601), finds: [0],
            by: SizeChecks.longFile),
        Case("a file of 600 lines", String(repeating: "x\n", count: 600), by: SizeChecks.longFile),
        Case(
            "a function of 71 lines", function(lines: 71), finds: [1],
            by: SizeChecks.longFunctions),
        Case("a function of 70 lines", function(lines: 70), by: SizeChecks.longFunctions),
        Case(
            "a requirement of a protocol has no lines",
            "protocol P {\n    func a()\n    init(b: Int)\n}\n" + String(repeating: "\n", count: 90)
                + "struct S {}",
            by: SizeChecks.longFunctions),
    ]

    static let names: [Case] = [
        Case("another name", "struct Pipe {}", finds: [0], by: NamingCheck.check),
        Case("its name", "struct Helper {}\nfinal class Socket {}", by: NamingCheck.check),
        Case(
            "an extension by topic", path: "Sources/Transport/Socket+Options.swift",
            "extension Socket {}", by: NamingCheck.check),
        Case(
            "a topic without its type", path: "Sources/Transport/Socket+Options.swift",
            "extension Pipe {}", finds: [0], by: NamingCheck.check),
        Case("a nested type of the name", "extension Pipe.Socket {}", by: NamingCheck.check),
        Case(
            "a name that is only inside", "struct Pipe {\n    struct Socket {}\n}", finds: [0],
            by: NamingCheck.check),
        Case("only functions", "func close() {}", by: NamingCheck.check),
    ]

    static let imports: [Case] = [
        Case("another room", "import GRPC", finds: [1], by: ImportCheck.check),
        Case("a C library of its own", "internal import CNghttp2", by: ImportCheck.check),
        Case(
            "a C library of another room", path: "Sources/API/Routes.swift",
            "import GRPC\nimport CNghttp2", finds: [2], by: ImportCheck.check),
        Case("one declaration", "import struct Foundation.Data", finds: [1], by: ImportCheck.check),
        Case("in prose", "// import GRPC\nlet text = \"import GRPC\"", by: ImportCheck.check),
        Case(
            "an unknown room", path: "Sources/Kitchen/Stove.swift", "struct Stove {}", finds: [0],
            by: ImportCheck.check),
        Case(
            "tests import what they need", path: "Tests/APITests/RouteTests.swift",
            "import CNghttp2", by: ImportCheck.check),
    ]

    static let bans: [Case] = [
        Case("the calendar's time", "let now = Date()", finds: [1], by: BannedCheck.check),
        Case("print", "print(1)", finds: [1], by: BannedCheck.check),
        Case("another print", "fingerprint(1)\nlog.print(1)", by: BannedCheck.check),
        Case("in prose", "/// Never print( or try!\nlet a = \"try!\"", by: BannedCheck.check),
        Case("in an interpolation", #"let a = "\(f("Date()")) try!""#, by: BannedCheck.check),
        Case("try!", "let a = try! f()", finds: [1], by: BannedCheck.check),
        Case("a bare task", "Task { await f() }", finds: [1], by: BannedCheck.check),
        Case(
            "a task on the loop", "Task.immediate(executorPreference: loop) { await f() }",
            by: BannedCheck.check),
        Case("a detached task", "Task.detached { }", finds: [1], by: BannedCheck.check),
        Case("an actor", "actor Counter {\n}", finds: [1], by: BannedCheck.check),
        Case("Foundation", "import Foundation", finds: [1], by: BannedCheck.check),
        Case(
            "Foundation in the executable", path: "Sources/Gateway/Serve.swift",
            "import Foundation", by: BannedCheck.check),
        Case(
            "a test that sleeps", path: "Tests/TransportTests/A.swift",
            "try await Task.sleep(for: .seconds(1))", finds: [1], by: BannedCheck.check),
    ]

    static let unsafe: [Case] = [
        Case(
            "no explanation", "final class A: @unchecked Sendable {}", finds: [1],
            by: UnsafeCheck.check),
        Case(
            "an explanation",
            "// Safe: only its loop touches it.\nfinal class A: @unchecked Sendable {}",
            by: UnsafeCheck.check),
        Case(
            "an explanation far away",
            "// safe" + String(repeating: "\n", count: 17) + "nonisolated(unsafe) var a = 1",
            finds: [18], by: UnsafeCheck.check),
        Case(
            "a reference without", "let a = Unmanaged.passRetained(b)", finds: [1],
            by: UnsafeCheck.check),
        Case(
            "a reference with",
            "// Safe: the session keeps it.\n\nlet a = Unmanaged.passRetained(b)",
            by: UnsafeCheck.check),
    ]

    static let pointers: [Case] = [
        Case(
            "a shown pointer", "final class A {\n    let session: OpaquePointer\n}", finds: [2],
            by: PointerCheck.check),
        Case(
            "a private pointer", "final class A {\n    private let session: OpaquePointer\n}",
            by: PointerCheck.check),
        Case(
            "a pointer of a function",
            "final class A {\n    func f() {\n        var a: OpaquePointer?\n    }\n}",
            by: PointerCheck.check),
    ]

    static let shims: [Case] = [
        Case(
            "no prefix", path: "Sources/COpenSSL/shim.h", "static inline int length(int a) {",
            finds: [1], by: ShimCheck.check),
        Case(
            "a prefix", path: "Sources/COpenSSL/shim.h",
            "#include <a.h>\nstatic inline int gw_length(int a) {\n    return f(a);\n}",
            by: ShimCheck.check),
    ]

    static let places: [Case] = [
        Case("a folder of one machine", "cd /" + "work/here", finds: [1], by: PlaceCheck.check),
        Case(
            "a part of a path", "see docs/" + "work/here and " + "https://a.b/" + "work/",
            by: PlaceCheck.check),
        Case("a temporary folder", "let a = \"/" + "tmp/a\"", finds: [1], by: PlaceCheck.check),
        Case(
            "a temporary folder in a test", path: "Tests/A/B.swift", "let a = \"/" + "tmp/a\"",
            by: PlaceCheck.check),
        Case(
            "generated code elsewhere", "// DO NOT" + " EDIT", finds: [0],
            by: GeneratedCheck.check),
        Case(
            "generated code at home", path: "Sources/CGatewayProto/a.c", "// DO NOT" + " EDIT",
            by: GeneratedCheck.check),
    ]
}
