import COpenSSL

/// The words for certificates that do not hold.
enum TLSVerification {
    /// - Parameter code: of X509_STORE_CTX_get_error(3).
    static func failure(code: Int) -> TLSFailure {
        let words = String(cString: X509_verify_cert_error_string(code))
        return TLSFailure("its certificate does not hold (\(words)); \(advice(code))")
    }

    private static func advice(_ code: Int) -> String {
        switch Int32(truncatingIfNeeded: code) {
        case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH:
            "call it by a name that stands in the certificate, or have one issued for this name"
        case X509_V_ERR_CERT_HAS_EXPIRED:
            "it has to be renewed there"
        case X509_V_ERR_CERT_NOT_YET_VALID:
            "compare this machine's clock with the certificate's dates"
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN,
            X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT,
            X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
            "if it is to be trusted, name its authority's file in "
                + "gateway_settings.upstream.ca_file or the deployment's ssl_verify; else see "
                + "that the package ca-certificates is installed"
        default:
            "see what it presents with `openssl s_client -connect HOST:PORT`"
        }
    }
}
