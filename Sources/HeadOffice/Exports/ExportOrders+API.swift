import Domain

extension ExportOrders.Listed: APIObject {
    static let shape = Shape<ExportOrders.Listed>(
        "ExportOrder",
        [
            Member("order", \.orderID), Member("report", \.wish.report.rawValue),
            Member("month", \.wish.month), Member("format", \.wish.format.rawValue),
            Member("closing", \.wish.closing), Member("askedBy", \.askedBy),
            Member("askedAt", \.askedAt), Member("state", \.state.rawValue),
            Member("rowEstimate", \.rowEstimate), Member("rowsWritten", \.rowsWritten),
            Member("cause", \.code), Member("file", \.file?.name), Member("bytes", \.file?.size),
            Member("sha256", \.file?.sha256),
        ])
}

extension ExportOrders {
    private static let order = Field.id("order")
    private static let report = Field<MonthReport>.choice("report")
    private static let format = Field<ReportFormat>.choice("format").or(.csv)
    private static let month = Field.month("month")
    private static let closing = Field.number("closing", 1...10_000, example: 1).optional

    static let endpoints: [Endpoint] = [
        .get("/export-orders", "The newest files ordered, and how far they are.", Finance.readers) {
            call in
            Page(try await call.desk.exportOrders.list(by: call.actor))
        },
        .get("/export-orders/{order}", "One ordered file.", Finance.readers, [order]) { call in
            try await call.desk.exportOrders.find(call[order], by: call.actor)
        },
        .put(
            "/export-orders/{order}", "Orders a file, written in the background.",
            Finance.readers, [order, report, month, format, closing]
        ) { call in
            let wish = Wish(
                report: try call[report], month: try call[month], format: try call[format],
                closing: try call[closing])
            try await call.desk.exportOrders.ask(call[order], wish, by: call.actor, at: call.now)
        },
        .download(
            "/export-orders/{order}/file", "The file of an order that is done, or a range of it.",
            Finance.readers, [order],
            types: Set(ReportFormat.allCases.map(\.contentType)).sorted(), isResumable: true
        ) { call in
            try await ExportOrderPages.fetch(
                call[order], call.request, call.context, by: call.actor, call.desk)
        },
        .delete("/export-orders/{order}", "Gives a file up.", Finance.readers, [order]) { call in
            try await call.desk.exportOrders.cancel(call[order], by: call.actor, at: call.now)
        },
    ]
}
