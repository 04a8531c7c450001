import Foundation

/// The files of Fixtures/; its README says where each comes from.
enum Fixture {
    static func bytes(_ name: String) throws -> [UInt8] {
        let folder = Bundle.module.resourceURL?.appendingPathComponent("Fixtures")
        guard let file = folder?.appendingPathComponent(name) else {
            throw CocoaError(.fileNoSuchFile)
        }
        return Array(try Data(contentsOf: file))
    }

    static func text(_ name: String) throws -> String {
        String(decoding: try bytes(name), as: UTF8.self)
    }
}
