/// A refusal of the API: a status and the message of its JSON body.
struct APIError: Error, Sendable {
    var status: Int
    var message: String

    init(_ status: Int, _ message: String = "") {
        self.status = status
        self.message = message
    }

    static let noEtcd = APIError(503, "fleet server unable to communicate with etcd")
    static let noSuchUnit = APIError(404, "unit does not exist")
    static let notFound = APIError(404)
}
