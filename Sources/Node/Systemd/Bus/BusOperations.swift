/// The calls that wait for an answer, and the jobs that are waited for. Confined to the bus's thread.
///
/// Pending operations. Completed ones are returned for the owner to finish, never finished here: finishing may begin a
/// new operation.
struct BusOperations {
    typealias Finish<Value> = (Result<Value, SystemdError>) -> Void
    /// Work the owner is to do after the change.
    typealias Action = () -> Void

    private struct Reply {
        var id: Int
        var call: BusCall
        var deadline: ContinuousClock.Instant
        var finish: Finish<BusMessage>
    }

    private struct Job {
        var id: Int
        var operation: String
        var deadline: ContinuousClock.Instant
        var limit: Duration
        var finish: Finish<JobResult>
    }

    private var lastID = 0
    private var replies: [UInt64: Reply] = [:]
    private var jobs: [String: [Job]] = [:]
    /// Jobs that ended while a call was under way: a job's end could overtake the answer that names it.
    private var ended: [String: JobResult] = [:]

    mutating func nextID() -> Int {
        lastID += 1
        return lastID
    }

    // MARK: What is awaited

    mutating func awaitReply(_ id: Int, _ cookie: UInt64, _ call: BusCall, _ finish: @escaping Finish<BusMessage>) {
        replies[cookie] = Reply(id: id, call: call, deadline: .now + call.limit, finish: finish)
    }

    mutating func awaitJob(
        _ id: Int,
        _ path: String,
        _ operation: String,
        within limit: Duration,
        _ finish: @escaping Finish<JobResult>,
    ) -> [Action] {
        if let result = ended[path] { return [{ finish(.success(result)) }] }
        let job = Job(id: id, operation: operation, deadline: .now + limit, limit: limit, finish: finish)
        jobs[path, default: []].append(job)
        return []
    }

    // MARK: What comes

    mutating func answered(_ cookie: UInt64, _ message: BusMessage) -> [Action] {
        guard let reply = replies.removeValue(forKey: cookie) else { return [] }
        let error = message.error(for: reply.call.operation)
        return [{ reply.finish(error.map { .failure($0) } ?? .success(message)) }]
    }

    mutating func jobEnded(_ path: String, _ result: JobResult) -> [Action] {
        if replies.isEmpty { ended = [:] } else { ended[path] = result }
        return (jobs.removeValue(forKey: path) ?? []).map { job in { job.finish(.success(result)) } }
    }

    // MARK: What never comes

    var nextDeadline: ContinuousClock.Instant? {
        let soonestReply = replies.values.lazy.map(\.deadline).min()
        let soonestJob = jobs.values.joined().lazy.map(\.deadline).min()
        return [soonestReply, soonestJob].compactMap(\.self).min()
    }

    mutating func expired(at now: ContinuousClock.Instant) -> [Action] {
        let replies = replies.values.filter { $0.deadline <= now }
        let jobs = jobs.values.joined().filter { $0.deadline <= now }
        return replies.flatMap { reply in
            failed(reply.id) {
                SystemdError(.deadline, operation: $0, message: "no answer within \(reply.call.limit)")
            }
        }
            + jobs.flatMap { job in
                failed(job.id) {
                    let message = "the job has not finished within \(job.limit); see `systemctl list-jobs`"
                    return SystemdError(.deadline, operation: $0, message: message)
                }
            }
    }

    mutating func failed(_ id: Int, _ error: (_ operation: String) -> SystemdError) -> [Action] {
        if let (cookie, reply) = replies.first(where: { $1.id == id }) {
            replies[cookie] = nil
            let error = error(reply.call.operation)
            return [{ reply.finish(.failure(error)) }]
        }
        guard let (path, waiting) = jobs.first(where: { $1.contains { $0.id == id } }) else { return [] }
        let others = waiting.filter { $0.id != id }
        jobs[path] = others.isEmpty ? nil : others
        return waiting.filter { $0.id == id }.map { job in
            let error = error(job.operation)
            return { job.finish(.failure(error)) }
        }
    }

    mutating func allFailed(_ error: (_ operation: String) -> SystemdError) -> [Action] {
        defer { (replies, jobs, ended) = ([:], [:], [:]) }
        let failedReplies: [Action] = replies.values.map { reply in
            let error = error(reply.call.operation)
            return { reply.finish(.failure(error)) }
        }
        return failedReplies
            + jobs.values.joined().map { job in
                let error = error(job.operation)
                return { job.finish(.failure(error)) }
            }
    }
}
