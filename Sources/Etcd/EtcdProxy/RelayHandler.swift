import NIOCore

/// One side of a forwarded connection: what comes in here goes out at the partner.
///
/// A side reads only while its partner can take more, so that a slow reader slows the sender and nothing piles up
/// here. The end of one direction is passed on alone: the other stays open. Until there is a partner, what comes in is
/// kept. Both sides live on one event loop.
final class RelayHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer

    /// Filter of a read-only proxy, shared by both sides of a connection.
    let filter: SharedFilter?
    private let isClient: Bool

    private var context: ChannelHandlerContext?
    private var partner: RelayHandler?
    private var early: [NIOAny] = []
    private var inputEnded = false
    private var wantsRead = false
    private var isRejected = false
    /// Called when this side ends before the other did.
    var endedFirst: (() -> Void)?
    /// Called once something comes in, before there is a partner.
    var firstCame: (() -> Void)?
    /// Number of reads that brought something.
    private(set) var reads = 0
    /// When something last came in; at first, when the connection was made.
    private(set) var lastRead = NIODeadline.now()

    init(client filter: SharedFilter?) { (self.filter, isClient) = (filter, true) }

    init(server filter: SharedFilter?) { (self.filter, isClient) = (filter, false) }

    /// Ties two sides together; both start to flow.
    static func join(_ one: RelayHandler, _ other: RelayHandler) {
        one.partner = other
        other.partner = one
        one.passOnEarly()
        other.passOnEarly()
    }

    private func passOnEarly() {
        for data in early { passOn(data) }
        if !early.isEmpty { partner?.context?.flush() }
        early = []
        if inputEnded { partner?.endOutput() }
        if wantsRead { readIfPossible() }
    }

    /// Answers whatever is asked with the text, and closes.
    func reject(with text: String) {
        guard let context else { return }
        isRejected = true
        early = []
        let buffer = context.channel.allocator.buffer(string: text)
        context.write(NIOAny(buffer), promise: nil)
        close(.output)
        // What the client still sends is read, lest the kernel reset the connection before the answer was read.
        if wantsRead { readIfPossible() }
        let channel = context.channel
        context.eventLoop.scheduleTask(in: .seconds(1)) { channel.close(promise: nil) }
    }

    // MARK: Filtering

    private func passOn(_ data: NIOAny) {
        guard let filter else {
            partner?.context?.write(data, promise: nil)
            return
        }
        if isRejected { return }
        let bytes = unwrapInboundIn(data)
        perform(isClient ? filter.value.fromClient(bytes) : filter.value.fromServer(bytes))
    }

    private func perform(_ passage: Passage) {
        if passage.isBroken {
            context?.close(promise: nil)
            return
        }
        let (client, server) = isClient ? (self, partner) : (partner, self)
        client?.send(passage.toClient)
        server?.send(passage.toServer)
        guard let farewell = passage.farewell else { return }
        client?.partner = nil
        server?.partner = nil
        server?.close(.all)
        client?.reject(with: farewell)
    }

    private func send(_ bytes: ByteBuffer) {
        guard bytes.readableBytes > 0 else { return }
        context?.writeAndFlush(NIOAny(bytes), promise: nil)
    }

    // MARK: Channel events

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        partner = nil
        firstCame = nil
    }

    func read(context: ChannelHandlerContext) {
        wantsRead = true
        readIfPossible()
    }

    private func readIfPossible() {
        // Through a filter a side also answers for the other.
        let isWritable = filter == nil || context?.channel.isWritable == true
        let isFirst = isClient && partner == nil && early.isEmpty
        guard isRejected || isFirst || (isWritable && partner?.context?.channel.isWritable == true) else { return }
        wantsRead = false
        context?.read()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if isRejected { return }
        reads += 1
        lastRead = .now()
        guard partner == nil else { return passOn(data) }
        early.append(data)
        firstCame?()
        firstCame = nil
    }

    func channelReadComplete(context: ChannelHandlerContext) { partner?.context?.flush() }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        guard context.channel.isWritable else { return }
        if let partner, partner.wantsRead { partner.readIfPossible() }
        if filter != nil, wantsRead { readIfPossible() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard let event = event as? ChannelEvent, event == .inputClosed else { return }
        noteEnd()
        inputEnded = true
        // Nothing was asked, and nothing will be.
        if isClient, partner == nil, early.isEmpty, !isRejected { return context.close(promise: nil) }
        partner?.endOutput()
    }

    private func endOutput() { close(.output) }

    /// Closes when all that was written is out.
    private func close(_ mode: CloseMode) {
        guard let context else { return }
        let flushed = context.eventLoop.makePromise(of: Void.self)
        let channel = context.channel
        flushed.futureResult.whenComplete { _ in channel.close(mode: mode, promise: nil) }
        context.writeAndFlush(NIOAny(ByteBuffer()), promise: flushed)
    }

    private func noteEnd() {
        guard let endedFirst else { return }
        self.endedFirst = nil
        if let partner, !partner.inputEnded { endedFirst() }
    }

    func channelInactive(context: ChannelHandlerContext) {
        noteEnd()
        let partner = self.partner
        self.partner = nil
        partner?.partner = nil
        partner?.close(.all)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
