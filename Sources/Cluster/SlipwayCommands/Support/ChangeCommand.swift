import Planning
import Provisioning
import Terminal

/// A command that changes a cluster: how its plans are shown and carried out, and what is said where it ends early.
struct ChangeCommand: Sendable {
    /// The command line, for advice on how to go on and for the cluster's history.
    let line: String
    let json: Bool
    let yes: Bool
    /// Time that a node may take to shut down before its power is cut.
    var patience = StopOptions.standard
    /// Time in which a node has to be well on another image before it goes back by itself.
    var trial = Executor.Limits().trial
    /// Largest number of nodes that boot at a time; nil for as many as the host can carry.
    var mostBoots: Int?
    /// Recorder of what each step takes; nil for none.
    var timeline: TimelineRecorder?

    /// False where the command goes on with another plan, and is not done with this one.
    var isLast = true

    /// Way on after it was stopped or has failed, where that is not the same command again.
    var wayOn: String?

    /// The file that came with the program and that a bare name was taken for: a cluster that is another's is not
    /// changed by it. Nil where a file was named.
    var assumedFile: String?

    /// Said where it ends before it has changed anything.
    static let nothingWasChanged = "Stopped; nothing was changed."

    /// Said where it is stopped in the middle.
    var goOn: String { "Stopped. \(wayOn ?? "Run `\(line)` again to go on from here.")" }

    /// Said where steps have failed.
    func failed(_ count: Int) -> String {
        let way = wayOn ?? "Nothing is lost: run `\(line)` again once the cause is fixed."
        return "\(Format.count(count, "step")) failed. \(way)"
    }
}
