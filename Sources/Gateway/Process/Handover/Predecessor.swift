import Glibc
import Transport

/// The process that served before this one, while it hands its listening sockets over; see
/// ``HandoverServer`` for what is said.
final class Predecessor {
    /// How long it may take to answer.
    static let secondsMax = 30
    /// How often, and at what distance, somebody is looked for who answers.
    static let triesMax = 100
    static let millisecondsBetweenTries: Int32 = 50

    let processID: Int
    let sockets: [ListeningSocket]
    private let channel: HandoverChannel

    private init(processID: Int, sockets: [ListeningSocket], channel: HandoverChannel) {
        self.processID = processID
        self.sockets = sockets
        self.channel = channel
    }

    /// Finds the process to take over from; `nil` when there is none.
    ///
    /// It may be about to end, or another successor may be quicker: as long as the address is taken
    /// by somebody, it is looked for again.
    static func find(
        at path: String, isAddressTaken: () -> Bool
    ) throws(HandoverError) -> Predecessor? {
        for _ in 0..<triesMax {
            if let channel = try HandoverChannel.connect(to: path) {
                if let found = try ask(channel) { return found }
            } else if !isAddressTaken() {
                return nil
            }
            poll(nil, 0, millisecondsBetweenTries)
        }
        return nil
    }

    /// Asks for the sockets; `nil` when the other side closes before they have come.
    private static func ask(_ channel: HandoverChannel) throws(HandoverError) -> Predecessor? {
        channel.limitWaits(toSeconds: secondsMax)
        do throws(HandoverError) {
            try channel.send("takeover \(getpid())")
        } catch {
            return nil
        }
        var sockets: [ListeningSocket] = []
        while true {
            guard let message = try channel.receive() else { return nil }
            let words = message.text.split(separator: " ")
            guard words.count == 3, words[0] == "sockets", let count = Int(words[1]),
                let process = Int(words[2])
            else { throw HandoverError("the serving process says `\(message.text)`") }
            sockets += message.sockets
            if sockets.count >= count {
                return Predecessor(processID: process, sockets: sockets, channel: channel)
            }
            guard !message.sockets.isEmpty else {
                throw HandoverError("the serving process sent too few sockets")
            }
        }
    }

    /// Tells it that its sockets are served now, upon which it stops accepting. False when it did
    /// not answer: it has ended meanwhile, most likely, and has left the sockets here.
    func release() -> Bool {
        do throws(HandoverError) {
            try channel.send("ready")
            return try channel.receive()?.text == "draining"
        } catch {
            return false
        }
    }
}
