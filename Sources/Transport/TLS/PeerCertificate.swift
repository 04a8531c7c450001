import COpenSSL
import GatewayPrimitives

/// Whom a verified certificate names: the client's of a connection, as far as it is of use to tell
/// who calls.
public final class PeerCertificate: Sendable {
    /// The subject as RFC 4514 writes it, such as `CN=billing,O=Example`.
    public let subject: String
    /// The subject's alternative names, with their kind in front: `dns:host`, `email:a@b`,
    /// `uri:spiffe://...`.
    public let alternativeNames: [String]

    /// Of alternative names, more are not looked at.
    static let alternativeNamesMax = 64

    public init(subject: String, alternativeNames: [String]) {
        self.subject = subject
        self.alternativeNames = alternativeNames
    }

    /// - Parameter reading: an X509, which stays the caller's.
    init(reading certificate: OpaquePointer) {
        subject = Self.subject(of: certificate)
        alternativeNames = Self.alternativeNames(of: certificate)
    }

    private static func subject(of certificate: OpaquePointer) -> String {
        guard let memory = BIO_new(BIO_s_mem()) else { return "" }
        defer { BIO_free(memory) }
        // RFC 4514, but with letters beyond ASCII as they are.
        let flags = gw_XN_FLAG_RFC2253 & ~UInt(ASN1_STRFLGS_ESC_MSB)
        X509_NAME_print_ex(memory, X509_get_subject_name(certificate), 0, flags)
        var bytes = [UInt8](repeating: 0, count: Limits.certificateNameBytesMax)
        let count = BIO_read(memory, &bytes, Int32(bytes.count))
        return String(decoding: bytes.prefix(max(0, Int(count))), as: UTF8.self)
    }

    private static func alternativeNames(of certificate: OpaquePointer) -> [String] {
        guard let found = X509_get_ext_d2i(certificate, NID_subject_alt_name, nil, nil) else {
            return []
        }
        let names = OpaquePointer(found)
        defer { GENERAL_NAMES_free(names) }
        let count = min(gw_sk_GENERAL_NAME_num(names), Int32(alternativeNamesMax))
        return (0..<max(0, count)).compactMap { index in
            gw_sk_GENERAL_NAME_value(names, index).flatMap(text(of:))
        }
    }

    private static func text(of name: UnsafePointer<GENERAL_NAME>) -> String? {
        guard let value = gw_GENERAL_NAME_text(name) else { return nil }
        let count = Int(ASN1_STRING_length(value))
        guard count <= Limits.certificateNameBytesMax else { return nil }
        let bytes = ByteView(start: ASN1_STRING_get0_data(value), count: count)
        // A NUL would let one name pass for another, shorter one.
        guard bytes.firstIndex(of: 0) == nil else { return nil }
        let kind =
            switch name.pointee.type {
            case GEN_DNS: "dns:"
            case GEN_EMAIL: "email:"
            default: "uri:"
            }
        return kind + bytes.string
    }
}
