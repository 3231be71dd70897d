import CSystemd
import Glibc

/// A method call to make.
struct BusCall {
    var destination: String? = "org.freedesktop.systemd1"
    var path = "/org/freedesktop/systemd1"
    var interface = "org.freedesktop.systemd1.Manager"
    var method: String
    var arguments: [BusArgument] = []
    /// For people: `start web.service`.
    var operation: String
    var limit: Duration = .seconds(30)
}

enum BusArgument {
    case string(String)
    case bool(Bool)
    case strings([String])

    /// - Returns: negative errno on failure.
    func append(to message: OpaquePointer) -> Int32 {
        switch self {
        case .string(let text):
            return text.withCString { sd_bus_message_append_basic(message, CChar(SD_BUS_TYPE_STRING), $0) }
        case .bool(let flag):
            var value: Int32 = flag ? 1 : 0
            return sd_bus_message_append_basic(message, CChar(SD_BUS_TYPE_BOOLEAN), &value)
        case .strings(let texts):
            var copies = texts.map { strdup($0) } + [nil]
            defer { for copy in copies { free(copy) } }
            return sd_bus_message_append_strv(message, &copies)
        }
    }
}
