import Planning
import Workspace

extension Plan {
    /// Refuses to change or remove anything of a running cluster by a file that was only guessed from its name.
    func refuseGuess(of file: String) throws(UserError) {
        let changes = steps.contains { step in
            if case .destroyUnit = step.action { return true }
            return step.cost != .none
        }
        guard changes else { return }
        throw UserError(
            "cluster '\(cluster)' exists and is not as \(file) says, which its name was taken for; name the file that it "
                + "was made from, or that one by its path"
        )
    }
}
