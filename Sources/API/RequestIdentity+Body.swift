import GatewayCore
import GatewayPrimitives
import Transport

extension RequestIdentity {
    /// An id with the body that it stands for.
    /// - Parameter field: what the door calls the id, for errors.
    convenience init(id: String, of body: ByteView, field: String) throws(GatewayError) {
        guard id.count <= Self.lengthMax else {
            throw GatewayError(
                .invalidRequest, origin: .client,
                message: "\(field) has \(id.count) characters; at most \(Self.lengthMax) are "
                    + "allowed.",
                fields: [FieldViolation(field: field, message: "is too long")])
        }
        let words = SHA256.digest(of: body)
        self.init(id: id, bodyDigest: withUnsafeBytes(of: words) { Array($0) })
    }
}
