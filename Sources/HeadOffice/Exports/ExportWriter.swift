import Domain
import Foundation
import Logging
import ServiceLifecycle
import WebSupport

/// Writes what was ordered, one file at a time.
///
/// Shape: each order has a folder of its own under `folder`, and in it each program that wrote it one of its own; head
/// offices that share a database share `folder` too.
struct ExportWriter: Service {
    let orders: ExportOrders
    let export: MonthExport
    let accounts: Accounts
    let folder: URL
    /// Who writes, among programs on the same database.
    let writer: RecordID
    private var store: OfficeStore { orders.store }

    private static let pause = Duration.milliseconds(500)
    /// How often files past their time are looked for, in milliseconds.
    private static let tidyInterval: Int64 = 60_000

    init(store: OfficeStore, accounts: Accounts, folder: URL) {
        orders = ExportOrders(store: store)
        export = MonthExport(store: store)
        self.accounts = accounts
        self.folder = folder
        writer = store.clock.makeID()
    }

    /// Where all of an order lies.
    static func folder(of orderID: RecordID, in folder: URL) -> URL {
        folder.appending(path: orderID.description)
    }

    /// Writes order after order until the service stops; what is under way then goes back to waiting.
    func run() async throws {
        try? await cancelWhenGracefulShutdown {
            await sweep()
            var tidyAt = store.clock.now()
            while !Task.isCancelled {
                if store.clock.now() >= tidyAt {
                    await removeOld()
                    tidyAt = store.clock.now().adding(milliseconds: Self.tidyInterval)
                }
                let wrote = await writeNext()
                if !wrote { try await Task.sleep(for: Self.pause) }
            }
        }
    }

    /// Removes what a program that ended in between left of orders that are over.
    func sweep() async {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        let left = names.compactMap { RecordID($0) }
        guard !left.isEmpty else { return }
        do {
            let kept = try await orders.kept(among: left)
            for orderID in left where !kept.contains(orderID) { remove(orderID) }
        } catch {
            store.logger.error("Old exports stay for now", metadata: ["error": "\(error)"])
        }
    }

    /// Removes files that have been kept long enough.
    func removeOld() async {
        do {
            for orderID in try await orders.removeOld(at: store.clock.now()) { remove(orderID) }
        } catch {
            store.logger.error("Old exports stay for now", metadata: ["error": "\(error)"])
        }
    }

    /// Writes the oldest order that waits.
    ///
    /// - Returns: whether there was one.
    @discardableResult
    func writeNext() async -> Bool {
        do {
            guard let order = try await orders.claim(as: writer, at: store.clock.now()) else {
                return false
            }
            try await write(order)
            return true
        } catch {
            if !Task.isCancelled {
                store.logger.error("An export failed", metadata: ["error": "\(error)"])
            }
            return false
        }
    }

    func write(_ order: ExportOrders.Claimed) async throws {
        let progress = ExportProgress()
        let ending = await withTaskCancellationHandler {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await watch(order, progress) }
                let ending = await file(order, progress)
                group.cancelAll()
                return ending
            }
        } onCancel: {
            progress.stop()
        }
        let isMine = try await Task.detached { [orders, writer, store] in
            try await orders.end(order.orderID, ending, by: writer, at: store.clock.now())
        }.value
        guard isMine, case .done = ending else {
            // Another program may have the order now: its folder stays.
            try? FileManager.default.removeItem(at: place(of: order.orderID))
            return
        }
    }

    /// Says how far it is and learns whether the file is still wanted.
    private func watch(_ order: ExportOrders.Claimed, _ progress: ExportProgress) async {
        while (try? await Task.sleep(for: Self.pause)) != nil {
            let isWanted = try? await orders.note(
                order.orderID, rows: progress.rowCount, by: writer, at: store.clock.now())
            if isWanted == false { progress.stop() }
        }
    }

    private func file(
        _ order: ExportOrders.Claimed, _ progress: ExportProgress
    ) async -> ExportOrders.Ending {
        let place = place(of: order.orderID)
        do {
            let manifest = try await export.write(
                order.wish.report, month: order.wish.month, format: order.wish.format,
                closing: order.wish.closing, to: place,
                by: try await accounts.actor(login: order.login), at: store.clock.now(),
                progress: progress)
            let path = place.appending(path: manifest.file).path
            let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? NSNumber
            return .done(
                ExportOrders.File(
                    path: "\(writer)/\(manifest.file)", size: size?.int64Value ?? 0,
                    sha256: manifest.sha256),
                rows: Int64(manifest.rowCount))
        } catch {
            if progress.isStopped { return .released }
            let refusal = error as? any WebRefusal
            if refusal == nil {
                store.logger.error(
                    "A file was not written",
                    metadata: ["order": "\(order.orderID)", "error": "\(error)"])
            }
            return .failed(code: refusal?.code ?? FinanceRefusal.fileNotWritten.code)
        }
    }

    /// Where this program writes an order's file.
    func place(of orderID: RecordID) -> URL {
        Self.folder(of: orderID, in: folder).appending(path: writer.description)
    }

    private func remove(_ orderID: RecordID) {
        try? FileManager.default.removeItem(at: Self.folder(of: orderID, in: folder))
    }
}
