internal import CZlib

/// zlib streams (RFC 1950) with a bound on what may come out.
package enum Deflate {
    /// Why bytes do not inflate.
    package enum Fault: Error {
        /// More would come out than allowed; nothing beyond the bound was ever held.
        case tooLarge
        /// Not a zlib stream, cut short, or followed by other bytes.
        case unreadable
    }

    /// Compresses bytes.
    package static func deflate(_ bytes: [UInt8]) -> [UInt8] {
        var count = compressBound(UInt(bytes.count))
        var output = [UInt8](repeating: 0, count: Int(count))
        // Level 6 is zlib's own default; the only other failure is memory.
        let status = compress2(&output, &count, bytes, UInt(bytes.count), 6)
        precondition(status == Z_OK, "zlib could not deflate \(bytes.count) bytes: \(status)")
        output.removeLast(output.count - Int(count))
        return output
    }

    /// Inflates a stream that fills all the bytes.
    ///
    /// - Refuses: `.tooLarge` as soon as the bound is passed, `.unreadable`.
    package static func inflate(_ bytes: [UInt8], countMax: Int) throws(Fault) -> [UInt8] {
        var stream = z_stream()
        guard inflateInit_(&stream, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
        else { throw .unreadable }
        defer { inflateEnd(&stream) }
        var output: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 64 * 1024)
        var input = bytes
        let inputCount = input.count
        let result: Result<Void, Fault> = input.withUnsafeMutableBufferPointer { source in
            stream.next_in = source.baseAddress
            stream.avail_in = UInt32(clamping: inputCount)
            while true {
                let (status, made) = piece.withUnsafeMutableBufferPointer { room in
                    stream.next_out = room.baseAddress
                    stream.avail_out = UInt32(room.count)
                    let status = CZlib.inflate(&stream, Z_NO_FLUSH)
                    return (status, room.count - Int(stream.avail_out))
                }
                guard output.count + made <= countMax else { return .failure(.tooLarge) }
                output.append(contentsOf: piece[..<made])
                if status == Z_STREAM_END {
                    return stream.avail_in == 0 ? .success(()) : .failure(.unreadable)
                }
                // Without an end of stream, no progress means that the bytes ended too early.
                guard status == Z_OK, made > 0 || stream.avail_in > 0 else {
                    return .failure(.unreadable)
                }
            }
        }
        try result.get()
        return output
    }

    /// CRC-32 as PNG uses it.
    package static func checksum(_ bytes: [UInt8]) -> UInt32 {
        UInt32(truncatingIfNeeded: crc32(0, bytes, UInt32(bytes.count)))
    }
}
