import CGatewayProto
import GRPC
import GatewayCore
import GatewayPrimitives

/// The fields that an update changes (AIP-134): those of its mask, or with `*` all that can be
/// changed.
struct UpdateMask {
    private let paths: Set<String>

    /// - Parameters:
    ///   - fields: what can be changed of the resource.
    ///   - fixed: its other fields.
    init(
        _ mask: UnsafeMutablePointer<Google__Protobuf__FieldMask>?, of fields: [String],
        fixed: [String]
    ) throws(GatewayError) {
        let violations = FieldViolations()
        var paths: Set<String> = []
        let given = mask.map { mask in
            (0..<mask.pointee.n_paths).map { mask.pointee.paths[$0].text }
        }
        for path in given ?? [] {
            if path == "*" {
                paths.formUnion(fields)
            } else if fields.contains(path) {
                paths.insert(path)
            } else {
                violations.add(
                    "update_mask",
                    fixed.contains(path)
                        ? "names `\(path)`, which cannot be changed."
                        : "names \(FieldViolations.shown(path)), which is not one of "
                            + fields.joined(separator: ", ") + ".")
            }
        }
        if given?.isEmpty ?? true {
            violations.add("update_mask", "is required; name the fields to change, or *.")
        }
        try violations.finish()
        self.paths = paths
    }

    private init(paths: Set<String>) { self.paths = paths }

    /// Everything that can be set, for what is created.
    static func all(of fields: [String]) -> UpdateMask { UpdateMask(paths: Set(fields)) }

    func has(_ field: String) -> Bool { paths.contains(field) }
}

/// The version of a record as clients see it.
enum ETag {
    /// What a client has seen; `nil` where it does not say.
    static func version(_ etag: UnsafeMutablePointer<CChar>?) -> Int64? {
        let text = etag.text
        // Whatever it is, it is no version there was.
        return text.isEmpty ? nil : Int64(text) ?? -1
    }

    static func text(_ stamp: RecordStamp) -> String { "\(stamp.version)" }
}
