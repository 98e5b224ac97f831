// Configuration: defaults, empty as unset, and one clear line for what is wrong.
import { describe, expect, it } from 'vitest';
import {
  decimal,
  flag,
  integer,
  matching,
  oneOf,
  readConfig,
  text,
  withChanges,
  type Variable,
} from './config.ts';
import { ConfigError } from './errors.ts';

const variables = {
  NAME: text({ default: 'x', doc: '' }),
  MAYBE: text({ doc: '' }),
  PORT: integer({ default: 8123, doc: '' }, 1, 65_535),
  WAIT_SEC: decimal({ default: '2.0', doc: '' }, 0.01, 60),
  LOOP: flag({ default: false, doc: '' }),
  MODE: oneOf({ default: 'wait', doc: '' }, ['wait', 'fail']),
  SECRET: matching({ doc: '', secret: true }, /^[a-z]+$/, 'letters'),
};

describe('readConfig', () => {
  it('takes defaults for unset and empty variables', () => {
    const config = readConfig(variables, { NAME: '', PORT: '  ', MAYBE: '' });
    expect(config).toEqual({ NAME: 'x', PORT: 8123, WAIT_SEC: 2, LOOP: false, MODE: 'wait' });
    expect(Object.isFrozen(config)).toBe(true);
  });

  it('parses the variables that are set', () => {
    const env = {
      NAME: ' y ',
      PORT: '1',
      WAIT_SEC: '.5',
      LOOP: 'yes',
      MODE: 'fail',
      SECRET: 'abc',
    };
    expect(readConfig(variables, env)).toEqual({
      NAME: 'y', PORT: 1, WAIT_SEC: 0.5, LOOP: true, MODE: 'fail', SECRET: 'abc',
    }); // prettier-ignore
  });

  it.each([
    [{ PORT: '0' }, 'PORT: "0" is not an integer from 1 to 65535'],
    [{ PORT: '80x' }, 'PORT: "80x" is not an integer from 1 to 65535'],
    [{ PORT: '1e3' }, 'PORT: "1e3" is not an integer from 1 to 65535'],
    [{ WAIT_SEC: 'soon' }, 'WAIT_SEC: "soon" is not a number from 0.01 to 60'],
    [{ LOOP: 'maybe' }, 'LOOP: "maybe" is not true or false'],
    [{ MODE: 'drop' }, 'MODE: "drop" is not one of wait, fail'],
    [{ SECRET: '123' }, 'SECRET: its value is not letters'],
  ])('names the variable, the value unless secret, and what is allowed: %j', (env, line) => {
    expect(() => readConfig(variables, env)).toThrow(new ConfigError(line));
  });
});

describe('a variable with another name', () => {
  const two = { NAME: integer({ doc: '', default: 1, alias: 'OTHER' }, 1, 9) };
  const read = (env: Record<string, string>) => readConfig(two, env).NAME;

  it('is read under both; set alike is fine, the empty text is not set', () => {
    expect(read({ OTHER: '2' })).toBe(2);
    expect(read({ NAME: '2', OTHER: '+2' })).toBe(2);
    expect(read({ NAME: '3', OTHER: ' ' })).toBe(3);
    expect(read({ NAME: '', OTHER: '' })).toBe(1);
  });

  it('is refused in one line when both are set and differ, or the other one is wrong', () => {
    const differ = 'NAME: "2" differs from OTHER: "3"; set only one of them';
    expect(() => read({ NAME: '2', OTHER: '3' })).toThrow(new ConfigError(differ));
    const wrong = 'OTHER: "x" is not an integer from 1 to 9';
    expect(() => read({ OTHER: 'x' })).toThrow(new ConfigError(wrong));
    expect(() => read({ NAME: '2', OTHER: 'x' })).toThrow(new ConfigError(wrong));
  });

  it('gives way to an option', () => {
    const env = { NAME: '2', OTHER: '2', REST: 'r' };
    expect(withChanges(env, { NAME: '5' }, two)).toEqual({ NAME: '5', REST: 'r' });
    expect(withChanges(env, {}, two)).toEqual(env);
  });
});

describe('the bounds of a number', () => {
  const accepts = (of: (min: number, max: number) => Variable<number>, written: string): boolean =>
    of(2, 7).parse(written).ok;
  const kinds = [
    ['integer', (min: number, max: number) => integer({ doc: '' }, min, max)],
    ['decimal', (min: number, max: number) => decimal({ doc: '' }, min, max)],
  ] as const;

  it.each(kinds)('of the kind %s are allowed themselves, and nothing beyond them', (_, of) => {
    for (const written of ['2', '7', '+3']) expect(accepts(of, written), written).toBe(true);
    for (const written of ['1', '8', '-2', '', '2 3'])
      expect(accepts(of, written), written).toBe(false);
  });

  it('hold for digits behind the point', () => {
    const [, decimals] = kinds[1];
    for (const written of ['2.0', '7.', '6.999']) expect(accepts(decimals, written)).toBe(true);
    for (const written of ['1.999', '7.001', '.', '3,5'])
      expect(accepts(decimals, written)).toBe(false);
  });
});
