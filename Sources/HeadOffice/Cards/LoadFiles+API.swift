import Domain
import Journal

extension LoadFiles.Listed: APIObject {
    static let shape = Shape<LoadFiles.Listed>(
        "LoadFile",
        [
            Member("file", \.fileID), Member("name", \.name), Member("rows", \.rowCount),
            Member("total", \.total), Member("state", \.state), Member("askedBy", \.askedBy),
            Member("askedAt", \.askedAt), Member("decidedBy", \.decidedBy),
        ])
}

extension LoadFiles.Row: APIObject {
    static let shape = Shape<LoadFiles.Row>(
        "LoadFileRow",
        [
            Member("line", \.line), Member(key: "card", \.cardID), Member("number", \.mask),
            Member("amount", \.amount), Member("reason", \.reason),
            Member("fault", \.fault?.rawValue),
        ])
}

extension LoadBadRow: APIObject {
    static let shape = Shape<LoadBadRow>(
        "LoadFileBadRow",
        [
            Member("line", \.line), Member("column", \.column), Member("fault", \.fault.rawValue),
            Member("value", \.value),
        ])
}

extension LoadFileImport: APIObject {
    static let shape = Shape<LoadFileImport>(
        "LoadFilePreview",
        [Member("good", \.good.count), Member("total", \.total), Member("bad", \.bad)])
}

/// A file and its rows.
private struct LoadFileShown: APIObject {
    let file: LoadFiles.Listed
    let rows: [LoadFiles.Row]

    static let shape = Shape<LoadFileShown>(
        "LoadFileDetail", [Member("file", \.file), Member("rows", \.rows)])
}

extension LoadFiles {
    private static let file = Field.id("file")
    private static let name = Field.text("name", 1...120, example: "loads.csv")

    static let endpoints: [Endpoint] = [
        .get(
            "/load-files", "Files of loads: those that wait, oldest first; others newest first.",
            Cards.readerAccess, [Fields.standing, Fields.askedAfter]
        ) { call in
            Page(
                asked: try await call.desk.loadFiles.list(
                    AskedFilter(call), limit: AskedFilter.pageSize + 1, by: call.actor))
        },
        .get("/load-files/{file}", "One file and its rows.", Cards.readerAccess, [file]) { call in
            let (found, rows) = try await call.desk.loadFiles.show(call[file], by: call.actor)
            return LoadFileShown(file: found, rows: rows)
        },
        .make(
            "/load-files/preview", "Reads a CSV and names every bad row; changes nothing.",
            Cards.issuing, file: "text/csv"
        ) { call in
            try await call.desk.loadFiles.preview(call.file, by: call.actor)
        },
        .put(
            "/load-files/{file}", "Asks for the loads of a CSV; a second person decides.",
            Cards.issuing, [file, name], file: "text/csv"
        ) { call in
            try await call.desk.loadFiles.ask(
                call[file], name: call[name], bytes: call.file, by: call.actor, at: call.now)
        },
        .post(
            "/load-files/{file}/decide", "Decides a file.", .of(.issuingSupervisor),
            [file, Fields.approves]
        ) { call in
            let (id, actor) = (try call[file], try call.actor)
            if try call[Fields.approves] {
                try await call.desk.loadFiles.approve(id, by: actor, at: call.now)
            } else {
                try await call.desk.loadFiles.refuse(id, by: actor, at: call.now)
            }
        },
    ]
}
