// The command line of every program: a program declares its name, options, positional arguments, variables,
// examples and exit codes once. Reading, `--help`, one line for a wrong argument and docs/commands.md come from
// that declaration. This is the only reader of process.argv among the programs.
import { parseArgs } from 'node:util';
import { watchPipes } from './closed-pipe.ts';
import { helpText, isNegatable, withOptions } from './command-help.ts';
import type { ValueOf, Variable, Variables } from './config.ts';
import { ConfigError } from './errors.ts';
import { EXIT_CODES } from './exit-codes.ts';
import { visible } from './visible.ts';

/** An option without a value. */
export interface FlagOption {
  readonly kind: 'flag';
  readonly doc: string;
  readonly short?: string;
  /** True for an option that is on unless `--no-NAME` is given. */
  readonly default?: boolean;
  /** The environment variable that it stands for; `--no-NAME` sets it to false. */
  readonly sets?: string;
}

/** An option with a value, which is read and refused like the value of an environment variable. */
export interface ValueOption<V extends Variable<unknown> = Variable<unknown>> {
  readonly kind: 'value';
  /** What the value is called in the help: `N`. */
  readonly argument: string;
  readonly value: V;
  readonly short?: string;
  readonly required?: boolean;
}

/** An option with a value that may be given several times. */
export interface ListOption<V extends Variable<unknown> = Variable<unknown>> {
  readonly kind: 'list';
  readonly argument: string;
  readonly value: V;
}

/** An option whose value goes over the environment; whoever reads the variable also checks it. */
export interface SettingOption {
  readonly kind: 'setting';
  readonly doc: string;
  readonly argument: string;
  readonly sets: string;
}

export type Option = FlagOption | ValueOption | ListOption | SettingOption;

export interface Positional {
  /** What it is called in the help: `FILE`. */
  readonly name: string;
  readonly doc: string;
  readonly required?: boolean;
  /** True for the last one when it takes all words that are left. */
  readonly rest?: boolean;
}

/** A command to type, and what it does; without a second text it speaks for itself. */
export type Example = readonly [command: string, does?: string];

export interface CommandLine {
  /** How it is started: `npm run setup`. */
  readonly command: string;
  /** What the program does, in a sentence or two. */
  readonly about: string;
  readonly options?: Readonly<Record<string, Option>>;
  readonly positionals?: readonly Positional[];
  readonly examples?: readonly Example[];
  /** A further list: its title, then names and what they mean. */
  readonly list?: readonly [title: string, entries: readonly (readonly [string, string])[]];
  /** Those that it reads. */
  readonly variables?: Variables;
  readonly notes?: string;
  /** What the exit codes mean where it is more than 0 for done and 2 for a wrong argument or setting. */
  readonly exitCodes?: Readonly<Record<number, string>>;
}

type OptionValue<O> = O extends { readonly kind: 'flag' }
  ? boolean
  : O extends { readonly kind: 'setting' }
    ? string | undefined
    : O extends { readonly kind: 'list'; readonly value: infer V }
      ? readonly NonNullable<ValueOf<V>>[]
      : O extends { readonly required: true; readonly value: infer V }
        ? NonNullable<ValueOf<V>>
        : O extends { readonly value: infer V }
          ? ValueOf<V>
          : never;
type OptionsOf<C> = C extends { readonly options: infer O } ? O : unknown;

/** What was given on the command line. */
export interface Given<C> {
  readonly values: { readonly [K in keyof OptionsOf<C>]: OptionValue<OptionsOf<C>[K]> };
  readonly positionals: readonly string[];
  /** The environment variables that options set. */
  readonly env: Readonly<Record<string, string>>;
}

/** An option that is off unless it is given. */
export function flagOption(doc: string, more: Omit<FlagOption, 'kind' | 'doc'> = {}): FlagOption {
  return { kind: 'flag', doc, ...more };
}

/** `argument` is what the value is called in the help. */
export function valueOption<V extends Variable<unknown>>(
  argument: string,
  value: V,
  more: { readonly short?: string } = {},
): ValueOption<V> {
  return { kind: 'value', argument, value, ...more };
}

export function requiredOption<V extends Variable<unknown>>(
  argument: string,
  value: V,
): ValueOption<V> & { readonly required: true } {
  return { kind: 'value', argument, value, required: true };
}

export function listOption<V extends Variable<unknown>>(argument: string, value: V): ListOption<V> {
  return { kind: 'list', argument, value };
}

export function settingOption(argument: string, sets: string, doc: string): SettingOption {
  return { kind: 'setting', doc, argument, sets };
}

/** One line about wrong arguments that says how to see the right ones. */
export function usageError({ command }: CommandLine, problem: string): ConfigError {
  return new ConfigError(`${problem}; see: ${withOptions(command, '--help')}`);
}

/**
 * Reads the arguments as `line` declares them.
 * @throws {ConfigError} one line that names the argument and what is allowed.
 */
export function parseArguments<const C extends CommandLine>(
  line: C,
  args: readonly string[],
): Given<C> {
  const { options = {}, positionals: declared = [] } = line;
  const positionals: string[] = [];
  const values: Record<string, unknown> = {};
  const env: Record<string, string> = {};
  for (const token of tokensOf(options, args)) {
    if (token.kind === 'positional') positionals.push(token.value);
    if (token.kind !== 'option') continue;
    const found = optionNamed(options, token.name);
    if (found === undefined) throw usageError(line, `unknown option ${visible(token.rawName)}`);
    const [name, option] = found;
    if (option.kind === 'flag') {
      if (token.value !== undefined) throw usageError(line, `${token.rawName}: takes no value`);
      const isOn = token.name === name;
      values[name] = isOn;
      if (option.sets !== undefined) env[option.sets] = String(isOn);
      continue;
    }
    const written = writtenValue(line, option, token);
    if (option.kind === 'setting') env[option.sets] = written;
    const value = option.kind === 'setting' ? written : read(line, name, option.value, written);
    if (option.kind === 'list') ((values[name] ??= []) as unknown[]).push(value);
    else values[name] = value;
  }
  for (const [name, option] of Object.entries(options)) values[name] ??= unset(line, name, option);
  const missing = declared[positionals.length];
  if (missing?.required === true) throw usageError(line, `${missing.name}: missing`);
  const surplus = declared.at(-1)?.rest === true ? undefined : positionals[declared.length];
  if (surplus !== undefined) {
    throw usageError(line, `unexpected argument ${visible(JSON.stringify(surplus))}`);
  }
  return { values, positionals, env } as unknown as Given<C>;
}

/** Not strict: what parseArgs says of a mistake takes two lines and names no command. */
function tokensOf(options: Readonly<Record<string, Option>>, args: readonly string[]) {
  const taken = Object.entries(options).map(([name, option]) => {
    const type = option.kind === 'flag' ? 'boolean' : 'string';
    const short = 'short' in option ? { short: option.short } : {};
    return [name, { type, ...short }] as const;
  });
  const config = { args: [...args], options: Object.fromEntries(taken), strict: false } as const;
  return parseArgs({ ...config, allowPositionals: true, tokens: true }).tokens;
}

function optionNamed(
  options: Readonly<Record<string, Option>>,
  given: string,
): readonly [string, Option] | undefined {
  const positive = given.replace(/^no-/, '');
  const [name, option] = Object.hasOwn(options, given)
    ? [given, options[given]!]
    : [positive, Object.hasOwn(options, positive) ? options[positive] : undefined];
  if (option === undefined) return undefined;
  return name === given || isNegatable(option) ? [name, option] : undefined;
}

interface OptionToken {
  readonly rawName: string;
  readonly value?: string | undefined;
  readonly inlineValue?: boolean | undefined;
}

function writtenValue(
  line: CommandLine,
  { argument }: Exclude<Option, FlagOption>,
  { inlineValue, rawName, value }: OptionToken,
): string {
  if (value === undefined) throw usageError(line, `${rawName}: its value ${argument} is missing`);
  const shown = visible(JSON.stringify(value));
  if (value.trim() === '') throw usageError(line, `${rawName}: ${shown} is not a value`);
  // Otherwise `--topic --max 5` would show a topic called --max.
  if (inlineValue === false && /^-./.test(value)) {
    throw usageError(
      line,
      `${rawName}: ${shown} looks like an option; if it is the value, write ${rawName}=${visible(value)}`,
    );
  }
  return value.trim();
}

function read(line: CommandLine, name: string, value: Variable<unknown>, written: string): unknown {
  const result = value.parse(written);
  if (result.ok) return result.value;
  const shown = visible(JSON.stringify(written));
  throw usageError(line, `--${name}: ${shown} is not ${value.allowed}`);
}

/** The value of an option that was not given. */
function unset(line: CommandLine, name: string, option: Option): unknown {
  if (option.kind === 'flag') return option.default ?? false;
  if (option.kind === 'list') return [];
  if (option.kind === 'setting') return undefined;
  if (option.required === true) throw usageError(line, `--${name}: missing`);
  const { fallback } = option.value;
  return fallback === undefined ? undefined : read(line, name, option.value, fallback);
}

/** Prints the help and exits with 0 when it is asked for. Call it before anything else. */
export function answerHelp(line: CommandLine, args: readonly string[] = ownArguments()): void {
  watchPipes();
  const separator = args.indexOf('--');
  const own = separator === -1 ? args : args.slice(0, separator);
  if (!own.includes('--help') && !own.includes('-h')) return;
  process.stdout.write(helpText(line));
  process.exit(EXIT_CODES.done);
}

/**
 * The arguments of this process, for a program that platform/service.ts does not run: answers `--help`, and
 * exits with 2 and one line for what is wrong.
 */
export function readCommandLine<const C extends CommandLine>(line: C): Given<C> {
  answerHelp(line);
  try {
    return parseArguments(line, ownArguments());
  } catch (thrown) {
    if (!(thrown instanceof ConfigError)) throw thrown;
    process.stderr.write(`${thrown.message}\n`);
    return process.exit(EXIT_CODES.refused);
  }
}

/** What was given to this process. */
export function ownArguments(): readonly string[] {
  return process.argv.slice(2);
}
