// The committed dashboards against Grafana's own types (npm package @grafana/schema, the version of the
// image): the JSON is compiled as a literal of those types, so an unknown option or value is an error.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { composeText } from './compose-file.ts';

const ROOT = join(import.meta.dirname, '..');
const FOLDER = join(ROOT, 'grafana', 'dashboards');

/** An option and values that Grafana does not have, and what the compiler names then. */
const MISTAKES = [
  ['"colorMode":"value"', '"colorMode":"valeu"', 'valeu'],
  ['"showHeader":true', '"showHeaders":true', 'showHeaders'],
  ['"drawStyle":"line"', '"drawStyle":"lines"', 'lines'],
  ['"graphTooltip":1', '"graphTooltip":9', '9'],
] as const;

interface Json {
  readonly type: string;
  readonly options?: object;
  readonly fieldConfig?: { defaults: { custom: object } };
}

/** What `custom` of a field may hold, by the type of the panel. */
const CUSTOM: Record<string, string> = {
  timeseries: 'Partial<Plain<grafana.GraphFieldConfig>>',
  'state-timeline': 'Partial<Plain<grafana.GraphFieldConfig>>',
  barchart: 'Partial<Plain<grafana.GraphFieldConfig>>',
  table: 'Plain<grafana.TableFieldOptions>',
};

/** A module that compiles exactly when all dashboards are of Grafana's types. */
function moduleOf(dashboards: readonly { readonly panels: readonly Json[] }[]): string {
  const checks = dashboards.flatMap((dashboard) => [
    `check<Plain<grafana.Dashboard>>(${JSON.stringify(dashboard)});`,
    ...dashboard.panels.flatMap(({ fieldConfig, options, type }) => [
      ...(type === 'row' ? [] : [`check<PanelOptions['${type}']>(${JSON.stringify(options)});`]),
      ...(CUSTOM[type] === undefined
        ? []
        : [`check<${CUSTOM[type]}>(${JSON.stringify(fieldConfig?.defaults.custom)});`]),
    ]),
  ]);
  return `import type * as grafana from '@grafana/schema';
import type { PanelOptions, Plain } from '../grafana/kinds.ts';
declare function check<T>(value: T): void;
${checks.join('\n')}`;
}

/** The compiler's complaints about each of some modules that stand in no file. */
function complaints(...sources: readonly string[]): string[][] {
  const configured = ts.readConfigFile(join(ROOT, 'tsconfig.json'), (path) =>
    ts.sys.readFile(path),
  );
  const { options } = ts.parseJsonConfigFileContent(configured.config, ts.sys, ROOT);
  const host = ts.createCompilerHost(options);
  const read = host.getSourceFile.bind(host);
  const texts = new Map(sources.map((text, i) => [join(ROOT, 'test', `checked-${i}.ts`), text]));
  host.getSourceFile = (path, ...rest) => {
    const text = texts.get(path);
    return text === undefined ? read(path, ...rest) : ts.createSourceFile(path, text, rest[0]);
  };
  const program = ts.createProgram([...texts.keys()], { ...options, types: [] }, host);
  return [...texts.keys()].map((path) => {
    const file = program.getSourceFile(path)!;
    const found = [
      ...program.getSyntacticDiagnostics(file),
      ...program.getSemanticDiagnostics(file),
    ];
    return found.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '));
  });
}

const dashboards = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.json'))
  .map((file) => JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as { panels: Json[] });

describe('the committed dashboards', () => {
  it('are of the types of the Grafana that compose runs', () => {
    const { version } = JSON.parse(
      readFileSync(join(ROOT, 'node_modules', '@grafana', 'schema', 'package.json'), 'utf8'),
    ) as { version: string };
    expect(composeText).toContain(`grafana/grafana:\${GRAFANA_IMAGE_TAG:-${version}}`);
    const right = moduleOf(dashboards);
    // Checked in the same go, since loading the types takes long: that a mistake would be found.
    const spoilt = MISTAKES.reduce((text, [from, to]) => text.replaceAll(from, to), right);
    const [none, found] = complaints(right, spoilt);
    expect(none).toEqual([]);
    for (const [, , named] of MISTAKES) expect(found!.join('\n')).toContain(named);
  });
});
