import GatewayPrimitives

/// Keys' secrets: replaced, and never used twice.
extension Administration {
    /// Puts another secret in the place of a key's.
    /// - Parameters:
    ///   - chosen: the new secret, if the caller chose one.
    ///   - grace: how long the old one goes on working; without any, no older one does either.
    public func rotateKey(
        _ reference: KeyReference, secret chosen: Secret? = nil, grace: Duration = .zero,
        version: Int64? = nil, by caller: Caller,
        _ edit: (inout KeySettings) throws(GatewayError) -> Void = { _ throws(GatewayError) in }
    ) async throws(GatewayError) -> IssuedKey {
        let secret = chosen ?? mint.makeSecret()
        let text = secret.reveal()
        if let flaw = KeyMint.flaw(of: text) { throw .invalid("new_key", flaw) }
        guard grace >= .zero, grace <= limits.graceMax else {
            throw .invalid(
                "grace_period", "must be from none to \(limits.graceMax.components.seconds) s")
        }
        let hash = mint.hash(text)
        let wasRevoked = chosen == nil ? false : try await isRevoked(hash)
        let record = try await change(by: caller) { (records, draft) throws(GatewayError) in
            var key = try changeable(reference, version, by: caller, records)
            guard !wasRevoked, isFree(hash, in: records) else { throw .alreadyUsed }
            // Without grace whoever has a secret of it is to be shut out: older ones too.
            key.retired =
                grace == .zero
                ? [] : key.retired.filter { $0.until.nanoseconds > draft.at.nanoseconds }
            if grace > .zero {
                let until = draft.at.nanoseconds + Int64(clamping: grace.wholeNanoseconds)
                key.retired.append(
                    RetiredSecret(hash: key.hash, until: WallTime(nanoseconds: until)))
                key.retired = Array(key.retired.suffix(DirectoryLimits.retiredMax))
            }
            key.hash = hash
            key.hint = KeyMint.hint(of: text)
            key.rotationCount += 1
            var settings = key.settings
            try edit(&settings)
            return try put(settings, in: key, .rotate, records, &draft)
        }
        return IssuedKey(record: record, secret: secret)
    }

    /// Whether a secret was a revoked key's: its spend would be the new one's.
    func isRevoked(_ hash: KeyHash) async throws(GatewayError) -> Bool {
        try await store.revokedKey(hash.hexadecimal) != nil
    }

    /// Whether a secret is no key's, present, retired or configured.
    func isFree(_ hash: KeyHash, in records: DirectoryRecords) -> Bool {
        records.key(of: hash) == nil && records.keys[hash.hexadecimal] == nil
            && !fixedHashes.contains(hash)
    }
}

extension GatewayError {
    /// A secret that somebody chose stands, or stood, for another key.
    static var alreadyUsed: GatewayError {
        GatewayError(
            .alreadyExists, origin: .client,
            message: "This key exists already, or did; choose another, or let the gateway choose.",
            fields: [])
    }
}
