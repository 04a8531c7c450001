/// Timers in a hierarchy of wheels: arming and disarming are a few stores whatever the number of
/// timers (Varghese and Lauck, "Hashed and hierarchical timing wheels", 1987).
///
/// Four levels of 256 slots, the first of one millisecond each: 49 days in all; later timers wait
/// in the last slot and are placed again. A slot is an intrusive list, so a timer in it is not kept
/// alive: ``LoopTimer`` takes itself out when it is released.
final class TimerWheel {
    private static let levels = 4
    private static let slotsPerLevel = 256
    private static let tickNanoseconds: UInt64 = 1_000_000

    /// The first timer of each slot. Unmanaged is safe: a timer takes itself out when it goes.
    private let slots: UnsafeMutableBufferPointer<Unmanaged<LoopTimer>?>
    /// One bit a slot that is not empty.
    private let occupied: UnsafeMutableBufferPointer<UInt64>
    private var currentTick: UInt64
    private(set) var count = 0
    /// The moment up to which the wheel has turned, for tests.
    var currentNanoseconds: UInt64 { currentTick * Self.tickNanoseconds }

    init(now: UInt64) {
        slots = .allocate(capacity: Self.levels * Self.slotsPerLevel)
        slots.initialize(repeating: nil)
        occupied = .allocate(capacity: Self.levels * Self.slotsPerLevel / 64)
        occupied.initialize(repeating: 0)
        currentTick = now / Self.tickNanoseconds
    }

    deinit {
        slots.deallocate()
        occupied.deallocate()
    }

    func arm(_ timer: LoopTimer, at moment: UInt64) {
        if timer.isArmed { disarm(timer) }
        timer.moment = moment
        timer.isArmed = true
        count += 1
        place(timer, earliest: currentTick + 1)
    }

    func disarm(_ timer: LoopTimer) {
        guard timer.isArmed else { return }
        timer.isArmed = false
        count -= 1
        unlink(timer)
    }

    /// Milliseconds until the wheel has to turn next; `nil` when it is empty.
    func millisecondsToNext(now: UInt64) -> Int32? {
        if count == 0 { return nil }
        let tick = now / Self.tickNanoseconds
        guard let next = nextOccupiedTick() else { return nil }
        return next <= tick ? 0 : Int32(clamping: next - tick)
    }

    /// Fires what is due. A timer armed by one that fires is not fired in the same turn unless it
    /// is due in a later tick that has passed too.
    func advance(to now: UInt64) {
        let target = now / Self.tickNanoseconds
        while currentTick < target {
            guard count > 0, let next = nextOccupiedTick(), next <= target else {
                currentTick = target
                return
            }
            currentTick = next
            cascade()
            fireSlot(Int(currentTick & 255))
        }
    }

    /// The next tick at which a slot of the first level is due or one of a higher level is to be
    /// spread over the levels below it.
    private func nextOccupiedTick() -> UInt64? {
        var nearest: UInt64?
        for level in 0..<Self.levels {
            let shift = UInt64(level * 8)
            let position = currentTick >> shift
            guard let distance = distanceToOccupied(level: level, after: Int(position & 255)) else {
                continue
            }
            let tick = (position + UInt64(distance)) << shift
            nearest = min(nearest ?? tick, tick)
        }
        return nearest
    }

    /// How many slots after `slot` the next one stands that is not empty, from 1 to 256.
    private func distanceToOccupied(level: Int, after slot: Int) -> Int? {
        let base = level * 4
        for step in 0...4 {
            let word = ((slot >> 6) + step) & 3
            var bits = occupied[base + word]
            if step == 0 {
                let offset = (slot & 63) + 1
                bits = offset == 64 ? 0 : bits & (UInt64.max << UInt64(offset))
            } else if step == 4 {
                let offset = (slot & 63) + 1
                if offset < 64 { bits &= ~(UInt64.max << UInt64(offset)) }
            }
            if bits != 0 {
                let found = word * 64 + bits.trailingZeroBitCount
                let distance = (found - slot) & 255
                return distance == 0 ? 256 : distance
            }
        }
        return nil
    }

    /// Places the timers of a higher level's slot anew when the wheel below has come round to it.
    private func cascade() {
        for level in 1..<Self.levels {
            let shift = UInt64(level * 8)
            guard currentTick & ((1 << shift) - 1) == 0 else { return }
            let slot = level * Self.slotsPerLevel + Int((currentTick >> shift) & 255)
            while let timer = slots[slot]?.takeUnretainedValue() {
                unlink(timer)
                place(timer, earliest: currentTick)
            }
        }
    }

    private func fireSlot(_ slot: Int) {
        while let timer = slots[slot]?.takeUnretainedValue() {
            disarm(timer)
            timer.fire()
        }
    }

    /// - Parameter earliest: the next tick for a timer that is armed, so that what is past fires
    /// then;
    ///   the present one for a timer that cascades, whose slot is about to fire.
    private func place(_ timer: LoopTimer, earliest: UInt64) {
        // Rounded up, so that no timer fires early.
        let rounded =
            timer.moment / Self.tickNanoseconds
            + (timer.moment % Self.tickNanoseconds == 0 ? 0 : 1)
        let tick = max(rounded, earliest)
        let delta = min(tick - currentTick, 0xFFFF_FFFF)
        var level = 0
        while level < Self.levels - 1 && delta >> UInt64((level + 1) * 8) != 0 { level += 1 }
        let position = Int(((currentTick + delta) >> UInt64(level * 8)) & 255)
        link(timer, slot: level * Self.slotsPerLevel + position)
    }

    private func link(_ timer: LoopTimer, slot: Int) {
        timer.slot = slot
        timer.previous = nil
        timer.next = slots[slot]?.takeUnretainedValue()
        timer.next?.previous = timer
        slots[slot] = Unmanaged.passUnretained(timer)
        occupied[slot >> 6] |= 1 << UInt64(slot & 63)
    }

    private func unlink(_ timer: LoopTimer) {
        if let previous = timer.previous {
            previous.next = timer.next
        } else {
            slots[timer.slot] = timer.next.map { Unmanaged.passUnretained($0) }
            if timer.next == nil { occupied[timer.slot >> 6] &= ~(1 << UInt64(timer.slot & 63)) }
        }
        timer.next?.previous = timer.previous
        timer.previous = nil
        timer.next = nil
        timer.slot = -1
    }
}
