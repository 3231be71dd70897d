/// Something the person at the terminal asked for that cannot be: exit code 1, and no usage text, since the words were
/// well formed.
struct UserError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
