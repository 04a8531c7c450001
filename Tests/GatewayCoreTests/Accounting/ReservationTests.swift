import GatewayCore
import Testing

/// A reservation ends once: redeemed by a ledger, or told to be forgotten.
struct ReservationTests {
    @Test func aDroppedReservationIsTold() {
        let forgotten = ForgottenHolds()
        do { _ = Reservation(id: 7, forgotten: forgotten) }
        #expect(forgotten.count == 1)
        #expect(forgotten.take() == [7])
        #expect(forgotten.take() == [])
    }

    @Test func aRedeemedReservationIsNot() {
        let forgotten = ForgottenHolds()
        let reservation = Reservation(id: 7, forgotten: forgotten)
        #expect(reservation.redeem() == 7)
        #expect(forgotten.count == 0)
    }
}
