//! A small LZ77 and a CRC: text is packed, unpacked and compared.

var input: [512]u8 = undefined;
var tokens: [1024]u8 = undefined;
var output: [512]u8 = undefined;

fn crc(bytes: []const u8) u32 {
    var sum: u32 = 0xffff_ffff;
    for (bytes) |byte| {
        sum ^= byte;
        var bit: u32 = 0;
        while (bit < 8) : (bit += 1) {
            sum = (sum >> 1) ^ (0xedb8_8320 & (0 -% (sum & 1)));
        }
    }
    return ~sum;
}

fn pack(from: []const u8, to: []u8) usize {
    var at: usize = 0;
    var end: usize = 0;
    while (at < from.len) {
        var best: usize = 0;
        var distance: usize = 0;
        var back: usize = 1;
        while (back <= at and back < 256) : (back += 1) {
            var length: usize = 0;
            while (length < 255 and at + length < from.len and
                from[at + length] == from[at + length - back]) length += 1;
            if (length > best) {
                best = length;
                distance = back;
            }
        }
        if (best >= 3) {
            to[end] = @intCast(distance);
            to[end + 1] = @intCast(best);
            at += best;
        } else {
            to[end] = 0;
            to[end + 1] = from[at];
            at += 1;
        }
        end += 2;
    }
    return end;
}

fn unpack(from: []const u8, to: []u8) usize {
    var end: usize = 0;
    var at: usize = 0;
    while (at < from.len) : (at += 2) {
        if (from[at] == 0) {
            to[end] = from[at + 1];
            end += 1;
        } else {
            var left = from[at + 1];
            while (left > 0) : (left -= 1) {
                to[end] = to[end - from[at]];
                end += 1;
            }
        }
    }
    return end;
}

export fn run(rounds: u32) u64 {
    var sum: u64 = 0;
    var round: u32 = 0;
    while (round < rounds) : (round += 1) {
        for (&input, 0..) |*byte, index| {
            const word: u32 = @intCast((index * (index / 64 + round + 1)) % 97);
            byte.* = @truncate(word % 13 + 'a');
        }
        const packed_bytes = pack(&input, &tokens);
        const size = unpack(tokens[0..packed_bytes], &output);
        if (size != input.len or crc(&input) != crc(&output)) return 0;
        sum = (sum ^ packed_bytes) *% 1099511628211 +% crc(tokens[0..packed_bytes]);
    }
    return sum;
}
