import COpenSSL

/// The sessions that one origin has offered for being resumed, and what was agreed on with it.
/// Belongs to one client's loop.
///
/// A ticket of TLS 1.3 is used once (RFC 8446, C.4); a session of TLS 1.2 as long as it lasts.
final class TLSResumptions {
    /// Tickets kept; servers send two a connection.
    static let sessionsMax = 4

    private var sessions: [OpaquePointer] = []
    /// What the last connection speaks; `nil` before the first.
    var versionAgreed: ApplicationProtocol?

    deinit { for session in sessions { SSL_SESSION_free(session) } }

    var count: Int { sessions.count }

    /// Keeps a session. The newest is used first.
    func keep(takingOwnershipOf session: OpaquePointer) {
        if sessions.count >= Self.sessionsMax { SSL_SESSION_free(sessions.removeFirst()) }
        sessions.append(session)
    }

    /// Offers the newest session that can be resumed, for a connection about to be made.
    func offer(on ssl: OpaquePointer) {
        while let session = sessions.popLast() {
            guard SSL_SESSION_is_resumable(session) == 1 else {
                SSL_SESSION_free(session)
                continue
            }
            SSL_set_session(ssl, session)
            if SSL_SESSION_get_protocol_version(session) >= TLS1_3_VERSION {
                SSL_SESSION_free(session)
            } else {
                sessions.append(session)
            }
            return
        }
    }
}
