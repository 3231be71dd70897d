/// Machines by load, then by number: a binary heap in which every machine can be found.
struct LoadOrder {
    private(set) var load: [Int]
    /// Machines; none has a lower key than those below it.
    private var heap: [Int]
    /// Index of each machine in the heap.
    private var position: [Int]

    init(load: [Int]) {
        self.load = load
        // Sorted is a heap.
        heap = load.indices.sorted { (load[$0], $0) < (load[$1], $1) }
        position = Array(repeating: 0, count: load.count)
        for (place, machine) in heap.enumerated() { position[machine] = place }
    }

    mutating func change(_ machine: Int, by change: Int) {
        load[machine] += change
        if change < 0 { rise(position[machine]) } else { sink(position[machine]) }
    }

    /// The first machine in the order that is accepted.
    func first(where accepts: (Int) -> Bool) -> Int? {
        // The next one is below one that was looked at: these wait in a heap of their own.
        var open = Frontier()
        if !heap.isEmpty { open.insert(0, key(0)) }
        while let place = open.popFirst() {
            if accepts(heap[place]) { return heap[place] }
            for child in [2 * place + 1, 2 * place + 2] where child < heap.count { open.insert(child, key(child)) }
        }
        return nil
    }

    private func key(_ place: Int) -> (Int, Int) { (load[heap[place]], heap[place]) }

    private mutating func rise(_ start: Int) {
        var place = start
        while place > 0, key(place) < key((place - 1) / 2) {
            swap(place, (place - 1) / 2)
            place = (place - 1) / 2
        }
    }

    private mutating func sink(_ start: Int) {
        var place = start
        while true {
            var least = place
            for child in [2 * place + 1, 2 * place + 2] where child < heap.count && key(child) < key(least) {
                least = child
            }
            if least == place { return }
            swap(place, least)
            place = least
        }
    }

    private mutating func swap(_ left: Int, _ right: Int) {
        heap.swapAt(left, right)
        position[heap[left]] = left
        position[heap[right]] = right
    }
}

/// Places in a heap that wait to be looked at, least key first.
private struct Frontier {
    private var items: [(place: Int, key: (Int, Int))] = []

    mutating func insert(_ place: Int, _ key: (Int, Int)) {
        items.append((place, key))
        var child = items.count - 1
        while child > 0, items[child].key < items[(child - 1) / 2].key {
            items.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func popFirst() -> Int? {
        guard let first = items.first, let last = items.popLast() else { return nil }
        guard !items.isEmpty else { return first.place }
        items[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < items.count && items[child].key < items[least].key {
                least = child
            }
            if least == parent { return first.place }
            items.swapAt(parent, least)
            parent = least
        }
    }
}
