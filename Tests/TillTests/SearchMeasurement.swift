import Foundation
import GRDB
import Testing

@testable import Till

/// Not a proof but a measurement: run with HUIYIKA_MEASURE=1. With HUIYIKA_MEASURE_FOLDER the till's folder
/// stays, for the measurement in a browser (Tests/Browser/test_search_speed.py).
@Suite(.enabled(if: ProcessInfo.processInfo.environment["HUIYIKA_MEASURE"] != nil), .serialized)
struct SearchMeasurement {
    static let productCount = 100_000

    @Test func `search in 100,000 products`() async throws {
        let kept = ProcessInfo.processInfo.environment["HUIYIKA_MEASURE_FOLDER"]
        // Accounts and limits that are served later must be fresh then.
        let till = try await EnrolledTill(
            folder: kept.map { try TemporaryFolder($0) },
            at: Int64(Date().timeIntervalSince1970 * 1_000))
        let heads = ["感冒", "板蓝根", "阿莫西林", "布洛芬", "维生素", "复方甘草", "六味地黄", "蒙脱石", "头孢克肟", "藿香正气"]
        let tails = ["颗粒", "胶囊", "片", "口服液", "丸", "滴剂", "软膏", "贴", "散", "糖浆"]
        let makers = ["康民", "同济", "华北", "岭南", "东方", "北辰", "和顺", "长青", "百草", "仁和"]
        try await till.store.write { database in
            for index in 0..<Self.productCount {
                let name =
                    makers[index % 10] + heads[index / 10 % 10] + tails[index / 100 % 10]
                    + String(index / 1_000)
                try Catalogue.apply(
                    Product(
                        sku: "MP\(1_000_000 + index)", barcode: "\(6_900_000_000_000 + index)",
                        name: name, spec: "10g×9袋", price: Int64(100 + index % 9_000),
                        isOnSale: true),
                    version: Int64(index + 1), in: database)
            }
        }
        let typed = [
            "g", "ga", "gan", "ganm", "ganmao", "感", "感冒", "感冒颗粒", "lngmkl", "jp99", "康民布洛芬",
            "6900000054321", "MP1054321", "zzz",
        ]
        for text in typed {
            let start = ContinuousClock.now
            for _ in 0..<20 {
                _ = try await till.store.read { try Catalogue.search(text, in: $0) }
            }
            print("search \(text): \(start.duration(to: .now) / 20)")
        }
    }
}
