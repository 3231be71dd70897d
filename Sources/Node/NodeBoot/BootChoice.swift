import Basics
import Glibc

/// Image that a node boots, chosen by the node itself before its root is put together.
package struct BootChoice: Sendable, Hashable {
    /// Path of the root.
    package let root: String
    /// Path of the node programs.
    package let layer: String
    /// Seconds in which the node has to be well; nil for an image that is on no trial.
    package let trial: Int?

    /// Chooses by the node's record, takes in what is staged, and makes the node's own files ready for the root.
    ///
    /// An image on trial that cannot be booted is given up for the next. Its try is used up before anything is done with
    /// it, so that whatever happens afterwards, the next boot takes the image from before.
    /// - Parameters:
    ///   - node: path of the node's directory.
    ///   - images: path of the image store, with `root` and `layer` in it.
    ///   - time: seconds since 1970.
    ///   - report: takes what went wrong.
    /// - Returns: nil where there is no record, or none that says what to boot: the domain's own image has to do.
    package static func make(node: String, images: String, at time: Int, report: (String) -> Void) -> BootChoice? {
        let directory = BootDirectory("\(node)/boot")
        guard var record = directory.record else { return nil }
        let stored = record
        let staged = directory.staged
        if let staged { record.stage(staged) }
        while let entry = record.boot(at: time) {
            do throws(SystemFailure) {
                // What is lost with the power is chosen again, but for a try.
                let isDurable = record.entries.contains { !$0.isGood } || record.entries != stored.entries
                if record != stored { try directory.write(record, isDurable: isDurable) }
                if staged != nil { try directory.unstage() }
                try directory.mark(isOnTrial: entry.trial != nil)
                if entry.trial != nil { try directory.complain(nil) }
            } catch {
                report("cannot keep the choice of an image: \(error)")
                // Without its try used up, a bad image would be tried for ever.
                guard entry.trial == nil else {
                    record.giveUp(at: time, because: error.description)
                    continue
                }
            }
            do throws(SystemFailure) {
                return try ready(entry, node: node, images: images, directory, &record)
            } catch {
                report("cannot boot root \(entry.image.root): \(error)")
                guard entry.trial != nil else { return nil }
                record.giveUp(at: time, because: error.description)
            }
        }
        return nil
    }

    private static func ready(
        _ entry: BootRecord.Entry,
        node: String,
        images: String,
        _ directory: BootDirectory,
        _ record: inout BootRecord,
    ) throws(SystemFailure) -> BootChoice {
        let (root, layer) = ("\(images)/root/\(entry.image.root)", "\(images)/layer/\(entry.image.layer)")
        for path in [root, layer] where access(path, F_OK) != 0 { throw SystemFailure("find \(path)") }
        let files = OwnFiles(of: node)
        if entry.trial != nil, let old = record.filesRoot, old != entry.image.root {
            // One that was staged while the node ran may have got accounts since.
            if let problem = try files.conflict(with: root, on: "\(images)/root/\(old)") {
                throw SystemFailure("take root \(entry.image.root.prefix(12)), as \(problem)", number: EEXIST)
            }
        }
        try files.change(to: root, &record) { (record) throws(SystemFailure) in try directory.write(record) }
        return BootChoice(root: root, layer: layer, trial: entry.trial?.within)
    }
}
