import COpenSSL

/// A version of TLS that may be asked for as the least; older ones are not offered at all (RFC
/// 8996).
public enum TLSVersion: String, Sendable, CaseIterable {
    case tls12 = "1.2"
    case tls13 = "1.3"

    /// OpenSSL's number for it.
    var number: Int32 {
        switch self {
        case .tls12: TLS1_2_VERSION
        case .tls13: TLS1_3_VERSION
        }
    }
}
