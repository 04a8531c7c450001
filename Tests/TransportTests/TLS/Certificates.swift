import Foundation
import TestSupport

/// The certificates of Tests/Certificates/make.sh, made once a run in a folder of its own.
enum Certificates {
    static let folder: String = {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("llm-gateway-certificates-\(getpid())")
        let script = URL(fileURLWithPath: #filePath)
            .appendingPathComponent("../../../Certificates/make.sh").standardized
        do {
            try Subprocess.run(["bash", script.path, folder.path])
        } catch {
            fatalError("\(error); is openssl there?")
        }
        atexit { try? FileManager.default.removeItem(atPath: Certificates.folder) }
        return folder.path
    }()

    static func file(_ name: String) -> String { "\(folder)/\(name)" }

    /// A copy under another name, for tests that change it.
    static func copy(_ name: String, to other: String) throws -> String {
        let target = file(other)
        try? FileManager.default.removeItem(atPath: target)
        try FileManager.default.copyItem(atPath: file(name), toPath: target)
        return target
    }
}
