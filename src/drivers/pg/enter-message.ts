const INT16_BYTES = 2;
const INT32_BYTES = 4;

/**
 * Returns the bytes that run a prepared statement with text parameters, without a Sync: Bind to the
 * unnamed portal, then Execute. The same for every query of one scope, and so made once.
 *
 * @see https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-BIND
 */
export function executeMessage(statement: string, params: readonly string[]): Buffer {
  const values = params.map((param) => Buffer.from(param));
  const bind = message(
    "B",
    Buffer.from(`\0${statement}\0`),
    int16(0),
    int16(values.length),
    ...values.flatMap((value) => [int32(value.length), value]),
    int16(0),
  );
  return Buffer.concat([bind, message("E", Buffer.from("\0"), int32(0))]);
}

/** A message's length counts itself, but not its type. */
function message(type: string, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from(type), int32(body.length + INT32_BYTES), body]);
}

function int16(value: number): Buffer {
  const buffer = Buffer.alloc(INT16_BYTES);
  buffer.writeInt16BE(value);
  return buffer;
}

function int32(value: number): Buffer {
  const buffer = Buffer.alloc(INT32_BYTES);
  buffer.writeInt32BE(value);
  return buffer;
}
