/// A number modulo the order of P-256's group, as far as a signature needs it.
///
/// It takes more or less time for one number than for another. That is nothing to anyone here: certificates are signed
/// on the host that holds the secret, never on a stranger's request.
struct OrderScalar: Equatable {
    /// Least significant word first.
    private var words: SIMD4<UInt64>

    private static let order = OrderScalar(
        words: [0xF3B9_CAC2_FC63_2551, 0xBCE6_FAAD_A717_9E84, 0xFFFF_FFFF_FFFF_FFFF, 0xFFFF_FFFF_0000_0000]
    )
    static let zero = OrderScalar(words: .zero)
    private static let one = OrderScalar(words: [1, 0, 0, 0])

    private init(words: SIMD4<UInt64>) { self.words = words }

    /// Reads 32 bytes, the most significant first, and takes away the order where the number reaches it.
    init(reducing bytes: some Sequence<UInt8>) {
        self.init(bytes)
        if !Self.isLess(self, Self.order) { self = Self.difference(self, Self.order).value }
    }

    /// Nil when the number is 0 or reaches the order: no key and no nonce may be so.
    init?(exactly bytes: some Sequence<UInt8>) {
        self.init(bytes)
        guard Self.isLess(self, Self.order), self != .zero else { return nil }
    }

    private init(_ bytes: some Sequence<UInt8>) {
        words = .zero
        for byte in bytes {
            for index in [3, 2, 1] { words[index] = words[index] << 8 | words[index - 1] >> 56 }
            words[0] = words[0] << 8 | UInt64(byte)
        }
    }

    /// 32 bytes, the most significant first.
    var bytes: [UInt8] {
        (0..<32).map { UInt8(truncatingIfNeeded: words[3 - $0 / 8] >> UInt64(56 - $0 % 8 * 8)) }
    }

    static func + (lhs: OrderScalar, rhs: OrderScalar) -> OrderScalar {
        let (sum, carry) = sum(lhs, rhs)
        return carry || !isLess(sum, order) ? difference(sum, order).value : sum
    }

    static func - (lhs: OrderScalar, rhs: OrderScalar) -> OrderScalar {
        let (value, borrow) = difference(lhs, rhs)
        return borrow ? sum(value, order).value : value
    }

    static func * (lhs: OrderScalar, rhs: OrderScalar) -> OrderScalar {
        var product = zero
        for bit in (0..<256).reversed() {
            product = product + product
            if rhs.words[bit / 64] >> UInt64(bit % 64) & 1 == 1 { product = product + lhs }
        }
        return product
    }

    /// The number by which this one gives 1, by Euclid's algorithm with halving.
    ///
    /// - Precondition: the number is not 0.
    var inverse: OrderScalar {
        precondition(self != .zero, "0 has no inverse")
        var (u, v) = (self, Self.order)
        var (x, y) = (Self.one, Self.zero)
        while u != Self.one, v != Self.one {
            while u.isEven { (u, x) = (u.half(carry: false), x.halved) }
            while v.isEven { (v, y) = (v.half(carry: false), y.halved) }
            if Self.isLess(u, v) {
                (v, y) = (Self.difference(v, u).value, y - x)
            } else {
                (u, x) = (Self.difference(u, v).value, x - y)
            }
        }
        return u == Self.one ? x : y
    }

    // MARK: 256 bits

    private var isEven: Bool { words[0] & 1 == 0 }

    /// Half of this number modulo the order, which is odd.
    private var halved: OrderScalar {
        if isEven { return half(carry: false) }
        let (sum, carry) = Self.sum(self, Self.order)
        return sum.half(carry: carry)
    }

    private func half(carry: Bool) -> OrderScalar {
        var half = words &>> SIMD4(repeating: 1)
        for index in 0..<3 { half[index] |= words[index + 1] << 63 }
        if carry { half[3] |= 1 << 63 }
        return OrderScalar(words: half)
    }

    private static func sum(_ lhs: OrderScalar, _ rhs: OrderScalar) -> (value: OrderScalar, carry: Bool) {
        var value = zero
        var carry: UInt64 = 0
        for index in 0..<4 {
            let (first, firstCarry) = lhs.words[index].addingReportingOverflow(rhs.words[index])
            let (second, secondCarry) = first.addingReportingOverflow(carry)
            value.words[index] = second
            carry = firstCarry || secondCarry ? 1 : 0
        }
        return (value, carry == 1)
    }

    private static func difference(_ lhs: OrderScalar, _ rhs: OrderScalar) -> (value: OrderScalar, borrow: Bool) {
        var value = zero
        var borrow: UInt64 = 0
        for index in 0..<4 {
            let (first, firstBorrow) = lhs.words[index].subtractingReportingOverflow(rhs.words[index])
            let (second, secondBorrow) = first.subtractingReportingOverflow(borrow)
            value.words[index] = second
            borrow = firstBorrow || secondBorrow ? 1 : 0
        }
        return (value, borrow == 1)
    }

    private static func isLess(_ lhs: OrderScalar, _ rhs: OrderScalar) -> Bool { difference(lhs, rhs).borrow }
}
