import Testing

@testable import Planning

@Suite struct ParallelMapTests {
    @Test(arguments: [0, 1, 15, 16, 17, 32, 33, 1000])
    func resultsAreInOrder(count: Int) {
        let numbers = Array(0..<count)
        #expect(numbers.mapInParallel { $0 * 2 } == numbers.map { $0 * 2 })
    }
}
