import Crypto
import FoundationEssentials
import Testing

@testable import Certificates

struct DerivedKeyTests {
    private func bytes(_ hexadecimal: String) -> [UInt8] {
        let digits = Array(hexadecimal)
        return stride(from: 0, to: digits.count, by: 2).compactMap { UInt8(String(digits[$0...($0 + 1)]), radix: 16) }
    }

    /// RFC 6979, appendix A.2.5: key, messages and signatures.
    @Test(arguments: [
        (
            "sample",
            "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716"
                + "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8"
        ),
        (
            "test",
            "F1ABB023518351CD71D881567B1EA663ED3EFCF6C5132B354F28D3B0B7D38367"
                + "019F4113742A2B14BD25926B49C649155F267E60D3814B4C0CC84250E46F0083"
        ),
    ])
    func signsAsTheStandardSays(message: String, signature: String) throws {
        let key = bytes("C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721")
        let made = try #require(DerivedKey(scalar: key)).signature(of: Array(message.utf8))
        #expect(made == bytes(signature))
    }

    @Test func everySignatureVerifies() throws {
        for number in 0..<40 {
            let key = DerivedKey(seed: [UInt8(number)])
            let message = Array("message \(number)".utf8)
            let signature = try P256.Signing.ECDSASignature(rawRepresentation: key.signature(of: message))
            #expect(try key.privateKey().publicKey.isValidSignature(signature, for: message))
            #expect(try !key.privateKey().publicKey.isValidSignature(signature, for: message + [0]))
        }
    }

    @Test func anotherSeedIsAnotherKey() {
        #expect(DerivedKey(seed: [1]) == DerivedKey(seed: [1]))
        #expect(DerivedKey(seed: [1]) != DerivedKey(seed: [2]))
    }

    @Test func whatIsNoKeyIsRefused() {
        let order = bytes("FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551")
        #expect(DerivedKey(scalar: order) == nil)
        #expect(DerivedKey(scalar: [UInt8](repeating: 0, count: 32)) == nil)
        #expect(DerivedKey(scalar: [1]) == nil)
        #expect(DerivedKey(scalar: Array(order.dropLast()) + [0x50]) != nil)
    }

    @Test func arithmeticIsModuloTheOrder() throws {
        let largest = OrderScalar(
            reducing: bytes("FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632550")
        )
        let one = OrderScalar(reducing: [1])
        #expect(largest + one == .zero)
        #expect(OrderScalar.zero - one == largest)
        #expect(largest * largest == one)
        #expect(largest.inverse == largest)
        for seed: UInt8 in 1...20 {
            let number = OrderScalar(reducing: SHA256.hash(data: [seed]))
            #expect(number * number.inverse == one)
        }
    }
}
