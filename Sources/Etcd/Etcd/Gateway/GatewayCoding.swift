import NIOCore

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// JSON in and out, with errors that show what was wrong.
enum GatewayCoding {
    static func encode(_ body: some Encodable) throws(EtcdError) -> ByteBuffer {
        do {
            return ByteBuffer(bytes: try JSONEncoder().encode(body))
        } catch {
            throw EtcdError(.refused, "a request for etcd cannot be written as JSON", cause: error)
        }
    }

    static func decode<Answer: Decodable>(
        _ body: ByteBuffer,
        from place: String,
    ) throws(EtcdError) -> Answer {
        do {
            return try JSONDecoder().decode(Answer.self, from: Data(body.readableBytesView))
        } catch {
            let start = String(decoding: body.readableBytesView.prefix(200), as: UTF8.self)
            throw EtcdError(.invalidAnswer, "\(place): unexpected answer '\(start)'", cause: error)
        }
    }
}
