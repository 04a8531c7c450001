import Glibc
import Transport

/// Sees when files are replaced or changed, by a look at their place from time to time: a stat(2)
/// each, which costs a loop a microsecond. Of a link it is the file behind it that counts, so that
/// a folder of links that are switched together is seen too.
///
/// Belongs to a loop, and is made there or before the loop runs.
final class FileWatch: LoopTimerTarget {
    /// How often it looks.
    static let interval = Duration.seconds(5)

    /// What tells one state of a file from another.
    private struct Mark: Equatable {
        var inode: UInt64 = 0
        var size: Int64 = 0
        var seconds: Int = 0
        var nanoseconds: Int = 0

        init(_ file: String) {
            var status = stat()
            // One that is gone differs from one that is there.
            guard stat(file, &status) == 0 else { return }
            inode = UInt64(status.st_ino)
            size = Int64(status.st_size)
            seconds = status.st_mtim.tv_sec
            nanoseconds = status.st_mtim.tv_nsec
        }
    }

    private let files: [String]
    private let changed: () -> Void
    private var marks: [Mark]
    private var timer: LoopTimer?
    /// Kept, since the timer does not; it goes after the timer.
    private let loop: EventLoop

    /// - Parameter changed: called on the loop, once a look that finds a change.
    init(loop: EventLoop, files: [String], changed: @escaping () -> Void) {
        self.loop = loop
        self.files = files
        self.changed = changed
        marks = files.map(Mark.init)
        timer = LoopTimer(loop: loop, target: self)
        timer?.arm(after: Self.interval)
    }

    func loopTimerFired(_ timer: LoopTimer) {
        look()
        timer.arm(after: Self.interval)
    }

    /// Looks now.
    func look() {
        // Before the files are read: a change in between is seen by the next look.
        let found = files.map(Mark.init)
        guard found != marks else { return }
        marks = found
        changed()
    }
}
