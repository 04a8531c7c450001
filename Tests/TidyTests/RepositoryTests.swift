import Foundation
import TestSupport
import Testing

/// The conventions, held against the files of the repository. What each check finds, and what it
/// lets pass, is shown in ``CheckTests``.
@Suite("The repository keeps its conventions")
struct RepositoryTests {
    private func expectNone(_ findings: [Finding]) {
        let list = findings.map(\.description).joined(separator: "\n")
        #expect(findings.isEmpty, "\(findings.count) findings:\n\(list)")
    }

    @Test("Lines, functions and files stay within their bounds")
    func sizes() throws {
        let files = try Repository.swift()
        expectNone(
            files.flatMap {
                SizeChecks.longLines($0) + SizeChecks.longFile($0) + SizeChecks.longFunctions($0)
            })
    }

    @Test("A file is named after what it holds")
    func names() throws {
        expectNone(try Repository.swift().filter(\.isProduct).flatMap(NamingCheck.check))
    }

    @Test("The exceptions from naming still exist")
    func namingExceptions() throws {
        for path in NamingCheck.lists.keys {
            #expect(throws: Never.self) { try Repository.file(path) }
        }
    }

    @Test("A room imports only what the architecture allows")
    func imports() throws {
        expectNone(try Repository.swift().flatMap(ImportCheck.check))
    }

    @Test("Banned calls are not used")
    func bans() throws {
        expectNone(try Repository.swift().flatMap(BannedCheck.check))
    }

    @Test("What the compiler cannot check is explained")
    func unsafeIsExplained() throws {
        expectNone(try Repository.swift().flatMap(UnsafeCheck.check))
    }

    @Test("Pointers to C objects are private")
    func pointers() throws {
        expectNone(try Repository.swift().flatMap(PointerCheck.check))
    }

    @Test("Shims carry their prefix")
    func shims() throws {
        let folders = [
            "CNghttp2", "COpenSSL", "CProtobufC", "CLinux", "CSQLite", "CSimdJSON", "CZlib",
        ]
        let headers = try Repository.files(
            under: folders.map { "Sources/\($0)" }, extensions: ["h"])
        try #require(headers.count >= folders.count)
        expectNone(headers.flatMap(ShimCheck.check))
    }

    @Test("Generated code stays in its two homes")
    func generated() throws {
        expectNone(
            try Repository.files(
                under: ["Sources", "Tests", "clients", "bench", "scripts"],
                extensions: ["swift", "c", "h", "cpp", "py", "sh"]
            ).flatMap(GeneratedCheck.check))
    }

    @Test("The clients' wrappers stay thin", arguments: WrapperCheck.wrappers.map(\.language))
    func wrappers(language: String) throws {
        let wrapper = try #require(WrapperCheck.wrappers.first { $0.language == language })
        let files = try Repository.files(
            under: wrapper.paths.map { "clients/\($0)" }, extensions: wrapper.extensions
        ).filter { WrapperCheck.isWrapper($0.path) }
        try #require(!files.isEmpty, "no source was found")
        expectNone(WrapperCheck.check(language, files))
    }

    @Test("No file names a folder of one machine")
    func places() throws {
        let files = try Repository.files(
            under: ["Sources", "Tests", "clients", "bench", "scripts", "proto", ".ci"],
            extensions: ["swift", "c", "h", "cpp", "py", "sh", "md", "proto", "txt", "yaml"])
        let top = try ["Makefile", "README.md", "Package.swift", ".ci/run"].map(Repository.file)
        expectNone((files + top).flatMap(PlaceCheck.check))
    }

    @Test("The contract keeps the rules that buf does not know")
    func protos() throws {
        let files = try Repository.files(under: ["proto/llmgateway"], extensions: ["proto"])
        try #require(!files.isEmpty, "no .proto file was found")
        expectNone(ProtoChecks.check(files.map(ProtoFile.init)))
    }

    @Test("The formatter's configurations name every rule", arguments: formatterConfigurations)
    func formatter(path: String) throws {
        let complete = try Subprocess.run(["swift", "format", "dump-configuration"])
        expectNone(
            try FormatConfigCheck.check(
                Repository.file(path), against: String(decoding: complete, as: UTF8.self)))
    }

    static let formatterConfigurations = [".swift-format", "Tests/.swift-format"]
}
