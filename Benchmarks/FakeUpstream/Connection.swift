import NIOCore
import NIOPosix

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Serves one client connection: one request at a time, pipelined ones wait.
final class Connection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let stage: Stage
    private var reader = RequestReader()
    private var name = ""
    private var play: Play?
    private var index = 0
    private var sent = 0
    private var isPaused = false
    /// A write may tell of writability before it returns; its step must not be performed again then.
    private var isWriting = false

    init(stage: Stage) { self.stage = stage }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        reader.append(&bytes)
        serve(context)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable, play != nil, !isPaused, !isWriting { perform(context) }
        context.fireChannelWritabilityChanged()
    }

    func channelInactive(context: ChannelHandlerContext) {
        if play != nil {
            play = nil
            stage.ended(name, aborted: true)
        }
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func serve(_ context: ChannelHandlerContext) {
        while play == nil, context.channel.isActive, let request = reader.next() {
            let line = request.head.readableBytesView.prefix { $0 != UInt8(ascii: "\r") }
            let words = String(decoding: line, as: UTF8.self).split(separator: " ")
            let target = words.count > 1 ? words[1] : "/"
            if target.hasPrefix("/_") {
                begin("", StageDirections.answer(String(target), body: request.body, stage: stage), context)
                continue
            }
            let question = Question(target: target, body: request.body)
            let (name, play) = stage.play(
                for: question,
                scripted: request.head.header("x-script"),
                request: ReceivedRequest(head: request.head, body: request.body)
            )
            begin(name, play, context)
        }
    }

    private func begin(_ name: String, _ play: Play, _ context: ChannelHandlerContext) {
        self.name = name
        self.play = play
        index = 0
        sent = 0
        isPaused = false
        perform(context)
    }

    /// Performs steps until one must wait: for time, a gate, other calls, or the client's reading.
    private func perform(_ context: ChannelHandlerContext) {
        guard let play else { return }
        while index < play.steps.count {
            guard context.channel.isWritable else { return context.flush() }
            switch play.steps[index] {
            case .send(let bytes, let times):
                isWriting = true
                context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
                isWriting = false
                sent += 1
                if sent < times { continue }
                sent = 0
                index += 1
            case .wait(let time):
                isPaused = true
                context.eventLoop.assumeIsolated().scheduleTask(in: time) { self.resume(context) }
                return
            case .gate(let gate):
                return wait(for: stage.pass(gate: gate, on: context.eventLoop), context)
            case .barrier(let count):
                return wait(for: stage.meet(name, count: count, on: context.eventLoop), context)
            }
        }
        finish(play.end, context)
    }

    private func wait(for future: EventLoopFuture<Void>, _ context: ChannelHandlerContext) {
        isPaused = true
        future.assumeIsolated().whenComplete { _ in self.resume(context) }
    }

    private func resume(_ context: ChannelHandlerContext) {
        guard play != nil, isPaused else { return }
        isPaused = false
        index += 1
        perform(context)
    }

    private func finish(_ end: Script.End, _ context: ChannelHandlerContext) {
        if end == .hang {
            isPaused = true
            return
        }
        play = nil
        if !name.isEmpty { stage.ended(name, aborted: false) }
        switch end {
        case .keep, .hang: serve(context)
        case .close: context.close(promise: nil)
        case .reset:
            guard let socket = context.channel as? any SocketOptionProvider else { return context.close(promise: nil) }
            socket.setSoLinger(linger(l_onoff: 1, l_linger: 0)).assumeIsolated()
                .whenComplete { _ in context.close(promise: nil) }
        }
    }
}
