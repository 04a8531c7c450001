// getaddrinfo(3) blocks, so it is called on threads of its own. They are started when there is a
// question and end when there is none: questions are rare, since answers are kept for a while.

import GatewayPrimitives
import Glibc
import Synchronization

/// Finds the addresses of hosts, for the clients of all loops.
///
/// May be used from any thread. Answers are kept for as long as the asking client wishes; failures
/// are not kept, but all who ask while one question is under way share its answer.
public final class Resolver: Sendable {
    /// What an answer is.
    typealias Answer = Result<[ResolvedAddress], TransportError>
    /// Asks the system, on a thread that may block.
    typealias Lookup = @Sendable (_ host: String) -> Answer

    /// Questions that wait for a thread.
    static let questionsMax = 256
    /// Those who wait for the answer to one question.
    static let askersPerQuestionMax = 16 * 1024
    /// Answers that are kept.
    static let answersMax = 4096
    static let threadsMax = 4

    private struct Asker {
        let loop: EventLoop
        let lifetime: Duration
        let take: @Sendable (Answer) -> Void
    }

    private struct Kept {
        let addresses: [ResolvedAddress]
        let receivedAt: MonotonicTime
    }

    private struct State: ~Copyable {
        var kept: [String: Kept] = [:]
        var askers: [String: [Asker]] = [:]
        var questions: [String] = []
        var threads = 0
    }

    private let state = Mutex(State())
    private let lookup: Lookup

    /// Asks the system's resolver.
    public convenience init() { self.init(lookup: Self.askSystem) }

    /// - Parameter lookup: answers in the system's place.
    init(lookup: @escaping Lookup) { self.lookup = lookup }

    /// The answer, if it is known already: that of an address, or one younger than a lifetime.
    func known(_ host: String, now: MonotonicTime, lifetime: Duration) -> [ResolvedAddress]? {
        if let address = ResolvedAddress(literal: host) { return [address] }
        return state.withLock { state in
            guard let kept = state.kept[host], now.since(kept.receivedAt) < lifetime else {
                return nil
            }
            return kept.addresses
        }
    }

    /// Asks for a host's addresses; the answer is given on the asking loop, never before this
    /// returns.
    ///
    /// It is ``TransportError/connectFailed(_:)``, naming the host, when there are none, and
    /// ``TransportError/exhausted(_:)`` when too many questions wait.
    func resolve(
        _ host: String, for loop: EventLoop, lifetime: Duration,
        take: @escaping @Sendable (Answer) -> Void
    ) {
        let asker = Asker(loop: loop, lifetime: lifetime, take: take)
        let (isTaken, needsThread) = state.withLock { state in
            if let askers = state.askers[host] {
                guard askers.count < Self.askersPerQuestionMax else { return (false, false) }
                state.askers[host]?.append(asker)
                return (true, false)
            }
            guard state.questions.count < Self.questionsMax else { return (false, false) }
            state.askers[host] = [asker]
            state.questions.append(host)
            guard state.threads < Self.threadsMax else { return (true, false) }
            state.threads += 1
            return (true, true)
        }
        if !isTaken {
            let error = TransportError.exhausted("too many names wait to be resolved: \(host)")
            loop.execute { take(.failure(error)) }
        }
        if needsThread { startThread() }
    }

    private func startThread() {
        do throws(NativeThread.StartError) {
            try NativeThread(named: "resolver") { self.answerQuestions() }.detach()
        } catch {
            refuseQuestions(error)
        }
    }

    /// The life of a thread.
    private func answerQuestions() {
        while let host = nextQuestion() {
            let answer = lookup(host)
            for asker in takeAskers(of: host, answer) {
                asker.loop.execute { asker.take(answer) }
            }
        }
    }

    private func nextQuestion() -> String? {
        state.withLock { state in
            if state.questions.isEmpty {
                state.threads -= 1
                return nil
            }
            return state.questions.removeFirst()
        }
    }

    private func takeAskers(of host: String, _ answer: Answer) -> [Asker] {
        state.withLock { state in
            let askers = state.askers.removeValue(forKey: host) ?? []
            if case .success(let addresses) = answer, let asker = askers.first {
                if state.kept.count >= Self.answersMax { state.kept.removeAll() }
                state.kept[host] = Kept(addresses: addresses, receivedAt: asker.loop.clock())
            }
            return askers
        }
    }

    /// Without a thread nobody would ever answer. Where other threads run, they go on.
    private func refuseQuestions(_ error: NativeThread.StartError) {
        let askers = state.withLock { state in
            state.threads -= 1
            guard state.threads == 0 else { return [Asker]() }
            let waiting = state.questions.flatMap { state.askers.removeValue(forKey: $0) ?? [] }
            state.questions.removeAll()
            return waiting
        }
        for asker in askers {
            let error = TransportError.exhausted("no thread to resolve names with: \(error)")
            asker.loop.execute { asker.take(.failure(error)) }
        }
    }

    /// getaddrinfo(3), in the order in which it gives the addresses (RFC 6724).
    private static let askSystem: Lookup = { host in
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let result = getaddrinfo(host, nil, &hints, &list)
        defer { if let list { freeaddrinfo(list) } }
        guard result == 0 else {
            let words = String(cString: gai_strerror(result))
            return .failure(.connectFailed("the name \(host) cannot be resolved: \(words)"))
        }
        var addresses: [ResolvedAddress] = []
        var entry = list
        while let found = entry?.pointee {
            if let address = ResolvedAddress(found), !addresses.contains(address) {
                addresses.append(address)
            }
            entry = found.ai_next
        }
        guard !addresses.isEmpty else {
            return .failure(.connectFailed("the name \(host) has no address"))
        }
        return .success(addresses)
    }
}
