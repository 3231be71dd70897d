import Basics
import Testing

struct NaturalOrderTests {
    @Test func peopleCountNodesLikeThis() {
        let names = ["central-1", "worker-1", "worker-2", "worker-10", "worker-11", "worker-100"]
        #expect(names.shuffled().naturallySorted() == names)
        #expect(names.shuffled().naturallySorted(by: \.self) == names)
    }

    @Test(arguments: [
        ["", "a"], ["a", "b"], ["a", "a1"], ["a1", "a1b"], ["a1b", "a2"], ["a9", "a09"], ["a09", "a10"], ["1", "a"],
        ["web@2.service", "web@10.service"], ["a18446744073709551616", "a18446744073709551617"],
    ])
    func oneComesBeforeTheOther(pair: [String]) {
        #expect(NaturalOrder.precedes(pair[0], pair[1]))
        #expect(!NaturalOrder.precedes(pair[1], pair[0]))
        #expect(!NaturalOrder.precedes(pair[0], pair[0]))
    }
}
