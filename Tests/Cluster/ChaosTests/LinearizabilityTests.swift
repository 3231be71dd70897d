import Basics
import Chaos
import Testing

struct LinearizabilityTests {
    typealias Register = RecordedOperation<RegisterModel.Action>
    typealias Numbers = RecordedOperation<SetModel.Action>

    /// An operation of a register; a nil end is an unknown outcome.
    private func op(_ action: RegisterModel.Action, _ call: Int, _ end: Int?) -> Register {
        Register("c", action, call: .seconds(call), end: end.map { .seconds($0) })
    }

    private func judge(_ operations: [Register]) -> Linearizability {
        LinearizabilityChecker<RegisterModel>.judge(RegisterModel.withoutUnseen(operations))
    }

    @Test("answers that an order explains are fine")
    func goodRegisters() {
        let good: [[Register]] = [
            [],
            [op(.read(nil), 0, 1)],
            [op(.write(1), 0, 1), op(.read(1), 2, 3)],
            // Overlapping: old or new.
            [op(.write(1), 0, 9), op(.read(nil), 1, 2), op(.read(1), 3, 4)],
            [op(.write(1), 0, 9), op(.write(2), 0, 9), op(.read(2), 10, 11), op(.read(2), 12, 13)],
            // A swap that another one allows.
            [
                op(.write(1), 0, 1), op(.swap(from: 1, to: 2), 2, 5), op(.swap(from: 2, to: 3), 2, 5),
                op(.read(3), 6, 7),
            ],
            // A write without an answer takes effect late, or never.
            [op(.write(1), 0, nil), op(.read(nil), 5, 6), op(.read(1), 50, 51)],
            [op(.write(1), 0, nil), op(.read(nil), 5, 6), op(.read(nil), 50, 51)],
            [op(.write(1), 0, 1), op(.swap(from: 1, to: 2), 2, nil), op(.read(1), 3, 4), op(.read(2), 5, 6)],
            // Calls at the moment of another's end overlap it.
            [op(.write(1), 0, 5), op(.read(nil), 5, 6)],
        ]
        for history in good { #expect(judge(history) == .linearizable, "\(history)") }
    }

    @Test("answers that no order explains are found")
    func badRegisters() {
        let bad: [[Register]] = [
            [op(.read(1), 0, 1)],
            // Stale.
            [op(.write(1), 0, 1), op(.read(nil), 2, 3)],
            [op(.write(1), 0, 1), op(.write(2), 2, 3), op(.read(1), 4, 5)],
            // New, then old again.
            [op(.write(1), 0, 9), op(.read(1), 1, 2), op(.read(nil), 3, 4)],
            // Lost.
            [op(.write(1), 0, 1), op(.write(2), 2, 3), op(.read(2), 4, 5), op(.read(1), 6, 7)],
            // Two swaps of the same content.
            [op(.write(1), 0, 1), op(.swap(from: 1, to: 2), 2, 5), op(.swap(from: 1, to: 3), 2, 5)],
            // A write is not undone, though its outcome was unknown.
            [op(.write(1), 0, nil), op(.read(1), 5, 6), op(.read(nil), 7, 8)],
            // Nothing takes effect before it is called.
            [op(.read(1), 0, 1), op(.write(1), 2, 3)],
            [op(.read(1), 0, 1), op(.write(1), 2, nil)],
        ]
        for history in bad {
            guard case .violated = judge(history) else {
                Issue.record("this is not linearizable: \(history)")
                continue
            }
        }
    }

    @Test("a violation names the answer that fits nowhere")
    func evidence() {
        let history = [op(.write(1), 0, 1), op(.write(2), 2, 3), op(.read(1), 4, 5), op(.read(2), 6, 7)]
        #expect(judge(history) == .violated(longest: [0, 1], stuck: 2))
    }

    @Test("sets: additions, removals and reads")
    func sets() {
        func op(_ action: SetModel.Action, _ call: Int, _ end: Int?) -> Numbers {
            Numbers("c", action, call: .seconds(call), end: end.map { .seconds($0) })
        }
        func judge(_ operations: [Numbers]) -> Linearizability {
            LinearizabilityChecker<SetModel>.judge(SetModel.withoutUnseen(operations))
        }
        let good: [[Numbers]] = [
            [op(.add(1), 0, 1), op(.add(2), 0, 5), op(.read([1]), 2, 3), op(.read([1, 2]), 6, 7)],
            [op(.add(1), 0, 1), op(.remove(1, found: true), 2, 3), op(.read([]), 4, 5)],
            [op(.add(1), 0, nil), op(.read([]), 2, 3), op(.read([1]), 4, 5)],
            // A removal without an answer is why it is gone.
            [op(.add(1), 0, 1), op(.remove(1, found: nil), 2, nil), op(.read([]), 4, 5)],
        ]
        for history in good { #expect(judge(history) == .linearizable, "\(history)") }
        let bad: [[Numbers]] = [
            [op(.add(1), 0, 1), op(.read([]), 2, 3)],
            [op(.add(1), 0, 1), op(.remove(1, found: false), 2, 3)],
            // Two readers see two additions in two orders.
            [op(.add(1), 0, 9), op(.add(2), 0, 9), op(.read([1]), 1, 2), op(.read([2]), 3, 4)],
        ]
        for history in bad { #expect(judge(history) != .linearizable, "\(history)") }
    }

    @Test("random histories of a register are judged as by trying every order", arguments: 0..<40)
    func oracle(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var violations = 0
        for _ in 0..<100 {
            let history = (0..<Int.random(in: 1...6, using: &random)).map { _ -> Register in
                let call = Int.random(in: 0...10, using: &random)
                let isUnknown = Int.random(in: 0...4, using: &random) == 0
                let values = [nil, 1, 2]
                let (from, to) = (values.randomElement(using: &random) ?? nil, Int.random(in: 1...2, using: &random))
                let action: RegisterModel.Action =
                    switch Int.random(in: 0...2, using: &random) {
                    case 0: .read(from)
                    case 1: .write(to)
                    default: .swap(from: from, to: to)
                    }
                return op(action, call, isUnknown ? nil : call + Int.random(in: 0...6, using: &random))
            }
            let expected = BruteForce.isLinearizable(history)
            violations += expected ? 0 : 1
            #expect((judge(history) == .linearizable) == expected, "seed \(seed): \(history)")
            let all = LinearizabilityChecker<RegisterModel>.judge(
                history.filter { op in
                    if case .read = op.action, op.end == nil { false } else { true }
                }
            )
            #expect((all == .linearizable) == expected, "seed \(seed): \(history)")
        }
        #expect(violations > 0, "seed \(seed) has nothing to find")
    }

    @Test("a thousand operations of ten clients are judged soon, and a lost one among them is found")
    func large() {
        var random = SeededGenerator(seed: 7)
        var history: [Register] = []
        var content: Int?
        for number in 0..<1000 {
            // At 10 ms each takes effect; calls and ends overlap ten others.
            let (call, end) = (
                number * 10 - Int.random(in: 0...50, using: &random),
                number * 10 + Int.random(in: 0...50, using: &random)
            )
            let action: RegisterModel.Action
            switch Int.random(in: 0...2, using: &random) {
            case 0: action = .read(content)
            case 1:
                action = .write(number)
                content = number
            default:
                action = .swap(from: content, to: number)
                content = number
            }
            history.append(Register("c", action, call: .milliseconds(call), end: .milliseconds(end)))
        }
        #expect(judge(history) == .linearizable)
        let lost = history.firstIndex { if case .swap = $0.action { true } else { false } } ?? 0
        history.remove(at: lost)
        #expect(judge(history) != .linearizable)
    }
}

/// Tries every order of every choice of the operations without an answer.
enum BruteForce {
    static func isLinearizable(_ history: [RecordedOperation<RegisterModel.Action>]) -> Bool {
        extends(nil, Array(history.indices), history)
    }

    private static func extends(
        _ content: Int?,
        _ left: [Int],
        _ history: [RecordedOperation<RegisterModel.Action>],
    ) -> Bool {
        if left.allSatisfy({ history[$0].end == nil }) { return true }
        return left.contains { next in
            // Nothing that is left had ended before it was called.
            guard left.allSatisfy({ other in history[other].end.map { $0 >= history[next].call } ?? true }) else {
                return false
            }
            let rest = left.filter { $0 != next }
            if history[next].end == nil, case .read = history[next].action { return extends(content, rest, history) }
            guard let after = RegisterModel.step(content, history[next].action) else { return false }
            return extends(after, rest, history)
        }
    }
}
