// The only reader of process.env. A variable is declared once, with its type, default and meaning;
// the frozen configuration, the error for a bad value, the table in docs/configuration.md and the check of
// .env.example all come from that declaration.
import { z } from 'zod';
import { ConfigError } from './errors.ts';

export interface Variable<T> {
  /** What a person reads in the table, one sentence. */
  doc: string;
  /** What is allowed, in words: `an integer from 1 to 65535`. */
  allowed: string;
  /** As it would be written in the environment. Undefined: unset by default. */
  fallback: string | undefined;
  secret: boolean;
  /** A variable that means the same; whoever sets both sets them alike. */
  alias?: string;
  parse: (text: string) => { ok: true; value: T } | { ok: false };
}

interface Options {
  doc: string;
  default?: string | number | boolean;
  secret?: boolean;
  alias?: string;
}

type Required_<T> = Variable<T> & { fallback: string };

function variable<T>(options: Options, allowed: string, schema: z.ZodType<T>): Variable<T> {
  return {
    doc: options.doc,
    allowed,
    fallback: options.default === undefined ? undefined : String(options.default),
    secret: options.secret ?? false,
    ...(options.alias === undefined ? {} : { alias: options.alias }),
    parse: (text) => {
      const result = schema.safeParse(text);
      return result.success ? { ok: true, value: result.data } : { ok: false };
    },
  };
}

type Declared<T, O> = O extends { default: string | number | boolean } ? Required_<T> : Variable<T>;

/** Any non-empty text. */
export function text<const O extends Options>(options: O): Declared<string, O> {
  return variable(options, 'text', z.string()) as Declared<string, O>;
}

/** An integer from `min` to `max`. */
export function integer<const O extends Options>(
  options: O,
  min: number,
  max: number,
): Declared<number, O> {
  const digits = z.string().regex(/^[+-]?\d+$/);
  const schema = digits.transform(Number).pipe(z.number().int().min(min).max(max));
  return variable(options, `an integer from ${min} to ${max}`, schema) as Declared<number, O>;
}

/** A decimal number from `min` to `max`. */
export function decimal<const O extends Options>(
  options: O,
  min: number,
  max: number,
): Declared<number, O> {
  const digits = z.string().regex(/^[+-]?(\d+\.?\d*|\.\d+)$/);
  const schema = digits.transform(Number).pipe(z.number().min(min).max(max));
  return variable(options, `a number from ${min} to ${max}`, schema) as Declared<number, O>;
}

/** `true`/`false`, `1`/`0`, `yes`/`no`. */
export function flag<const O extends Options>(options: O): Declared<boolean, O> {
  const schema = z.stringbool({
    truthy: ['true', '1', 'yes'],
    falsy: ['false', '0', 'no'],
  });
  return variable(options, 'true or false', schema) as Declared<boolean, O>;
}

/** One of the given words. */
export function oneOf<const T extends string, const O extends Options>(
  options: O,
  words: readonly [T, ...T[]],
): Declared<T, O> {
  return variable(options, `one of ${words.join(', ')}`, z.enum(words)) as Declared<T, O>;
}

/** Text that matches `pattern`; `allowed` says it in words. */
export function matching<const O extends Options>(
  options: O,
  pattern: RegExp,
  allowed: string,
): Declared<string, O> {
  return variable(options, allowed, z.string().regex(pattern)) as Declared<string, O>;
}

/** Text that `read` makes sense of; undefined means that it does not. `allowed` says it in words. */
export function readBy<T, const O extends Options>(
  options: O,
  read: (written: string) => T | undefined,
  allowed: string,
): Declared<T, O> {
  const parse = (written: string): { ok: true; value: T } | { ok: false } => {
    const value = read(written);
    return value === undefined ? { ok: false } : { ok: true, value };
  };
  return { ...variable(options, allowed, z.any()), parse } as Declared<T, O>;
}

export type Variables = Record<string, Variable<unknown>>;
/** What a variable's value is once it has been read. */
export type ValueOf<V> =
  V extends Required_<infer T> ? T : V extends Variable<infer T> ? T | undefined : never;
/** The configuration a set of variables describes: same names, parsed values. */
export type Config<S extends Variables> = { readonly [K in keyof S]: ValueOf<S[K]> };

/**
 * Reads `variables` from the environment (or `env`). A variable that is set to the empty text counts
 * as unset, because compose passes `${NAME:-}` that way.
 * @throws {ConfigError} naming the variable, its value (unless secret) and what is allowed.
 */
export function readConfig<S extends Variables>(
  variables: S,
  env: Record<string, string | undefined> = process.env,
): Config<S> {
  const config: Record<string, unknown> = {};
  for (const [name, variable] of Object.entries(variables)) {
    const { alias, fallback } = variable;
    const own = givenIn(env, name);
    const other = alias === undefined ? undefined : givenIn(env, alias);
    const written = own ?? other ?? fallback;
    if (written === undefined) continue;
    const value = valueOf(own === undefined && other !== undefined ? alias! : name, variable, written); // prettier-ignore
    if (own !== undefined && other !== undefined && value !== valueOf(alias!, variable, other)) {
      throw new ConfigError(
        `${name}: ${JSON.stringify(own)} differs from ${alias!}: ${JSON.stringify(other)}; set only one of them`,
      );
    }
    config[name] = value;
  }
  return Object.freeze(config) as Config<S>;
}

function givenIn(env: Record<string, string | undefined>, name: string): string | undefined {
  const given = env[name]?.trim();
  return given === '' ? undefined : given;
}

function valueOf(
  name: string,
  { allowed, parse, secret }: Variable<unknown>,
  written: string,
): unknown {
  const result = parse(written);
  if (result.ok) return result.value;
  const shown = secret ? 'its value' : JSON.stringify(written);
  throw new ConfigError(`${name}: ${shown} is not ${allowed}`);
}

/** `env` with `changes`, which win over another name of the same variable, too. */
export function withChanges(
  env: Readonly<Record<string, string | undefined>>,
  changes: Readonly<Record<string, string>>,
  variables: Variables,
): Record<string, string | undefined> {
  const aliases = Object.keys(changes).map((name) => variables[name]?.alias);
  const kept = Object.entries(env).filter(([name]) => !aliases.includes(name));
  return { ...Object.fromEntries(kept), ...changes };
}

/** The raw environment, for handing on to a child process. */
export function environment(): Record<string, string | undefined> {
  return { ...process.env };
}
