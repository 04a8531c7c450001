import Glibc

/// The order in which the addresses of a name are tried.
enum AddressOrder {
    /// The families in turn, each in the order in which it was given (RFC 8305, 4), beginning with
    /// `first` where there is an address of it, else with the first address's family.
    static func alternating(_ found: [ResolvedAddress], first: Int32?) -> [ResolvedAddress] {
        guard let head = found.first else { return [] }
        let isKnown = found.contains { $0.family == first }
        let leading = isKnown ? first ?? head.family : head.family
        let leaders = found.filter { $0.family == leading }
        let others = found.filter { $0.family != leading }
        var ordered: [ResolvedAddress] = []
        for index in 0..<max(leaders.count, others.count) {
            if index < leaders.count { ordered.append(leaders[index]) }
            if index < others.count { ordered.append(others[index]) }
        }
        return ordered
    }
}
