import { describe, expect, it } from 'vitest';
import { transforms } from '../../streams/index.ts';
import { processorFindings } from './processors.ts';

const [enrich] = transforms;
const at = (committed: number, waiting: number) => new Map([[enrich!, { committed, waiting }]]);

describe('processorFindings', () => {
  it('warn of records that wait for a processor that commits nothing, and of nothing else', () => {
    const name = enrich!.name;
    expect(processorFindings(at(5, 2), at(5, 3))).toEqual([
      {
        ...{ level: 'warn', what: 'processor', said: `${name}: 3 wait in iot.traffic.raw` },
        advice: `start it: PROCESSOR=${name} npm run processor`,
      },
    ]);
    expect(processorFindings(at(5, 2), at(6, 3))).toMatchObject([{ level: 'ok' }]);
    expect(processorFindings(at(5, 0), at(5, 0))).toMatchObject([{ level: 'ok' }]);
    // It came between the two looks: under traffic that is no processor that stands still.
    expect(processorFindings(at(5, 0), at(5, 1))).toMatchObject([{ level: 'ok' }]);
    expect(processorFindings(new Map(), new Map([[enrich!, undefined]]))).toEqual([]);
  });
});
