import COpenSSL
import GatewayPrimitives
import Glibc

/// What the connections of one kind have in common, and the owner of its SSL_CTX: versions,
/// ciphers, certificates, whom to trust.
///
/// Set up by whoever makes it, then only used for ``serverSession(loop:)`` and
/// ``clientSession(_:)``.
///
/// `@unchecked Sendable`: not changed after it is set up; OpenSSL counts its references and locks
/// what connections share (SSL_CTX_new(3), "THREAD SAFETY" of openssl-threads(7)).
final class TLSContext: @unchecked Sendable {
    /// Forward secrecy and authenticated encryption only: Mozilla's "intermediate" list without
    /// finite-field Diffie-Hellman, which costs a server more than its client.
    private static let ciphers =
        "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
        + "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
        + "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"
    private static let ciphers13 =
        "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"
    private static let groups = "X25519:P-256:P-384"
    /// RSA of 2048 bits, elliptic curves of 224, no SHA-1 (SSL_CTX_set_security_level(3)).
    private static let securityLevel: Int32 = 2

    private let context: OpaquePointer
    let isServer: Bool
    /// Whether it is a client's, and servers must prove who they are.
    private(set) var verifiesServers = false
    /// Kept for the callback that OpenSSL seals tickets with.
    private var ticketKeys: TLSTicketKeys?

    init(isServer: Bool, minimum: TLSVersion) throws(TLSFailure) {
        OpenSSLError.clear()
        guard let made = SSL_CTX_new(isServer ? TLS_server_method() : TLS_client_method()) else {
            throw TLSFailure("OpenSSL cannot be set up: \(OpenSSLError.take())")
        }
        context = made
        self.isServer = isServer
        SSL_CTX_set_security_level(made, Self.securityLevel)
        SSL_CTX_set_options(made, gw_SSL_OP_NO_COMPRESSION | gw_SSL_OP_NO_RENEGOTIATION)
        // An idle connection keeps no record buffers, which are 34 KB.
        _ = gw_SSL_CTX_set_mode(made, Int(SSL_MODE_RELEASE_BUFFERS))
        _ = gw_SSL_CTX_set_max_cert_list(made, Limits.certificateListBytesMax)
        guard gw_SSL_CTX_set_min_proto_version(made, minimum.number) == 1,
            SSL_CTX_set_cipher_list(made, Self.ciphers) == 1,
            SSL_CTX_set_ciphersuites(made, Self.ciphers13) == 1,
            gw_SSL_CTX_set1_groups_list(made, Self.groups) == 1
        else { throw TLSFailure("OpenSSL lacks what is asked of it: \(OpenSSLError.take())") }
        // Never ask a terminal for a passphrase.
        SSL_CTX_set_default_passwd_cb(made) { _, _, _, _ in -1 }
        SSL_CTX_set_msg_callback(made) { isWritten, _, contentType, _, _, ssl, _ in
            guard isWritten == 0, contentType == SSL3_RT_HANDSHAKE else { return }
            TLSSession.of(ssl)?.notePostHandshakeMessage()
        }
    }

    deinit { SSL_CTX_free(context) }

    // MARK: - Certificates

    /// Presents a certificate, with those that lead to its authority behind it in the same file.
    func present(certificateFile: String, keyFile: String) throws(TLSFailure) {
        try Self.checkReadable(certificateFile)
        try Self.checkReadable(keyFile)
        OpenSSLError.clear()
        guard SSL_CTX_use_certificate_chain_file(context, certificateFile) == 1 else {
            throw TLSFailure(
                "\(certificateFile) holds no certificate in PEM form that can be used: "
                    + OpenSSLError.take())
        }
        guard SSL_CTX_use_PrivateKey_file(context, keyFile, SSL_FILETYPE_PEM) == 1,
            SSL_CTX_check_private_key(context) == 1
        else {
            throw TLSFailure(
                "\(keyFile) holds no private key, without a passphrase and in PEM form, that "
                    + "belongs to \(certificateFile): \(OpenSSLError.take())")
        }
    }

    /// How long the certificate presented lasts, from now; negative when it has expired.
    var secondsUntilExpiry: Int? {
        guard let certificate = SSL_CTX_get0_certificate(context) else { return nil }
        var days: Int32 = 0
        var seconds: Int32 = 0
        guard ASN1_TIME_diff(&days, &seconds, nil, X509_get0_notAfter(certificate)) == 1 else {
            return nil
        }
        return Int(days) * 86_400 + Int(seconds)
    }

    /// Trusts the authorities of a file in PEM form.
    func trust(file: String) throws(TLSFailure) {
        try Self.checkReadable(file)
        OpenSSLError.clear()
        guard SSL_CTX_load_verify_file(context, file) == 1 else {
            throw TLSFailure("\(file) holds no certificates in PEM form: \(OpenSSLError.take())")
        }
    }

    /// Trusts what the system trusts, or what SSL_CERT_FILE and SSL_CERT_DIR name.
    func trustSystem() { SSL_CTX_set_default_verify_paths(context) }

    private static func checkReadable(_ file: String) throws(TLSFailure) {
        guard access(file, R_OK) == 0 else {
            throw TLSFailure("\(file) cannot be read: \(String(cString: strerror(errno)))")
        }
    }

    // MARK: - A server's side

    /// Asks clients for a certificate of the authorities that are trusted, named in a file.
    ///
    /// - Parameter isRequired: whether one that has none is turned away.
    func askClients(authorityFile: String, isRequired: Bool) throws(TLSFailure) {
        try trust(file: authorityFile)
        OpenSSLError.clear()
        guard let names = SSL_load_client_CA_file(authorityFile) else {
            throw TLSFailure("\(authorityFile): \(OpenSSLError.take())")
        }
        SSL_CTX_set_client_CA_list(context, names)
        let mode = SSL_VERIFY_PEER | (isRequired ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0)
        SSL_CTX_set_verify(context, mode, nil)
    }

    /// Chooses HTTP/2 where the client offers it; one that offers nothing known is turned away
    /// (RFC 7301, 3.2).
    func chooseApplicationProtocol() {
        SSL_CTX_set_alpn_select_cb(
            context,
            { _, chosen, chosenCount, offered, offeredCount, _ in
                let known = ApplicationProtocol.both
                let result = chosen?.withMemoryRebound(
                    to: Optional<UnsafeMutablePointer<UInt8>>.self, capacity: 1
                ) { chosen in
                    SSL_select_next_proto(
                        chosen, chosenCount, known.utf8Start, UInt32(known.utf8CodeUnitCount),
                        offered, offeredCount)
                }
                return result == OPENSSL_NPN_NEGOTIATED
                    ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL
            }, nil)
    }

    /// Lets clients resume by tickets, which the server does not have to remember.
    ///
    /// - Parameter scope: tickets of another scope are not taken: they would carry the verdict of
    ///   other authorities over clients.
    func resumeByTickets(_ keys: TLSTicketKeys, scope: [UInt8]) {
        ticketKeys = keys
        _ = gw_SSL_CTX_set_session_cache_mode(context, Int(SSL_SESS_CACHE_OFF))
        SSL_CTX_set_timeout(context, Int(TLSTicketKeys.lifetimeSeconds))
        let scope = scope.prefix(Int(SSL_MAX_SID_CTX_LENGTH))
        _ = scope.withUnsafeBytes {
            SSL_CTX_set_session_id_context(
                context, $0.baseAddress?.assumingMemoryBound(to: UInt8.self), UInt32($0.count))
        }
        // Safe: the context keeps the keys, and every connection keeps the context.
        SSL_CTX_set_ex_data(context, 0, Unmanaged.passUnretained(keys).toOpaque())
        SSL_CTX_set_tlsext_ticket_key_evp_cb(context) { ssl, name, vector, cipher, mac, seals in
            guard let ssl, let name, let vector, let cipher, let mac,
                let user = SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), 0)
            else { return -1 }
            return Unmanaged<TLSTicketKeys>.fromOpaque(user)._withUnsafeGuaranteedRef { keys in
                seals == 1
                    ? keys.seal(name: name, vector: vector, cipher: cipher, mac: mac)
                    : keys.open(name: name, vector: vector, cipher: cipher, mac: mac)
            }
        }
    }

    /// The server's side of a new connection.
    func serverSession(loop: EventLoop) -> TLSSession {
        let ssl = makeSSL()
        SSL_set_accept_state(ssl)
        return TLSSession(takingOwnershipOf: ssl, context: self, loop: loop)
    }

    // MARK: - A client's side

    /// Turns away servers whose certificate does not hold, and keeps sessions for resumption.
    func verifyServers(_ verifies: Bool) {
        verifiesServers = verifies
        SSL_CTX_set_verify(context, verifies ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nil)
        let mode = SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL
        _ = gw_SSL_CTX_set_session_cache_mode(context, Int(mode))
        SSL_CTX_sess_set_new_cb(context) { ssl, session in
            guard let session, let resumptions = TLSSession.of(ssl)?.resumptions else { return 0 }
            resumptions.keep(takingOwnershipOf: session)
            return 1
        }
    }

    /// The client's side of a new connection to a host, which the server's certificate must name.
    func clientSession(
        loop: EventLoop, host: String, offers: StaticString, resumptions: TLSResumptions
    ) -> TLSSession {
        let ssl = makeSSL()
        SSL_set_connect_state(ssl)
        SSL_set_alpn_protos(ssl, offers.utf8Start, UInt32(offers.utf8CodeUnitCount))
        if ResolvedAddress(literal: host) != nil {
            X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host)
        } else {
            let name = host.hasSuffix(".") ? String(host.dropLast()) : host
            _ = gw_SSL_set_tlsext_host_name(ssl, name)
            // RFC 9525: the alternative names decide, and a wildcard is a whole label.
            let flags = X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT
            SSL_set_hostflags(ssl, UInt32(flags))
            SSL_set1_host(ssl, name)
        }
        resumptions.offer(on: ssl)
        return TLSSession(
            takingOwnershipOf: ssl, context: self, loop: loop, resumptions: resumptions)
    }

    private func makeSSL() -> OpaquePointer {
        guard let ssl = SSL_new(context) else { fatalError("out of memory for a TLS connection") }
        return ssl
    }
}
