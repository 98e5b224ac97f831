import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { propertiesText, serverSettings } from './settings.ts';

/** What java.util.Properties makes of one value it has loaded. */
function unescaped(line: string): string {
  const value = line.slice(line.indexOf('=') + 1).trimStart();
  return value.replace(/\\(u([0-9a-f]{4})|.)/g, (_, char: string, code: string | undefined) => {
    if (code !== undefined) return String.fromCharCode(Number.parseInt(code, 16));
    return char === 'n' ? '\n' : char;
  });
}

describe('propertiesText', () => {
  it('says every value so that Java reads the same, one line each, in ASCII', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) => {
        const text = propertiesText({ key: value });
        expect(text).toMatch(/^[\x20-\x7e]*\n$/);
        expect(unescaped(text.slice(0, -1))).toBe(value);
      }),
    );
  });
});

describe('serverSettings', () => {
  it('advertises exactly where it listens', () => {
    const address = { host: '127.0.0.1', port: 19092, controllerPort: 19093 };
    const settings = serverSettings(address, 'storage');
    expect(settings['advertised.listeners']).toBe('PLAINTEXT://127.0.0.1:19092');
    expect(settings['listeners']).toBe('PLAINTEXT://127.0.0.1:19092,CONTROLLER://127.0.0.1:19093');
    expect(settings['log.dirs']).toBe('storage');
  });
});
