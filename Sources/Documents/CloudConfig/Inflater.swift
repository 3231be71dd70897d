/// DEFLATE (RFC 1951), the decoding half.
struct Inflater {
    private let input: ArraySlice<UInt8>
    private let limit: Int
    private var position: Int
    private var buffer: UInt32 = 0
    private var bufferedBits = 0

    init(input: ArraySlice<UInt8>, limit: Int) {
        self.input = input
        self.limit = limit
        position = input.startIndex
    }

    /// What comes after the stream; whole bytes that were only looked at are given back.
    var rest: ArraySlice<UInt8> { input[(position - bufferedBits / 8)...] }

    /// Appends the content of the stream.
    mutating func run(into output: inout [UInt8]) throws(EncodingError) {
        var isLast = false
        while !isLast {
            isLast = try bits(1) == 1
            switch try bits(2) {
            case 0: try stored(&output)
            case 1: try compressed(&output, literals: .fixedLiterals, distances: .fixedDistances)
            case 2:
                let (literals, distances) = try dynamicCodes()
                try compressed(&output, literals: literals, distances: distances)
            default: throw Gzip.fault("it has a block of no known kind")
            }
        }
    }

    private mutating func bits(_ count: Int) throws(EncodingError) -> Int {
        while bufferedBits < count {
            guard position < input.endIndex else { throw Gzip.fault("it ends too early") }
            buffer |= UInt32(input[position]) << UInt32(bufferedBits)
            position += 1
            bufferedBits += 8
        }
        let value = buffer & (1 << UInt32(count) - 1)
        buffer >>= UInt32(count)
        bufferedBits -= count
        return Int(value)
    }

    private func checkRoom(_ output: [UInt8], for count: Int) throws(EncodingError) {
        guard output.count + count <= limit else {
            throw EncodingError(code: .tooLarge, message: "it unpacks to more than \(limit >> 20) MiB")
        }
    }

    private mutating func stored(_ output: inout [UInt8]) throws(EncodingError) {
        _ = try bits(bufferedBits % 8)
        let length = try bits(16)
        guard try bits(16) == ~length & 0xFFFF else { throw Gzip.fault("the length of a block is wrong") }
        try checkRoom(output, for: length)
        for _ in 0..<length { output.append(UInt8(try bits(8))) }
    }

    private mutating func symbol(_ code: HuffmanCode) throws(EncodingError) -> Int {
        var word = 0
        var first = 0
        var index = 0
        for length in 1...HuffmanCode.maximumLength {
            word |= try bits(1)
            let count = code.counts[length]
            if word - first < count { return code.symbols[index + word - first] }
            index += count
            first = (first + count) << 1
            word <<= 1
        }
        throw Gzip.fault("it has a code that means nothing")
    }

    private mutating func compressed(
        _ output: inout [UInt8],
        literals: HuffmanCode,
        distances: HuffmanCode,
    ) throws(EncodingError) {
        let start = output.startIndex
        while true {
            let symbol = try symbol(literals)
            if symbol < 256 {
                try checkRoom(output, for: 1)
                output.append(UInt8(symbol))
            } else if symbol == 256 {
                return
            } else {
                let length = try extended(symbol - 257, HuffmanCode.lengths)
                let distance = try extended(self.symbol(distances), HuffmanCode.distances)
                guard distance <= output.count - start else { throw Gzip.fault("it refers to what is not there") }
                try checkRoom(output, for: length)
                for _ in 0..<length { output.append(output[output.count - distance]) }
            }
        }
    }

    private mutating func extended(
        _ symbol: Int,
        _ table: [(base: Int, bits: Int)],
    ) throws(EncodingError) -> Int {
        guard table.indices.contains(symbol) else { throw Gzip.fault("it has a code that means nothing") }
        return table[symbol].base + (try bits(table[symbol].bits))
    }

    private mutating func dynamicCodes() throws(EncodingError) -> (HuffmanCode, HuffmanCode) {
        let literalCount = try bits(5) + 257
        let distanceCount = try bits(5) + 1
        let codeCount = try bits(4) + 4
        var codeLengths = Array(repeating: 0, count: 19)
        for position in HuffmanCode.lengthOrder.prefix(codeCount) { codeLengths[position] = try bits(3) }
        let code = HuffmanCode(lengths: codeLengths)
        var lengths: [Int] = []
        while lengths.count < literalCount + distanceCount {
            switch try symbol(code) {
            case 16:
                guard let last = lengths.last else { throw Gzip.fault("it repeats what is not there") }
                lengths += Array(repeating: last, count: 3 + (try bits(2)))
            case 17: lengths += Array(repeating: 0, count: 3 + (try bits(3)))
            case 18: lengths += Array(repeating: 0, count: 11 + (try bits(7)))
            case let length: lengths.append(length)
            }
        }
        guard lengths.count == literalCount + distanceCount else { throw Gzip.fault("it has too many codes") }
        return (
            HuffmanCode(lengths: Array(lengths[..<literalCount])), HuffmanCode(lengths: Array(lengths[literalCount...]))
        )
    }
}

/// A canonical Huffman code: how many words there are of each length, and the symbols in the order of their words.
struct HuffmanCode {
    static let maximumLength = 15
    var counts = Array(repeating: 0, count: maximumLength + 1)
    var symbols: [Int] = []

    init(lengths: [Int]) {
        for length in 1...Self.maximumLength {
            let matching = lengths.indices.filter { lengths[$0] == length }
            counts[length] = matching.count
            symbols += matching
        }
    }

    static let fixedLiterals = HuffmanCode(
        lengths: (0..<288).map { $0 < 144 ? 8 : $0 < 256 ? 9 : $0 < 280 ? 7 : 8 }
    )
    static let fixedDistances = HuffmanCode(lengths: Array(repeating: 5, count: 30))

    static let lengthOrder = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]
    static let lengths: [(base: Int, bits: Int)] = {
        var table: [(base: Int, bits: Int)] = []
        var base = 3
        for index in 0..<28 {
            let bits = index < 8 ? 0 : index / 4 - 1
            table.append((base, bits))
            base += 1 << bits
        }
        return table + [(258, 0)]
    }()
    static let distances: [(base: Int, bits: Int)] = {
        var table: [(base: Int, bits: Int)] = []
        var base = 1
        for index in 0..<30 {
            let bits = index < 4 ? 0 : index / 2 - 1
            table.append((base, bits))
            base += 1 << bits
        }
        return table
    }()
}
