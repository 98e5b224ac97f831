// Printing instead of sending: the lines, a slow reader, a reader that went away.
import { PassThrough, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { DryRun } from './dry-run.ts';
import { misfitHeaders } from './misfit.ts';
import type { KeyedValue } from './row-records.ts';

const event = (a: number): KeyedValue => ({ key: 'k', value: JSON.stringify({ a }) });

describe('DryRun', () => {
  it('prints one line an event', async () => {
    const output = new PassThrough();
    expect(await new DryRun(output).print([event(1), event(2)])).toBe(true);
    output.end();
    expect(await text(output)).toBe('[DRY-RUN] {"a":1}\n[DRY-RUN] {"a":2}\n');
  });

  it('says where a row that does not fit is from and what is wrong, on one line', async () => {
    const output = new PassThrough();
    const headers = misfitHeaders('f.json', {
      place: '',
      line: 7,
      problem: 'is not JSON',
      key: '',
    });
    await new DryRun(output).print([{ key: '', value: '{"a":\n\u001b[1m', headers }]);
    output.end();
    expect(await text(output)).toBe(
      '[DRY-RUN] [DEAD LETTER: f.json line 7: is not JSON] {"a":\\u{a}\\u{1b}[1m\n',
    );
  });

  it('waits for a slow reader', async () => {
    let release = (): void => undefined;
    const output = new Writable({ write: (_chunk, _encoding, done) => (release = done) });
    let printed = false;
    const printing = new DryRun(output).print([event(0)]).then(() => (printed = true));
    await new Promise(setImmediate);
    expect(printed).toBe(false);
    release();
    await printing;
  });

  it('reports that the reader went away, without an uncaught error', async () => {
    const output = new Writable({
      write: (_chunk, _encoding, done) =>
        done(Object.assign(new Error('EPIPE'), { code: 'EPIPE' })),
    });
    const dryRun = new DryRun(output);
    expect(await dryRun.print([event(0)])).toBe(false);
    expect(await dryRun.print([event(0)])).toBe(false);
  });
});
