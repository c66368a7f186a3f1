// MessagePack, as far as frames need it: nil, booleans, numbers, text, bytes, lists and maps.

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

class Writer {
    constructor() {
        this.bytes = new Uint8Array(256);
        this.view = new DataView(this.bytes.buffer);
        this.at = 0;
    }

    room(more) {
        if (this.at + more <= this.bytes.length) return;
        const larger = new Uint8Array(Math.max(this.bytes.length * 2, this.at + more));
        larger.set(this.bytes);
        this.bytes = larger;
        this.view = new DataView(larger.buffer);
    }

    byte(value) {
        this.room(1);
        this.bytes[this.at++] = value;
    }

    number(mark, kind, width, value) {
        this.byte(mark);
        this.room(width);
        this.view[`set${kind}`](this.at, value);
        this.at += width;
    }

    raw(bytes) {
        this.room(bytes.length);
        this.bytes.set(bytes, this.at);
        this.at += bytes.length;
    }

    /** A length: in the mark itself where it fits, else in the narrowest of 1, 2 and 4 bytes. */
    length(length, short, shortest, [one, two, four]) {
        if (length < shortest) this.byte(short | length);
        else if (one && length < 256) this.number(one, "Uint8", 1, length);
        else if (length < 65536) this.number(two, "Uint16", 2, length);
        else this.number(four, "Uint32", 4, length);
    }

    integer(value) {
        if (value >= 0) {
            if (value < 128) this.byte(value);
            else if (value < 256) this.number(0xcc, "Uint8", 1, value);
            else if (value < 65536) this.number(0xcd, "Uint16", 2, value);
            else if (value < 4294967296) this.number(0xce, "Uint32", 4, value);
            else this.number(0xcf, "BigUint64", 8, BigInt(value));
        } else if (value >= -32) this.byte(value & 0xff);
        else if (value >= -128) this.number(0xd0, "Int8", 1, value);
        else if (value >= -32768) this.number(0xd1, "Int16", 2, value);
        else if (value >= -2147483648) this.number(0xd2, "Int32", 4, value);
        else this.number(0xd3, "BigInt64", 8, BigInt(value));
    }

    value(value) {
        if (value === null || value === undefined) return this.byte(0xc0);
        if (typeof value === "boolean") return this.byte(value ? 0xc3 : 0xc2);
        if (typeof value === "number") return Number.isSafeInteger(value) ? this.integer(value) : this.number(0xcb, "Float64", 8, value);
        if (typeof value === "string") {
            const bytes = encoder.encode(value);
            this.length(bytes.length, 0xa0, 32, [0xd9, 0xda, 0xdb]);
            return this.raw(bytes);
        }
        if (value instanceof Uint8Array) {
            this.length(value.length, 0, 0, [0xc4, 0xc5, 0xc6]);
            return this.raw(value);
        }
        if (Array.isArray(value)) {
            this.length(value.length, 0x90, 16, [0, 0xdc, 0xdd]);
            return value.forEach((one) => this.value(one));
        }
        const entries = Object.entries(value);
        this.length(entries.length, 0x80, 16, [0, 0xde, 0xdf]);
        for (const [name, inner] of entries) {
            this.value(name);
            this.value(inner);
        }
    }
}

class Reader {
    constructor(bytes) {
        this.bytes = bytes;
        this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
        this.at = 0;
    }

    number(kind, width) {
        const value = this.view[`get${kind}`](this.at);
        this.at += width;
        return typeof value === "bigint" && Number.isSafeInteger(Number(value)) ? Number(value) : value;
    }

    raw(length) {
        if (this.at + length > this.bytes.length) throw new RangeError("it ends too early");
        this.at += length;
        return this.bytes.slice(this.at - length, this.at);
    }

    text(length) {
        return decoder.decode(this.raw(length));
    }

    list(length) {
        const found = [];
        for (let n = 0; n < length; n++) found.push(this.value());
        return found;
    }

    map(length) {
        const found = {};
        for (let n = 0; n < length; n++) {
            const name = this.value();
            Object.defineProperty(found, name, { value: this.value(), configurable: true, enumerable: true, writable: true });
        }
        return found;
    }

    value() {
        const mark = this.number("Uint8", 1);
        if (mark < 0x80) return mark;
        if (mark < 0x90) return this.map(mark & 0x0f);
        if (mark < 0xa0) return this.list(mark & 0x0f);
        if (mark < 0xc0) return this.text(mark & 0x1f);
        if (mark >= 0xe0) return mark - 256;
        const read = READ[mark];
        if (!read) throw new RangeError(`0x${mark.toString(16)} is not known`);
        return read(this);
    }
}

const READ = {
    0xc0: () => null,
    0xc2: () => false,
    0xc3: () => true,
    0xc4: (from) => from.raw(from.number("Uint8", 1)),
    0xc5: (from) => from.raw(from.number("Uint16", 2)),
    0xc6: (from) => from.raw(from.number("Uint32", 4)),
    0xca: (from) => from.number("Float32", 4),
    0xcb: (from) => from.number("Float64", 8),
    0xcc: (from) => from.number("Uint8", 1),
    0xcd: (from) => from.number("Uint16", 2),
    0xce: (from) => from.number("Uint32", 4),
    0xcf: (from) => from.number("BigUint64", 8),
    0xd0: (from) => from.number("Int8", 1),
    0xd1: (from) => from.number("Int16", 2),
    0xd2: (from) => from.number("Int32", 4),
    0xd3: (from) => from.number("BigInt64", 8),
    0xd9: (from) => from.text(from.number("Uint8", 1)),
    0xda: (from) => from.text(from.number("Uint16", 2)),
    0xdb: (from) => from.text(from.number("Uint32", 4)),
    0xdc: (from) => from.list(from.number("Uint16", 2)),
    0xdd: (from) => from.list(from.number("Uint32", 4)),
    0xde: (from) => from.map(from.number("Uint16", 2)),
    0xdf: (from) => from.map(from.number("Uint32", 4)),
};

export function encode(value) {
    const writer = new Writer();
    writer.value(value);
    return writer.bytes.slice(0, writer.at);
}

/** Read one value; throws when the bytes are no MessagePack, end too early or go on after it. */
export function decode(bytes) {
    const reader = new Reader(bytes);
    const value = reader.value();
    if (reader.at < bytes.length) throw new RangeError("something is left over");
    return value;
}
