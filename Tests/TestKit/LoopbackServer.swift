import Dispatch
import Foundation

/// A TCP server on 127.0.0.1 that runs a blocking function for every connection, on a thread of its own.
package final class LoopbackServer: Sendable {
    /// Port on the loopback interface.
    package let port: Int
    private let listener: Int32

    /// - Parameter serve: gets a connected socket, which is closed when it returns.
    package init(_ serve: @escaping @Sendable (Int32) -> Void) throws {
        listener = try Loopback.tcpSocket()
        port = try Loopback.bindToAnyPort(listener)
        guard listen(listener, 64) == 0 else { throw POSIXFailure("listen") }
        let listener = self.listener
        Thread.detachNewThread {
            // Ends when the listener is shut down.
            while case let connection = accept(listener, nil, nil), connection >= 0 {
                Thread.detachNewThread {
                    serve(connection)
                    close(connection)
                }
            }
            close(listener)
        }
    }

    /// Ends the listening; connections go on until their function returns.
    package func stop() { shutdown(listener, Int32(SHUT_RDWR)) }
}
