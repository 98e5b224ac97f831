// Printing instead of sending: the lines, a slow reader, a reader that went away.
import { PassThrough, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { DryRun } from './dry-run.ts';

describe('DryRun', () => {
  it('prints one line an event', async () => {
    const output = new PassThrough();
    expect(await new DryRun(output).print(['{"a":1}', '{"a":2}'])).toBe(true);
    output.end();
    expect(await text(output)).toBe('[DRY-RUN] {"a":1}\n[DRY-RUN] {"a":2}\n');
  });

  it('waits for a slow reader', async () => {
    let release = (): void => undefined;
    const output = new Writable({ write: (_chunk, _encoding, done) => (release = done) });
    let printed = false;
    const printing = new DryRun(output).print(['{}']).then(() => (printed = true));
    await new Promise(setImmediate);
    expect(printed).toBe(false);
    release();
    await printing;
  });

  it('tells that the reader went away, without an uncaught error', async () => {
    const output = new Writable({
      write: (_chunk, _encoding, done) =>
        done(Object.assign(new Error('EPIPE'), { code: 'EPIPE' })),
    });
    const dryRun = new DryRun(output);
    expect(await dryRun.print(['{}'])).toBe(false);
    expect(await dryRun.print(['{}'])).toBe(false);
  });
});
