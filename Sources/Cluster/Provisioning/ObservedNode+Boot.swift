import NodeBoot
import Planning

extension ObservedNode {
    /// Takes in what a node itself says of its images: its domain only says which it was to have.
    ///
    /// - Parameter staged: entry that the node takes in at its next boot; nil for none.
    package mutating func take(_ record: BootRecord?, staged: BootRecord.Entry?) {
        guard let record, let defined = details.image else { return }
        // One that was started a moment ago has not said yet which it took.
        let entry = details.power == .off ? record.next : record.current
        if let entry { run(entry, insteadOf: defined) }
        let running = details.image
        var boot = ObservedBoot()
        boot.isOnTrial = record.isOnTrial
        boot.staged = (staged?.image ?? record.next?.image).map(ImageDigests.init).flatMap { $0 == running ? nil : $0 }
        boot.retreat = record.retreat.map(ObservedBoot.Retreat.init)
        let others = record.entries + [staged].compactMap(\.self)
        boot.images = ([defined] + others.flatMap(\.images)).filter { $0 != running }
        details.boot = boot
    }

    private mutating func run(_ entry: BootRecord.Entry, insteadOf defined: ImageDigests) {
        let running = ImageDigests(entry.image)
        guard running != defined else { return }
        if running.root != defined.root {
            let original = details.originalRoot ?? defined.root
            details.originalRoot = original == running.root ? nil : original
            details.previousRoot = entry.previous
        }
        if let config = entry.config { spec.configDigest = config }
        details.image = running
    }
}

extension ImageDigests {
    init(_ image: BootImage) { self.init(root: image.root, layer: image.layer) }
}

extension BootRecord.Entry {
    /// An entry for a plan's image, on trial where the plan has a way back.
    package init?(_ node: NodePlan) {
        guard let image = BootImage(node.image) else { return nil }
        let trial = node.trial.map { BootRecord.Trial(within: max(1, Int($0.within.components.seconds))) }
        self.init(image, trial: trial, config: node.configDigest, previous: node.previousRoot)
    }

    /// An entry for what a plan's node goes back to.
    package init?(_ trial: ImageTrial) {
        guard let image = BootImage(trial.fallback) else { return nil }
        self.init(image, config: trial.fallbackConfig, previous: trial.fallbackPrevious)
    }

    /// Its image, and that with the root before it.
    fileprivate var images: [ImageDigests] {
        [ImageDigests(image)] + [previous].compactMap(\.self).map { ImageDigests(root: $0, layer: image.layer) }
    }
}

extension BootImage {
    /// Nil for digests that are no names of directories.
    init?(_ image: ImageDigests) { self.init(root: image.root, layer: image.layer) }
}

extension ObservedBoot.Retreat {
    init(_ retreat: BootRecord.Retreat) {
        self.init(image: ImageDigests(retreat.image), time: Int64(retreat.time), reason: retreat.reason)
    }
}

extension NodeImageState {
    /// The state that a record says.
    package init(_ record: BootRecord, complaint: String?) {
        self.init(
            running: record.booted.map(ImageDigests.init),
            isOnTrial: record.isOnTrial,
            retreat: record.retreat.map(ObservedBoot.Retreat.init),
            complaint: complaint,
        )
    }
}
