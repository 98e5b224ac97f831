// The text of an HTTP header or of a login in it. Clients send UTF-8 or Latin-1, and Node reads either as Latin-1.

/** A header's value as it was meant: UTF-8 where its bytes are that, else Latin-1. */
export function headerText(value: string): string {
  return bytesText(Buffer.from(value, 'latin1'));
}

/** The same of bytes. */
export function bytesText(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return Buffer.from(bytes).toString('latin1');
  }
}
